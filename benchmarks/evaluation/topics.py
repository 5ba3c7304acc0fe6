"""Which authors write about the same field, by the words that style does not look at."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from llm_engineering.application.style.features import content_words

NEAREST = 3
LEAST_TEXTS = 2
"""A word that stands in one text only makes nobody alike."""


def neighbours(training: Mapping[str, Sequence[str]]) -> dict[str, dict[str, float]]:
    """Author → at most three others whose content words are the most like theirs → likeness, the nearest first.

    Likeness is the cosine (0 to 1) of mean TF-IDF. At most half of the others are named, or nobody
    would remain to compare them with; whoever shares no content word is no neighbour.
    """
    names = list(training)
    likeness = _likeness(list(training.values()))
    most = min(NEAREST, (len(names) - 1) // 2)
    return {
        name: {names[int(at)]: float(row[at]) for at in np.argsort(-row, kind="stable")[:most] if row[at] > 0}
        for name, row in zip(names, likeness, strict=True)
    }


def _likeness(training: Sequence[Sequence[str]]) -> np.ndarray:
    """Shape (authors, authors), with -1 for an author and themselves."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [text for some in training for text in some]
    counts = Counter(word for text in texts for word in set(content_words(text)))
    shared = sorted(word for word, count in counts.items() if count >= LEAST_TEXTS)
    likeness = np.zeros((len(training), len(training)))
    # A vectorizer without words is an error in scikit-learn; short texts may share none.
    if shared:
        vectorizer = TfidfVectorizer(analyzer=content_words, vocabulary=shared, sublinear_tf=True).fit(texts)
        means = np.array([np.asarray(vectorizer.transform(some).mean(axis=0)).ravel() for some in training])
        lengths = np.linalg.norm(means, axis=1, keepdims=True)
        means /= np.where(lengths > 0, lengths, 1.0)
        likeness = means @ means.T
    np.fill_diagonal(likeness, -1)
    return likeness
