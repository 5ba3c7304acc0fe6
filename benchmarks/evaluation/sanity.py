"""Whether the score moves as it should: with the author's share of the sentences, and near the ends for real text."""

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.evaluation.corpus import Pieces
from llm_engineering.application import style
from llm_engineering.application.copying import CopyIndex
from llm_engineering.application.ports import Progress
from llm_engineering.application.sentences import sentence_spans
from llm_engineering.domain.errors import EmptyCorpus
from llm_engineering.domain.evaluation import PromotionRule

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of the author's sentences, in a piece that is filled up with another author's."""
NEAR = 0.3
"""How far from 0 or 1 a mean counts as near, or as not below 1."""
MOST_AUTHORS = 0.9
"""Share of the authors with whom mixing has to move the score."""
STEP_BACK = 0.03
"""A mixed text of more of the author's sentences may score less by so much: the two have other pieces."""


def checked(
    pieces: Mapping[str, Pieces], base: Mapping[str, Sequence[str]], seed: int, progress: Progress
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """(summary, author → figures). `base` has what the base model wrote about each author's topics, or nothing.

    Half of the held-out pieces make the scale, and the other half is scored on it: by the pieces
    that made it the ends would be 0 and 1 whatever the verifier does. Every third other author is
    kept from the verifier, as a stranger.

    An author whom an evaluation refuses, or who has too little text, has no scores to check: their
    figures are the sentence, as `refused`. In the summary, what nobody was measured on is None.
    """
    asked = progress.track(pieces, "Sanity, authors", total=len(pieces))
    by_author = {name: _one(name, pieces, base.get(name, ()), seed) for name in asked}
    measured = [one for one in by_author.values() if "refused" not in one]
    summary = averaged(measured)
    checks = checks_of(summary)
    done = [passed for passed in checks.values() if passed is not None]
    counted = {
        "passed": all(done) if done else None,
        "authors": len(measured),
        "refused": [name for name, one in by_author.items() if "refused" in one],
    }
    return summary | counted | {"checks": checks}, by_author


def averaged(measured: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures over the authors who have them; None where nobody has."""
    mixed = [one["mixed"] for one in measured]
    return {
        "mixing_moves_the_score": _mean([moves(steps) for steps in mixed]),
        "mixed": dict(zip(map(str, SHARES), np.mean(mixed, axis=0).tolist(), strict=True)) if mixed else {},
        "author_near_one": _mean([one["author"] for one in measured]),
        "training_text_at_least_one": _mean([one["training"] for one in measured]),
        "verbatim_copied": min((one["verbatim_copied"] for one in measured), default=None),
        "held_out_copied": _mean([one["held_out_copied"] for one in measured]),
        "known_others": _mean([one["others"] for one in measured]),
        "strangers_near_zero": _mean([one["strangers"] for one in measured if "strangers" in one]),
        "base_near_zero": _mean([one["base"] for one in measured if "base" in one]),
    }


def moves(steps: Sequence[float]) -> bool:
    """Whether scores of mixed texts rise with the author's share; a scale on which all is 0 does not."""
    return steps[-1] > steps[0] + STEP_BACK and all(b > a - STEP_BACK for a, b in pairwise(steps))


def checks_of(summary: Mapping[str, Any]) -> dict[str, bool | None]:
    """Figure → whether it is where it should be; None where there is no figure.

    Two have one side only. The verifier knows its training text, so that may lie far above 1. Known
    impostors lie below strangers, who make the zero.
    """
    right: dict[str, Callable[[float], bool]] = {
        "mixing_moves_the_score": lambda share: share >= MOST_AUTHORS,
        "author_near_one": lambda score: abs(score - 1) <= NEAR,
        "training_text_at_least_one": lambda score: score >= 1 - NEAR,
        "verbatim_copied": lambda share: share > PromotionRule().most_copied,
        "known_others": lambda score: score <= NEAR,
        "strangers_near_zero": lambda score: abs(score) <= NEAR,
        "base_near_zero": lambda score: abs(score) <= NEAR,
    }
    return {name: None if summary[name] is None else is_right(summary[name]) for name, is_right in right.items()}


def mixed(mine: Sequence[str], theirs: Sequence[str], share: float, seed: int) -> list[str]:
    """Each of `mine` with so large a share of its sentences, the rest filled from `theirs`, in random order."""
    chance = random.Random(seed)
    pool = [sentence for text in theirs for sentence in _sentences(text)]
    texts = []
    for text in mine:
        own = _sentences(text)
        kept = chance.sample(own, round(share * len(own)))
        together = kept + chance.sample(pool, min(len(own) - len(kept), len(pool)))
        chance.shuffle(together)
        texts.append(" ".join(together))
    return texts


def _one(name: str, pieces: Mapping[str, Pieces], base: Sequence[str], seed: int) -> dict[str, Any]:
    mine = pieces[name]
    others = [other for other in pieces if other != name]
    # With two authors there is nobody left to be a stranger.
    strangers = others[::3] if len(others) > 2 else []
    known = [other for other in others if other not in strangers]
    theirs = [piece for other in known for piece in pieces[other].held_out]
    impostors = {other: pieces[other].training for other in known}
    try:
        verifier = style.fitted(style.Sides(mine.training, impostors, mine.held_out[::2], theirs[::2]), seed)
    except EmptyCorpus as refusal:
        return {"refused": str(refusal)}
    asked = mine.held_out[1::2]
    figures: dict[str, Any] = {
        "author": float(verifier.scores(asked).mean()),
        "others": float(verifier.scores(theirs[1::2]).mean()),
        "training": float(verifier.scores(mine.training).mean()),
        "mixed": [float(verifier.scores(mixed(asked, theirs[1::2], share, seed)).mean()) for share in SHARES],
    }
    copies = CopyIndex(mine.training)
    figures["verbatim_copied"] = copies.scores(mine.training, seed).eight_gram_share
    figures["held_out_copied"] = copies.scores(asked, seed).eight_gram_share
    if strange := [piece for other in strangers for piece in pieces[other].held_out]:
        figures["strangers"] = float(verifier.scores(strange).mean())
    if base:
        figures["base"] = float(verifier.scores(base).mean())
    return figures


def _sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
