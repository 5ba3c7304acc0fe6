"""Find the passages of one author that answer a query."""

from llm_engineering.application.indexing import embedded_collection
from llm_engineering.application.ports import Embedder, HybridQuery, Reranker, SparseEncoder, VectorHit, VectorStore
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Chunk, RetrievedPassage
from llm_engineering.domain.documents import Category
from llm_engineering.domain.errors import BadInput

CANDIDATES = 50
"""Hits taken from each collection before reranking."""
MOST_PER_DOCUMENT = 2
"""More passages of one document would crowd out the others."""


def retrieve(
    query: str,
    author: Author,
    *,
    vectors: VectorStore,
    embedder: Embedder,
    sparse: SparseEncoder,
    reranker: Reranker | None,
    k: int = 5,
) -> list[RetrievedPassage]:
    """The `k` best passages of this author, best first; fewer when there are not so many.

    Dense and BM25 results are fused by reciprocal rank in the store; a reranker, when there is
    one, orders the candidates anew. Only reads. Raises BadInput for an empty query or k < 1.
    """
    if not query.strip():
        raise BadInput("The question is empty; ask something.")
    if k < 1:
        raise BadInput(f"k is {k}; ask for at least 1 passage.")
    question = HybridQuery(embedder.embed([query])[0].tolist(), sparse.encode_query(query))
    where = {"author_id": str(author.id)}
    hits = [
        hit
        for category in Category
        for hit in vectors.search(embedded_collection(category), question, CANDIDATES, where)
    ]
    passages = _reranked(query, [_passage(hit) for hit in hits], reranker)
    return _diverse(passages, k)


def _passage(hit: VectorHit) -> RetrievedPassage:
    return RetrievedPassage(
        chunk=Chunk.model_validate({"id": hit.id, **hit.payload}), score=hit.score, scores={"hybrid": hit.score}
    )


def _reranked(query: str, passages: list[RetrievedPassage], reranker: Reranker | None) -> list[RetrievedPassage]:
    if reranker is not None and passages:
        scores = reranker.scores(query, [passage.chunk.embedded_text for passage in passages])
        passages = [
            passage.model_copy(update={"score": score, "scores": {**passage.scores, "rerank": score}})
            for passage, score in zip(passages, scores, strict=True)
        ]
    return sorted(passages, key=lambda passage: (-passage.score, str(passage.chunk.id)))


def _diverse(passages: list[RetrievedPassage], k: int) -> list[RetrievedPassage]:
    """The best k, with at most a few of one document while other documents have any."""
    taken: dict[str, int] = {}
    first: list[RetrievedPassage] = []
    later: list[RetrievedPassage] = []
    for passage in passages:
        document = str(passage.chunk.document_id)
        taken[document] = taken.get(document, 0) + 1
        (first if taken[document] <= MOST_PER_DOCUMENT else later).append(passage)
    return (first + later)[:k]
