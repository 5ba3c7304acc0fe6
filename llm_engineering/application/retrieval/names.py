"""Authors whom a question names: by full name, by a part of it that is theirs alone, or misspelt."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from llm_engineering.domain.authors import Author

WORD = re.compile(r"[^\W_]+(?:[-.][^\W_]+)*")
SENTENCE_START = re.compile(r"(?:^|[.!?:;\n]\s*)[\"'“‘(]*$")
POSSESSIVE = re.compile(r"['’]s?(?!\w)")
SAYING = re.compile(r"\s+(?:thinks?|says?|said|writes?|wrote|written|means?|recommends?|prefers?|believes?|posted)\b")
"""What an author does; it makes a name of a word in a question that is all in small letters."""
_PERSON = r"[A-Z][\w’'.-]*(?:\s+[A-Z][\w’'.-]*){1,3}"
_BY = r"(?:[Aa]ccording\s+to|(?:[Aa]rticles?|[Pp]osts?|texts?|essays?|tweets|written)\s+by)"
STRANGER = re.compile(
    r"\b(?:(?:does|did|would|has|had)\s+"
    rf"(?P<name>{_PERSON})\s+(?:think|say|said|write|written|recommend|prefer|believe|post)\b|{_BY}\s+(?P<by>{_PERSON}))"
)
SHORT_WORD, LONG_WORD = 4, 8
"""Letters: a shorter word allows no slip at all, one of middle length one, a longer one two."""


@dataclass(frozen=True)
class Mention:
    """Where a question names an author."""

    author: Author
    start: int
    end: int
    """Without a possessive's ending."""


def mentions(question: str, authors: Sequence[Author]) -> list[Mention]:
    """Where the question names one of these authors, in its order. `question` is in NFKC.

    Full names count in any case, and the longest first, so that a name inside a longer one is
    not taken for its own; then misspelt full names; then what only one of the authors is called:
    first or last name, initials with the last name, and handles such as "@mara-lindqvist".
    """
    found: list[Mention] = []
    rest = question
    for finding in (_full_names, _misspelt_names, _aliases):
        for mention in finding(rest, authors):
            if rest[mention.start : mention.end].strip("\0"):
                found.append(mention)
                rest = rest[: mention.start] + "\0" * (mention.end - mention.start) + rest[mention.end :]
    return sorted(found, key=lambda mention: mention.start)


def stranger(question: str) -> str | None:
    """The full name of somebody whose view or texts the question asks for, e.g. "according to Jane Roe"."""
    match = STRANGER.search(question)
    return re.sub(r"['’]s$", "", match["name"] or match["by"]) if match else None


def _full_names(question: str, authors: Sequence[Author]) -> Iterator[Mention]:
    for author in sorted(authors, key=lambda one: -len(one.full_name)):
        for match in _pattern(author.full_name, re.IGNORECASE).finditer(question):
            yield Mention(author, *match.span())


def _misspelt_names(question: str, authors: Sequence[Author]) -> Iterator[Mention]:
    words = list(WORD.finditer(question))
    for author in authors:
        name = _folded(author.full_name).split()
        if len(name) < 2:  # one word is too easily another word
            continue
        for first in range(len(words) - len(name) + 1):
            window = words[first : first + len(name)]
            start, end = window[0].start(), window[-1].end()
            said = [_folded(word[0]) for word in window]
            if "\0" not in question[start:end] and _is_slip(said, name):
                yield Mention(author, start, end)


def _is_slip(said: Sequence[str], name: Sequence[str]) -> bool:
    """One word of the name is misspelt, and not beyond what its length allows."""
    wrong = [(word, meant) for word, meant in zip(said, name, strict=True) if word != meant]
    if len(wrong) > 1:
        return False
    return all(edits(word, meant) <= _slips(meant) and word[0] == meant[0] for word, meant in wrong)


def _slips(word: str) -> int:
    return 0 if len(word) <= SHORT_WORD else 1 if len(word) < LONG_WORD else 2


def edits(left: str, right: str) -> int:
    """Letters to insert, remove, replace or swap with their neighbour to make one of the other (Damerau 1964)."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, letter in enumerate(left, start=1):
        before, last, row = row, before, [i]
        for j, other in enumerate(right, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == right[j - 2] and left[i - 2] == other:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _aliases(question: str, authors: Sequence[Author]) -> Iterator[Mention]:
    for alias, author in sorted(_owners(authors).items(), key=lambda item: -len(item[0])):
        is_word = " " not in alias and not alias.startswith("@") and "-" not in alias
        for match in _pattern(alias, re.IGNORECASE).finditer(question):
            if not is_word or _is_name(question, *match.span()):
                yield Mention(author, *match.span())


def _owners(authors: Sequence[Author]) -> Mapping[str, Author]:
    """Alias → the only author who is called so."""
    owners: dict[str, set[Author]] = {}
    for author in authors:
        for alias in _called(author):
            owners.setdefault(alias, set()).add(author)
    return {alias: next(iter(named)) for alias, named in owners.items() if len(named) == 1}


def _called(author: Author) -> set[str]:
    words = author.full_name.casefold().split()
    if len(words) < 2:
        return {f"@{words[0]}"}
    initials = [word[0] for word in words[:-1]]
    short = {f"{'. '.join(initials)}. {words[-1]}", f"{'.'.join(initials)}. {words[-1]}", f"{initials[0]} {words[-1]}"}
    handles = {f"@{joint.join(words)}" for joint in ("", "-", "_", ".")}
    return {word for word in (words[0], words[-1]) if len(word) > 1} | short | handles | {"-".join(words)}


def _is_name(question: str, start: int, end: int) -> bool:
    """Whether a single word is used as a name: capital letter, and no part of a longer name.

    A word at the start of a sentence has a capital letter anyway ("Will you …", "Mark the …"), so
    there it counts as a possessive only.
    """
    after = question[end:]
    if not any(letter.isupper() for letter in question):
        return bool(POSSESSIVE.match(after) or SAYING.match(after))
    if not question[start].isupper():
        return False
    if SENTENCE_START.search(question[:start]):
        return POSSESSIVE.match(after) is not None
    before = re.search(r"([A-Z][\w.-]*)\s+$", question[:start])
    inside = before is not None and not SENTENCE_START.search(question[: before.start()])
    return not inside and re.match(r"\s+[A-Z0-9]|-\w", after) is None


def _pattern(name: str, flags: int) -> re.Pattern[str]:
    words = unicodedata.normalize("NFKC", name).split()
    return re.compile(r"(?<![\w@-])" + r"\s+".join(map(re.escape, words)) + r"(?!\w)", flags)


def _folded(text: str) -> str:
    """Small letters without accents."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()
