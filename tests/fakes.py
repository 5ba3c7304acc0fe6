"""In-memory adapters for tests. They pass the same contract suites as the real ones."""

import json
import math
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
from langchain_core.language_models import SimpleChatModel
from langchain_core.messages import BaseMessage

from llm_engineering.application.passages import words
from llm_engineering.application.ports import (
    Between,
    Index,
    PointsWhere,
    Progress,
    Record,
    Scalar,
    SearchRequest,
    SparseVector,
    VectorHit,
    VectorPoint,
    Where,
)
from llm_engineering.domain.errors import StoreError


class InMemoryDocuments:
    """A DocumentStore in a dictionary. Keeps JSON text, so that nobody shares a mutable record."""

    def __init__(self) -> None:
        self._collections: dict[str, dict[str, str]] = defaultdict(dict)

    def upsert(self, collection: str, records: Iterable[Record]) -> int:
        written = 0
        for record in records:
            if not isinstance(record.get("_id"), str) or not record["_id"]:
                raise StoreError(f"A record for {collection} has no id.")
            self._collections[collection][record["_id"]] = _json(record)
            written += 1
        return written

    def get(self, collection: str, id: str) -> Record | None:
        body = self._collections[collection].get(id)
        return None if body is None else json.loads(body)

    def find(self, collection: str, where: Where | None = None) -> Iterator[Record]:
        for id in sorted(self._collections[collection]):
            record = self.get(collection, id)
            if record is not None and _matches(record, where):
                yield record

    def count(self, collection: str, where: Where | None = None) -> int:
        return sum(1 for _ in self.find(collection, where))

    def delete(self, collection: str, ids: Iterable[str]) -> int:
        return sum(self._collections[collection].pop(id, None) is not None for id in list(ids))

    def close(self) -> None:
        pass


class InMemoryVectors:
    """A VectorStore in a dictionary: brute-force cosine, BM25 by the store's own idf, RRF with k = 2."""

    def __init__(self) -> None:
        self._points: dict[str, dict[UUID, VectorPoint]] = {}
        self._sizes: dict[str, int | None] = {}
        self._made_by: dict[str, dict[str, str]] = {}
        self._indexed: dict[str, set[str]] = defaultdict(set)

    def ensure_collection(
        self,
        name: str,
        dense_size: int | None,
        indexed: Mapping[str, Index] | None = None,
        made_by: Mapping[str, str] | None = None,
    ) -> str:
        if name in self._sizes and (self._sizes[name], self._made_by[name]) != (dense_size, made_by or {}):
            if made_by is not None:
                return self.ensure_collection(f"{name} by {sorted(made_by.items())}", dense_size, indexed, made_by)
            if self._sizes[name] != dense_size:
                raise StoreError(f"{name} was made for {self._sizes[name]} dimensions, not for {dense_size}.")
        if name not in self._sizes:
            self._sizes[name], self._made_by[name], self._points[name] = dense_size, dict(made_by or {}), {}
        self._indexed[name] |= {field for field, kind in (indexed or {}).items() if kind is not Index.DATETIME}
        return name

    def made_by(self, collection: str) -> dict[str, str] | None:
        return dict(self._made_by[collection]) if collection in self._made_by else None

    def switch(self, name: str, to: str) -> None:
        if to not in self._points:
            raise StoreError(f"There is no collection {to}.")
        everything: list[dict[str, Any]] = [self._points, self._sizes, self._made_by, self._indexed]
        for kept in everything:
            kept[name] = kept.pop(to)

    def optimize(self, collection: str) -> None:
        pass

    def upsert(self, collection: str, points: Iterable[VectorPoint]) -> int:
        if collection not in self._points:
            raise StoreError(f"There is no collection {collection}; ensure_collection first.")
        size = self._sizes[collection]
        batch = list(points)
        for point in batch:
            if size is None and (point.dense is not None or point.sparse is not None):
                raise StoreError(f"{collection} holds payloads only.")
            if point.dense is not None and len(point.dense) != size:
                raise StoreError(f"{collection} holds {size} dimensions, not {len(point.dense)}.")
            _json(point.payload)
        self._points[collection].update({point.id: point for point in batch})
        return len(batch)

    def delete(self, collection: str, ids: Iterable[UUID]) -> None:
        for id in list(ids):
            self._points.get(collection, {}).pop(id, None)

    def delete_where(self, collection: str, where: PointsWhere) -> None:
        if not where:
            raise ValueError("An empty filter would delete the whole collection.")
        self.delete(collection, [point.id for point in self._matching(collection, where)])

    def search_many(self, requests: Sequence[SearchRequest]) -> list[list[VectorHit]]:
        return [self._search(request) for request in requests]

    def _search(self, request: SearchRequest) -> list[VectorHit]:
        collection, query, where = request.collection, request.query, request.where
        if query.dense is None and query.sparse is None:
            raise ValueError("A query needs a dense vector, a sparse one, or both.")
        if self._points.get(collection) and self._sizes[collection] is None:
            raise StoreError(f"{collection} holds payloads only.")
        rankings = []
        if query.dense is not None:
            rankings.append(self._by_cosine(collection, query.dense, where))
        if query.sparse is not None and query.sparse.indices:
            rankings.append(self._by_terms(collection, query.sparse, where))
        scores = rankings[0] if len(rankings) == 1 else _fused(rankings)
        best = sorted(scores.items(), key=lambda item: -item[1])[: request.limit]
        points = self._points.get(collection, {})
        return [
            VectorHit(
                id,
                score,
                _copy(points[id].payload),
                collection,
                _unit(points[id].dense) if request.with_dense else None,
            )
            for id, score in best
        ]

    def get(self, collection: str, ids: Iterable[UUID]) -> list[VectorPoint]:
        points = self._points.get(collection, {})
        return [VectorPoint(id, _copy(points[id].payload)) for id in ids if id in points]

    def scroll(
        self, collection: str, where: PointsWhere | None = None, fields: Sequence[str] | None = None
    ) -> Iterator[VectorPoint]:
        for point in self._matching(collection, where):
            payload = _copy(point.payload)
            wanted = payload if fields is None else {field: payload[field] for field in fields if field in payload}
            yield VectorPoint(point.id, wanted)

    def count(self, collection: str, where: PointsWhere | None = None) -> int:
        return len(self._matching(collection, where))

    def counts_by(self, collection: str, field: str, where: PointsWhere | None = None) -> dict[str, int]:
        if collection in self._points and field not in self._indexed[collection]:
            raise StoreError(f"{field} of {collection} is not indexed.")
        found = [point.payload.get(field) for point in self._matching(collection, where)]
        return dict(Counter(str(value) for value in found if value is not None))

    def close(self) -> None:
        pass

    def _matching(self, collection: str, where: PointsWhere | None) -> list[VectorPoint]:
        return [point for point in self._points.get(collection, {}).values() if _matches(point.payload, where)]

    def _by_cosine(self, collection: str, wanted: Sequence[float], where: PointsWhere | None) -> dict[UUID, float]:
        if collection in self._sizes and len(wanted) != self._sizes[collection]:
            raise StoreError(f"{collection} holds {self._sizes[collection]} dimensions, not {len(wanted)}.")
        return {
            point.id: _cosine(wanted, point.dense)
            for point in self._matching(collection, where)
            if point.dense is not None
        }

    def _by_terms(self, collection: str, wanted: SparseVector, where: PointsWhere | None) -> dict[UUID, float]:
        everywhere = [point.sparse for point in self._points.get(collection, {}).values() if point.sparse]
        holders = Counter(term for sparse in everywhere for term in sparse.indices)
        total = len(everywhere)
        idf = {term: math.log(1 + (total - n + 0.5) / (n + 0.5)) for term, n in holders.items()}
        scores: dict[UUID, float] = {}
        for point in self._matching(collection, where):
            weights = dict(zip(point.sparse.indices, point.sparse.values, strict=True)) if point.sparse else {}
            shared = [(term, value) for term, value in _terms(wanted) if term in weights]
            if shared:
                scores[point.id] = sum(value * weights[term] * idf[term] for term, value in shared)
        return scores


class WordEmbedder:
    """An Embedder whose vectors count words, each at a place of its own, so that shared words make texts near."""

    model_id = "words"
    dimensions = 64
    max_tokens = 256

    def count_tokens(self, text: str) -> int:
        return len(words(text)) + 2

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in words(text) or [""]:
                row[_place(word) % self.dimensions] += 1
        normed: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return normed


class WordCounts:
    """A SparseEncoder that counts words."""

    def encode_documents(self, texts: Sequence[str]) -> list[SparseVector]:
        return [self.encode_query(text) for text in texts]

    def encode_query(self, text: str) -> SparseVector:
        counts = Counter(_place(word) for word in words(text))
        return SparseVector(list(counts), [float(count) for count in counts.values()])


class SayingChat(SimpleChatModel):
    """A chat model that says what a function makes of the last message."""

    says: Callable[[str], str]

    @property
    def _llm_type(self) -> str:
        return "saying"

    def _call(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> str:
        return self.says(str(messages[-1].text))


class SayingChatModels:
    """ChatModels that say `SPOKEN BY model`, or what `says` makes of it; remembers what was opened and closed."""

    def __init__(self, says: Callable[[str, str], str] | None = None) -> None:
        self._says = says or (lambda model, prompt: f"SPOKEN BY {model}")
        self.events: list[str] = []

    @contextmanager
    def opened(self, model: str) -> Iterator[SayingChat]:
        self.events.append(f"opened {model}")
        yield SayingChat(says=lambda prompt: self._says(model, prompt))
        self.events.append(f"closed {model}")


def _place(word: str) -> int:
    return zlib.crc32(word.encode()) % 1_000_003


def _fused(rankings: Sequence[dict[UUID, float]]) -> dict[UUID, float]:
    scores: dict[UUID, float] = defaultdict(float)
    for ranking in rankings:
        for rank, id in enumerate(sorted(ranking, key=lambda id: -ranking[id])):
            scores[id] += 1 / (2 + rank)
    return scores


def _terms(vector: SparseVector) -> Iterable[tuple[int, float]]:
    return zip(vector.indices, vector.values, strict=True)


def _cosine(left: Sequence[float], right: Sequence[float]) -> float:
    product = sum(a * b for a, b in zip(left, right, strict=True))
    return product / (math.hypot(*left) * math.hypot(*right) or 1.0)


def _unit(dense: Sequence[float] | None) -> list[float] | None:
    return None if dense is None else [value / (math.hypot(*dense) or 1.0) for value in dense]


def _matches(record: Record, where: PointsWhere | None) -> bool:
    return all(_has(record.get(field), wanted) for field, wanted in (where or {}).items())


def _has(value: Any, wanted: Scalar | Sequence[Scalar] | Between) -> bool:
    found = value if isinstance(value, list) else [value]
    if isinstance(wanted, Between):
        return any(_lies(one, wanted) for one in found)
    accepted = [wanted] if isinstance(wanted, str | int | float) else wanted
    return any(_kind(one) == _kind(other) and one == other for one in found for other in accepted)


def _lies(value: Any, between: Between) -> bool:
    place: Any = value
    if isinstance(between.bounds[0], datetime):
        place = _moment(value)
    elif _kind(value) != "number":
        place = None
    if place is None:
        return False
    low, high = (_moment(bound) if isinstance(bound, datetime) else bound for bound in (between.low, between.high))
    return (low is None or low <= place) and (high is None or place < high)


def _moment(value: Any) -> datetime | None:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _kind(value: Any) -> str:
    """True equals 1 in Python; in a database it does not."""
    if isinstance(value, bool):
        return "flag"
    return "number" if isinstance(value, int | float) else "text" if isinstance(value, str) else "other"


def _json(record: Record) -> str:
    try:
        text = json.dumps(record, ensure_ascii=False, allow_nan=False)
        text.encode("utf-8")
    except (TypeError, ValueError) as error:
        raise StoreError(f"A record cannot be stored as JSON: {error}.") from error
    return text


def _copy(record: Record) -> Record:
    copied: Record = json.loads(_json(record))
    return copied
