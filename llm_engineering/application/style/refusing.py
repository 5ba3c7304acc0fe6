"""When style cannot be measured: the sentence that says so, and how much more text is needed."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from llm_engineering.application.style.pieces import PIECE_WORDS
from llm_engineering.domain.errors import EmptyCorpus

LEAST_PIECES = 4
"""Per side and split; with fewer no interval is worth printing."""
LEAST_AUC = 0.7
"""Below this three of ten pairs are taken the wrong way round, and a score says next to nothing."""
LEAST_GAIN = 0.01
"""Of AUC by twice the text; with less, more text will not do."""
MOST_DOUBLINGS = 4


def check_enough(
    author: Sequence[str],
    impostors: Sequence[str],
    author_held_out: Sequence[str],
    impostors_held_out: Sequence[str],
) -> None:
    """Raises EmptyCorpus when a side has fewer than LEAST_PIECES pieces."""
    each = _words_each([*author, *impostors, *author_held_out, *impostors_held_out])
    for name, texts in (
        ("training text of the author", author),
        ("training text of other authors", impostors),
        ("held-out text of the author", author_held_out),
        ("held-out text of other authors", impostors_held_out),
    ):
        if len(texts) < LEAST_PIECES:
            raise EmptyCorpus(
                f"Style cannot be measured: {len(texts)} piece(s) of about {each} words of {name}, at least "
                f"{LEAST_PIECES} are needed; collect about {(LEAST_PIECES - len(texts)) * each:,} more words."
            )


def refuse_weak(auc: float, whose: str, author: Sequence[str], auc_with_half: Callable[[], float]) -> None:
    """Raises EmptyCorpus when the AUC against text of `whose` is low, with how much text would help.

    `auc_with_half` gives the AUC by half of the author's text: what twice as much brought says what
    twice as much again may bring. It is called only when it is needed.
    """
    if auc < LEAST_AUC:
        advice = _advice(auc, auc_with_half(), len(author) * _words_each(author))
        raise EmptyCorpus(
            f"Style cannot be measured: the verifier cannot tell the author's held-out text from that of {whose} "
            f"(AUC {auc:.2f}, at least {LEAST_AUC} is needed); {advice}."
        )


def refuse_luck(auc: float, author_held_out: Sequence[str], impostors_held_out: Sequence[str]) -> None:
    """Raises EmptyCorpus when the AUC may well be luck, with how much text would help."""
    error = auc_error(auc, len(author_held_out), len(impostors_held_out))
    if auc - 1.96 * error <= 0.5:
        # The error falls with the root of the number of pieces.
        times = (1.96 * error / (auc - 0.5)) ** 2
        more = max(1, math.ceil((times - 1) * len(author_held_out))) * _words_each(author_held_out)
        raise EmptyCorpus(
            f"Style cannot be measured: the verifier cannot tell for certain the author's held-out text from others' "
            f"(AUC {auc:.2f} on {len(author_held_out)} and {len(impostors_held_out)} pieces may be luck); "
            f"collect about {more:,} more words to hold out."
        )


def auc_error(auc: float, positives: int, negatives: int) -> float:
    """Standard error of an AUC (Hanley & McNeil 1982)."""
    one_below, two_above = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = (auc * (1 - auc) + (positives - 1) * (one_below - auc**2) + (negatives - 1) * (two_above - auc**2)) / (
        positives * negatives
    )
    return math.sqrt(max(variance, 0.0))


def _advice(auc: float, with_half: float, words: int) -> str:
    gain = auc - with_half
    doublings = (LEAST_AUC - auc) / gain if gain >= LEAST_GAIN else math.inf
    if doublings <= MOST_DOUBLINGS:
        return f"collect about {round(words * (2**doublings - 1), -2) or 100:,.0f} more words of the author"
    return (
        f"half of the author's text gave {with_half:.2f}, so it would take far more words of the author than the "
        f"{words:,} there are, or other authors who write less like them"
    )


def _words_each(texts: Sequence[str]) -> int:
    """Mean length of a piece; of scraps, what a piece should have."""
    return max(PIECE_WORDS, round(float(np.mean([len(text.split()) for text in texts])))) if texts else PIECE_WORDS
