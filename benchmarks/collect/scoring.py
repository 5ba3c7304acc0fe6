"""How an extracted text is scored against the true one.

`score` follows the rules that shared/score_extraction.py states: word trigrams as multisets, lower case.
`shingle_score` and `shingle_f1` are the metric of https://github.com/scrapinghub/article-extraction-benchmark:
shingles of four words, each page with the same weight, F1 of the mean precision and the mean recall.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import mean

LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
"""A Markdown link or picture; its address is no text."""
WORD = re.compile(r"[^\W_]+")
TOKEN = re.compile(r"\w+")
SHINGLE = 4


def words(text: str) -> list[str]:
    """The words of Markdown or plain text, lower case, without the addresses of links."""
    return WORD.findall(LINK.sub(r"\1", text).lower())


def _runs(tokens: Sequence[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[start:] for start in range(size)), strict=False))


def score(text: str, truth: str) -> dict[str, float]:
    """`f1` over trigrams; `leak`, the share of the extracted words that are not the article's; `loss`, the
    share of the article's words that were not extracted."""
    got, want = words(text), words(truth)
    shared_words = (Counter(got) & Counter(want)).total()
    got_runs, want_runs = _runs(got, 3), _runs(want, 3)
    shared = (got_runs & want_runs).total()
    return {
        "f1": 2 * shared / (got_runs.total() + want_runs.total()) if shared else 0.0,
        "leak": 1 - shared_words / len(got) if got else 0.0,
        "loss": 1 - shared_words / max(1, len(want)),
    }


def same_title(got: str | None, want: str | None) -> bool:
    """Whether two titles differ in nothing but case, space and punctuation."""
    return bool(got and want) and words(got or "") == words(want or "")


def shingle_score(text: str, truth: str) -> tuple[float, float, float]:
    """The shares of shingles that are right, wrong and missing; they add up to 1, or all are 0."""
    got, want = _shingles(text), _shingles(truth)
    right = (got & want).total()
    wrong, missing = got.total() - right, want.total() - right
    whole = right + wrong + missing
    return (right / whole, wrong / whole, missing / whole) if whole else (0.0, 0.0, 0.0)


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    """All runs of four words; a shorter text is one run."""
    tokens = TOKEN.findall(LINK.sub(r"\1", text))
    return _runs(tokens, min(SHINGLE, len(tokens))) if tokens else Counter()


def shingle_f1(scores: Iterable[tuple[float, float, float]]) -> float:
    """F1 of the mean precision and the mean recall over pages; a page that has nothing to judge is left out."""
    rows = list(scores)
    precision = mean(right / (right + wrong) for right, wrong, _ in rows if right + wrong)
    recall = mean(right / (right + missing) for right, _, missing in rows if right + missing)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
