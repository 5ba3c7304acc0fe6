"""The port's words in those of Qdrant Edge."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from llm_engineering.application.ports import Between, HybridQuery, Index, PointsWhere, Record, Scalar, VectorPoint
from llm_engineering.application.ports import SearchRequest as Search
from llm_engineering.infrastructure.stores.common import (
    RRF_K,
    as_floats,
    as_moments,
    as_numbers,
    candidates,
    wanted_values,
)

if TYPE_CHECKING:
    from qdrant_edge import (
        ConditionType,
        EdgeConfig,
        FieldCondition,
        Filter,
        Point,
        Query,
        QueryRequest,
        UpdateOperation,
    )

FLAGS = "__flags"
"""Payload field that this adapter adds and takes away again: "name=true" for each field that is
true or false. Edge 0.9 in Python takes a boolean in a filter for the integer 1 or 0, so booleans
are filtered by this text."""
INDEXED_FROM_KILOBYTES = 30_000
"""`optimize` builds an HNSW graph for this much of dense vectors, 20,000 of 384 dimensions. Comparing a
query with fewer takes under 5 ms, is exact, and spares the building, which takes longer than a millisecond a vector."""


def config(dense_size: int | None) -> "EdgeConfig":
    """The vectors of a new collection: "dense" (cosine) and "sparse" (BM25), or none that is used."""
    from qdrant_edge import (
        Distance,
        EdgeConfig,
        EdgeOptimizersConfig,
        EdgeSparseVectorParams,
        EdgeVectorParams,
        Modifier,
    )

    sparse = {"sparse": EdgeSparseVectorParams(modifier=Modifier.Idf)}
    if dense_size is None:
        # Edge makes no collection without any vector; an unused sparse one takes no space.
        return EdgeConfig(sparse_vectors=sparse)
    return EdgeConfig(
        vectors={"dense": EdgeVectorParams(size=dense_size, distance=Distance.Cosine)},
        sparse_vectors=sparse,
        optimizers=EdgeOptimizersConfig(indexing_threshold=INDEXED_FROM_KILOBYTES),
    )


def field_index(field: str, kind: Index) -> "UpdateOperation":
    """Makes the index of a payload field."""
    from qdrant_edge import KeywordIndexParams, PayloadSchemaType, UpdateOperation

    match kind:
        case Index.TENANT:
            return UpdateOperation.create_field_index(field, KeywordIndexParams(is_tenant=True))
        case Index.KEYWORD:
            return UpdateOperation.create_field_index(field, PayloadSchemaType.Keyword)
        case Index.DATETIME:
            return UpdateOperation.create_field_index(field, PayloadSchemaType.Datetime)


def edge_point(point: VectorPoint) -> "Point":
    """The point as the engine keeps it."""
    from qdrant_edge import Point, SparseVector

    vectors: dict[str, Any] = {}
    if point.dense is not None:
        vectors["dense"] = as_floats(point.dense)
    if point.sparse is not None and point.sparse.indices:
        vectors["sparse"] = SparseVector(point.sparse.indices, point.sparse.values)
    return Point(point.id, vectors, _flagged(point.payload))


def query_request(request: Search, usable: HybridQuery) -> "QueryRequest":
    """The search; both forms of the query are fused by reciprocal rank in the engine."""
    from qdrant_edge import Fusion, Prefetch, QueryRequest

    condition, queries = edge_filter(request.where or {}), _forms(usable)
    wanted: dict[str, Any] = {"limit": request.limit, "with_payload": True}
    if request.with_dense:
        wanted["with_vector"] = ["dense"]
    if len(queries) == 1:
        return QueryRequest(query=queries[0], filter=condition, **wanted)
    fusion: Any = Fusion.Rrf(k=RRF_K)  # which the stubs do not know for a Fusion
    most = candidates(request.limit)
    prefetches = [Prefetch(limit=most, query=form, filter=condition) for form in queries]
    return QueryRequest(prefetches=prefetches, query=fusion, **wanted)


def _forms(query: HybridQuery) -> "list[Query]":
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


def edge_filter(where: PointsWhere) -> "Filter":
    """The filter; an empty one matches everything."""
    from qdrant_edge import Filter

    return Filter(must=[_condition(field, wanted) for field, wanted in where.items()])


def _condition(field: str, wanted: Scalar | Sequence[Scalar] | Between) -> "ConditionType":
    """Any of the values: one condition for the texts together, one for each other value."""
    from qdrant_edge import FieldCondition, Filter, MatchAny, MatchValue, RangeFloat

    if isinstance(wanted, Between):
        return _range(field, wanted)
    values = wanted_values(wanted)
    texts = [str(value) for value in values if isinstance(value, str)]
    conditions: list[ConditionType] = [FieldCondition(field, match=MatchAny(texts))] if texts else []
    for value in values:
        if isinstance(value, bool):
            conditions.append(FieldCondition(FLAGS, match=MatchValue(_flag(field, value))))
        elif isinstance(value, int | float):
            conditions.append(FieldCondition(field, range=RangeFloat(gte=float(value), lte=float(value))))
    if not conditions:  # none of no values matches anything, where an empty "should" would match everything
        return FieldCondition(field, match=MatchAny([]))
    return conditions[0] if len(conditions) == 1 else Filter(should=conditions)


def _range(field: str, between: Between) -> "FieldCondition":
    from qdrant_edge import FieldCondition, RangeDateTime, RangeFloat

    moments = as_moments(between)
    return FieldCondition(
        field, range=RangeFloat(**as_numbers(between)) if moments is None else RangeDateTime(**moments)
    )
