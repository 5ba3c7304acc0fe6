"""Vectors on a Qdrant server or in Qdrant Cloud."""

import ipaddress
import logging
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

from llm_engineering.application.ports import HybridQuery, Scalar, VectorHit, VectorPoint, Where
from llm_engineering.domain.errors import BadSettings, StoreError, StoreUnreachable, TwinError
from llm_engineering.infrastructure.stores.common import (
    as_floats,
    candidates,
    check_point,
    check_query,
    in_batches,
    usable_forms,
    wanted_values,
)

if TYPE_CHECKING:
    from qdrant_client import QdrantClient
    from qdrant_client.models import CollectionInfo, Condition, Filter, PointStruct

BATCH = 128
"""Points a request; a few megabytes at most."""
PAGE = 256
"""Points read a request."""


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
        self._sizes: dict[str, int | None] = {}

    def ensure_collection(self, name: str, dense_size: int | None, indexed: Sequence[str] = ()) -> None:
        """Make the collection, and those of the indexes that are missing (see the port)."""
        from qdrant_client.models import PayloadSchemaType

        with self._speaking(name):
            if not self._is_there(name):
                self._make(name, dense_size)
            info = self._client.get_collection(name)
            self._check_size(name, info, dense_size)
            for field in sorted(set(indexed) - info.payload_schema.keys()):
                self._client.create_payload_index(name, field, PayloadSchemaType.KEYWORD, wait=True)

    def upsert(self, collection: str, points: Iterable[VectorPoint]) -> int:
        """Write the points, 128 a request; what has returned is written."""
        written = 0
        for batch in in_batches(points, BATCH):
            with self._speaking(collection):
                if not self._is_there(collection):
                    raise StoreError(
                        f"There is no collection {collection} at {self._address}; ensure_collection first."
                    )
                for point in batch:
                    check_point(point, collection, self._sizes[collection])
                self._client.upsert(collection, [_struct(point) for point in batch], wait=True)
            written += len(batch)
        return written

    def delete(self, collection: str, ids: Iterable[UUID]) -> None:
        """Remove these points."""
        from qdrant_client.models import PointIdsList

        for batch in in_batches(ids, BATCH):
            with self._speaking(collection):
                if self._is_there(collection):
                    self._client.delete(collection, PointIdsList(points=[str(id) for id in batch]), wait=True)

    def delete_where(self, collection: str, where: Where) -> None:
        """Remove the points whose payload matches."""
        from qdrant_client.models import FilterSelector

        if not where:
            raise ValueError("An empty filter would delete the whole collection.")
        with self._speaking(collection):
            if self._is_there(collection):
                self._client.delete(collection, FilterSelector(filter=_filter(where)), wait=True)

    def search(self, collection: str, query: HybridQuery, limit: int, where: Where | None = None) -> list[VectorHit]:
        """The best points; both forms are fused by reciprocal rank on the server (see the port)."""
        from qdrant_client.models import Fusion, FusionQuery, Prefetch

        condition = _filter(where or {})
        usable = usable_forms(query)
        forms = _forms(usable)
        with self._speaking(collection):
            if not forms or not self._is_there(collection):
                return []
            check_query(usable, collection, self._sizes[collection])
            if len(forms) == 1:
                request: dict[str, Any] = {**forms[0], "query_filter": condition}
            else:
                # Fusion.RRF is RRF with k = 2 on every server version; RrfQuery needs a recent one.
                prefetch = [Prefetch(**form, filter=condition, limit=candidates(limit)) for form in forms]
                request = {"prefetch": prefetch, "query": FusionQuery(fusion=Fusion.RRF)}
            found = self._client.query_points(collection, **request, limit=limit, with_payload=True)
        return [VectorHit(UUID(str(hit.id)), hit.score, hit.payload or {}, collection) for hit in found.points]

    def scroll(self, collection: str, where: Where | None = None) -> Iterator[VectorPoint]:
        """All matching points by id, read in pages."""
        condition = _filter(where or {})
        offset: Any = None
        while True:
            with self._speaking(collection):
                if not self._is_there(collection):
                    return
                page, offset = self._client.scroll(
                    collection, scroll_filter=condition, limit=PAGE, offset=offset, with_payload=True
                )
            for point in page:
                yield VectorPoint(UUID(str(point.id)), point.payload or {})
            if offset is None:
                return

    def count(self, collection: str, where: Where | None = None) -> int:
        """How many points match, exactly."""
        with self._speaking(collection):
            if not self._is_there(collection):
                return 0
            return self._client.count(collection, count_filter=_filter(where or {}), exact=True).count

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _is_there(self, name: str) -> bool:
        """Whether the collection exists; asked of the server until it does, then remembered."""
        if name not in self._sizes and self._client.collection_exists(name):
            self._sizes[name] = _dense_size(self._client.get_collection(name))
        return name in self._sizes

    def _make(self, name: str, dense_size: int | None) -> None:
        from qdrant_client.http.exceptions import UnexpectedResponse
        from qdrant_client.models import Distance, Modifier, SparseVectorParams, VectorParams

        dense = {} if dense_size is None else {"dense": VectorParams(size=dense_size, distance=Distance.COSINE)}
        sparse = None if dense_size is None else {"sparse": SparseVectorParams(modifier=Modifier.IDF)}
        try:
            self._client.create_collection(name, vectors_config=dense, sparse_vectors_config=sparse)
        except UnexpectedResponse as error:
            if error.status_code != 409:  # 409: another process has just made it
                raise
        self._sizes[name] = dense_size

    def _check_size(self, name: str, info: "CollectionInfo", wanted: int | None) -> None:
        there = _dense_size(info)
        sparse = info.config.params.sparse_vectors or {}
        if there != wanted or (wanted is not None and "sparse" not in sparse):
            raise StoreError(
                f"The collection {name} at {self._address} has other vectors ({_shown(info)}) than are wanted "
                f"(dense: {wanted or 'none'}); use the embedder it was made for, "
                "or delete the collection and index again."
            )
        self._sizes[name] = there

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


def _dense_size(info: "CollectionInfo") -> int | None:
    vectors = info.config.params.vectors
    return vectors["dense"].size if isinstance(vectors, dict) and "dense" in vectors else None


def _shown(info: "CollectionInfo") -> str:
    vectors = info.config.params.vectors
    named = {name: params.size for name, params in vectors.items()} if isinstance(vectors, dict) else vectors
    sizes = named if isinstance(named, dict) else {"unnamed": named.size} if named else {}
    shown = [f"{name}: {size}" for name, size in sizes.items()] + sorted(info.config.params.sparse_vectors or {})
    return ", ".join(shown) or "none"


def _struct(point: VectorPoint) -> "PointStruct":
    from qdrant_client.models import PointStruct, SparseVector

    vectors: dict[str, Any] = {}
    if point.dense is not None:
        vectors["dense"] = as_floats(point.dense)
    if point.sparse is not None and point.sparse.indices:
        vectors["sparse"] = SparseVector(indices=point.sparse.indices, values=point.sparse.values)
    return PointStruct(id=str(point.id), vector=vectors, payload=point.payload)


def _forms(query: HybridQuery) -> list[dict[str, Any]]:
    from qdrant_client.models import SparseVector

    forms: list[dict[str, Any]] = []
    if query.dense is not None:
        forms.append({"query": as_floats(query.dense), "using": "dense"})
    if query.sparse is not None:
        terms = SparseVector(indices=query.sparse.indices, values=query.sparse.values)
        forms.append({"query": terms, "using": "sparse"})
    return forms


def _filter(where: Where) -> "Filter":
    from qdrant_client.models import Filter

    return Filter(must=[_condition(field, wanted_values(wanted)) for field, wanted in where.items()])


def _condition(field: str, wanted: Sequence[Scalar]) -> "Condition":
    """Any of the values: one condition for the texts together, one for each other value."""
    from qdrant_client.models import FieldCondition, Filter, MatchAny, MatchValue, Range

    texts = [str(value) for value in wanted if isinstance(value, str)]
    conditions: list[Condition] = [FieldCondition(key=field, match=MatchAny(any=texts))] if texts else []
    for value in wanted:
        if isinstance(value, bool):
            conditions.append(FieldCondition(key=field, match=MatchValue(value=value)))
        elif isinstance(value, int | float):
            conditions.append(FieldCondition(key=field, range=Range(gte=float(value), lte=float(value))))
    if not conditions:  # none of no values matches anything, where an empty "should" would match everything
        return FieldCondition(key=field, match=MatchAny(any=[]))
    return conditions[0] if len(conditions) == 1 else Filter(should=conditions)
