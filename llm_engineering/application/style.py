"""How much a text reads like one author: a verifier that has to prove itself on held-out text first.

The verifier is character 2- to 4-gram TF-IDF with logistic regression, trained on the author's
and on impostors' pieces of equal length (the impostors' pool: Koppel & Winter 2014). Its log-odds
are put on a scale where 0 is the impostors' held-out mean and 1 the author's own. Burrows's
Delta (2002) over function words stands beside it, because one measure alone can be fooled.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from llm_engineering.application.cleaning import MARKERS
from llm_engineering.application.passages import words
from llm_engineering.application.sentences import sentence_spans
from llm_engineering.domain.errors import EmptyCorpus
from llm_engineering.domain.evaluation import Score

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

PIECE_WORDS = 120
"""Pieces and answers are compared at about this length: a score depends on the length of a text."""
LEAST_PIECES = 4
"""Per side and split; with fewer no interval is worth printing."""
BOOTSTRAP_ROUNDS = 2000

FUNCTION_WORDS = tuple(
    "the of and to a in that is it for as with was on be by at not this but from or have an are which you "
    "he they we i one all so if there what when can no will would has who more about than them some could "
    "only other its then these my our your me us do does did just very now how here where because while "
    "though yet such any each own same too into over after before again also even still out up down off "
    "must may might should shall upon whether without within between through under against nor".split()
)


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
    if start is not None and count >= 0.6 * words_each:
        runs.append(prose[start:end])
    return runs


@dataclass(frozen=True)
class Verifier:
    """Scores texts; made by `fitted`."""

    vectorizer: "TfidfVectorizer"
    model: "LogisticRegression"
    zero: float
    one: float
    auc: float
    """Area under the curve on held-out pieces: 1 tells every pair apart, 0.5 none."""

    def log_odds(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (len(texts),): how strongly the model takes each for the author's."""
        features = self.vectorizer.transform([_plain(text) for text in texts])
        return np.asarray(self.model.decision_function(features))

    def scores(self, texts: Sequence[str]) -> np.ndarray:
        """Shape (len(texts),): 0 = the impostors' held-out mean, 1 = the author's."""
        return (self.log_odds(texts) - self.zero) / (self.one - self.zero)


def fitted(
    author: Sequence[str],
    impostors: Sequence[str],
    author_held_out: Sequence[str],
    impostors_held_out: Sequence[str],
    seed: int,
) -> Verifier:
    """A verifier from pieces of text.

    Raises EmptyCorpus when there are too few pieces, or when it cannot tell the held-out
    pieces apart, since a score by such a verifier would mean nothing.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    for name, texts in (
        ("training text of the author", author),
        ("training text of other authors", impostors),
        ("held-out text of the author", author_held_out),
        ("held-out text of other authors", impostors_held_out),
    ):
        if len(texts) < LEAST_PIECES:
            raise EmptyCorpus(
                f"Style cannot be measured: {len(texts)} piece(s) of {PIECE_WORDS} words of {name}, at least "
                f"{LEAST_PIECES} are needed; collect about {(LEAST_PIECES - len(texts)) * PIECE_WORDS} more words."
            )
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(2, 4), sublinear_tf=True, min_df=2, max_features=30000)
    features = vectorizer.fit_transform([_plain(text) for text in [*author, *impostors]])
    model = LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000, random_state=seed)
    model.fit(features, [1] * len(author) + [0] * len(impostors))

    unscaled = Verifier(vectorizer, model, zero=0.0, one=1.0, auc=0.5)
    mine, theirs = unscaled.log_odds(author_held_out), unscaled.log_odds(impostors_held_out)
    auc = float(roc_auc_score([1] * len(mine) + [0] * len(theirs), np.concatenate([mine, theirs])))
    if auc <= 0.6 or mine.mean() <= theirs.mean():
        raise EmptyCorpus(
            f"Style cannot be measured: the verifier cannot tell the author's held-out text from others' "
            f"(AUC {auc:.2f}); collect about {len(author) * PIECE_WORDS:,} more words of the author."
        )
    return replace(unscaled, zero=float(theirs.mean()), one=float(mine.mean()), auc=auc)


def score_of(values: Sequence[float] | np.ndarray, seed: int) -> Score:
    """The mean with its 95 % percentile bootstrap interval."""
    data = np.asarray(values, dtype=float)
    if not len(data):
        raise EmptyCorpus("There is no text to score; the model wrote nothing.")
    draws = np.random.default_rng(seed).choice(data, size=(BOOTSTRAP_ROUNDS, len(data))).mean(axis=1)
    low, high = np.percentile(draws, [2.5, 97.5])
    return Score(value=float(data.mean()), low=float(low), high=float(high), n=len(data))


def burrows_delta(text: Sequence[str], author: Sequence[str], background: Sequence[str]) -> float:
    """Burrows's Delta (2002): mean absolute difference of z-scored function-word frequencies.

    `text` and `author` are joined before counting; means and deviations come from `background`
    pieces. Smaller is nearer.
    """
    table = np.array([_function_word_rates([piece]) for piece in background])
    mean, deviation = table.mean(axis=0), table.std(axis=0)
    used = deviation > 0
    z_text = (_function_word_rates(text) - mean)[used] / deviation[used]
    z_author = (_function_word_rates(author) - mean)[used] / deviation[used]
    return float(np.abs(z_text - z_author).mean())


def profile(texts: Sequence[str]) -> dict[str, float]:
    """Rates that a person can read: per 1,000 words, but for the sentence length in words."""
    joined = "\n\n".join(texts)
    tokens = words(joined)
    thousand = max(len(tokens), 1) / 1000
    sentences = [len(joined[start:end].split()) for start, end in sentence_spans(joined)]
    return {
        "sentence_words": float(np.mean(sentences)) if sentences else 0.0,
        "first_person": sum(token.split("'")[0].split("’")[0] in _FIRST_PERSON for token in tokens) / thousand,
        "contractions": sum("'" in token or "’" in token for token in tokens) / thousand,
        "questions": joined.count("?") / thousand,
        "exclamations": joined.count("!") / thousand,
        "dashes": (joined.count("—") + joined.count(" – ")) / thousand,
        "semicolons": joined.count(";") / thousand,
        "parentheses": joined.count("(") / thousand,
    }


_FIRST_PERSON = frozenset("i me my mine myself".split())


def candidates_profile(candidates: Mapping[str, Sequence[str]]) -> dict[str, dict[str, float]]:
    """Rate → candidate → value."""
    rows = {name: profile(texts) for name, texts in candidates.items()}
    return {rate: {name: row[rate] for name, row in rows.items()} for rate in next(iter(rows.values()))}


def _plain(text: str) -> str:
    # Spacing is the generator's and the page's habit, not the writer's.
    return " ".join(text.split())


def _function_word_rates(texts: Sequence[str]) -> np.ndarray:
    counts = Counter(word for text in texts for word in words(text))
    total = max(sum(counts.values()), 1)
    return np.array([counts[word] / total for word in FUNCTION_WORDS])
