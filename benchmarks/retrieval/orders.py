"""Other ways to order the same candidates, to see whether the one in use pays."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from llm_engineering.application.retrieval.candidates import Candidate
from llm_engineering.application.retrieval.ranking import mixed

if TYPE_CHECKING:
    from benchmarks.retrieval.maxsim import LateInteraction

Order = Callable[[str, Sequence[Candidate]], list[float]]
"""Question and candidates → their scores, larger is better."""

FEEDBACK = 3
"""Candidates whose mean is added to the query."""


def _stage(name: str) -> Order:
    return lambda _, found: [one.scores[name] for one in found]


def _reciprocal(k: int) -> Order:
    def scores(_: str, found: Sequence[Candidate]) -> list[float]:
        total = [0.0] * len(found)
        for stage in ("dense", "bm25"):
            values = [one.scores[stage] for one in found]
            for number, value in enumerate(values):
                total[number] += 1 / (k + sum(other > value for other in values))
        return total

    return scores


def _convex(share: float) -> Order:
    """Both scores stretched to 0 to 1 (arXiv:2210.11934)."""

    def scores(_: str, found: Sequence[Candidate]) -> list[float]:
        stretched = []
        for stage in ("dense", "bm25"):
            values = [one.scores[stage] for one in found]
            low, high = min(values), max(values)
            stretched.append([(value - low) / (high - low or 1) for value in values])
        return [share * dense + (1 - share) * bm25 for dense, bm25 in zip(*stretched, strict=True)]

    return scores


def _normal(share: float) -> Order:
    """The mix with another share of dense."""
    return lambda question, found: mixed(_stage("dense")(question, found), _stage("bm25")(question, found), share)


def _mix(question: str, found: Sequence[Candidate]) -> list[float]:
    return mixed(_stage("dense")(question, found), _stage("bm25")(question, found))


def _mix_with_feedback(question: str, found: Sequence[Candidate]) -> list[float]:
    """The mix, with the cosine to the mean of its best candidates added to that to the query (Rocchio 1971)."""
    import numpy as np

    first = _mix(question, found)
    best = sorted(range(len(found)), key=lambda number: -first[number])[:FEEDBACK]
    centre = np.mean([found[number].vector for number in best], axis=0)
    centre /= max(float(np.linalg.norm(centre)), 1e-12)
    moved = [one.scores["dense"] + 0.5 * float(one.vector @ centre) for one in found]
    return mixed(moved, _stage("bm25")(question, found))


ORDERS: dict[str, Order] = {
    "dense": _stage("dense"),
    "bm25": _stage("bm25"),
    "hybrid": _stage("hybrid"),
    "rrf_2": _reciprocal(2),
    "rrf_60": _reciprocal(60),
    "convex_0.3": _convex(0.3),
    "convex_0.5": _convex(0.5),
    "convex_0.7": _convex(0.7),
    "mix_0.3": _normal(0.3),
    "mix_0.5": _normal(0.5),
    "mix_0.7": _normal(0.7),
    "mix": _mix,
    "mix_feedback": _mix_with_feedback,
}


def orders(late: "LateInteraction | None") -> dict[str, Order]:
    """All that can be compared: those above, and late interaction where there is a model for it."""
    return ORDERS | ({"maxsim": late.scores, "mix_maxsim": late.mixed} if late else {})


def ordered(question: str, found: Sequence[Candidate], order: Order) -> list[Candidate]:
    """The candidates, best first."""
    scores = order(question, found) if found else []
    return [one for _, one in sorted(zip(scores, found, strict=True), key=lambda row: (-row[0], str(row[1].chunk.id)))]
