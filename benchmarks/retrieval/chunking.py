"""How much of the true passages, and how little else, the best chunks hold: ours against other ways of cutting.

The data and the measures are those of Chroma's evaluation (Smith and Troynikov 2024, "Evaluating Chunking
Strategies for Retrieval"): questions with the exact spans that answer them. Characters stand for tokens, and
one that several chunks hold counts once.
"""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from benchmarks.retrieval.rival_chunkers import (
    LANGCHAIN_SEPARATORS,
    SENTENCE_SEPARATORS,
    CountTokens,
    Span,
    recursive,
    windows,
)
from llm_engineering.application.chunking import chunk
from llm_engineering.application.cleaning import clean
from llm_engineering.application.ports import Embedder
from llm_engineering.bootstrap import opened
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, RawDocument
from llm_engineering.settings import load_settings

if TYPE_CHECKING:
    import numpy as np

OURS = "ours"
TOP = 5
BUDGETS = (5 * 200, 5 * 400)
"""Tokens: those of five chunks of 200, and of 400."""


@dataclass(frozen=True)
class Question:
    """What is asked, and the spans of one document that answer it."""

    text: str
    document: str
    answers: list[Span]


@dataclass(frozen=True)
class Retrieved:
    """A chunk that may be found."""

    document: str
    span: Span
    text: str
    """What the embedder reads."""
    tokens: int


def measure(directory: Path, embedder: Embedder | None = None) -> dict[str, Any]:
    """Score each way of cutting on the questions below `directory`.

    `directory` holds `corpora/NAME.md` and `questions_df.csv` (question, references as JSON with start_index
    and end_index, corpus_id). The embedder is that of the settings unless one is given. Returns, for each way,
    `chunks`, `mean_tokens`, and recall, precision and IoU (means over the questions) of the best five chunks
    (`top_5`) and of the best ones up to a budget of tokens (`budget_1000`, …).
    """
    if embedder is None:
        with opened(load_settings()) as twin:
            return measure(directory, twin.embedder)
    texts = {file.stem: file.read_text(encoding="utf-8") for file in sorted((directory / "corpora").glob("*.md"))}
    questions = list(_questions(directory / "questions_df.csv"))
    asked = embedder.embed([question.text for question in questions])
    special = embedder.count_tokens("")

    def count(text: str) -> int:
        return embedder.count_tokens(text) - special

    figures: dict[str, Any] = {}
    for name, cut in _ways(embedder, count).items():
        chunks = [
            Retrieved(document, span, read, count(text[slice(*span)]))
            for document, text in texts.items()
            for span, read in cut(text)
        ]
        ranked = _ranked(asked, embedder.embed([found.text for found in chunks]))
        figures[name] = _scored(questions, chunks, ranked)
    return figures


def _questions(file: Path) -> Iterable[Question]:
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            answers = [(int(one["start_index"]), int(one["end_index"])) for one in json.loads(row["references"])]
            yield Question(row["question"], row["corpus_id"], answers)


Cut = Callable[[str], Iterable[tuple[Span, str]]]
"""Text → each chunk's span and what the embedder is to read of it."""


def _ways(embedder: Embedder, count: CountTokens) -> Mapping[str, Cut]:
    def plainly(cut: Callable[[str], list[Span]]) -> Cut:
        return lambda text: [(span, text[slice(*span)]) for span in cut(text)]

    ways: dict[str, Cut] = {OURS: lambda text: _ours(text, embedder)}
    for size in (200, 400, 800):
        ways[f"recursive_{size}"] = plainly(partial(recursive, size=size, count=count, separators=LANGCHAIN_SEPARATORS))
    ways["recursive_200_sentences"] = plainly(lambda text: recursive(text, 200, count, SENTENCE_SEPARATORS))
    special = embedder.count_tokens("")
    ways["windows_256"] = plainly(lambda text: windows(text, embedder.max_tokens - special, count))
    return ways


def _ours(text: str, embedder: Embedder) -> Iterable[tuple[Span, str]]:
    author, now = Author.named("Nobody"), datetime.now(UTC)
    raw = RawDocument.of(
        author, link="file:corpus", content=text, category=Category.ARTICLES, platform="folder", fetched_at=now
    )
    # As it is, so that the spans of the answers hold: normalising would move them.
    document = clean(raw).model_copy(update={"search_text": text})
    for piece in chunk(document, embedder.count_tokens, embedder.max_tokens):
        yield (piece.start, piece.end), piece.embedded_text


def _ranked(asked: "np.ndarray", chunks: "np.ndarray") -> "np.ndarray":
    """Row by question: the numbers of the chunks, best first, by exact cosine."""
    ranked: np.ndarray = (-(asked @ chunks.T)).argsort(axis=1, kind="stable")
    return ranked


def _scored(questions: Sequence[Question], chunks: Sequence[Retrieved], ranked: "np.ndarray") -> dict[str, Any]:
    rows: dict[str, list[dict[str, float]]] = {}
    for question, order in zip(questions, ranked, strict=True):
        best = [chunks[number] for number in order[:200]]
        rows.setdefault(f"top_{TOP}", []).append(scores(question, best[:TOP]))
        for budget in BUDGETS:
            rows.setdefault(f"budget_{budget}", []).append(scores(question, list(within(best, budget))))
    means = {name: {key: mean(row[key] for row in found) for key in found[0]} for name, found in rows.items()}
    return {"chunks": len(chunks), "mean_tokens": mean(found.tokens for found in chunks), **means}


def within(best: Iterable[Retrieved], budget: int) -> Iterator[Retrieved]:
    """The best chunks until their tokens are spent; of the last one as much of its beginning as is left.

    So every way of cutting gives the same number of tokens. Whole chunks would leave more of the budget unused
    the larger they are, and what holds less text has the better precision.
    """
    left = budget
    for found in best:
        if found.tokens >= left:
            start, end = found.span
            yield replace(found, span=(start, start + (end - start) * left // max(1, found.tokens)), tokens=left)
            return
        yield found
        left -= found.tokens


def scores(question: Question, found: Sequence[Retrieved]) -> dict[str, float]:
    """Recall, precision and intersection over union of the characters found and the characters that answer."""
    wanted = {at for span in question.answers for at in range(*span)}
    held = {(piece.document, at) for piece in found for at in range(*piece.span)}
    hit = sum((question.document, at) in held for at in wanted)
    union = len(held) + len(wanted) - hit
    return {
        "recall": hit / len(wanted) if wanted else 1.0,
        "precision": hit / len(held) if held else 0.0,
        "iou": hit / union if union else 0.0,
    }


if __name__ == "__main__":
    json.dump(measure(Path(sys.argv[1])), sys.stdout, indent=2)
