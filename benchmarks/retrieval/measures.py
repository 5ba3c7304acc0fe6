"""How good a ranking is."""

import math
from collections.abc import Collection, Hashable, Sequence


def ndcg(ranking: Sequence[Hashable], relevant: Collection[Hashable], k: int = 10) -> float:
    """Normalised discounted cumulative gain of the first `k`, binary, as trec_eval computes it; 0 to 1."""
    gain = sum(1 / math.log2(place + 2) for place, id in enumerate(ranking[:k]) if id in relevant)
    return gain / sum(1 / math.log2(place + 2) for place in range(min(k, len(relevant))))


def recall(ranking: Sequence[Hashable], relevant: Collection[Hashable], k: int) -> float:
    """Share of the relevant ones among the first `k`."""
    return len(set(ranking[:k]) & set(relevant)) / len(relevant)


def reciprocal_rank(hits: Sequence[bool], k: int = 10) -> float:
    """One divided by the place of the first hit among the first `k`; 0 when there is none."""
    return next((1 / place for place, hit in enumerate(hits[:k], start=1) if hit), 0.0)


def area_under_curve(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Probability that a positive's score is above a negative's; equal scores count half (Mann and Whitney 1947)."""
    above = sum((one > other) + (one == other) / 2 for one in positive for other in negative)
    return above / (len(positive) * len(negative))
