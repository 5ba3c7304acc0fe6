"""Means with the interval that a reader needs to believe them."""

from collections.abc import Hashable, Sequence

import numpy as np

from llm_engineering.domain.errors import EmptyCorpus
from llm_engineering.domain.evaluation import Score

BOOTSTRAP_ROUNDS = 2000


def score_of(values: Sequence[float] | np.ndarray, seed: int, clusters: Sequence[Hashable] | None = None) -> Score:
    """The mean with its 95 % percentile bootstrap interval (Efron 1979).

    `clusters` names the document or prompt of each value. Values of one document are alike, so whole
    clusters are drawn: drawn one by one they would give an interval that is too narrow. Without
    clusters each value is its own. Raises EmptyCorpus when there are no values.
    """
    data = np.asarray(values, dtype=float)
    if not len(data):
        raise EmptyCorpus("There is no text to score; the model wrote nothing.")
    # Of a single cluster nothing can be drawn: then its values are, and the interval is too narrow.
    several = clusters is not None and len(set(clusters)) > 1
    names = list(clusters) if several and clusters is not None else list(range(len(data)))
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    cluster = np.array([places[name] for name in names])
    sums = np.bincount(cluster, weights=data, minlength=len(places))
    counts = np.bincount(cluster, minlength=len(places))
    drawn = np.random.default_rng(seed).integers(len(places), size=(BOOTSTRAP_ROUNDS, len(places)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Score(value=float(data.mean()), low=float(low), high=float(high), n=len(data))


def difference_of(
    values: Sequence[float] | np.ndarray,
    others: Sequence[float] | np.ndarray,
    seed: int,
    clusters: Sequence[Hashable] | None = None,
) -> Score:
    """Mean of `values` minus `others`, pair by pair: both belong to the same prompts, in the same order.

    Pairing takes out how hard a prompt is. Raises ValueError when the two are not equally many.
    """
    mine, theirs = np.asarray(values, dtype=float), np.asarray(others, dtype=float)
    if mine.shape != theirs.shape:
        raise ValueError(f"A paired difference needs equally many values, not {len(mine)} and {len(theirs)}.")
    return score_of(mine - theirs, seed, clusters)
