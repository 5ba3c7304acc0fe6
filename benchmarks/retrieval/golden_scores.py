"""Questions to ten authors, written by hand: whether the right passage is found, and the lack of one noticed."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from rich.table import Table

from benchmarks.retrieval.golden import GoldenQuestion, body
from benchmarks.retrieval.maxsim import LateInteraction
from benchmarks.retrieval.measures import area_under_curve, reciprocal_rank
from benchmarks.retrieval.orders import ordered, orders
from llm_engineering.application.cleaning import search_lane
from llm_engineering.application.indexing import cleaned_collection, cleaned_of, index, load_cleaned
from llm_engineering.application.ports import Embedder, PointsWhere, Silent, SparseEncoder, VectorStore
from llm_engineering.application.retrieval.candidates import candidates
from llm_engineering.application.retrieving import retrieve
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Chunk
from llm_engineering.domain.documents import Category, RawDocument
from llm_engineering.infrastructure.stores.edge_vectors import EdgeVectors

Spans = Mapping[str, Sequence[tuple[int, int]]]
"""Link → where in the document's search text the answer stands."""


CALIBRATED_ON = ("hamilton", "skeeto")
"""A statesman of 1788 and a programmer of today, as unlike as any two; the other eight check the threshold."""


@dataclass(frozen=True)
class Outcome:
    """What came of one question."""

    question: GoldenQuestion
    hits: list[bool]
    """Of each passage, best first."""
    orders: dict[str, list[bool]]
    """Of each candidate, in other orders."""
    relevance: float
    is_answerable: bool


def measure(
    questions: Sequence[GoldenQuestion],
    texts: Path,
    sparse: SparseEncoder,
    embedder: Embedder,
    min_relevance: float,
    late: LateInteraction | None = None,
) -> dict[str, Any]:
    """Recall@5, MRR@10 and the share of the unanswerable questions that are rejected, in all and by author.

    The texts (`texts`/AUTHOR/*.md with front matter) are cleaned, chunked and indexed by the functions of
    the pipeline. A passage is a hit when it overlaps an answer's span in its document.
    `answerable_rejected` is what the rejection costs; `relevance_auc` how well the relevance tells the two
    kinds apart at any threshold.
    """
    names = sorted({question.author for question in questions})
    with TemporaryDirectory() as place, closing(EdgeVectors(Path(place))) as vectors:
        authors = {name: Author.named(name) for name in names}
        stored = [document for name in names for document in documents(texts / name, authors[name])]
        everybody = list(authors.values())
        load_cleaned(stored, authors=everybody, vectors=vectors, progress=Silent())
        report = index(authors=everybody, vectors=vectors, embedder=embedder, sparse=sparse, progress=Silent())
        searchable = _search_texts(vectors)
        tools: dict[str, Any] = {"vectors": vectors, "embedder": embedder, "sparse": sparse}
        embedder.embed([question.question for question in questions])  # all at once, which is quicker
        outcomes = []
        for question in questions:
            author = authors[question.author]
            spans = _spans(question, author, searchable)
            found = retrieve(
                question.question, author, reranker=None, k=10, min_relevance=min_relevance, authors=everybody, **tools
            )
            where: dict[Category, PointsWhere] = {Category.ARTICLES: {"author_id": str(author.id)}}
            loose = candidates(found.searched, where, **tools)
            others = {
                name: [_is_hit(one.chunk, spans) for one in ordered(found.searched[0], loose, order)]
                for name, order in orders(late).items()
            }
            hits = [_is_hit(passage.chunk, spans) for passage in found.passages]
            outcomes.append(Outcome(question, hits, others, found.relevance, found.is_answerable))
    return {
        "documents": report.documents,
        "chunks": report.chunks_total,
        "questions": len(questions),
        "min_relevance": min_relevance,
        **_scores(outcomes),
        "calibration": _calibration(outcomes),
        "orders": {
            name: {
                "recall_5": mean(any(one.orders[name][:5]) for one in outcomes if one.question.answerable),
                "mrr_10": mean(reciprocal_rank(one.orders[name]) for one in outcomes if one.question.answerable),
            }
            for name in orders(late)
        },
        "authors": {name: _scores([one for one in outcomes if one.question.author == name]) for name in names},
    }


def table(figures: dict[str, Any]) -> Table:
    """The figures by author."""
    title = f"golden: {figures['questions']} questions, {figures['documents']} documents, {figures['chunks']} chunks"
    shown = Table(title=title, title_justify="left")
    keys = ("recall_5", "mrr_10", "unanswerable_rejected", "answerable_rejected", "relevance_auc")
    for column in ("", *keys):
        shown.add_column(column.replace("_", " "), justify="right" if column else "left")
    for name, row in [*figures["authors"].items(), ("all", figures)]:
        if name == "all":
            shown.add_section()
        shown.add_row(name, *(f"{row[key]:.3f}" for key in keys))
    shown.add_section()
    calibration = figures["calibration"]
    rejected = [f"{calibration[key]:.3f}" for key in ("unanswerable_rejected", "answerable_rejected")]
    shown.add_row(f"others at {calibration['threshold']:.3f}", "", "", *rejected)
    shown.add_section()
    for name, row in figures["orders"].items():
        shown.add_row(name, f"{row['recall_5']:.3f}", f"{row['mrr_10']:.3f}")
    return shown


def _scores(outcomes: Sequence[Outcome]) -> dict[str, float]:
    yes = [one for one in outcomes if one.question.answerable]
    no = [one for one in outcomes if not one.question.answerable]
    return {
        "recall_5": mean(any(one.hits[:5]) for one in yes),
        "mrr_10": mean(reciprocal_rank(one.hits) for one in yes),
        "unanswerable_rejected": mean(not one.is_answerable for one in no),
        "answerable_rejected": mean(not one.is_answerable for one in yes),
        "relevance_auc": area_under_curve([one.relevance for one in yes], [one.relevance for one in no]),
    }


def _calibration(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The threshold that loses a twentieth of what two authors can answer, and what it does to the other authors."""
    chosen = [one for one in outcomes if one.question.author in CALIBRATED_ON and one.question.answerable]
    threshold = sorted(one.relevance for one in chosen)[len(chosen) // 20]
    others = [one for one in outcomes if one.question.author not in CALIBRATED_ON]
    return {
        "authors": CALIBRATED_ON,
        "threshold": threshold,
        "unanswerable_rejected": mean(one.relevance < threshold for one in others if not one.question.answerable),
        "answerable_rejected": mean(one.relevance < threshold for one in others if one.question.answerable),
    }


def documents(directory: Path, author: Author) -> list[RawDocument]:
    """The author's texts, with title and date of the manifest."""
    lines = (directory / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    rows = {row["slug"]: row for row in map(json.loads, lines)}
    return [
        RawDocument.of(
            author,
            link=_link(file.stem),
            category=Category.ARTICLES,
            platform="benchmark",
            title=rows[file.stem]["title"],
            content=body(file.read_text(encoding="utf-8")),
            published_at=_date(rows[file.stem].get("date")),
            fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        for file in sorted(directory.glob("*.md"))
    ]


def _date(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _search_texts(vectors: VectorStore) -> dict[UUID, str]:
    points = vectors.scroll(cleaned_collection(Category.ARTICLES))
    return {point.id: cleaned_of(point).search_text for point in points}


def _spans(question: GoldenQuestion, author: Author, texts: Mapping[UUID, str]) -> Spans:
    """Where the quoted words stand in the cleaned texts. Raises ValueError when cleaning lost one."""
    found: dict[str, list[tuple[int, int]]] = {}
    for answer in question.answers:
        document = RawDocument.of(
            author,
            link=_link(answer.document),
            category=Category.ARTICLES,
            platform="benchmark",
            content="",
            fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        text = texts[document.id]
        for span in answer.spans:
            start = text.find(search_lane(span))
            if start < 0:
                raise ValueError(f"{question.id}: the cleaned text of {answer.document} has no {span!r}.")
            found.setdefault(document.link, []).append((start, start + len(search_lane(span))))
    return found


def _link(document: str) -> str:
    return f"file:{document}.md"


def _is_hit(chunk: Chunk, spans: Spans) -> bool:
    return any(chunk.start < end and start < chunk.end for start, end in spans.get(chunk.link, ()))
