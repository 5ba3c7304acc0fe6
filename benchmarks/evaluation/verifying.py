"""How well the verifier tells each author's held-out text from that of the others."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.evaluation.corpus import Pieces
from llm_engineering.application import style
from llm_engineering.application.ports import Progress
from llm_engineering.domain.errors import EmptyCorpus


def known(
    pieces: Mapping[str, Pieces], topics: Mapping[str, Collection[str]], seed: int, progress: Progress
) -> dict[str, dict[str, Any]]:
    """Author → figures; all other authors are the impostors, by held-out documents when it is measured.

    `topics` names, for each author, the others who write about the same field.
    """
    found = {}
    for name in progress.track(pieces, "Authors", total=len(pieces)):
        others = [other for other in pieces if other != name]
        found[name] = _one(name, pieces, others, others, topics[name], seed)
    return found


def unseen(
    pieces: Mapping[str, Pieces], topics: Mapping[str, Collection[str]], seed: int, progress: Progress
) -> dict[str, dict[str, Any]]:
    """As `known`, but measured on authors that the verifier has never seen, as every model's text is.

    Every second author is an impostor while the rest are asked about, then the other way round; an
    author's figures are the means of the two. That takes three authors: with fewer there are no figures.
    """
    if len(pieces) < 3:
        return {}
    found = {}
    for name in progress.track(pieces, "Authors, strangers as impostors", total=len(pieces)):
        others = [other for other in pieces if other != name]
        np.random.default_rng(seed).shuffle(others)
        halves = others[::2], others[1::2]
        found[name] = _together(
            [_one(name, pieces, seen, asked, topics[name], seed) for seen, asked in (halves, halves[::-1])]
        )
    return found


def summary(figures: Mapping[str, Mapping[str, Any]], which: str = "auc") -> dict[str, Any]:
    """Mean and worst over the authors that have the figure, and who is missing or refused.

    `refused` have a figure, which counts: it is by a verifier that an evaluation would not use.
    `too_few` have too little text for any. `one_half` are those of `unseen` whose figure stands on one
    half of the others, since the other half has too little text.
    """
    values = {name: one[which] for name, one in figures.items() if one.get(which) is not None}
    worst = min(values, key=lambda name: values[name], default=None)
    named = {key: [name for name, one in figures.items() if key in one] for key in ("refused", "too_few", "one_half")}
    return {
        "mean": float(np.mean(list(values.values()))) if values else None,
        "worst": values[worst] if worst is not None else None,
        "worst_author": worst,
        "authors": len(values),
        **named,
    }


def _together(halves: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures of both halves as one; the reason of a half that has none stands beside as `one_half`."""
    aucs = [one["auc"] for one in halves if "auc" in one]
    reasons = [one["too_few"] for one in halves if "too_few" in one]
    if not aucs:
        return {"too_few": reasons[0]}
    together: dict[str, Any] = {"auc": float(np.mean(aucs))}
    if reasons:
        together["one_half"] = reasons[0]
    if refused := [one["refused"] for one in halves if "refused" in one]:
        together["refused"] = refused[0]
    return together


def _one(
    name: str,
    pieces: Mapping[str, Pieces],
    seen: Sequence[str],
    asked: Sequence[str],
    like_topics: Collection[str],
    seed: int,
) -> dict[str, Any]:
    """Figures of one author, also where an evaluation would refuse; `too_few` alone where nothing can be measured."""
    mine, whose = pieces[name], [other for other in asked for _ in pieces[other].held_out]
    theirs = [piece for other in asked for piece in pieces[other].held_out]
    impostors = {other: pieces[other].training for other in seen}
    sides = style.Sides(mine.training, impostors, mine.held_out, theirs)
    try:
        verifier = style.unproved(sides, seed)
    except EmptyCorpus as refusal:
        return {"too_few": str(refusal)}
    own, others = verifier.raw(mine.held_out), verifier.raw(theirs)
    same_topic = _near_auc(own, others, np.array([other in like_topics for other in whose]))
    figures: dict[str, Any] = {
        "auc": verifier.auc,
        "same_topic": same_topic,
        "topic_drop": None if same_topic is None else verifier.auc - same_topic,
        "members": {member: scale.auc for member, scale in verifier.members.items()},
        "pieces": {"training": len(mine.training), "held_out": len(own), "others_held_out": len(others)},
    }
    try:
        style.prove(verifier, sides, seed)
    except EmptyCorpus as refusal:
        figures["refused"] = str(refusal)
    return figures


def _near_auc(own: np.ndarray, others: np.ndarray, is_near: np.ndarray) -> float | None:
    """AUC against the others who are near; None when nobody is, or everybody: then there is nothing to compare."""
    return auc(own, others[is_near]) if is_near.any() and not is_near.all() else None


def auc(mine: np.ndarray, theirs: np.ndarray) -> float:
    """Chance that one of `mine` lies above one of `theirs`; ties count half."""
    above = (mine[:, None] > theirs[None, :]).mean()
    return float(above + 0.5 * (mine[:, None] == theirs[None, :]).mean())
