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

    used: np.ndarray
    """Shape (rounds, features): 1 where a feature counts, else 0."""
    centres: np.ndarray
    """Shape (rounds, 1 + impostors drawn, features): mean direction of the author, then of each impostor."""

    def margins(self, z: np.ndarray) -> np.ndarray:
        """Shape (rounds, texts): cosine with the author's centre minus that with the nearest impostor's.

        Cosine of z-scores is cosine Delta (Smith & Aldridge 2011; Evert et al. 2017). Positive where
        the author is the nearest.
        """
        rounds, sides, features = self.centres.shape
        # One large product for all rounds: a hundred small ones keep the cores waiting for each other.
        products = (z @ self.centres.reshape(-1, features).T).reshape(len(z), rounds, sides)
        lengths = np.sqrt(z**2 @ self.used.T)
        cosines = products / np.where(lengths > 0, lengths, 1.0)[:, :, None]
        return np.asarray((cosines[:, :, 0] - cosines[:, :, 1:].max(axis=2)).T)


def drawn(author: np.ndarray, impostors: Mapping[str, np.ndarray], seed: int) -> Rounds:
    """The rounds for z-scored pieces, each (pieces, features), of the author and of each impostor."""
    chance = np.random.default_rng(seed)
    names = sorted(impostors)
    features = author.shape[1]
    used = np.array([_half_of(features, chance) for _ in range(ROUNDS)])
    # Each round's centre of each author is that of a random half of their pieces.
    own = _centres(author, chance)
    theirs = np.array([_centres(impostors[name], chance) for name in names])
    rivals = [chance.choice(len(names), size=(len(names) + 1) // 2, replace=False) for _ in range(ROUNDS)]
    centres = np.array([np.vstack([own[at][None], theirs[some, at]]) for at, some in enumerate(rivals)])
    return Rounds(used, _directions(centres * used[:, None, :]))


def _centres(pieces: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Shape (rounds, features)."""
    chosen = np.array([_half_of(len(pieces), chance) for _ in range(ROUNDS)])
    return np.asarray(chosen @ pieces / chosen.sum(axis=1, keepdims=True))


def _half_of(count: int, chance: np.random.Generator) -> np.ndarray:
    """Shape (count,): 1 at a random half of the places, at least one, else 0."""
    places = np.zeros(count, dtype=np.float32)
    places[chance.choice(count, size=(count + 1) // 2, replace=False)] = 1.0
    return places


def _directions(rows: np.ndarray) -> np.ndarray:
    """The rows at length 1; a row of zeros stays."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0))
