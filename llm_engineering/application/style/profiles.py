"""Habits of writing that a person can read."""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from llm_engineering.application.cleaning import MARKERS
from llm_engineering.application.passages import HEADING_WORDS, ends_sentence, words
from llm_engineering.application.sentences import sentence_spans

FIRST_PERSON = frozenset("i me my mine myself".split())
HEDGES = frozenset(
    "maybe perhaps probably possibly presumably apparently arguably seemingly roughly somewhat "
    "fairly seem seems seemed appear appears appeared suspect guess suppose might likely".split()
)
"""Words that take back some of a claim (after Hyland 2005, "Metadiscourse")."""

_LIST_ITEM = re.compile(r"^\s*(?:[-*+•–]|\d+[.)])\s+\S", re.MULTILINE)
_MARKS = {
    "questions": r"\?",
    "exclamations": r"!",
    "dashes": r"—| – | -- ",
    "semicolons": r";",
    "parentheses": r"\(",
    "commas": r",",
    # Not the one in 10:30 or in http://.
    "colons": r":(?=\s|$)",
    "ellipses": r"…|\.\.\.",
    "list_items": _LIST_ITEM.pattern,
}


def profile(texts: Sequence[str]) -> dict[str, float]:
    """Rates per 1,000 words, but for `sentence_words` and what follows it, which are words a sentence.

    `sentence_words_sd` is the standard deviation, `sentence_words_p10` to `_p90` are percentiles.
    `headings` are lines of few words that end no sentence and stand alone.
    """
    joined = "\n\n".join(texts)
    tokens = words(joined)
    thousand = max(len(tokens), 1) / 1000
    stems = [token.replace("’", "'").split("'")[0] for token in tokens]
    return {
        **_sentence_words(joined),
        "first_person": sum(stem in FIRST_PERSON for stem in stems) / thousand,
        "contractions": sum("'" in token or "’" in token for token in tokens) / thousand,
        "hedges": sum(stem in HEDGES for stem in stems) / thousand,
        **{name: len(re.findall(pattern, joined, flags=re.MULTILINE)) / thousand for name, pattern in _MARKS.items()},
        "headings": sum(_is_heading(paragraph) for paragraph in joined.split("\n\n")) / thousand,
    }


def candidates_profile(candidates: Mapping[str, Sequence[str]]) -> dict[str, dict[str, float]]:
    """Rate → candidate → value."""
    rows = {name: profile(texts) for name, texts in candidates.items()}
    return {rate: {name: row[rate] for name, row in rows.items()} for rate in next(iter(rows.values()), {})}


def sentence_lengths(texts: Sequence[str]) -> list[int]:
    """Words of each sentence, in order; for a plot of how they are spread."""
    return [len(text[start:end].split()) for text in texts for start, end in sentence_spans(text)]


def _sentence_words(text: str) -> dict[str, float]:
    lengths = np.array(sentence_lengths([text]) or [0])
    low, median, high = np.percentile(lengths, [10, 50, 90])
    return {
        "sentence_words": float(lengths.mean()),
        "sentence_words_sd": float(lengths.std()),
        "sentence_words_p10": float(low),
        "sentence_words_p50": float(median),
        "sentence_words_p90": float(high),
    }


def _is_heading(paragraph: str) -> bool:
    line = paragraph.strip()
    few = 0 < len(line.split()) <= HEADING_WORDS and "\n" not in line
    return few and line not in MARKERS and not ends_sentence(line)
