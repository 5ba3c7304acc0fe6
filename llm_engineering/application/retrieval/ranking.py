"""The order of the candidates."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from llm_engineering.application.ports import Reranker
from llm_engineering.application.retrieval.candidates import Candidate
from llm_engineering.domain.chunks import RetrievedPassage

if TYPE_CHECKING:
    import numpy as np

DENSE_SHARE = 2 / 3
"""Of the mixed score; BM25 has the rest. A reader asks in words of their own, which the text often does not have."""


def ranked(question: str, candidates: Sequence[Candidate], reranker: Reranker | None) -> list[RetrievedPassage]:
    """The candidates, best first: by the reranker where there is one, else by dense and BM25 mixed.

    The mix adds both scores after z-normalising each over the candidates, so that neither's scale
    decides. Equal ones are ordered by id, so that the same question gives the same list.
    """
    if not candidates:
        return []
    stages = {stage: [one.scores[stage] for one in candidates] for stage in ("hybrid", "dense", "bm25")}
    stages["mix"] = mixed(stages["dense"], stages["bm25"])
    last = "mix"
    if reranker is not None:
        stages["rerank"] = reranker.scores(question, [one.chunk.embedded_text for one in candidates])
        last = "rerank"
    places = {stage: _ranks(scores) for stage, scores in stages.items()}
    passages = [
        RetrievedPassage(
            chunk=one.chunk,
            score=stages[last][number],
            scores={stage: scores[number] for stage, scores in stages.items()},
            ranks={stage: ranks[number] for stage, ranks in places.items()},
            joined=(one.chunk.ordinal,),
        )
        for number, one in enumerate(candidates)
    ]
    return sorted(passages, key=lambda passage: (-passage.score, str(passage.chunk.id)))


def mixed(dense: Sequence[float], bm25: Sequence[float], share: float = DENSE_SHARE) -> list[float]:
    """Both scores in units of their own spread over the candidates, added; `share` is the weight of the first."""
    scores: list[float] = (share * _normal(dense) + (1 - share) * _normal(bm25)).tolist()
    return scores


def _normal(scores: Sequence[float]) -> "np.ndarray":
    import numpy as np

    values = np.asarray(scores, dtype=np.float64)
    spread = float(values.std())
    normal: np.ndarray = (values - values.mean()) / spread if spread > 1e-12 else np.zeros_like(values)
    return normal


def _ranks(scores: Sequence[float]) -> list[int]:
    """Place of each, 1 is the best; equal ones share a place."""
    return [1 + sum(other > score for other in scores) for score in scores]
