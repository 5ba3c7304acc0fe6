"""Cut text into pieces of like length: a score of style depends on how long the text is."""

from llm_engineering.application.cleaning import MARKERS
from llm_engineering.application.sentences import sentence_spans

PIECE_WORDS = 120
"""Pieces and answers are compared at about this length."""
SHORT_REST = 0.6
"""A last piece of at least this share of the length is kept."""


def pieces(text: str, words_each: int = PIECE_WORDS) -> list[str]:
    """Runs of whole sentences of about `words_each` words; markers and a short rest are left out."""
    prose = "\n\n".join(part for part in text.split("\n\n") if part not in MARKERS)
    runs: list[str] = []
    start, end, count = None, 0, 0
    for first, last in sentence_spans(prose):
        start = first if start is None else start
        end, count = last, count + len(prose[first:last].split())
        if count >= words_each:
            runs.append(prose[start:end])
            start, count = None, 0
    if start is not None and count >= SHORT_REST * words_each:
        runs.append(prose[start:end])
    return runs


def plain(text: str) -> str:
    """The text with every run of white space as one space: spacing is the page's habit, not the writer's."""
    return " ".join(text.split())
