"""Which authors write about the same field, by the words that style does not look at."""

from collections.abc import Mapping, Sequence

import numpy as np

from llm_engineering.application.passages import words
from llm_engineering.application.style.features import FUNCTION_WORDS

NEAREST = 3


def neighbours(training: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Author → the three others whose content words are the most like theirs (cosine of mean TF-IDF)."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    names = list(training)

    def content(text: str) -> list[str]:
        return [word for word in words(text) if word.isalpha() and len(word) > 2 and word not in FUNCTION_WORDS]

    vectorizer = TfidfVectorizer(analyzer=content, min_df=2, sublinear_tf=True)
    vectorizer.fit([text for texts in training.values() for text in texts])
    means = np.array([np.asarray(vectorizer.transform(texts).mean(axis=0)).ravel() for texts in training.values()])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    likeness = means @ means.T
    np.fill_diagonal(likeness, -1)
    return {
        name: [names[int(at)] for at in np.argsort(-row)[:NEAREST]] for name, row in zip(names, likeness, strict=True)
    }
