"""How long a search takes on the embedded store, as it grows, before and after its index is built."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from rich.table import Table

from benchmarks.retrieval.golden import GoldenQuestion
from benchmarks.retrieval.golden_scores import documents
from llm_engineering.application.chunking import chunk
from llm_engineering.application.cleaning import clean
from llm_engineering.application.indexing import EMBEDDED_INDEXES, embedded_collection
from llm_engineering.application.ports import Embedder, PointsWhere, Progress, SparseEncoder, VectorPoint, VectorStore
from llm_engineering.application.retrieval.candidates import Candidate, candidates
from llm_engineering.application.retrieval.joining import Group, selected
from llm_engineering.application.retrieval.ranking import ranked
from llm_engineering.application.retrieving import retrieve
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Chunk
from llm_engineering.domain.documents import Category
from llm_engineering.domain.identity import document_id
from llm_engineering.infrastructure.stores.edge_vectors import EdgeVectors

if TYPE_CHECKING:
    import numpy as np

AUTHORS = 10
"""Who share the chunks equally, so that a filter leaves a tenth."""
NOISE = 0.02
"""Standard deviation that is added to each number of a copied vector: its cosine to the original is about 0.93."""
COLLECTION = embedded_collection(Category.ARTICLES)
WARM = 10
"""Questions asked before the clock runs."""

P = ParamSpec("P")
T = TypeVar("T")


def measure(
    golden: Sequence[GoldenQuestion],
    texts: Path,
    sparse: SparseEncoder,
    embedder: Embedder,
    remembered: Embedder,
    sizes: Sequence[int],
) -> list[dict[str, Any]]:
    """Rows of `size`, `filter` (none, author), `optimized`, `stage`, and `p50`, `p95` and `p99` in milliseconds.

    The chunks are those of the texts, copied with jittered vectors up to the size; `remembered` is an
    embedder of the same model, for them. Stages: `embed` is the query through the model; `search` the
    batch of fused and term searches, with reading the hits; `rank` the mixing, ordering and selecting;
    `all` a whole `retrieve` of the author without `embed`.
    """
    questions = [question.question for question in golden]
    embed = [_milliseconds(embedder.embed, [question])[0] for question in questions]
    rows = [{"size": 0, "filter": "none", "optimized": False, "stage": "embed", **_quantiles(embed[WARM:])}]
    known = _Known(embedder, questions)
    source = _chunks(golden, texts, embedder)
    vectors_of = remembered.embed([one.embedded_text for one in source])
    for size in sizes:
        with TemporaryDirectory() as place, closing(EdgeVectors(Path(place))) as store:
            store.ensure_collection(COLLECTION, known.dimensions, EMBEDDED_INDEXES)
            store.upsert(COLLECTION, _points(source, vectors_of, sparse, size))
            for optimized in (False, True):
                if optimized:
                    store.optimize(COLLECTION)
                rows += _stages(store, known, sparse, questions, size, optimized)
    return rows


def table(rows: Sequence[dict[str, Any]]) -> Table:
    """One line a row."""
    shown = Table(title="Latency in milliseconds", title_justify="left")
    for column in ("chunks", "filter", "optimized", "stage", "p50", "p95", "p99"):
        shown.add_column(column, justify="left" if column in ("filter", "optimized", "stage") else "right")
    for row in rows:
        times = [f"{row[name]:.1f}" for name in ("p50", "p95", "p99")]
        size = f"{row['size']:,}" if row["size"] else "any"
        shown.add_row(size, row["filter"], "yes" if row["optimized"] else "no", row["stage"], *times)
    return shown


class _Known:
    """An Embedder that has the questions' vectors already."""

    def __init__(self, embedder: Embedder, questions: Sequence[str]) -> None:
        self.model_id, self.dimensions, self.max_tokens = embedder.model_id, embedder.dimensions, embedder.max_tokens
        self.count_tokens = embedder.count_tokens
        self._rows = dict(zip(questions, embedder.embed(questions), strict=True))

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> "np.ndarray":
        import numpy as np

        return np.stack([self._rows[text] for text in texts])


def _stages(
    store: VectorStore, known: _Known, sparse: SparseEncoder, questions: Sequence[str], size: int, optimized: bool
) -> Iterator[dict[str, Any]]:
    author = _author(0)
    tools: dict[str, Any] = {"vectors": store, "embedder": known, "sparse": sparse}
    filters: dict[str, PointsWhere] = {"none": {}, "author": {"author_id": str(author.id)}}
    for name, where in filters.items():
        times: dict[str, list[float]] = {"search": [], "rank": []}
        for question in questions:
            spent, found = _milliseconds(candidates, [question], {Category.ARTICLES: where}, **tools)
            times["search"].append(spent)
            times["rank"].append(_milliseconds(_ranked, question, found)[0])
        if name == "author":
            times["all"] = [
                _milliseconds(retrieve, question, author, reranker=None, **tools)[0] for question in questions
            ]
        for stage, taken in times.items():
            yield {"size": size, "filter": name, "optimized": optimized, "stage": stage, **_quantiles(taken[WARM:])}


def _ranked(question: str, found: Sequence[Candidate]) -> list[Group]:
    rows = {one.chunk.id: one.vector for one in found}
    return selected(ranked(question, found, None), lambda left, right: float(rows[left] @ rows[right]), 5)


def _points(source: Sequence[Chunk], rows: "np.ndarray", sparse: SparseEncoder, size: int) -> Iterator[VectorPoint]:
    import numpy as np

    chance = np.random.default_rng(0)
    terms = sparse.encode_documents([one.embedded_text for one in source])
    for number in range(size):
        place = number % len(source)
        copy = number // len(source)
        author = _author(number % AUTHORS)
        document = document_id(author.id, f"{source[place].link}/{copy}/{number % AUTHORS}")
        row = rows[place] + (chance.normal(0, NOISE, rows.shape[1]) if copy else 0)
        payload = source[place].model_dump(mode="json", exclude={"id"}) | {
            "author_id": str(author.id),
            "document_id": str(document),
        }
        yield VectorPoint(document_id(document, str(number)), payload, row / np.linalg.norm(row), terms[place])


def _author(number: int) -> Author:
    return Author.named(f"Author {number}")


def _chunks(golden: Sequence[GoldenQuestion], texts: Path, embedder: Embedder) -> list[Chunk]:
    return [
        piece
        for name in sorted({question.author for question in golden})
        for document in documents(texts / name, Author.named(name))
        for piece in chunk(clean(document), embedder.count_tokens, embedder.max_tokens)
    ]


def _milliseconds(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[float, T]:
    """How long the work took, and what came of it."""
    started = time.perf_counter()
    result = work(*args, **kwargs)
    return 1000 * (time.perf_counter() - started), result


def _quantiles(spent: Sequence[float]) -> dict[str, float]:
    import numpy as np

    return {f"p{share}": float(np.percentile(spent, share)) for share in (50, 95, 99)}
