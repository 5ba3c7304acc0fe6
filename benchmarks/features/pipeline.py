"""The whole way from raw documents to searchable chunks: all of them, one change, and very many."""

import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.features import reference_way
from benchmarks.features.corpus import AUTHOR, made_up
from llm_engineering.application.features import raw_documents
from llm_engineering.application.indexing import IndexReport, index, load_cleaned
from llm_engineering.application.ports import Embedder, Progress, Silent
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.documents import RawDocument
from llm_engineering.infrastructure.models.sparse import Bm25Encoder
from llm_engineering.infrastructure.stores.edge_vectors import EdgeVectors
from llm_engineering.infrastructure.stores.sqlite_documents import SqliteDocuments

CHANGED = 4321


def whole(documents: Sequence[RawDocument], embedder: Embedder, model: str, *, rounds: int) -> dict[str, Any]:
    """Both ways in turn, each into an empty store; the ratio is the median of the rounds."""
    plain = reference_way.whole_precision(model)
    usual, ours, chunks = [], [], {}
    for _ in range(rounds):
        with _workplace(documents) as (warehouse, vectors):
            start = time.perf_counter()
            read = list(warehouse.documents(AUTHOR))
            chunks["usual"] = reference_way.make_features(read, plain, model, vectors)
            usual.append(time.perf_counter() - start)
        with _workplace(documents) as (warehouse, vectors):
            start = time.perf_counter()
            chunks["ours"] = _run(warehouse, vectors, embedder).chunks_written
            ours.append(time.perf_counter() - start)
    return {
        "pipeline_speedup": statistics.median(slow / fast for fast, slow in zip(ours, usual, strict=True)),
        "pipeline_seconds": {"usual": statistics.median(usual), "ours": statistics.median(ours)},
        "pipeline_chunks": chunks,
    }


def incremental(embedder: Embedder, *, documents: int, rounds: int, seed: int) -> dict[str, Any]:
    """A run after one of many documents has changed. The vectors of the others are made up, as nobody reads them."""
    with _workplace(made_up(documents, seed, 1, changed=CHANGED)) as (warehouse, vectors):
        first = _run(warehouse, vectors, _Recalling(embedder))
        seconds, embedded = [], []
        for edition in range(1, rounds + 1):
            edited = made_up(documents, seed, 1, edition, CHANGED)
            warehouse.save(next(one for number, one in enumerate(edited) if number == CHANGED))
            start = time.perf_counter()
            embedded.append(_run(warehouse, vectors, embedder).embedded)
            seconds.append(time.perf_counter() - start)
    return {
        "incremental_seconds": statistics.median(seconds),
        "incremental_documents": first.documents,
        "incremental_embedded": embedded,
    }


def memory(model: str, model_id: str, *, chunks: int, seed: int) -> dict[str, Any]:
    """Peak of a process of its own, for the number of chunks and for a quarter of it.

    Beside all of it, what is the process's own: the rest are pages of files, such as the store's, which the
    kernel takes back when memory is short.
    """
    peaks = {}
    for wanted in (chunks // 4, chunks):
        command = [sys.executable, "-m", "benchmarks.features.pipeline", model, model_id, str(wanted), str(seed)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        written, peak, own = done.stdout.split()
        peaks[written] = {"peak_mb": float(peak), "own_mb": float(own)}
    return {"peak_memory_mb": peaks[written]["peak_mb"], "memory_by_chunks": peaks}


class _Recalling:
    """The embedder, but a text that it has seen is not computed again; so very many chunks take minutes, not hours."""

    def __init__(self, embedder: Embedder) -> None:
        self.model_id, self.dimensions = embedder.model_id, embedder.dimensions
        self.max_tokens, self.count_tokens = embedder.max_tokens, embedder.count_tokens
        self._embedder = embedder
        self._known: dict[str, np.ndarray] = {}

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
        """The vectors, in order."""
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        self._known.update(zip(new, self._embedder.embed(new, progress), strict=True))
        return np.stack([self._known[text] for text in texts])


@contextmanager
def _workplace(documents: Iterable[RawDocument]) -> Iterator[tuple[Warehouse, EdgeVectors]]:
    """A warehouse with these documents, and an empty feature store, on disk."""
    with tempfile.TemporaryDirectory() as directory:
        store = SqliteDocuments(Path(directory) / "twin.sqlite3")
        vectors = EdgeVectors(Path(directory) / "qdrant")
        try:
            warehouse = Warehouse(store)
            warehouse.add_author(AUTHOR)
            # Not by `save`, which looks for each of them first and commits each by itself.
            store.upsert("articles", ({"_id": str(one.id), **_fields(one)} for one in documents))
            yield warehouse, vectors
        finally:
            vectors.close()
            store.close()


def _fields(document: RawDocument) -> dict[str, Any]:
    return document.model_dump(mode="json", exclude={"id"})


def _run(warehouse: Warehouse, vectors: EdgeVectors, embedder: Embedder) -> IndexReport:
    documents = raw_documents([AUTHOR], warehouse)
    load_cleaned(documents, authors=[AUTHOR], vectors=vectors, progress=Silent())
    return index(authors=[AUTHOR], vectors=vectors, embedder=embedder, sparse=Bm25Encoder(), progress=Silent())


def _peak_of_a_run(model: str, model_id: str, chunks: int, seed: int) -> tuple[int, float, float]:
    """Chunks written, and MB at the peak: resident, and the process's own."""
    from llm_engineering.infrastructure.models.embedder import SentenceEmbedder

    embedder = _Recalling(SentenceEmbedder(model, model_id=model_id))
    with _workplace(made_up(chunks // 10, seed, 10)) as (warehouse, vectors), _own_memory() as seen:
        written = _run(warehouse, vectors, embedder).chunks_written
    return written, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, max(seen)


@contextmanager
def _own_memory() -> Iterator[list[float]]:
    """A list that grows by the process's own memory in MB (Linux: RssAnon) ten times a second."""
    seen, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            status = Path("/proc/self/status").read_text(encoding="ascii").split()
            seen.append(int(status[status.index("RssAnon:") + 1]) / 1024)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    print(*_peak_of_a_run(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
