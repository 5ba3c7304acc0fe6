"""Vectors in Qdrant Edge: the engine of the Qdrant server, in this process, on this disk."""

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any
from uuid import UUID

from llm_engineering.application.ports import HybridQuery, VectorHit, VectorPoint, Where
from llm_engineering.domain.errors import StoreError, StoreLocked, StoreUnreachable, TwinError
from llm_engineering.infrastructure.stores.common import (
    RRF_K,
    candidates,
    check_point,
    check_query,
    in_batches,
    usable_forms,
)
from llm_engineering.infrastructure.stores.edge_requests import config, edge_filter, edge_point, forms, plain

if TYPE_CHECKING:
    from qdrant_edge import EdgeShard

BATCH = 256
"""Points written, then flushed to disk, at a time."""
PAGE = 256
"""Points read at a time."""
LOCK_FILE = ".in-use-by"


class EdgeVectors:
    """A VectorStore in a directory, one subdirectory a collection; the first use makes them.

    One process at a time: whoever comes second gets StoreLocked at its first call. Threads may
    share it; the engine lets them search while one of them writes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = RLock()
        self._shards: dict[str, EdgeShard] = {}
        self._sizes: dict[str, int | None] = {}
        self._hold: int | None = None
        self._closed = False

    def ensure_collection(self, name: str, dense_size: int | None, indexed: Sequence[str] = ()) -> None:
        """Make the collection, and those of the indexes that are missing (see the port)."""
        from qdrant_edge import PayloadSchemaType, UpdateOperation

        with self._turn, self._speaking(name):
            shard = self._shard(name) or self._made(name, dense_size)
            if self._sizes[name] != dense_size:
                raise StoreError(
                    f"The collection {name} in {self._path} was made for vectors of {_shown(self._sizes[name])}, "
                    f"now {_shown(dense_size)} are wanted; use the embedder it was made for, "
                    "or set QDRANT_PATH to a fresh directory and index again."
                )
            for field in sorted(set(indexed) - shard.info().payload_schema.keys()):
                shard.update(UpdateOperation.create_field_index(field, PayloadSchemaType.Keyword))
            shard.flush()

    def upsert(self, collection: str, points: Iterable[VectorPoint]) -> int:
        """Write the points, 256 at a time; what was acknowledged survives a kill -9."""
        from qdrant_edge import UpdateOperation

        written = 0
        for batch in in_batches(points, BATCH):
            with self._speaking(collection):
                shard = self._shard(collection)
                if shard is None:
                    raise StoreError(f"There is no collection {collection} in {self._path}; ensure_collection first.")
                for point in batch:
                    check_point(point, collection, self._sizes[collection])
                shard.update(UpdateOperation.upsert_points([edge_point(point) for point in batch]))
                shard.flush()
            written += len(batch)
        return written

    def delete(self, collection: str, ids: Iterable[UUID]) -> None:
        """Remove these points."""
        from qdrant_edge import UpdateOperation

        for batch in in_batches(ids, BATCH):
            with self._speaking(collection):
                if shard := self._shard(collection):
                    shard.update(UpdateOperation.delete_points(list(batch)))
                    shard.flush()

    def delete_where(self, collection: str, where: Where) -> None:
        """Remove the points whose payload matches."""
        from qdrant_edge import UpdateOperation

        if not where:
            raise ValueError("An empty filter would delete the whole collection.")
        with self._speaking(collection):
            if shard := self._shard(collection):
                shard.update(UpdateOperation.delete_points_by_filter(edge_filter(where)))
                shard.flush()

    def search(self, collection: str, query: HybridQuery, limit: int, where: Where | None = None) -> list[VectorHit]:
        """The best points; both forms are fused by reciprocal rank in the engine (see the port)."""
        from qdrant_edge import Fusion, Prefetch, QueryRequest

        condition = edge_filter(where or {})
        usable = usable_forms(query)
        queries = forms(usable)
        with self._speaking(collection):
            shard = self._shard(collection)
            if shard is None or not queries:
                return []
            check_query(usable, collection, self._sizes[collection])
            if len(queries) == 1:
                request = QueryRequest(limit=limit, query=queries[0], filter=condition, with_payload=True)
            else:
                fusion: Any = Fusion.Rrf(k=RRF_K)  # which the stubs do not know for a Fusion
                prefetches = [Prefetch(limit=candidates(limit), query=form, filter=condition) for form in queries]
                request = QueryRequest(limit=limit, prefetches=prefetches, query=fusion, with_payload=True)
            return [
                VectorHit(UUID(str(hit.id)), hit.score, plain(hit.payload), collection) for hit in shard.query(request)
            ]

    def scroll(self, collection: str, where: Where | None = None) -> Iterator[VectorPoint]:
        """All matching points by id, read in pages."""
        from qdrant_edge import ScrollRequest

        condition = edge_filter(where or {})
        offset: Any = None
        while True:
            with self._speaking(collection):
                shard = self._shard(collection)
                if shard is None:
                    return
                request = ScrollRequest(offset=offset, limit=PAGE, filter=condition, with_payload=True)
                page, offset = shard.scroll(request)
            for point in page:
                yield VectorPoint(UUID(str(point.id)), plain(point.payload))
            if offset is None:
                return

    def count(self, collection: str, where: Where | None = None) -> int:
        """How many points match, exactly."""
        from qdrant_edge import CountRequest

        with self._speaking(collection):
            shard = self._shard(collection)
            return shard.count(CountRequest(filter=edge_filter(where or {}), exact=True)) if shard else 0

    def close(self) -> None:
        """Flush and close every collection, and let other processes in."""
        with self._turn:
            self._closed = True
            try:
                while self._shards:
                    name, shard = self._shards.popitem()
                    with self._speaking(name):
                        shard.flush()
                        shard.close()
            finally:
                if self._hold is not None:
                    os.close(self._hold)
                    self._hold = None

    def _shard(self, name: str) -> "EdgeShard | None":
        """The collection, opened on first use; None when there is none."""
        with self._turn:
            if self._closed:
                raise StoreError(f"The vector store {self._path} was closed before this call.")
            directory = self._directory(name)
            if name not in self._shards and self._path.exists():
                self._take_hold()
                if directory.exists():
                    self._opened(name, directory)
            return self._shards.get(name)

    def _opened(self, name: str, directory: Path) -> "EdgeShard":
        from qdrant_edge import EdgeShard

        shard = EdgeShard.load(str(directory))
        vectors = json.loads((directory / "edge_config.json").read_text("utf-8")).get("vectors", {})
        self._sizes[name] = vectors["dense"]["size"] if "dense" in vectors else None
        self._shards[name] = shard
        return shard

    def _made(self, name: str, dense_size: int | None) -> "EdgeShard":
        """A new collection, made aside and then renamed: a kill half-way leaves none that is half there."""
        from qdrant_edge import EdgeShard

        self._path.mkdir(parents=True, exist_ok=True)
        self._take_hold()
        aside = self._path / f".{name}.unfinished"
        shutil.rmtree(aside, ignore_errors=True)
        EdgeShard.create(str(aside), config(dense_size)).close()
        return self._opened(name, aside.rename(self._directory(name)))

    def _directory(self, name: str) -> Path:
        if not re.fullmatch(r"\w[\w.-]*", name):
            raise StoreError(f"{name!r} is no name for a collection; use letters, digits, _ and -.")
        return self._path / name

    def _take_hold(self) -> None:
        """Keep other processes out, from the first call on rather than in the middle of a run.

        Edge locks each collection that it has open, but those are opened one by one.
        """
        if self._hold is not None:
            return
        hold = os.open(self._path / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(hold)
        except BlockingIOError:
            holder = _holder(os.read(hold, 20).decode())
            os.close(hold)
            raise _locked(self._path, holder) from None
        os.ftruncate(hold, 0)
        os.write(hold, str(os.getpid()).encode())
        self._hold = hold

    @contextmanager
    def _speaking(self, collection: str) -> Iterator[None]:
        """Errors as sentences. Edge raises bare Exceptions, told apart by their text alone."""
        try:
            yield
        except TwinError:
            raise
        except OSError as error:
            raise StoreUnreachable(
                f"Cannot read or write the vector store {self._path}: {error.strerror}; "
                "correct its permissions, or set QDRANT_PATH to another directory."
            ) from error
        except BaseException as error:
            # A panic in the engine (a damaged file) is a BaseException, of a class that has no importable name.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            if "WouldBlock" in str(error):
                raise _locked(self._path, "Another process") from error
            raise StoreError(
                f"The vector store {self._path} refused ({collection}): {error}; where its files are damaged "
                "or the disk is full, free some space, move the directory away, and index again."
            ) from error


def _lock(file: int) -> None:
    """Lock the file until it is closed or the process ends. Raises BlockingIOError when it is taken."""
    try:
        import fcntl
    except ImportError:  # Windows: there, Edge's own lock on each collection has to do.
        return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder(id: str) -> str:
    if id == str(os.getpid()):
        return "Another part of this process"
    return f"Another process (id {id})" if id else "Another process"


def _locked(path: Path, who: str) -> StoreLocked:
    return StoreLocked(
        f"{who} has the vector store at {path} open (a running service?); "
        "stop it, or set QDRANT_DATABASE_HOST to use a Qdrant server."
    )


def _shown(dense_size: int | None) -> str:
    return "no vectors (payload only)" if dense_size is None else f"{dense_size} dimensions"
