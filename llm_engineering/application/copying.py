"""How much generated text repeats its training text, and what private things it lets out."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from llm_engineering.application.pii import DEFAULT_MARKERS
from llm_engineering.application.pii_patterns import PATTERNS
from llm_engineering.domain.measures import CopyScores, Leaks

DOUBLINGS = 3
GRAM = 2**DOUBLINGS
"""Words of a run that two texts hardly ever share by chance."""
ROUNDS = 2000
"""Of the bootstrap."""

_WORD = re.compile(r"\w+(?:['’]\w+)*")


class CopyIndex:
    """Finds in a text what stands word for word in others; built once, case and punctuation aside.

    Exact, without hashing: every run of eight words is numbered by doubling (Karp, Miller & Rosenberg
    1972: a pair of numbered halves gets a number of its own). Takes about 60 bytes a word, and about
    two seconds for a million words.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        self._vocabulary: dict[str, int] = {}
        numbers: list[int] = []
        ends: list[int] = []
        for text in texts:
            words = _words(text)
            numbers += [self._vocabulary.setdefault(word, len(self._vocabulary)) for word in words]
            numbers.append(-1)
            ends.append(len(numbers) - 1)
        self._tokens, self._ends = np.array(numbers, dtype=np.int64), np.array(ends, dtype=np.int64)
        # Each end gets a number that no word has, so that no run goes across it.
        self._tokens[self._ends] = len(self._vocabulary) + np.arange(len(ends))
        self._pairs: list[tuple[int, np.ndarray]] = []
        runs = self._tokens
        for doubling in range(DOUBLINGS):
            width = int(runs.max(initial=0)) + 1
            keys, runs = np.unique(_joined(runs, 2**doubling, width), return_inverse=True)
            self._pairs.append((width, keys))
        self._runs = runs
        self._order = np.argsort(runs, kind="stable")
        self._sorted = runs[self._order]

    def share(self, text: str) -> float:
        """Share (0 to 1) of the text's 8-grams that stand in the others; 0 of a shorter text."""
        grams = self._grams(_words(text))
        return float((grams >= 0).mean()) if len(grams) else 0.0

    def longest(self, text: str) -> int:
        """Words of the longest run of eight or more that stands in the others; 0 when there is none."""
        return max((end - start for start, end in self._copied(_words(text))), default=0)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Character spans of the text that stand in the others: disjoint, in order, eight words and longer.

        Spans that overlap or touch are one, though each may be from another text.
        """
        places = [match.span() for match in _WORD.finditer(text)]
        merged: list[tuple[int, int]] = []
        for first, last in self._copied(_words(text)):
            if merged and first <= merged[-1][1]:
                merged[-1] = (merged[-1][0], last)
            else:
                merged.append((first, last))
        return [(places[first][0], places[last - 1][1]) for first, last in merged]

    def scores(self, texts: Sequence[str], seed: int = 17) -> CopyScores:
        """Of all the texts together; the interval is a percentile bootstrap over texts."""
        grams = [self._grams(_words(text)) for text in texts]
        counted = np.array([((some >= 0).sum(), len(some)) for some in grams if len(some)], dtype=float).reshape(-1, 2)
        longest = max(map(self.longest, texts), default=0)
        if not len(counted):
            return CopyScores(longest_span_words=longest, eight_gram_share=0.0, n=len(texts))
        copied, everything = counted.sum(axis=0)
        drawn = np.random.default_rng(seed).integers(len(counted), size=(ROUNDS, len(counted)))
        shares = counted[drawn].sum(axis=1)
        low, high = np.percentile(shares[:, 0] / shares[:, 1], [2.5, 97.5])
        return CopyScores(
            longest_span_words=longest,
            eight_gram_share=float(copied / everything),
            n=len(texts),
            interval=(float(low), float(high)),
        )

    def holds(self, text: str) -> bool:
        """Whether all of the text's words stand in one of the others, in that order and without a gap."""
        wanted = [self._vocabulary.get(word, -1) for word in _words(text)]
        if not wanted or -1 in wanted:
            return False
        places = np.flatnonzero(self._tokens[: max(0, len(self._tokens) - len(wanted) + 1)] == wanted[0])
        for at, number in enumerate(wanted):
            places = places[self._tokens[places + at] == number]
        return len(places) > 0

    def leaks(self, texts: Sequence[str]) -> Leaks:
        """Personal data and secrets of known shapes in the texts, and how many stand in the indexed ones."""
        found = [piece for text in texts for piece in private_pieces(text)]
        return Leaks(
            found=dict(Counter(kind for kind, _ in found)),
            from_training=sum(self.holds(piece) for _, piece in found),
        )

    def self_overlap(self) -> list[float]:
        """Share of each indexed text's 8-grams that stand in the other ones, ascending, without shorter texts.

        What a twin copies is to be read against this: authors repeat themselves.
        """
        owner = np.searchsorted(self._ends, np.arange(len(self._runs)))
        # A run is in several texts when the first and the last owner of its number differ; order is by place.
        first = np.searchsorted(self._sorted, self._runs, side="left")
        last = np.searchsorted(self._sorted, self._runs, side="right") - 1
        is_shared = owner[self._order[first]] != owner[self._order[last]]
        starts = np.concatenate([[0], self._ends[:-1] + 1]) if len(self._ends) else self._ends
        lasts = self._ends - GRAM + 1
        shares = [is_shared[start:stop].mean() for start, stop in zip(starts, lasts, strict=True) if stop > start]
        return sorted(map(float, shares))

    def _grams(self, words: Sequence[str]) -> np.ndarray:
        """The number of each run of eight words, -1 where the others do not have it."""
        runs = np.array([self._vocabulary.get(word, -1) for word in words], dtype=np.int64)
        for doubling, (width, keys) in enumerate(self._pairs):
            half = 2**doubling
            is_known = (runs[:-half] >= 0) & (runs[half:] >= 0)
            wanted = _joined(runs, half, width)
            at = np.searchsorted(keys, wanted)
            runs = np.where(is_known & (np.append(keys, -1)[at] == wanted), at, -1)
        return runs

    def _copied(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """(first word, one past the last word) of each longest run, in order; none lies within another."""
        grams = self._grams(words)
        reach: dict[int, int] = {}
        runs: list[tuple[int, int]] = []
        # From the end: a run that begins here and goes on is one longer than the one that begins a word later.
        for at in range(len(grams) - 1, -1, -1):
            places = self._places(int(grams[at]))
            reach = {place: reach.get(place + 1, GRAM - 1) + 1 for place in places}
            longest = max(reach.values(), default=0)
            if longest:
                while runs and runs[-1][1] <= at + longest:
                    runs.pop()
                runs.append((at, at + longest))
        return runs[::-1]

    def _places(self, gram: int) -> list[int]:
        if gram < 0:
            return []
        first, last = np.searchsorted(self._sorted, [gram, gram + 1])
        places: list[int] = self._order[first:last].tolist()
        return places


def private_pieces(text: str) -> Iterator[tuple[str, str]]:
    """(kind, what stands there) of all that scrubbing would replace, except for the user's own list."""
    for pattern in PATTERNS:
        group = "found" if "found" in pattern.expression.groupindex else 0
        for match in pattern.expression.finditer(text):
            if pattern.is_real(match):
                yield pattern.kind.value, match.group(group)
        text, _ = pattern.replaced(text, DEFAULT_MARKERS[pattern.kind])


def _words(text: str) -> list[str]:
    # One by one, as lower-casing a whole text may change where its words are.
    return [word.lower().replace("’", "'") for word in _WORD.findall(text)]


def _joined(runs: np.ndarray, half: int, width: int) -> np.ndarray:
    """One number for each two neighbouring halves."""
    numbers: np.ndarray = runs[:-half] * width + runs[half:]
    return numbers
