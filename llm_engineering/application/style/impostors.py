"""The impostors method (Koppel & Winter 2014, "Determining if two documents are written by the same author").

A text is held against the author and against impostors many times, each time by a random half of
the features and with a random half of the impostors. What only a few features or one unlucky
impostor say is thereby outvoted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

ROUNDS = 100


@dataclass(frozen=True)
class Rounds:
    """The draws, made once, so that every text is put to the same test."""

    columns: tuple[np.ndarray, ...]
    """Round → which features count."""
    centres: tuple[np.ndarray, ...]
    """Round → (1 + impostors, features drawn): the mean direction of the author, then of each impostor."""

    def margins(self, z: np.ndarray) -> np.ndarray:
        """Shape (rounds, texts): cosine with the author's centre minus that with the nearest impostor's.

        Cosine of z-scores is cosine Delta (Smith & Aldridge 2011; Evert et al. 2017). Positive where
        the author is the nearest.
        """
        margins = np.empty((len(self.columns), len(z)))
        for at, (columns, centres) in enumerate(zip(self.columns, self.centres, strict=True)):
            cosines = directions(z[:, columns]) @ centres.T
            margins[at] = cosines[:, 0] - cosines[:, 1:].max(axis=1)
        return margins


def drawn(author: np.ndarray, impostors: Mapping[str, np.ndarray], seed: int) -> Rounds:
    """The rounds for z-scored pieces, each (pieces, features), of the author and of each impostor."""
    chance = np.random.default_rng(seed)
    names = sorted(impostors)
    features = author.shape[1]
    columns: list[np.ndarray] = []
    centres: list[np.ndarray] = []
    for _ in range(ROUNDS):
        some = chance.choice(features, size=max(1, features // 2), replace=False)
        rivals = chance.choice(names, size=(len(names) + 1) // 2, replace=False)
        sides = [author, *(impostors[name] for name in rivals)]
        columns.append(some)
        centres.append(directions(np.array([_half(side, chance)[:, some].mean(axis=0) for side in sides])))
    return Rounds(tuple(columns), tuple(centres))


def directions(rows: np.ndarray) -> np.ndarray:
    """The rows at length 1; a row of zeros stays."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0))


def _half(pieces: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    return pieces[chance.choice(len(pieces), size=(len(pieces) + 1) // 2, replace=False)]
