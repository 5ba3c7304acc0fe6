"""What the store finds for a question: all forms of it and all categories in one batch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from llm_engineering.application.indexing import embedded_collection
from llm_engineering.application.ports import (
    Between,
    Embedder,
    HybridQuery,
    PointsWhere,
    SearchRequest,
    SparseEncoder,
    VectorHit,
    VectorStore,
)
from llm_engineering.application.retrieval.publication import is_on
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Chunk, Filters
from llm_engineering.domain.documents import Category

if TYPE_CHECKING:
    import numpy as np

CANDIDATES = 50
"""Chunks of each category that a query brings before reranking."""
SCORED_TERMS = 100
"""Chunks of each category whose BM25 score is asked for; the others are given the least of these."""


@dataclass(frozen=True)
class Candidate:
    """A chunk that may answer, as the store sees it."""

    chunk: Chunk
    vector: "np.ndarray"
    """Its dense vector, of length 1."""
    scores: dict[str, float]
    """{"hybrid": reciprocal ranks, "dense": cosine, "bm25": BM25}; of several queries, the best."""


def narrowed(author: Author, filters: Filters, vectors: VectorStore) -> dict[Category, PointsWhere]:
    """The categories to search, each with what its chunks must match; none when no platform is the one asked for."""
    mine: PointsWhere = {"author_id": str(author.id)}
    found: dict[Category, PointsWhere] = {}
    for category in filters.categories or tuple(Category):
        where = dict(mine)
        if filters.published_from or filters.published_before:
            where["published_at"] = Between(filters.published_from, filters.published_before)
        if filters.platforms:
            stored = vectors.counts_by(embedded_collection(category), "platform", mine)
            where["platform"] = sorted(name for name in stored if any(is_on(name, one) for one in filters.platforms))
            if not where["platform"]:
                continue
        found[category] = where
    return found


def candidates(
    queries: Sequence[str],
    where: Mapping[Category, PointsWhere],
    *,
    vectors: VectorStore,
    embedder: Embedder,
    sparse: SparseEncoder,
) -> list[Candidate]:
    """At least CANDIDATES chunks of each category, where there are so many, by reciprocal rank fusion in the store.

    One batch: for each query and category, a fused search, which brings the dense vectors, and one
    by terms alone for the BM25 scores.
    """
    dense = embedder.embed(queries)
    terms = [sparse.encode_query(query) for query in queries]
    fused: list[SearchRequest] = []
    by_terms: list[SearchRequest] = []
    for category, condition in where.items():
        name = embedded_collection(category)
        for row, weights in zip(dense, terms, strict=True):
            both = HybridQuery(row.tolist(), weights)
            fused.append(SearchRequest(name, both, CANDIDATES, condition, with_dense=True))
            if weights.indices:
                by_terms.append(SearchRequest(name, HybridQuery(None, weights), SCORED_TERMS, condition))
    answers = vectors.search_many([*fused, *by_terms])
    hybrid = _best(answers[: len(fused)])
    bm25 = _best(answers[len(fused) :])
    least = min((hit.score for hit in bm25.values()), default=0.0)
    return [_candidate(hit, dense, bm25[id].score if id in bm25 else least) for id, hit in hybrid.items() if hit.dense]


def _candidate(hit: VectorHit, queries: "np.ndarray", bm25: float) -> Candidate:
    import numpy as np

    vector = np.asarray(hit.dense, dtype=np.float32)
    scores = {"hybrid": hit.score, "dense": float((queries @ vector).max()), "bm25": bm25}
    return Candidate(Chunk.model_validate({"id": hit.id, **hit.payload}), vector, scores)


def _best(answers: Iterable[Sequence[VectorHit]]) -> dict[UUID, VectorHit]:
    """Each point once, with its best score."""
    found: dict[UUID, VectorHit] = {}
    for hits in answers:
        for hit in hits:
            if hit.id not in found or hit.score > found[hit.id].score:
                found[hit.id] = hit
    return found
