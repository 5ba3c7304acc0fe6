"""Ranking documents of a folder in the form of BEIR (arXiv:2104.08663), through the embedded store."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from rich.table import Table

from benchmarks.retrieval.maxsim import LateInteraction
from benchmarks.retrieval.measures import ndcg, recall
from benchmarks.retrieval.orders import Order, ordered, orders
from llm_engineering.application.indexing import EMBEDDED_INDEXES, embedded_collection
from llm_engineering.application.ports import (
    Embedder,
    HybridQuery,
    PointsWhere,
    SearchRequest,
    SparseEncoder,
    VectorPoint,
    VectorStore,
)
from llm_engineering.application.retrieval.candidates import Candidate, candidates
from llm_engineering.application.retrieving import retrieve
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Chunk
from llm_engineering.domain.documents import Category
from llm_engineering.domain.identity import content_hash, document_id
from llm_engineering.infrastructure.stores.edge_vectors import EdgeVectors

AUTHOR = Author.named("Everybody")
COLLECTION = embedded_collection(Category.ARTICLES)
BARS = {"dense": 0.640, "sparse": 0.665, "hybrid": 0.69, "full": 0.70, "recall_100": 0.93}
"""Of scifact, from issue 4."""


@dataclass(frozen=True)
class Collection:
    """Documents, queries, and which document answers which query."""

    documents: Mapping[str, str]
    queries: Mapping[str, str]
    relevant: Mapping[str, frozenset[str]]

    @classmethod
    def read(cls, directory: Path) -> "Collection":
        """`corpus.jsonl` (_id, title, text), `queries.jsonl` (_id, text) and `qrels.tsv` (query, document, grade)."""
        documents = {row["_id"]: f"{row.get('title', '')} {row['text']}".strip() for row in _rows(directory / "corpus")}
        relevant: dict[str, set[str]] = {}
        for line in (directory / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
            query, document, grade = line.split("\t")
            if float(grade) > 0:
                relevant.setdefault(query, set()).add(document)
        queries = {row["_id"]: row["text"] for row in _rows(directory / "queries") if row["_id"] in relevant}
        return cls(documents, queries, {query: frozenset(found) for query, found in relevant.items()})


def measure(
    directory: Path,
    sparse: SparseEncoder,
    embedder: Embedder | None,
    limit: int | None = None,
    late: LateInteraction | None = None,
) -> dict[str, Any]:
    """nDCG@10 of dense, sparse and fused search and of `retrieve`, and Recall@100 of the fused one.

    Without an embedder only `sparse` is measured. One document is one chunk: its title and text.
    `orders` is the nDCG@10 of other ways to order the candidates of `retrieve`.
    """
    data = Collection.read(directory)
    queries = dict(list(data.queries.items())[:limit])
    figures: dict[str, Any] = {"directory": directory.name, "documents": len(data.documents), "queries": len(queries)}
    with TemporaryDirectory() as place, closing(EdgeVectors(Path(place))) as vectors:
        names = _load(data, vectors, sparse, embedder)
        by_terms = [HybridQuery(None, sparse.encode_query(query)) for query in queries.values()]
        figures["sparse"] = _ndcg(data, queries, _search(vectors, names, by_terms))
        if embedder is None:
            return figures
        dense = [HybridQuery(row.tolist(), None) for row in embedder.embed(list(queries.values()))]
        figures["dense"] = _ndcg(data, queries, _search(vectors, names, dense))
        both = [HybridQuery(one.dense, other.sparse) for one, other in zip(dense, by_terms, strict=True)]
        fused = _search(vectors, names, both)
        figures["hybrid"] = _ndcg(data, queries, fused)
        hundred = [recall(found, data.relevant[query], 100) for query, found in zip(queries, fused, strict=True)]
        figures["recall_100"] = mean(hundred)
        tools: dict[str, Any] = {"vectors": vectors, "embedder": embedder, "sparse": sparse}
        full = [
            [names[one.chunk.id] for one in retrieve(text, AUTHOR, reranker=None, k=10, **tools).passages]
            for text in queries.values()
        ]
        figures["full"] = _ndcg(data, queries, full)
        where: dict[Category, PointsWhere] = {Category.ARTICLES: {"author_id": str(AUTHOR.id)}}
        found = [candidates([text], where, **tools) for text in queries.values()]
        if late:
            for one in found:
                late.read(one)
        figures["orders"] = {
            name: _ndcg(data, queries, _ordered(queries.values(), found, order, names))
            for name, order in orders(late).items()
        }
    return figures


def table(figures: dict[str, Any]) -> Table:
    """The figures beside the bars of the issue, where they are of scifact."""
    shown = Table(title=f"{figures['directory']}: {figures['documents']} documents", title_justify="left")
    for column in ("stage", "figure", "bar"):
        shown.add_column(column, justify="left" if column == "stage" else "right")
    for name, bar in BARS.items():
        value = f"{figures[name]:.4f}" if name in figures else "—"
        shown.add_row(name, value, f"{bar:.3f}" if figures["directory"] == "scifact" else "")
    if "orders" in figures:
        shown.add_section()
        for name, value in figures["orders"].items():
            shown.add_row(name, f"{value:.4f}", "")
    return shown


def _load(data: Collection, vectors: VectorStore, sparse: SparseEncoder, embedder: Embedder | None) -> dict[UUID, str]:
    """Write every document as one chunk; returns point → document."""
    texts = list(data.documents.values())
    rows = embedder.embed(texts) if embedder else [[1.0]] * len(texts)
    vectors.ensure_collection(COLLECTION, len(rows[0]), EMBEDDED_INDEXES)
    points = [
        VectorPoint(chunk.id, chunk.model_dump(mode="json", exclude={"id"}), dense if embedder else None, terms)
        for chunk, dense, terms in zip(_chunks(data), rows, sparse.encode_documents(texts), strict=True)
    ]
    vectors.upsert(COLLECTION, points)
    return {point.id: name for point, name in zip(points, data.documents, strict=True)}


def _chunks(data: Collection) -> Iterator[Chunk]:
    for name, text in data.documents.items():
        id = document_id(AUTHOR.id, name)
        yield Chunk(
            id=id,
            document_id=id,
            author_id=AUTHOR.id,
            author_full_name=AUTHOR.full_name,
            category=Category.ARTICLES,
            platform="benchmark",
            link=name,
            title="",
            published_at=datetime(2020, 1, 1, tzinfo=UTC),
            ordinal=0,
            start=0,
            end=len(text),
            heading_path=(),
            text=text,
            content_hash=content_hash(text),
        )


def _search(vectors: VectorStore, names: Mapping[UUID, str], queries: Sequence[HybridQuery]) -> list[list[str]]:
    answers = vectors.search_many([SearchRequest(COLLECTION, query, 100) for query in queries])
    return [[names[hit.id] for hit in hits] for hits in answers]


def _ordered(
    queries: Iterable[str], found: Iterable[Sequence[Candidate]], order: Order, names: Mapping[UUID, str]
) -> list[list[str]]:
    return [
        [names[candidate.chunk.id] for candidate in ordered(query, one, order)]
        for query, one in zip(queries, found, strict=True)
    ]


def _ndcg(data: Collection, queries: Mapping[str, str], rankings: Sequence[Sequence[str]]) -> float:
    return mean(ndcg(found, data.relevant[query]) for query, found in zip(queries, rankings, strict=True))


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with file.with_suffix(".jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
