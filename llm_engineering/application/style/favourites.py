"""Words and openings of sentences that an author uses more than others do."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from llm_engineering.application.passages import words
from llm_engineering.application.sentences import sentence_spans

PRIOR = 0.1
"""How much of the pooled text stands before either side's counts; the more, the more evidence a word needs."""
LEAST_Z = 1.96
LEAST_TEXTS = 0.1
"""Share of the author's texts that use it, and at least MIN_TEXTS: a topic's word stands in few."""
MIN_TEXTS = 3
OPENING_WORDS = 2


def favourite_words(author: Sequence[str], others: Sequence[str], most: int = 20) -> dict[str, float]:
    """Word → z, the author's favourites first; texts should be documents.

    z is the log-odds ratio with an informative Dirichlet prior, in deviations (Monroe, Colaresi &
    Quinn 2008, "Fightin' Words"): the prior is the pooled text, so rare words do not win by luck.
    """
    return _favourites([words(text) for text in author], [words(text) for text in others], most)


def favourite_openings(author: Sequence[str], others: Sequence[str], most: int = 10) -> dict[str, float]:
    """First two words of a sentence → z, as `favourite_words`."""
    return _favourites([_openings(text) for text in author], [_openings(text) for text in others], most)


def log_odds(mine: Counter[str], theirs: Counter[str]) -> dict[str, float]:
    """Word → z of its log-odds ratio; positive where `mine` uses it more. Empty when a side is empty."""
    pooled = mine + theirs
    all_mine, all_theirs = mine.total(), theirs.total()
    if not all_mine or not all_theirs:
        return {}
    names = list(pooled)
    prior = np.array([pooled[name] for name in names]) * PRIOR
    before = PRIOR * pooled.total()
    here = np.array([mine[name] for name in names]) + prior
    there = np.array([theirs[name] for name in names]) + prior
    # Where all the text is one word, nothing else is left to hold it against.
    rest_here = np.maximum(all_mine + before - here, prior)
    rest_there = np.maximum(all_theirs + before - there, prior)
    delta = np.log(here / rest_here) - np.log(there / rest_there)
    return dict(zip(names, (delta / np.sqrt(1 / here + 1 / there)).tolist(), strict=True))


def _favourites(author: Sequence[list[str]], others: Sequence[list[str]], most: int) -> dict[str, float]:
    spread = Counter(name for text in author for name in set(text))
    least = max(MIN_TEXTS, LEAST_TEXTS * len(author))
    scored = log_odds(_counted(author), _counted(others))
    found = {name: z for name, z in scored.items() if z >= LEAST_Z and spread[name] >= least}
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:most])


def _counted(texts: Iterable[list[str]]) -> Counter[str]:
    return Counter(name for text in texts for name in text)


def _openings(text: str) -> list[str]:
    starts = [words(text[start:end])[:OPENING_WORDS] for start, end in sentence_spans(text)]
    return [" ".join(start) for start in starts if len(start) == OPENING_WORDS]
