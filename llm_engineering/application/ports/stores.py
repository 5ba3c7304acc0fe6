"""Where documents and vectors are kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeAlias
from uuid import UUID

Record: TypeAlias = dict[str, Any]
"""A JSON document; its identity is the string under "_id"."""

Scalar: TypeAlias = str | int | float | bool
Where: TypeAlias = Mapping[str, Scalar | Sequence[Scalar]]
"""Field → the value it must equal, or the values of which it must equal one. All must hold."""


@dataclass(frozen=True)
class Between:
    """From `low`, inclusive, to `high`, exclusive; None leaves that side open, and one of them must be given.

    Numbers are compared with numbers, datetimes with texts in ISO 8601; whatever has no time zone
    is in UTC. A value of another kind, and none at all, lies in no range.
    """

    low: float | datetime | None = None
    high: float | datetime | None = None

    def __post_init__(self) -> None:
        if len({isinstance(bound, datetime) for bound in self.bounds}) != 1:
            raise ValueError(f"A range is between two numbers or two datetimes, not {self.low!r} and {self.high!r}.")

    @property
    def bounds(self) -> list[float | datetime]:
        """Those that are given, the lower first."""
        return [bound for bound in (self.low, self.high) if bound is not None]


PointsWhere: TypeAlias = Mapping[str, Scalar | Sequence[Scalar] | Between]
"""A Where that takes ranges too."""


class DocumentStore(Protocol):
    """Named collections of JSON documents. A collection exists once something is in it.

    Every method raises StoreUnreachable when the database gives no answer or no permission,
    and StoreError for anything else that it refuses.
    """

    def upsert(self, collection: str, records: Iterable[Record]) -> int:
        """Write each record in place of the one with its "_id"; returns how many were written.

        Written in batches; a batch is all or nothing where the database can do so, and what
        was written before an interruption stays. Raises StoreError for a record without "_id".
        """
        ...

    def get(self, collection: str, id: str) -> Record | None:
        """The record of that id, or None."""
        ...

    def find(self, collection: str, where: Where | None = None) -> Iterator[Record]:
        """The records whose top-level fields match, ordered by "_id", streamed.

        Safe against writes to the same collection while it is being read.
        """
        ...

    def count(self, collection: str, where: Where | None = None) -> int:
        """How many records match."""
        ...

    def delete(self, collection: str, ids: Iterable[str]) -> int:
        """Remove these; an absent id is no error. Returns how many were there."""
        ...

    def close(self) -> None:
        """Release files and connections; calling it twice is no error."""
        ...


@dataclass(frozen=True)
class SparseVector:
    """Term ids and weights, in step."""

    indices: list[int]
    values: list[float]


@dataclass(frozen=True)
class VectorPoint:
    """A point of a vector collection. One without vectors is only kept and filtered."""

    id: UUID
    payload: Record
    dense: Sequence[float] | None = None
    sparse: SparseVector | None = None


@dataclass(frozen=True)
class VectorHit:
    """A point that a search found; a larger score is better."""

    id: UUID
    score: float
    payload: Record
    collection: str
    dense: Sequence[float] | None = None
    """Of length 1, when the request asked for it and the point has one."""


@dataclass(frozen=True)
class HybridQuery:
    """A query in both forms. Either may be None, then only the other is searched."""

    dense: Sequence[float] | None
    sparse: SparseVector | None


@dataclass(frozen=True)
class SearchRequest:
    """The best `limit` points of a collection for a query, among those that match `where`."""

    collection: str
    query: HybridQuery
    limit: int
    where: PointsWhere | None = None
    with_dense: bool = False
    """Whether the hits bring their dense vectors."""


class Index(StrEnum):
    """What a payload field holds, so that filters on it are quick."""

    TENANT = "tenant"
    """The keyword by which nearly every search is narrowed; a server keeps the points of one value together."""
    KEYWORD = "keyword"
    DATETIME = "datetime"


class VectorStore(Protocol):
    """Collections of points with a cosine "dense" and a BM25 "sparse" vector, and a payload.

    Every method raises StoreUnreachable, StoreLocked (embedded: another process has it open)
    or StoreError. A collection that does not exist reads as an empty one.
    """

    def ensure_collection(
        self,
        name: str,
        dense_size: int | None,
        indexed: Mapping[str, Index] | None = None,
        made_by: Mapping[str, str] | None = None,
    ) -> str:
        """Make the collection unless it is there; returns the name to write to.

        `dense_size` None: payload only, no vectors. `indexed` names payload fields to filter by.
        `made_by` is kept with the collection: whatever its vectors depend on, e.g. the embedder.

        When the collection is there with another size or `made_by`, or without any on record, it
        stays as it is and in use, and the name returned is that of a new collection beside it:
        fill that, then `switch`. The same arguments give the same new collection with what is
        already in it, so that a run that was killed can be gone on with. Without `made_by`
        nothing would say how to fill a new one: then another size raises StoreError.
        """
        ...

    def made_by(self, collection: str) -> dict[str, str] | None:
        """What `ensure_collection` was told; empty when that is unknown, None when there is no collection."""
        ...

    def switch(self, name: str, to: str) -> None:
        """From now on `name` means the collection `to`, in one step for all readers; the old one is removed."""
        ...

    def optimize(self, collection: str) -> None:
        """Make searches as quick as the engine can after many writes; may take minutes. A server does so by itself."""
        ...

    def upsert(self, collection: str, points: Iterable[VectorPoint]) -> int:
        """Write each point in place of the one with its id, in batches; returns how many."""
        ...

    def delete(self, collection: str, ids: Iterable[UUID]) -> None:
        """Remove these points; an absent id is no error."""
        ...

    def delete_where(self, collection: str, where: PointsWhere) -> None:
        """Remove the points whose payload matches. Raises ValueError for an empty `where`."""
        ...

    def search_many(self, requests: Sequence[SearchRequest]) -> list[list[VectorHit]]:
        """The hits of each request, best first, in the order of the requests; one batch a collection.

        With both forms, at least 50 dense and 50 sparse results are fused by reciprocal rank
        (k = 2) inside the engine; the order among equal scores is not defined.
        """
        ...

    def get(self, collection: str, ids: Iterable[UUID]) -> list[VectorPoint]:
        """The points of these ids that are there, in the order of the ids, without their vectors."""
        ...

    def scroll(
        self, collection: str, where: PointsWhere | None = None, fields: Sequence[str] | None = None
    ) -> Iterator[VectorPoint]:
        """All matching points, streamed, each once, without their vectors; only these payload `fields` if given."""
        ...

    def count(self, collection: str, where: PointsWhere | None = None) -> int:
        """How many points match, exactly."""
        ...

    def counts_by(self, collection: str, field: str, where: PointsWhere | None = None) -> dict[str, int]:
        """Value of the field → how many of the matching points have it, exactly, without reading payloads.

        The field must hold texts and be indexed as KEYWORD or TENANT; else StoreError is raised.
        """
        ...

    def close(self) -> None:
        """Flush and release; calling it twice is no error."""
        ...
