"""What a sentence states that can be looked up word by word: figures, names, and what it denies."""

import re
from collections.abc import Iterator

from llm_engineering.application.retrieval.understanding import FUNCTION_WORDS

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")
_THOUSANDS = re.compile(r",(?=\d{3}(?!\d))")
_NAME = re.compile(r"(?<=[a-z,;:] )[A-Z]\w+")
"""A capitalised word inside a sentence; the first word of one tells nothing in English."""
_CLAUSE = re.compile(r"[,;:.!?()\n]|\s[-–—]\s|—")
_NEGATION = re.compile(r"(?:not|no|never|nobody|nothing|none|neither|nor|without|cannot|hardly|\w+n['’]t)\Z")
_FUNCTION = frozenset(FUNCTION_WORDS)
_OF_TIME = frozenset(("longer", "ever", "yet", "always", "anymore"))
"""Stand between a negation and what it denies."""

_UNITS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
_SPELLED = {word: value for value, word in enumerate((_UNITS + "eighteen nineteen").split(), start=1)}
_SPELLED |= {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_FACTORS = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}


def content(text: str) -> set[str]:
    """Its words but for function words, cut to their first six letters, which joins most inflections."""
    return {_stem(word) for word in _words(text) if _has_content(word)}


def figures(text: str) -> set[str]:
    """The numbers in it, in digits and without thousands separators, also of those that are spelled out.

    A lone "one" is left out, as it hardly ever counts anything.
    """
    return {_THOUSANDS.sub("", found) for found in _FIGURE.findall(text)} | {
        number for clause in _CLAUSE.split(text) for number in _spelled(clause)
    }


def names(text: str) -> set[str]:
    """Capitalised words inside its sentences, lower-cased and without a plural's s: people, places, products."""
    return {name.lower().rstrip("s") for name in _NAME.findall(text)}


def mentions(text: str) -> set[str]:
    """All words of a text in the form of `names`."""
    return {word.partition("'")[0].rstrip("s") for word in _words(text.replace("’", "'"))}


def contradicts(one: str, other: str) -> bool:
    """Whether a word that one of them denies stands in the other in a clause that denies nothing.

    Only the first word with content behind a negation counts as denied: of "did not lend the drill" it is
    "lend". That sees "do not hurry" against "hurry", and neither "slow" against "fast" nor a denial in other words.
    """
    denied, other_denied = _denied(one), _denied(other)
    affirmed, other_affirmed = _affirmed(one), _affirmed(other)
    return bool((denied - affirmed) & (other_affirmed - other_denied) or (other_denied - other_affirmed) & affirmed)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _stem(word: str) -> str:
    return word[:6]


def _has_content(word: str) -> bool:
    return word not in _FUNCTION and len(word) > 2 and not _NEGATION.match(word)


def _spelled(clause: str) -> list[str]:
    """Each number of a clause in words: "two thousand five hundred" is 2500, "two or three" are 2 and 3."""
    found: list[int] = []
    is_open = False
    for word in _words(clause.replace("-", " ")):
        if word in _SPELLED:
            if is_open and _goes_on(found[-1], _SPELLED[word]):
                found[-1] += _SPELLED[word]
            else:
                found.append(_SPELLED[word])
            is_open = True
        elif word in _FACTORS:
            if not is_open:
                found.append(1)
            # Of "two thousand five hundred", the hundred counts the five alone.
            counted = found[-1] % _FACTORS[word] or 1
            found[-1] += counted * (_FACTORS[word] - 1)
            is_open = True
        else:
            is_open = is_open and word == "and"
    return [str(number) for number in found if number != 1]


def _goes_on(number: int, following: int) -> bool:
    """Whether the two are said as one: "twenty" and "one", "two hundred" and "fifty"."""
    return number % 100 == 0 or (number % 100 >= 20 and number % 10 == 0 and following < 10)


def _clauses(text: str) -> Iterator[tuple[list[str], int | None]]:
    """Words of each clause, and the place of its first negation."""
    for clause in _CLAUSE.split(text):
        words = _words(clause)
        yield words, next((at for at, word in enumerate(words) if _NEGATION.match(word)), None)


def _denied(text: str) -> set[str]:
    following = [words[negation + 1 :] for words, negation in _clauses(text) if negation is not None]
    first = (next((word for word in words if _has_content(word) and word not in _OF_TIME), None) for words in following)
    return {_stem(word) for word in first if word is not None}


def _affirmed(text: str) -> set[str]:
    return {
        _stem(word) for words, negation in _clauses(text) if negation is None for word in words if _has_content(word)
    }
