"""Whether every page met the end that it was due, and every good one is stored once, with all its words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks.collect.prose import words_of
from benchmarks.collect.reading import read_text
from benchmarks.collect.server import Wanted
from llm_engineering.domain.documents import ItemReport, Outcome, RawDocument

ELSEWHERE = "reported under another address"
NOTHING = "not reported"
OPENING_WORDS = 12
"""So many first words tell whose text it is."""


@dataclass(frozen=True)
class Wrong:
    """A page, what was due and what was reported."""

    url: str
    kind: str
    expected: str
    got: str
    reason: str = ""


@dataclass
class Kept:
    """What of the good pages is in the warehouse."""

    stored: int = 0
    """Documents."""
    lost: list[str] = field(default_factory=list)
    """Links of good pages that are missing, or of whose words one is, each with the first that is."""
    doubled: list[str] = field(default_factory=list)
    """Links of documents that hold a text a second time."""


def wrong_outcomes(wanted: Sequence[Wanted], items: Iterable[ItemReport], *, again: bool = False) -> list[Wrong]:
    """The pages whose report differs from what was due, and the reported items that nobody asked for.

    `again`: in a run after the first one, where what is stored has to be unchanged.
    """
    left = {item.link: item for item in items}
    wrong = []
    for page in wanted:
        # A page that is not sent again (304) is reported by the address that was asked for.
        found = [item for link in dict.fromkeys((page.url, page.link)) if (item := _of(page, link, left))]
        expected = _expected(page, again)
        got = {item.outcome.value for item in found} or {NOTHING}
        if got not in expected:
            reasons = "; ".join(item.reason for item in found)
            wrong.append(Wrong(page.url, page.kind.value, _said(expected[0]), _said(got), reasons))
    due = {link for page in wanted for link in (page.url, page.link)}
    extra = [item for link, item in left.items() if link not in due]
    return wrong + [Wrong(item.link, "", NOTHING, item.outcome.value, item.reason) for item in extra]


def _of(page: Wanted, link: str, items: dict[str, ItemReport]) -> ItemReport | None:
    """The item of that link, unless it belongs to another address of the page."""
    return None if page.outcome is None and link == page.link else items.get(link)


def _expected(page: Wanted, again: bool) -> list[set[str]]:
    """What may be reported, the usual first."""
    if page.outcome is None:
        return [{NOTHING}, {Outcome.UNCHANGED.value}] if again else [{NOTHING}]
    return [{Outcome.UNCHANGED.value if again and page.outcome is Outcome.NEW else page.outcome.value}]


def _said(outcomes: set[str]) -> str:
    return " and ".join(sorted(outcomes))


def kept(wanted: Sequence[Wanted], documents: Iterable[RawDocument]) -> Kept:
    """What of the good pages the documents hold."""
    missing = {page.link: page.text.words for page in wanted if page.is_good}
    openings = {tuple(words[:OPENING_WORDS]): link for link, words in missing.items()}
    found = Kept()
    for document in documents:
        found.stored += 1
        words = words_of(read_text(document.content))
        due = missing.pop(document.link, None)
        if due is None:
            if original := _opened(words, openings):
                found.doubled.append(f"{document.link} holds {original}")
        elif lacking := first_missing(due, words):
            found.lost.append(f"{document.link} lacks {lacking}")
    found.lost += [f"{link} is missing" for link in missing]
    return found


def _opened(words: Sequence[str], openings: dict[tuple[str, ...], str]) -> str | None:
    """The good page with whose first words a text begins, after a line or two at most."""
    starts = (tuple(words[start : start + OPENING_WORDS]) for start in range(3 * OPENING_WORDS))
    return next((openings[start] for start in starts if start in openings), None)


def first_missing(due: Sequence[str], found: Sequence[str]) -> str | None:
    """The first word (with its place) that does not follow the ones before it; None when all are there in order."""
    place = 0
    for number, word in enumerate(due, start=1):
        try:
            place = found.index(word, place) + 1
        except ValueError:
            return f'"{word}" (word {number} of {len(due)})'
    return None
