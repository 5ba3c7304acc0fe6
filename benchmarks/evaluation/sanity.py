"""Whether the score moves as it should: with the author's share of the sentences, and near the ends for real text."""

import random
from collections.abc import Mapping, Sequence
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
"""How far from 0 or 1 a mean counts as near."""
STEP_BACK = 0.03
"""A mixed text of more of the author's sentences may score less by so much: the two have other pieces."""


def checked(
    pieces: Mapping[str, Pieces], base: Mapping[str, Sequence[str]], seed: int, progress: Progress
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """(summary, author → figures). `base` has what the base model wrote about each author's topics, or nothing.

    Half of the held-out pieces make the scale, and the other half is scored on it: by the pieces
    that made it the ends would be 0 and 1 whatever the verifier does. Every third other author is
    kept from the verifier, as a stranger.
    """
    asked = progress.track(pieces, "Sanity, authors", total=len(pieces))
    figures = {name: one for name in asked if (one := _one(name, pieces, base.get(name, ()), seed))}
    mixed = [one["mixed"] for one in figures.values()]
    summary: dict[str, Any] = {
        "mixing_moves_the_score": _share(all(b > a - STEP_BACK for a, b in pairwise(m)) for m in mixed),
        "mixed": dict(zip(map(str, SHARES), np.mean(mixed, axis=0).tolist(), strict=True)) if mixed else {},
        "author_near_one": _mean(one["author"] for one in figures.values()),
        "training_text_near_one": _mean(one["training"] for one in figures.values()),
        "verbatim_copied": min((one["verbatim_copied"] for one in figures.values()), default=0.0),
        "held_out_copied": _mean(one["held_out_copied"] for one in figures.values()),
        "known_others": _mean(one["others"] for one in figures.values()),
    }
    for which in ("strangers", "base"):
        if found := [one[which] for one in figures.values() if which in one]:
            summary[f"{which}_near_zero"] = _mean(found)
    summary["passed"] = (
        summary["mixing_moves_the_score"] >= 0.9
        and abs(summary["author_near_one"] - 1) <= NEAR
        and summary["training_text_near_one"] >= 1 - NEAR
        and summary["known_others"] <= NEAR
        and abs(summary.get("strangers_near_zero", 0.0)) <= NEAR
        and abs(summary.get("base_near_zero", 0.0)) <= NEAR
        and summary["verbatim_copied"] > PromotionRule().most_copied
    )
    return summary, figures


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


def _one(name: str, pieces: Mapping[str, Pieces], base: Sequence[str], seed: int) -> dict[str, Any] | None:
    mine = pieces[name]
    others = [other for other in pieces if other != name]
    # With two authors there is nobody left to be a stranger.
    strangers = others[::3] if len(others) > 2 else []
    known = [other for other in others if other not in strangers]
    theirs = [piece for other in known for piece in pieces[other].held_out]
    try:
        verifier = style.fitted(
            mine.training, {o: pieces[o].training for o in known}, mine.held_out[::2], theirs[::2], seed
        )
    except EmptyCorpus:
        return None
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


def _share(passed: Any) -> float:
    return float(np.mean(list(passed) or [0.0]))


def _mean(values: Any) -> float:
    return float(np.mean(list(values) or [0.0]))
