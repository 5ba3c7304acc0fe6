"""How well the verifier tells each author's held-out text from that of the others."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.evaluation.corpus import Pieces
from llm_engineering.application import style
from llm_engineering.application.ports import Progress
from llm_engineering.domain.errors import EmptyCorpus


def known(
    pieces: Mapping[str, Pieces], topics: Mapping[str, Sequence[str]], seed: int, progress: Progress
) -> dict[str, dict[str, Any]]:
    """Author → figures; all other authors are the impostors, by held-out documents when it is measured."""
    found = {}
    for name in progress.track(pieces, "Authors", total=len(pieces)):
        others = [other for other in pieces if other != name]
        found[name] = _one(name, pieces, others, others, topics[name], seed)
    return found


def unseen(
    pieces: Mapping[str, Pieces], topics: Mapping[str, Sequence[str]], seed: int, progress: Progress
) -> dict[str, dict[str, Any]]:
    """As `known`, but measured on authors that the verifier has never seen, as every model's text is.

    Every second author is an impostor while the rest are asked about, then the other way round; an
    author's figures are the means of the two.
    """
    found = {}
    for name in progress.track(pieces, "Authors, strangers as impostors", total=len(pieces)):
        others = [other for other in pieces if other != name]
        np.random.default_rng(seed).shuffle(others)
        halves = others[::2], others[1::2]
        both = [
            _one(name, pieces, seen, asked, topics[name], seed)
            for seen, asked in (halves, halves[::-1])
            if seen and asked
        ]
        aucs = [one["auc"] for one in both if "auc" in one]
        found[name] = {"auc": float(np.mean(aucs))} if aucs else both[0]
    return found


def summary(figures: Mapping[str, Mapping[str, Any]], which: str = "auc") -> dict[str, Any]:
    """Mean and worst over the authors that have the figure, and who was refused."""
    values = {name: one[which] for name, one in figures.items() if one.get(which) is not None}
    refused = [name for name, one in figures.items() if "refused" in one]
    if not values:
        return {"mean": None, "worst": None, "refused": refused}
    worst = min(values, key=lambda name: values[name])
    return {
        "mean": float(np.mean(list(values.values()))),
        "worst": values[worst],
        "worst_author": worst,
        "authors": len(values),
        "refused": refused,
    }


def _one(
    name: str,
    pieces: Mapping[str, Pieces],
    seen: Sequence[str],
    asked: Sequence[str],
    like_topics: Sequence[str],
    seed: int,
) -> dict[str, Any]:
    mine, whose = pieces[name], [other for other in asked for _ in pieces[other].held_out]
    theirs = [piece for other in asked for piece in pieces[other].held_out]
    try:
        impostors = {other: pieces[other].training for other in seen}
        verifier = style.fitted(mine.training, impostors, mine.held_out, theirs, seed)
    except EmptyCorpus as refusal:
        return {"refused": str(refusal)}
    own, others = verifier.raw(mine.held_out), verifier.raw(theirs)
    near = others[[other in like_topics for other in whose]]
    same_topic = auc(own, near) if len(near) else None
    return {
        "auc": verifier.auc,
        "same_topic": same_topic,
        "topic_drop": None if same_topic is None else verifier.auc - same_topic,
        "members": {member: scale.auc for member, scale in verifier.members.items()},
        "pieces": {"training": len(mine.training), "held_out": len(own), "others_held_out": len(others)},
    }


def auc(mine: np.ndarray, theirs: np.ndarray) -> float:
    """Chance that one of `mine` lies above one of `theirs`; ties count half."""
    above = (mine[:, None] > theirs[None, :]).mean()
    return float(above + 0.5 * (mine[:, None] == theirs[None, :]).mean())
