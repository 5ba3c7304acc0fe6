"""A verifier: how much a text reads like one author, by several measures that prove themselves on held-out text.

Each family of features is measured twice: by the impostors method, which asks who is nearest, and by
a logistic regression, which asks what sets the author apart. Each measure alone can be fooled; their
sum is the score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from llm_engineering.application.style.features import Family, families
from llm_engineering.application.style.impostors import Rounds, drawn
from llm_engineering.application.style.refusing import check_enough, refuse_luck, refuse_weak

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

REGRESSION_C = 0.05
"""Inverse strength of regularisation: few pieces and many features."""
STRANGER_FOLDS = 3
"""Impostors are left out in so many groups to see how strangers score."""
AUTHOR = ""


@dataclass(frozen=True)
class Scale:
    """Where held-out text lies on one measure."""

    zero: float
    """Mean of the impostors' pieces, each impostor as a stranger; of a single impostor, of held-out pieces."""
    one: float
    """Mean of the author's."""
    spread: float
    """Standard deviation within either side."""
    auc: float
    """Chance that an author's held-out piece lies above an impostor's: 1 tells every pair apart, 0.5 none."""

    def scores(self, values: np.ndarray) -> np.ndarray:
        """0 at the impostors' mean, 1 at the author's; all 0 of a measure that does not tell them apart."""
        width = self.one - self.zero
        return (values - self.zero) / width if width > 0 else np.zeros_like(values)


@dataclass(frozen=True)
class Contrast:
    """One family of features, and what was learnt of it."""

    family: Family
    rounds: Rounds
    regression: "LogisticRegression"

    def measures(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Measure → (texts,); larger is more like the author."""
        return self.of(self.family.z(texts))

    def of(self, z: np.ndarray) -> dict[str, np.ndarray]:
        """As `measures`, of the family's z-scores."""
        margins = self.rounds.margins(z)
        return {
            f"impostors: {self.family.name}": margins.mean(axis=0, dtype=float),
            f"regression: {self.family.name}": np.asarray(self.regression.decision_function(z), dtype=float),
        }

    def wins(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (texts,): share of the rounds in which the author is the nearest (the score of Koppel & Winter)."""
        return np.asarray((self.rounds.margins(self.family.z(texts)) > 0).mean(axis=0))


@dataclass(frozen=True)
class Verifier:
    """Scores texts of about the length of the pieces that it was made from; made by `fitted`."""

    contrasts: tuple[Contrast, ...]
    members: Mapping[str, Scale]
    """Measure → its scale on held-out text."""
    scale: Scale
    """Of the sum of the measures."""
    author_held_out: int
    """Pieces that `auc` rests on."""
    impostors_held_out: int
    strangers: Mapping[str, np.ndarray]
    """Impostor → scores of their pieces by a verifier that did not know them; empty with a single impostor."""
    auc_strangers: float | None
    """As `auc`, against `strangers`: how well it does with authors it has never seen, as any model's text is."""

    @property
    def auc(self) -> float:
        """Area under the curve of the score, on held-out pieces."""
        return self.scale.auc

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (texts,): 0 = the impostors' mean as strangers (held out, of a single one), 1 = the author's."""
        return self.scale.scores(self.raw(texts))

    def member_scores(self, texts: Sequence[str]) -> dict[str, np.ndarray]:
        """Measure → (texts,), each on its own scale of 0 to 1."""
        return {name: self.members[name].scores(values) for name, values in _measures(self.contrasts, texts).items()}

    def wins(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (texts,): share (0 to 1) of the impostors' rounds that the author wins, over all families."""
        return np.asarray(np.mean([contrast.wins(texts) for contrast in self.contrasts], axis=0))

    def raw(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (texts,): the score before it is put on the scale, in deviations of held-out text."""
        return _sum(_measures(self.contrasts, texts), self.members)

    def log_odds(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (texts,): how strongly the regressions take each for the author's, on average."""
        found = _measures(self.contrasts, texts)
        return np.asarray(np.mean([found[name] for name in found if name.startswith("regression")], axis=0))


@dataclass(frozen=True)
class Sides:
    """Pieces of about equal length, made by `pieces`: to learn from, and to prove oneself on.

    Held-out pieces are of documents that gave none to learn from.
    """

    author: Sequence[str]
    impostors: Mapping[str, Sequence[str]]
    """Each other author → their pieces."""
    author_held_out: Sequence[str]
    impostors_held_out: Sequence[str]


def fitted(sides: Sides, seed: int) -> Verifier:
    """A verifier that tells the author from the impostors.

    Raises EmptyCorpus when there are too few pieces, or when the verifier cannot tell the held-out
    pieces apart, since a score by such a verifier would mean nothing.
    """
    verifier = unproved(sides, seed)
    prove(verifier, sides, seed)
    return verifier


def unproved(sides: Sides, seed: int) -> Verifier:
    """As `fitted`, but the verifier may be one that fails: for asking how well it does, not for scores.

    Raises EmptyCorpus when there are too few pieces, and then only.
    """
    learnt_from = [text for texts in sides.impostors.values() for text in texts]
    check_enough(sides.author, learnt_from, sides.author_held_out, sides.impostors_held_out)
    return _scaled(sides, seed)


def prove(verifier: Verifier, sides: Sides, seed: int) -> None:
    """Raises EmptyCorpus when the verifier, made by `unproved` of the same, cannot tell the held-out pieces apart.

    Neither from those of the authors that it knows, nor from those of strangers, as every model is one.
    """

    def with_half() -> Verifier:
        # Every second piece, not the first half, or the author's early documents alone would be asked.
        return _scaled(replace(sides, author=sides.author[::2]), seed)

    refuse_weak(verifier.auc, "others", sides.author, lambda: with_half().auc)
    refuse_luck(verifier.auc, sides.author_held_out, sides.impostors_held_out)
    if verifier.auc_strangers is not None:
        strangers = "authors whom it does not know"
        refuse_weak(verifier.auc_strangers, strangers, sides.author, lambda: with_half().auc_strangers or 0.0)


def _scaled(sides: Sides, seed: int) -> Verifier:
    """Fitted, and put on its scale."""
    groups = {name: texts for name, texts in sides.impostors.items() if texts}
    mine, theirs = sides.author_held_out, sides.impostors_held_out
    # The author's key cannot be the name of an impostor: those are names of people.
    fits = families({AUTHOR: sides.author, **groups})
    contrasts = tuple(_contrast(family, z, seed) for family, z in fits)
    own, other = _measures(contrasts, mine), _measures(contrasts, theirs)
    strange = _strangers(fits, sorted(groups), seed)
    pooled = {name: np.concatenate(list(some.values())) for name, some in strange.items()} if strange else other
    members = {name: _scale(own[name], other[name], pooled[name]) for name in own}
    total, far = _sum(own, members), _sum(pooled, members)
    scale = _scale(total, _sum(other, members), far)
    by_name = {
        name: scale.scores(_sum({measure: some[name] for measure, some in strange.items()}, members))
        for name in groups
        if strange
    }
    auc_strangers = _auc(total, far) if strange else None
    return Verifier(contrasts, members, scale, len(mine), len(theirs), by_name, auc_strangers)


def _strangers(
    fits: Sequence[tuple[Family, Mapping[str, np.ndarray]]], names: Sequence[str], seed: int
) -> dict[str, dict[str, np.ndarray]]:
    """Measure → impostor → values of their pieces by contrasts without them; empty with a single impostor.

    A known impostor's text lies near their own centre, far from everybody else's. A stranger's lies
    between all, and so does a model's: zero by known impostors would give any stranger a part of the
    author's style.
    """
    folds = [names[at::STRANGER_FOLDS] for at in range(min(STRANGER_FOLDS, len(names)))] if len(names) > 1 else []
    found: dict[str, dict[str, np.ndarray]] = {}
    for family, z in fits:
        for left_out in folds:
            contrast = _contrast(family, {name: some for name, some in z.items() if name not in left_out}, seed)
            for name in left_out:
                for measure, values in contrast.of(z[name]).items():
                    found.setdefault(measure, {})[name] = values
    return found


def _contrast(family: Family, z: Mapping[str, np.ndarray], seed: int) -> Contrast:
    from sklearn.linear_model import LogisticRegression

    others = {name: table for name, table in z.items() if name != AUTHOR}
    regression = LogisticRegression(C=REGRESSION_C, class_weight="balanced", max_iter=300, random_state=seed)
    is_author = np.concatenate([np.full(len(table), name == AUTHOR) for name, table in z.items()])
    regression.fit(np.concatenate(list(z.values())), is_author)
    return Contrast(family, drawn(z[AUTHOR], others, seed), regression)


def _measures(contrasts: tuple[Contrast, ...], texts: Sequence[str]) -> dict[str, np.ndarray]:
    return {name: values for contrast in contrasts for name, values in contrast.measures(texts).items()}


def _sum(measures: Mapping[str, np.ndarray], scales: Mapping[str, Scale]) -> np.ndarray:
    """In deviations, so that a measure weighs by how clearly it tells the two sides apart."""
    return np.asarray(np.mean([(measures[name] - scale.zero) / scale.spread for name, scale in scales.items()], axis=0))


def _scale(mine: np.ndarray, theirs: np.ndarray, strangers: np.ndarray) -> Scale:
    spread = float(np.sqrt((mine.var() + strangers.var()) / 2))
    return Scale(zero=float(strangers.mean()), one=float(mine.mean()), spread=spread or 1.0, auc=_auc(mine, theirs))


def _auc(mine: np.ndarray, theirs: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score([1] * len(mine) + [0] * len(theirs), np.concatenate([mine, theirs])))
