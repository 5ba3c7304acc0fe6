"""The port's words in those of Qdrant Edge."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from llm_engineering.application.ports import HybridQuery, Record, Scalar, VectorPoint, Where
from llm_engineering.infrastructure.stores.common import as_floats, wanted_values

if TYPE_CHECKING:
    from qdrant_edge import ConditionType, EdgeConfig, Filter, Point, Query

FLAGS = "__flags"
"""Payload field that this adapter adds and takes away again: "name=true" for each field that is
true or false. Edge 0.9 in Python takes a boolean in a filter for the integer 1 or 0, so booleans
are filtered by this text."""


def config(dense_size: int | None) -> "EdgeConfig":
    """The vectors of a new collection: "dense" (cosine) and "sparse" (BM25), or none that is used."""
    from qdrant_edge import Distance, EdgeConfig, EdgeSparseVectorParams, EdgeVectorParams, Modifier

    sparse = {"sparse": EdgeSparseVectorParams(modifier=Modifier.Idf)}
    if dense_size is None:
        # Edge makes no collection without any vector; an unused sparse one takes no space.
        return EdgeConfig(sparse_vectors=sparse)
    return EdgeConfig(
        vectors={"dense": EdgeVectorParams(size=dense_size, distance=Distance.Cosine)}, sparse_vectors=sparse
    )


def edge_point(point: VectorPoint) -> "Point":
    """The point as the engine keeps it."""
    from qdrant_edge import Point, SparseVector

    vectors: dict[str, Any] = {}
    if point.dense is not None:
        vectors["dense"] = as_floats(point.dense)
    if point.sparse is not None and point.sparse.indices:
        vectors["sparse"] = SparseVector(point.sparse.indices, point.sparse.values)
    return Point(point.id, vectors, _flagged(point.payload))


def forms(query: HybridQuery) -> "list[Query]":
    """One nearest-neighbour query for each form that the query has."""
    from qdrant_edge import Query, SparseVector

    found = []
    if query.dense is not None:
        found.append(Query.Nearest(as_floats(query.dense), using="dense"))
    if query.sparse is not None:
        found.append(Query.Nearest(SparseVector(query.sparse.indices, query.sparse.values), using="sparse"))
    return found


def _flagged(payload: Record) -> Record:
    flags = [_flag(field, value) for field, value in payload.items() if isinstance(value, bool)]
    return {**payload, FLAGS: flags} if flags else payload


def _flag(field: str, value: bool) -> str:
    return f"{field}={str(value).lower()}"


def plain(payload: Record | None) -> Record:
    """The payload as the caller wrote it."""
    return {field: value for field, value in (payload or {}).items() if field != FLAGS}


def edge_filter(where: Where) -> "Filter":
    """The filter; an empty one matches everything."""
    from qdrant_edge import Filter

    return Filter(must=[_condition(field, wanted_values(wanted)) for field, wanted in where.items()])


def _condition(field: str, wanted: Sequence[Scalar]) -> "ConditionType":
    """Any of the values: one condition for the texts together, one for each other value."""
    from qdrant_edge import FieldCondition, Filter, MatchAny, MatchValue, RangeFloat

    texts = [str(value) for value in wanted if isinstance(value, str)]
    conditions: list[ConditionType] = [FieldCondition(field, match=MatchAny(texts))] if texts else []
    for value in wanted:
        if isinstance(value, bool):
            conditions.append(FieldCondition(FLAGS, match=MatchValue(_flag(field, value))))
        elif isinstance(value, int | float):
            conditions.append(FieldCondition(field, range=RangeFloat(gte=float(value), lte=float(value))))
    if not conditions:  # none of no values matches anything, where an empty "should" would match everything
        return FieldCondition(field, match=MatchAny([]))
    return conditions[0] if len(conditions) == 1 else Filter(should=conditions)
