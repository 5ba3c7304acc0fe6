"""What the store adapters share, so that they accept, refuse and fuse alike."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from typing import TypeVar

from llm_engineering.application.ports import Between, HybridQuery, Record, Scalar, SearchRequest, VectorPoint
from llm_engineering.domain.errors import StoreError

T = TypeVar("T")

RRF_K = 2
"""Reciprocal rank fusion: a result at rank r (0 = best) adds 1 / (k + r). 2 is Qdrant's default."""


def in_batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of `size`; the last may be shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def record_id(record: Record, collection: str) -> str:
    """The record's "_id". Raises StoreError when there is none, or no text that names anything."""
    id = record.get("_id")
    if not isinstance(id, str) or not id:
        raise StoreError(f'A record for {collection} has the "_id" {id!r}; give each record its id as text.')
    return str(id)


def as_json(value: Record, name: str) -> str:
    """The value as JSON text, the same whichever database keeps it.

    Raises StoreError for what JSON has no form for (dates, UUIDs, NaN) and for text that is no
    Unicode (half a surrogate pair): some databases would alter it, others refuse it.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode("utf-8")
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"{name} cannot be stored as JSON: {error}; dump models with mode='json' and repair broken text first."
        ) from error
    return text


def wanted_values(wanted: Scalar | Sequence[Scalar]) -> list[Scalar]:
    """The values of which one must match; text is one value, not a sequence of letters."""
    return [wanted] if isinstance(wanted, str | int | float) else list(wanted)


def check_point(point: VectorPoint, collection: str, dense_size: int | None) -> None:
    """Raises StoreError for a point that the collection cannot hold.

    Checked for a whole batch before any of it is written: Qdrant Edge refuses a vector of the
    wrong size only after it has written the points before it.
    """
    name = f"Point {point.id} of {collection}"
    as_json(point.payload, f"The payload of point {point.id} of {collection}")
    if dense_size is None and (point.dense is not None or point.sparse is not None):
        raise StoreError(f"{name} has a vector, but the collection was made for payloads only.")
    if dense_size is not None and point.dense is not None and len(point.dense) != dense_size:
        raise StoreError(
            f"{name} has {len(point.dense)} dimensions, but the collection was made for {dense_size}; "
            "run the feature engineering pipeline again, which makes it anew for the present embedder."
        )


def as_floats(vector: Sequence[float]) -> list[float]:
    """The vector as plain numbers of 32-bit precision, from a list or an array."""
    import numpy as np

    numbers: list[float] = np.asarray(vector, dtype=np.float32).tolist()
    return numbers


def usable_forms(query: HybridQuery) -> HybridQuery:
    """The query without a sparse form that has no terms: nothing can match it.

    Raises ValueError for a query that was given in neither form.
    """
    if query.dense is None and query.sparse is None:
        raise ValueError("A query needs a dense vector, a sparse one, or both.")
    terms = query.sparse if query.sparse and query.sparse.indices else None
    return HybridQuery(query.dense, terms)


def check_query(query: HybridQuery, collection: str, dense_size: int | None) -> None:
    """Raises StoreError for a query that the collection's vectors cannot be compared with."""
    if dense_size is None:
        raise StoreError(f"The collection {collection} was made for payloads only; search one that has vectors.")
    if query.dense is not None and len(query.dense) != dense_size:
        raise StoreError(
            f"The query has {len(query.dense)} dimensions, but {collection} was made for {dense_size}; "
            "run the feature engineering pipeline again, which embeds everything anew by the present embedder."
        )


def candidates(limit: int) -> int:
    """How many results each form contributes to the fusion; more than asked for, or it would be shallow."""
    return max(50, 4 * limit)


def by_collection(requests: Sequence[SearchRequest]) -> dict[str, list[int]]:
    """Collection → the places of its requests."""
    places: dict[str, list[int]] = {}
    for place, request in enumerate(requests):
        places.setdefault(request.collection, []).append(place)
    return places


def as_moments(between: Between) -> dict[str, str] | None:
    """The bounds of a range of datetimes in ISO 8601 with a time zone, by Qdrant's names; None for one of numbers."""
    if not isinstance(between.bounds[0], datetime):
        return None
    bounds = {"gte": between.low, "lt": between.high}
    return {name: _moment(bound) for name, bound in bounds.items() if isinstance(bound, datetime)}


def as_numbers(between: Between) -> dict[str, float]:
    """The bounds of a range of numbers, by Qdrant's names."""
    bounds = {"gte": between.low, "lt": between.high}
    return {name: float(bound) for name, bound in bounds.items() if isinstance(bound, int | float)}


def _moment(bound: datetime) -> str:
    return (bound if bound.tzinfo else bound.replace(tzinfo=UTC)).isoformat()


def successor(name: str, dense_size: int | None, made_by: Mapping[str, str]) -> str:
    """The name of the collection that is to be `name` when it was made by this; the same for the same."""
    made = json.dumps([dense_size, dict(made_by)], sort_keys=True)
    return f"{name}-{sha256(made.encode()).hexdigest()[:8]}"


def is_successor(candidate: str, name: str) -> bool:
    """Whether that is the name of a collection that was or is to be `name`."""
    return re.fullmatch(re.escape(name) + "-[0-9a-f]{8}", candidate) is not None
