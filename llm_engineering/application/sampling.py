"""Take some of many, and say how figures are spread."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from llm_engineering.domain.datasets import Distribution
from llm_engineering.domain.errors import BadInput

T = TypeVar("T")


def bounded(train: Sequence[T], test: Sequence[T], most: int | None) -> tuple[list[T], list[T]]:
    """At most `most` training samples and as large a share of the test samples, evenly over each."""
    if most is None or len(train) <= most:
        return list(train), list(test)
    if most < 1:
        raise BadInput(f"max_samples is {most}; give at least 1, or leave it out for all.")
    return spread(train, most), spread(test, max(1, round(len(test) * most / len(train))))


def spread(items: Sequence[T], most: int) -> list[T]:
    """At most `most` of the items, evenly over all of them, in order."""
    return [items[int(at)] for at in np.linspace(0, len(items) - 1, min(most, len(items)))]


def distributions_of(**figures: Sequence[float]) -> dict[str, Distribution]:
    """Name → how the figures are spread, without the names that have none."""
    distributions = {name: Distribution.of(values) for name, values in figures.items()}
    return {name: one for name, one in distributions.items() if one is not None}
