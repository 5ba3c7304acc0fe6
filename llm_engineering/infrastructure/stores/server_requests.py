"""The port's words in those of a Qdrant server."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from llm_engineering.application.ports import (
    Between,
    HybridQuery,
    Index,
    PointsWhere,
    Scalar,
    SearchRequest,
    VectorPoint,
)
from llm_engineering.infrastructure.stores.common import as_floats, as_moments, as_numbers, candidates, wanted_values

if TYPE_CHECKING:
    from qdrant_client.models import (
        Condition,
        FieldCondition,
        Filter,
        KeywordIndexParams,
        PayloadSchemaType,
        PointStruct,
        QueryRequest,
    )


def field_schema(kind: Index) -> "PayloadSchemaType | KeywordIndexParams":
    """The index of a payload field."""
    from qdrant_client.models import KeywordIndexParams, KeywordIndexType, PayloadSchemaType

    match kind:
        case Index.TENANT:
            return KeywordIndexParams(type=KeywordIndexType.KEYWORD, is_tenant=True)
        case Index.KEYWORD:
            return PayloadSchemaType.KEYWORD
        case Index.DATETIME:
            return PayloadSchemaType.DATETIME


def struct(point: VectorPoint) -> "PointStruct":
    """The point as the server takes it."""
    from qdrant_client.models import PointStruct, SparseVector

    vectors: dict[str, Any] = {}
    if point.dense is not None:
        vectors["dense"] = as_floats(point.dense)
    if point.sparse is not None and point.sparse.indices:
        vectors["sparse"] = SparseVector(indices=point.sparse.indices, values=point.sparse.values)
    return PointStruct(id=str(point.id), vector=vectors, payload=point.payload)


def query_request(request: SearchRequest, usable: HybridQuery) -> "QueryRequest":
    """The search; both forms of the query are fused by reciprocal rank on the server."""
    from qdrant_client.models import Fusion, FusionQuery, Prefetch, QueryRequest

    condition, forms = server_filter(request.where or {}), _forms(usable)
    wanted: dict[str, Any] = {"limit": request.limit, "with_payload": True}
    if request.with_dense:
        wanted["with_vector"] = ["dense"]
    if len(forms) == 1:
        return QueryRequest(**forms[0], filter=condition, **wanted)
    # Fusion.RRF is RRF with k = 2 on every server version; RrfQuery needs a recent one.
    prefetch = [Prefetch(**form, filter=condition, limit=candidates(request.limit)) for form in forms]
    return QueryRequest(prefetch=prefetch, query=FusionQuery(fusion=Fusion.RRF), **wanted)


def _forms(query: HybridQuery) -> list[dict[str, Any]]:
    from qdrant_client.models import SparseVector

    forms: list[dict[str, Any]] = []
    if query.dense is not None:
        forms.append({"query": as_floats(query.dense), "using": "dense"})
    if query.sparse is not None:
        terms = SparseVector(indices=query.sparse.indices, values=query.sparse.values)
        forms.append({"query": terms, "using": "sparse"})
    return forms


def server_filter(where: PointsWhere) -> "Filter":
    """The filter; an empty one matches everything."""
    from qdrant_client.models import Filter

    return Filter(must=[_condition(field, wanted) for field, wanted in where.items()])


def _condition(field: str, wanted: Scalar | Sequence[Scalar] | Between) -> "Condition":
    """Any of the values: one condition for the texts together, one for each other value."""
    from qdrant_client.models import FieldCondition, Filter, MatchAny, MatchValue, Range

    if isinstance(wanted, Between):
        return _range(field, wanted)
    values = wanted_values(wanted)
    texts = [str(value) for value in values if isinstance(value, str)]
    conditions: list[Condition] = [FieldCondition(key=field, match=MatchAny(any=texts))] if texts else []
    for value in values:
        if isinstance(value, bool):
            conditions.append(FieldCondition(key=field, match=MatchValue(value=value)))
        elif isinstance(value, int | float):
            conditions.append(FieldCondition(key=field, range=Range(gte=float(value), lte=float(value))))
    if not conditions:  # none of no values matches anything, where an empty "should" would match everything
        return FieldCondition(key=field, match=MatchAny(any=[]))
    return conditions[0] if len(conditions) == 1 else Filter(should=conditions)


def _range(field: str, between: Between) -> "FieldCondition":
    from qdrant_client.models import DatetimeRange, FieldCondition, Range

    moments: dict[str, Any] | None = as_moments(between)
    limits = Range(**as_numbers(between)) if moments is None else DatetimeRange(**moments)
    return FieldCondition(key=field, range=limits)
