"""What of a text is counted: three families of features that say little of its topic.

Characters are counted in a text whose content words are distorted (Stamatatos 2017, "Authorship
attribution using text distortion"): a word that is not frequent with all authors keeps its ending
only. Frequent words and punctuation with its neighbours stand beside.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from llm_engineering.application.passages import words
from llm_engineering.application.style.pieces import plain

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import CountVectorizer

FREQUENT_WORDS = 300
ENDING = 3
"""Letters that a distorted word keeps: endings are grammar (-ing, -ed, -ly), stems are topic."""
CHARACTER_FEATURES = 2000
PUNCTUATION_FEATURES = 150
FARTHEST = 3.0
"""z-scores are cut here, so that one rare feature cannot decide."""

FUNCTION_WORDS = tuple(
    "the of and to a in that is it for as with was on be by at not this but from or have an are which you "
    "he they we i one all so if there what when can no will would has who more about than them some could "
    "only other its then these my our your me us do does did just very now how here where because while "
    "though yet such any each own same too into over after before again also even still out up down off "
    "must may might should shall upon whether without within between through under against nor".split()
)

_WORD = re.compile(r"\w+(?:['’]\w+)*")


@dataclass(frozen=True)
class Family:
    """One kind of features, with how often the pool uses each."""

    name: str
    prepare: Callable[[str], str]
    vectorizer: "CountVectorizer"
    mean: np.ndarray
    deviation: np.ndarray
    """Of the square roots of relative frequencies, each author weighing the same; shape (features,)."""

    def z(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (texts, features): how far each frequency is from the pool's mean, in deviations."""
        return self.standardised(_rates(self.vectorizer, [self.prepare(text) for text in texts]))

    def standardised(self, rates: np.ndarray) -> np.ndarray:
        """The z-scores of square roots of relative frequencies, shape (texts, features)."""
        return np.asarray(np.clip((rates - self.mean) / self.deviation, -FARTHEST, FARTHEST))


def families(pool: Mapping[str, Sequence[str]]) -> list[tuple[Family, dict[str, np.ndarray]]]:
    """Each family, fitted on a pool of author → pieces of about equal length, with the z-scores of the pool."""
    from sklearn.feature_extraction.text import CountVectorizer

    kept = frequent_words(pool)

    distort = partial(_distorted_plain, kept=kept)
    characters = CountVectorizer(analyzer="char", ngram_range=(2, 4), max_features=CHARACTER_FEATURES, lowercase=False)
    frequent = CountVectorizer(analyzer=words, vocabulary=sorted(kept))
    marks = CountVectorizer(analyzer=punctuation, max_features=PUNCTUATION_FEATURES, lowercase=False)
    return [
        _fitted("characters", distort, characters, pool),
        _fitted("function words", plain, frequent, pool),
        _fitted("punctuation", plain, marks, pool),
    ]


def frequent_words(pool: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """The words in most pieces, averaged over authors, and FUNCTION_WORDS.

    Averaging over authors keeps a word of one author's topic out, however often they use it, and
    counting pieces keeps out a word that one text repeats.
    """
    shares: dict[str, float] = {}
    for texts in pool.values():
        for word, count in Counter(word for text in texts for word in set(words(text))).items():
            shares[word] = shares.get(word, 0.0) + count / len(texts)
    ranked = sorted(shares, key=lambda word: (-shares[word], word))
    return frozenset(ranked[:FREQUENT_WORDS]) | frozenset(FUNCTION_WORDS)


def distorted(text: str, kept: Set[str]) -> str:
    """The text with each word that is not in `kept` (lower-cased) as a star and its last letters, a number as #."""

    def shown(match: re.Match[str]) -> str:
        word = match.group()
        if word.lower() in kept:
            return word
        if any(character.isdigit() for character in word):
            return "#"
        return "*" + (word[-ENDING:] if len(word) > ENDING else "")

    return _WORD.sub(shown, text)


def punctuation(text: str) -> list[str]:
    """Each mark that is neither letter, digit nor space, alone and with its neighbour on either side.

    A letter or digit as neighbour counts as "a", so no word gets in.
    """
    found: list[str] = []
    for at, mark in enumerate(text):
        if not mark.isalnum() and not mark.isspace():
            found += [mark, _kind(text[max(at - 1, 0) : at]) + mark, mark + _kind(text[at + 1 : at + 2])]
    return found


def content_words(text: str) -> list[str]:
    """The text's words that tell its topic and not its style."""
    return [word for word in words(text) if word.isalpha() and len(word) > 2 and word not in FUNCTION_WORDS]


def function_word_rates(texts: Sequence[str]) -> np.ndarray:
    """Shape (FUNCTION_WORDS,): share of each in all words of the texts together."""
    counts = Counter(word for text in texts for word in words(text))
    total = max(sum(counts.values()), 1)
    return np.array([counts[word] / total for word in FUNCTION_WORDS])


def _distorted_plain(text: str, kept: Set[str]) -> str:
    return distorted(plain(text), kept)


def _kind(character: str) -> str:
    return "a" if character.isalnum() else character


def _fitted(
    name: str, prepare: Callable[[str], str], vectorizer: "CountVectorizer", pool: Mapping[str, Sequence[str]]
) -> tuple[Family, dict[str, np.ndarray]]:
    prepared = {author: [prepare(text) for text in texts] for author, texts in pool.items()}
    everything = [text for texts in prepared.values() for text in texts]
    # Text without a single mark has no features; a vectorizer without features is an error in scikit-learn.
    vectorizer.fit([*everything, "a. b, c"])
    tables = {author: _rates(vectorizer, texts) for author, texts in prepared.items()}
    mean = np.mean([table.mean(axis=0) for table in tables.values()], axis=0)
    variance = np.mean([((table - mean) ** 2).mean(axis=0) for table in tables.values()], axis=0)
    deviation = np.sqrt(variance)
    # What nobody varies says nothing: z is then 0 for the pool, and must not be infinite for others.
    family = Family(name, prepare, vectorizer, mean, np.where(deviation > 0, deviation, 1.0))
    return family, {author: family.standardised(table) for author, table in tables.items()}


def _rates(vectorizer: "CountVectorizer", texts: Sequence[str]) -> np.ndarray:
    """Square roots of counts per word of text: the root evens out the variance of rare and frequent ones."""
    counts = vectorizer.transform(texts).toarray().astype(np.float32)
    lengths = np.array([max(len(text.split()), 1) for text in texts], dtype=np.float32)
    return np.asarray(np.sqrt(counts / lengths[:, None]))
