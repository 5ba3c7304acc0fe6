"""Find the passages of one author that answer a question. Only reads."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from uuid import UUID

from llm_engineering.application.ports import Embedder, Reranker, SparseEncoder, VectorStore
from llm_engineering.application.retrieval.candidates import Candidate, candidates, narrowed
from llm_engineering.application.retrieval.joining import joined, selected, within
from llm_engineering.application.retrieval.ranking import ranked
from llm_engineering.application.retrieval.understanding import understood
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Retrieved
from llm_engineering.domain.errors import BadInput

Expand = Callable[[str], Sequence[str]]
"""Other wordings of a question."""


def retrieve(
    question: str,
    author: Author,
    *,
    vectors: VectorStore,
    embedder: Embedder,
    sparse: SparseEncoder,
    reranker: Reranker | None,
    k: int = 5,
    budget: int | None = None,
    min_relevance: float = 0.0,
    authors: Sequence[Author] = (),
    expand: Expand | None = None,
    today: date | None = None,
) -> Retrieved:
    """The `k` best passages of this author, best first; fewer when there are not so many.

    Words of the question that say when, where or as what a text was published narrow the search.
    Dense and BM25 results are fused by reciprocal rank in the store, then ordered anew by the
    reranker or by both scores. With a `budget`, in tokens of the embedder, passages that do not
    fit are left out, and what is left of it is filled with their neighbours. `min_relevance` is
    the cosine that the best chunk needs for an answer. `authors` are all that are known, `expand`
    words the question in other ways. When the filters leave nothing, nothing is found.

    Raises BadInput for an empty question or k < 1, and what `expand` and the stores raise.
    """
    if not question.strip():
        raise BadInput("The question is empty; ask something.")
    if k < 1:
        raise BadInput(f"k is {k}; ask for at least 1 passage.")
    asked = understood(question, author, authors or (author,), today or datetime.now(UTC).date())
    where = narrowed(author, asked.filters, vectors)
    queries = [asked.subject, *(expand(asked.subject) if expand and where else ())]
    found = candidates(queries, where, vectors=vectors, embedder=embedder, sparse=sparse) if where else []
    groups = selected(ranked(asked.subject, found, reranker), _similarity(found), k)
    if budget is not None:
        groups = within(budget, groups, vectors=vectors, count_tokens=embedder.count_tokens)
    relevance = max((one.scores["dense"] for one in found), default=0.0)
    return Retrieved(
        question=question,
        author=author.full_name,
        searched=tuple(queries),
        filters=asked.filters,
        passages=tuple(joined(groups, vectors)),
        relevance=relevance,
        is_answerable=bool(groups) and relevance >= min_relevance,
    )


def _similarity(found: Sequence[Candidate]) -> Callable[[UUID, UUID], float]:
    """Cosine of two candidates."""
    rows = {one.chunk.id: one.vector for one in found}
    return lambda left, right: float(rows[left] @ rows[right])
