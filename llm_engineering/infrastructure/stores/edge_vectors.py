"""Vectors in Qdrant Edge: the engine of the Qdrant server, in this process, on this disk."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from llm_engineering.application.ports import Index, PointsWhere, SearchRequest, VectorHit, VectorPoint
from llm_engineering.domain.errors import StoreError
from llm_engineering.infrastructure.stores.common import (
    by_collection,
    check_point,
    check_query,
    in_batches,
    usable_forms,
)
from llm_engineering.infrastructure.stores.edge_directory import EdgeDirectory
from llm_engineering.infrastructure.stores.edge_requests import (
    edge_filter,
    edge_point,
    field_index,
    plain,
    query_request,
)

if TYPE_CHECKING:
    from qdrant_edge import ScoredPoint

BATCH = 256
"""Points written, then flushed to disk, at a time."""
PAGE = 256
"""Points read at a time; of those with a few fields only, eight times as many."""


class EdgeVectors:
    """A VectorStore in a directory, one subdirectory a collection; the first use makes them.

    One process at a time: whoever comes second gets StoreLocked at its first call. Threads may
    share it; the engine lets them search while one of them writes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._directory = EdgeDirectory(path)

    def ensure_collection(
        self,
        name: str,
        dense_size: int | None,
        indexed: Mapping[str, Index] | None = None,
        made_by: Mapping[str, str] | None = None,
    ) -> str:
        """Make the collection, and those of the indexes that are missing (see the port)."""
        with self._directory.speaking(name):
            to = self._directory.ensure(name, dense_size, made_by)
            collection = self._directory.collection(to)
            if collection is not None:
                for field in sorted((indexed or {}).keys() - collection.shard.info().payload_schema.keys()):
                    collection.shard.update(field_index(field, (indexed or {})[field]))
                collection.shard.flush()
            return to

    def made_by(self, collection: str) -> dict[str, str] | None:
        """What the collection's vectors depend on (see the port)."""
        with self._directory.speaking(collection):
            there = self._directory.collection(collection)
            return dict(there.made_by) if there else None

    def switch(self, name: str, to: str) -> None:
        """Let `name` mean the collection `to` (see the port)."""
        with self._directory.speaking(name):
            self._directory.switch(name, to)

    def optimize(self, collection: str) -> None:
        """Merge what was written and build the HNSW graph of a large collection; writers wait meanwhile."""
        with self._directory.speaking(collection):
            if there := self._directory.collection(collection):
                there.shard.optimize()

    def upsert(self, collection: str, points: Iterable[VectorPoint]) -> int:
        """Write the points, 256 at a time; what was acknowledged survives a kill -9."""
        from qdrant_edge import UpdateOperation

        written = 0
        for batch in in_batches(points, BATCH):
            with self._directory.speaking(collection):
                there = self._directory.collection(collection)
                if there is None:
                    raise StoreError(f"There is no collection {collection} in {self._path}; ensure_collection first.")
                for point in batch:
                    check_point(point, collection, there.dense_size)
                there.shard.update(UpdateOperation.upsert_points([edge_point(point) for point in batch]))
                there.shard.flush()
            written += len(batch)
        return written

    def delete(self, collection: str, ids: Iterable[UUID]) -> None:
        """Remove these points."""
        from qdrant_edge import UpdateOperation

        for batch in in_batches(ids, BATCH):
            with self._directory.speaking(collection):
                if there := self._directory.collection(collection):
                    there.shard.update(UpdateOperation.delete_points(list(batch)))
                    there.shard.flush()

    def delete_where(self, collection: str, where: PointsWhere) -> None:
        """Remove the points whose payload matches."""
        from qdrant_edge import UpdateOperation

        if not where:
            raise ValueError("An empty filter would delete the whole collection.")
        with self._directory.speaking(collection):
            if there := self._directory.collection(collection):
                there.shard.update(UpdateOperation.delete_points_by_filter(edge_filter(where)))
                there.shard.flush()

    def search_many(self, requests: Sequence[SearchRequest]) -> list[list[VectorHit]]:
        """The hits of each request; one call to the engine a collection (see the port)."""
        found: list[list[VectorHit]] = [[] for _ in requests]
        for collection, places in by_collection(requests).items():
            asked = {place: requests[place] for place in places}
            for place, hits in zip(asked, self._search(collection, list(asked.values())), strict=True):
                found[place] = hits
        return found

    def _search(self, collection: str, requests: Sequence[SearchRequest]) -> list[list[VectorHit]]:
        from qdrant_edge import QueryBatchRequest

        usable = [usable_forms(request.query) for request in requests]
        with self._directory.speaking(collection):
            there = self._directory.collection(collection)
            if there is None:
                return [[] for _ in requests]
            asked = [place for place, query in enumerate(usable) if query.dense is not None or query.sparse is not None]
            for place in asked:
                check_query(usable[place], collection, there.dense_size)
            batch = QueryBatchRequest([query_request(requests[place], usable[place]) for place in asked])
            answers = dict(zip(asked, there.shard.query_batch(batch) if asked else [], strict=True))
        return [[_hit(hit, collection) for hit in answers.get(place, [])] for place in range(len(requests))]

    def get(self, collection: str, ids: Iterable[UUID]) -> list[VectorPoint]:
        """The points of these ids."""
        wanted = list(ids)
        with self._directory.speaking(collection):
            there = self._directory.collection(collection)
            if there is None or not wanted:
                return []
            records = there.shard.retrieve(list(wanted), with_payload=True, with_vector=False)
        found = {UUID(str(record.id)): VectorPoint(UUID(str(record.id)), plain(record.payload)) for record in records}
        return [found[id] for id in wanted if id in found]

    def scroll(
        self, collection: str, where: PointsWhere | None = None, fields: Sequence[str] | None = None
    ) -> Iterator[VectorPoint]:
        """All matching points by id, read in pages."""
        from qdrant_edge import PayloadSelector, ScrollRequest

        condition = edge_filter(where or {})
        payload: Any = True if fields is None else PayloadSelector.Include(list(fields))
        limit = PAGE if fields is None else 8 * PAGE
        offset: Any = None
        while True:
            with self._directory.speaking(collection):
                there = self._directory.collection(collection)
                if there is None:
                    return
                request = ScrollRequest(offset=offset, limit=limit, filter=condition, with_payload=payload)
                page, offset = there.shard.scroll(request)
            for point in page:
                yield VectorPoint(UUID(str(point.id)), plain(point.payload))
            if offset is None:
                return

    def count(self, collection: str, where: PointsWhere | None = None) -> int:
        """How many points match, exactly."""
        from qdrant_edge import CountRequest

        with self._directory.speaking(collection):
            there = self._directory.collection(collection)
            return there.shard.count(CountRequest(filter=edge_filter(where or {}), exact=True)) if there else 0

    def counts_by(self, collection: str, field: str, where: PointsWhere | None = None) -> dict[str, int]:
        """How many of the matching points have each value, from the field's index."""
        from qdrant_edge import FacetRequest

        with self._directory.speaking(collection):
            there = self._directory.collection(collection)
            if there is None:
                return {}
            most = max(1, there.shard.info().points_count)
            request = FacetRequest(field, limit=most, exact=True, filter=edge_filter(where or {}))
            return {str(hit.value): hit.count for hit in there.shard.facet(request).hits if hit.count}

    def close(self) -> None:
        """Flush and close every collection, and let other processes in."""
        self._directory.close()


def _hit(hit: "ScoredPoint", collection: str) -> VectorHit:
    dense: Any = hit.vector.get("dense") if isinstance(hit.vector, dict) else None
    return VectorHit(UUID(str(hit.id)), hit.score, plain(hit.payload), collection, dense)
