"""Other ways to cut a text, to compare with: each gives the (start, end) of its chunks."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

Span = tuple[int, int]
CountTokens = Callable[[str], int]
"""Tokens of a text without special ones."""

LANGCHAIN_SEPARATORS = ("\n\n", "\n", " ", "")
"""RecursiveCharacterTextSplitter's own."""
SENTENCE_SEPARATORS = ("\n\n", "\n", ".", "?", "!", " ", "")
"""Those of Chroma's evaluation, in which it did best of the simple splitters."""


def recursive(text: str, size: int, count: CountTokens, separators: tuple[str, ...]) -> list[Span]:
    """LangChain's RecursiveCharacterTextSplitter, from its documentation: no overlap, separators kept in front.

    Cut at the first separator that occurs, join neighbours up to `size` tokens, and do the same with the next
    separators to what is longer. White space around a chunk is taken off.
    """
    counted = lru_cache(maxsize=None)(count)
    return _visible(text, _recursive(text, (0, len(text)), size, counted, separators))


def windows(text: str, size: int, count: CountTokens) -> list[Span]:
    """Runs of whole words with at most `size` tokens together, whatever they mean."""
    counted = lru_cache(maxsize=None)(count)
    words = [match.span() for match in re.finditer(r"\S+", text)]
    return _visible(text, _merged(text, words, size, counted))


def _recursive(text: str, span: Span, size: int, count: CountTokens, separators: tuple[str, ...]) -> Iterator[Span]:
    place = next(place for place, mark in enumerate(separators) if not mark or mark in text[slice(*span)])
    waiting: list[Span] = []
    for piece in _pieces(text, span, separators[place]):
        if count(text[slice(*piece)]) < size:
            waiting.append(piece)
            continue
        yield from _merged(text, waiting, size, count)
        waiting = []
        if separators[place + 1 :]:
            yield from _recursive(text, piece, size, count, separators[place + 1 :])
        else:
            yield piece
    yield from _merged(text, waiting, size, count)


def _pieces(text: str, span: Span, separator: str) -> Iterator[Span]:
    """The span cut before each separator."""
    start, end = span
    while start < end:
        following = text.find(separator, start + 1, end) if separator else start + 1
        cut = end if following == -1 else following
        yield start, cut
        start = cut


def _merged(text: str, pieces: list[Span], size: int, count: CountTokens) -> Iterator[Span]:
    """Neighbours together as long as the sum of their tokens is at most `size`."""
    first, filled = 0, 0
    for place, (start, end) in enumerate(pieces):
        tokens = count(text[start:end])
        if filled + tokens > size and place > first:
            yield pieces[first][0], pieces[place - 1][1]
            first, filled = place, 0
        filled += tokens
    if pieces:
        yield pieces[first][0], pieces[-1][1]


def _visible(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans without the white space around them, but those that are nothing else."""
    shown = ((start, end, text[start:end]) for start, end in spans if text[start:end].strip())
    return [
        (start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())) for start, end, part in shown
    ]
