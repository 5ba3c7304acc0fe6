"""Vectors on a Qdrant server or in Qdrant Cloud."""

import ipaddress
import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from llm_engineering.application.ports import HybridQuery, Index, PointsWhere, SearchRequest, VectorHit, VectorPoint
from llm_engineering.domain.errors import BadSettings, StoreError, StoreUnreachable, TwinError
from llm_engineering.infrastructure.stores.common import (
    by_collection,
    check_point,
    check_query,
    in_batches,
    usable_forms,
)
from llm_engineering.infrastructure.stores.server_collections import ServerCollections
from llm_engineering.infrastructure.stores.server_requests import field_schema, query_request, server_filter, struct

if TYPE_CHECKING:
    from qdrant_client import QdrantClient
    from qdrant_client.models import ScoredPoint

BATCH = 128
"""Points a request; a few megabytes at most."""
PAGE = 256
"""Points read a request; of those with a few fields only, eight times as many."""


class ServerVectors:
    """A VectorStore on a server. Connects on first use; messages name the address, never the key."""

    def __init__(self, url: str, api_key: str | None = None, timeout_seconds: float = 10) -> None:
        from qdrant_client import QdrantClient

        if api_key and not api_key.isprintable():
            # The HTTP library would quote the key in its complaint about the header.
            raise BadSettings("QDRANT_APIKEY holds a line break or the like; copy the key again, without it.")
        try:
            with warnings.catch_warnings():  # what the library would say has no address and no advice
                warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
                client = QdrantClient(
                    url=url, api_key=api_key, timeout=max(1, round(timeout_seconds)), check_compatibility=False
                )
        except ValueError as error:
            raise BadSettings(
                f"{_address(url)} is no address of a Qdrant server ({type(error).__name__}); "
                "write QDRANT_DATABASE_HOST or QDRANT_CLOUD_URL as a host name or as https://HOST:PORT."
            ) from None
        if api_key and _is_overheard(url):
            _say_overheard(_address(url))
        self._use(client, _address(url))

    @classmethod
    def on(cls, client: "QdrantClient", address: str = "the given client") -> "ServerVectors":
        """A store on a client that the caller has made and configured; `close` closes it."""
        store = cls.__new__(cls)
        store._use(client, address)
        return store

    def _use(self, client: "QdrantClient", address: str) -> None:
        self._client = client
        self._address = address
        self._collections = ServerCollections(client, address)

    def ensure_collection(
        self,
        name: str,
        dense_size: int | None,
        indexed: Mapping[str, Index] | None = None,
        made_by: Mapping[str, str] | None = None,
    ) -> str:
        """Make the collection, and those of the indexes that are missing (see the port)."""
        with self._speaking(name):
            to = self._collections.ensure(name, dense_size, made_by)
            there = self._client.get_collection(to).payload_schema.keys()
            for field in sorted((indexed or {}).keys() - there):
                self._client.create_payload_index(to, field, field_schema((indexed or {})[field]), wait=True)
            return to

    def made_by(self, collection: str) -> dict[str, str] | None:
        """What the collection's vectors depend on (see the port); servers before 1.16 do not keep it."""
        with self._speaking(collection):
            if not self._collections.is_there(collection):
                return None
            kept = self._client.get_collection(collection).config.metadata or {}
            return {str(name): str(value) for name, value in kept.items()}

    def switch(self, name: str, to: str) -> None:
        """Let the alias `name` mean the collection `to` (see the port)."""
        with self._speaking(name):
            self._collections.switch(name, to)

    def optimize(self, collection: str) -> None:
        """Nothing: the server does so in the background."""

    def upsert(self, collection: str, points: Iterable[VectorPoint]) -> int:
        """Write the points, 128 a request; what has returned is written."""
        written = 0
        for batch in in_batches(points, BATCH):
            with self._speaking(collection):
                if not self._collections.is_there(collection):
                    raise StoreError(
                        f"There is no collection {collection} at {self._address}; ensure_collection first."
                    )
                for point in batch:
                    check_point(point, collection, self._collections.size(collection))
                self._client.upsert(collection, [struct(point) for point in batch], wait=True)
            written += len(batch)
        return written

    def delete(self, collection: str, ids: Iterable[UUID]) -> None:
        """Remove these points."""
        from qdrant_client.models import PointIdsList

        for batch in in_batches(ids, BATCH):
            with self._speaking(collection):
                if self._collections.is_there(collection):
                    self._client.delete(collection, PointIdsList(points=[str(id) for id in batch]), wait=True)

    def delete_where(self, collection: str, where: PointsWhere) -> None:
        """Remove the points whose payload matches."""
        from qdrant_client.models import FilterSelector

        if not where:
            raise ValueError("An empty filter would delete the whole collection.")
        with self._speaking(collection):
            if self._collections.is_there(collection):
                self._client.delete(collection, FilterSelector(filter=server_filter(where)), wait=True)

    def search_many(self, requests: Sequence[SearchRequest]) -> list[list[VectorHit]]:
        """The hits of each request: one batch request a collection, all at the same time (see the port)."""
        batches = by_collection(requests)
        found: list[list[VectorHit]] = [[] for _ in requests]
        with ThreadPoolExecutor(max_workers=max(1, len(batches))) as pool:
            asked = [[requests[place] for place in places] for places in batches.values()]
            for places, answers in zip(batches.values(), pool.map(self._search, batches, asked), strict=True):
                for place, hits in zip(places, answers, strict=True):
                    found[place] = hits
        return found

    def _search(self, collection: str, requests: Sequence[SearchRequest]) -> list[list[VectorHit]]:
        usable = [usable_forms(request.query) for request in requests]
        with self._speaking(collection):
            asked = [place for place, query in enumerate(usable) if query.dense is not None or query.sparse is not None]
            if not asked or not self._collections.is_there(collection):
                return [[] for _ in requests]
            self._check_queries([usable[place] for place in asked], collection)
            batch = [query_request(requests[place], usable[place]) for place in asked]
            responses = self._client.query_batch_points(collection, batch)
            answers = {place: response.points for place, response in zip(asked, responses, strict=True)}
        return [[_hit(hit, collection) for hit in answers.get(place, [])] for place in range(len(requests))]

    def _check_queries(self, queries: Sequence[HybridQuery], collection: str) -> None:
        for query in queries:
            check_query(query, collection, self._collections.size(collection, fitting=query.dense))

    def get(self, collection: str, ids: Iterable[UUID]) -> list[VectorPoint]:
        """The points of these ids."""
        wanted = list(ids)
        with self._speaking(collection):
            if not wanted or not self._collections.is_there(collection):
                return []
            records = self._client.retrieve(collection, [str(id) for id in wanted], with_payload=True)
        found = {UUID(str(record.id)): VectorPoint(UUID(str(record.id)), record.payload or {}) for record in records}
        return [found[id] for id in wanted if id in found]

    def scroll(
        self, collection: str, where: PointsWhere | None = None, fields: Sequence[str] | None = None
    ) -> Iterator[VectorPoint]:
        """All matching points by id, read in pages."""
        condition = server_filter(where or {})
        payload: Any = True if fields is None else list(fields)
        limit = PAGE if fields is None else 8 * PAGE
        offset: Any = None
        while True:
            with self._speaking(collection):
                if not self._collections.is_there(collection):
                    return
                page, offset = self._client.scroll(
                    collection, scroll_filter=condition, limit=limit, offset=offset, with_payload=payload
                )
            for point in page:
                yield VectorPoint(UUID(str(point.id)), point.payload or {})
            if offset is None:
                return

    def count(self, collection: str, where: PointsWhere | None = None) -> int:
        """How many points match, exactly."""
        with self._speaking(collection):
            if not self._collections.is_there(collection):
                return 0
            return self._client.count(collection, count_filter=server_filter(where or {}), exact=True).count

    def counts_by(self, collection: str, field: str, where: PointsWhere | None = None) -> dict[str, int]:
        """How many of the matching points have each value, from the field's index."""
        with self._speaking(collection):
            if not self._collections.is_there(collection):
                return {}
            condition = server_filter(where or {})
            most = max(1, self._client.count(collection, count_filter=condition, exact=True).count)
            counted = self._client.facet(collection, field, facet_filter=condition, limit=most, exact=True)
            return {str(hit.value): hit.count for hit in counted.hits if hit.count}

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @contextmanager
    def _speaking(self, collection: str) -> Iterator[None]:
        """Errors as sentences; the library's own neither name the setting nor always the address."""
        from httpx import TransportError
        from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

        try:
            yield
        except TwinError:
            raise
        except ResponseHandlingException as error:
            if not isinstance(error.source, TransportError):
                raise self._refused(collection, error.source) from error
            raise StoreUnreachable(
                f"Qdrant at {self._address} gives no answer: {error.source}; "
                "start it (./poe local-infrastructure-up), or correct QDRANT_DATABASE_HOST."
            ) from error
        except UnexpectedResponse as error:
            if error.status_code in (401, 403):
                raise StoreUnreachable(
                    f"Qdrant at {self._address} refused the key (HTTP {error.status_code}); correct QDRANT_APIKEY."
                ) from error
            raise self._refused(collection, error) from error
        except (ApiException, RuntimeError, ValueError) as error:
            raise self._refused(collection, error) from error

    def _refused(self, collection: str, error: Exception) -> StoreError:
        said = " ".join(str(error).split())
        return StoreError(f"Qdrant at {self._address} refused ({collection}): {said}.")


def _address(url: str) -> str:
    """The URL without a login or query that somebody may have put in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rsplit('@', 1)[-1]}" if parts.netloc else url.rsplit("@", 1)[-1]


def _is_overheard(url: str) -> bool:
    """Whether what is sent there leaves this machine unencrypted."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "http" or host == "localhost":
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


@cache  # once is enough, however often a store is opened
def _say_overheard(address: str) -> None:
    logging.getLogger(__name__).warning(
        "The key of Qdrant goes to %s unencrypted, so anybody on the way can read it; write the address as https://…",
        address,
    )


def _hit(hit: "ScoredPoint", collection: str) -> VectorHit:
    dense: Any = hit.vector.get("dense") if isinstance(hit.vector, dict) else None
    return VectorHit(UUID(str(hit.id)), hit.score, hit.payload or {}, collection, dense)
