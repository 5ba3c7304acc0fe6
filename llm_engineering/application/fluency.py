"""Whether generated answers are whole pieces of prose. The author's own text has these figures, too: show both."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from llm_engineering.application import prompting
from llm_engineering.application.passages import ends_sentence, words
from llm_engineering.application.ports import LossMeter, Progress
from llm_engineering.domain.datasets import InstructSample
from llm_engineering.domain.errors import ModelError
from llm_engineering.domain.measures import Fluency, HeldOutLoss

REPEATED = 4
"""Words of the runs that repetition is counted in."""
DISTINCT = 2
LOOPING = 0.25
"""Repetition from which an answer goes round in circles; edited prose hardly ever reaches 0.02."""

ROUNDS = 2000


def fluency(texts: Sequence[str]) -> Fluency:
    """Of all the texts; an empty one has 0 words and no repetition."""
    repetitions = [repetition(text) for text in texts]
    return Fluency(
        words=float(np.mean([len(words(text)) for text in texts])) if texts else 0.0,
        repetition=float(np.mean(repetitions)) if texts else 0.0,
        loops=sum(one >= LOOPING for one in repetitions),
        distinct=distinct(texts),
        empty=sum(not text.strip() for text in texts),
        cut_off=sum(bool(text.strip()) and not ends_sentence(text) for text in texts),
        n=len(texts),
    )


def repetition(text: str) -> float:
    """Share (0 to 1) of the text's 4-grams that it has had before (Welleck et al., arXiv:1908.04319: seq-rep-4)."""
    grams = _grams(text, REPEATED)
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def distinct(texts: Sequence[str]) -> float:
    """Share (0 to 1) of different ones among all 2-grams of the texts (Li et al., arXiv:1510.03055: distinct-2).

    Falls with the amount of text, so only like amounts can be compared. 1 of no text.
    """
    grams = [gram for text in texts for gram in _grams(text, DISTINCT)]
    return len(set(grams)) / len(grams) if grams else 1.0


def held_out_loss(
    meter: LossMeter,
    base_model: str,
    adapter_dir: Path | None,
    author: str,
    samples: Sequence[InstructSample],
    *,
    progress: Progress,
    seed: int,
) -> HeldOutLoss | None:
    """How well the model predicts the author's held-out passages, asked as twins are trained.

    The mean is over tokens, as in training, so a twin's figure is that of its manifest where the
    samples are the same. The bootstrap draws samples. None of a model whose weights are not here, and
    of no samples.
    """
    answered = [
        [*prompting.conversation(author, sample.instruction), {"role": "assistant", "content": sample.answer}]
        for sample in samples
    ]
    try:
        losses = meter.losses(base_model, adapter_dir, answered, progress)
    except ModelError as error:
        progress.note(f"No held-out loss: {error}")
        return None
    counted = np.array([(nats, tokens) for nats, tokens in losses if tokens], dtype=float).reshape(-1, 2)
    if not len(counted):
        return None
    nats, tokens = counted.sum(axis=0)
    draws = np.random.default_rng(seed).integers(len(counted), size=(ROUNDS, len(counted)))
    drawn = counted[draws].sum(axis=1)
    low, high = np.percentile(drawn[:, 0] / drawn[:, 1], [2.5, 97.5])
    return HeldOutLoss(
        loss=float(nats / tokens),
        perplexity=math.exp(nats / tokens),
        n=len(counted),
        tokens=int(tokens),
        interval=(float(low), float(high)),
        per_sample=[float(one) for one in counted[:, 0] / counted[:, 1]],
    )


def _grams(text: str, length: int) -> list[tuple[str, ...]]:
    tokens = words(text)
    return [tuple(tokens[at : at + length]) for at in range(len(tokens) - length + 1)]
