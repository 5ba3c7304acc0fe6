"""What the loopback web holds: which page is good, which one is trouble, and what must become of each."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import count

from benchmarks.collect.prose import Block, Text, text_numbered
from llm_engineering.domain.documents import Outcome

TROUBLE_SHARE = 0.3
TWIN_WORDS = 500
"""Originals of reprints are so long that a line more leaves them near-duplicates."""
NAMES = (
    "kettle,ladder,harbour,pencil,lantern,orchard,thimble,paddle,cellar,meadow,anchor,button,candle,drawer,engine,"
    "feather,gravel,hammer,inkwell,jigsaw"
).split(",")


class Kind(StrEnum):
    """How a page behaves."""

    ARTICLE = "article"

    UTF8_CALLED_LATIN1 = "latin-1 declared, utf-8 sent"
    WINDOWS_CALLED_UTF8 = "utf-8 declared, windows-1252 sent"
    HTML_CALLED_PLAIN = "HTML declared as text/plain"
    BUSY_ONCE = "503 with Retry-After, then the page"
    LIMITED_ONCE = "429, then the page"
    MOVED = "a chain of redirects that ends well"
    SAME_PAGE = "another address of a page, by rel=canonical"
    REPRINT = "near-duplicate of a page on another host"

    NOT_FOUND = "404"
    REMOVED = "410"
    MOVED_AWAY = "a redirect to a 404"
    BROKEN = "500"
    HANGING = "never answers"
    DRIPPING = "a byte every fifth of a second"
    RESET_EARLY = "reset before the headers"
    RESET_LATE = "reset in the middle of the body"
    CUT_CHUNKS = "chunked body that breaks off"
    REFUSED = "connection refused"
    CIRCLE = "redirects in a circle"
    INWARDS = "a redirect to a private address"
    PICTURE = "PNG declared as such"
    HIDDEN_PICTURE = "PNG declared as HTML"
    PDF = "PDF"
    HUGE = "a body without an end"
    GZIP_BOMB = "gzip bomb"
    BROTLI_BOMB = "brotli bomb"
    ZSTD_BOMB = "zstd bomb"
    ENDLESS_HEADER = "a header without an end"
    DISALLOWED = "disallowed by robots.txt"
    CAPTCHA = "captcha with status 200"
    SOFT_NOT_FOUND = "soft 404 with status 200"
    PAYWALL = "start of a text and a paywall"
    EMPTY = "empty body"


STORED = frozenset(
    {
        Kind.ARTICLE,
        Kind.UTF8_CALLED_LATIN1,
        Kind.WINDOWS_CALLED_UTF8,
        Kind.HTML_CALLED_PLAIN,
        Kind.BUSY_ONCE,
        Kind.LIMITED_ONCE,
        Kind.MOVED,
    }
)
QUARANTINED = frozenset({Kind.REPRINT, Kind.CAPTCHA, Kind.SOFT_NOT_FOUND, Kind.PAYWALL, Kind.EMPTY})
GONE = frozenset({Kind.NOT_FOUND, Kind.REMOVED, Kind.MOVED_AWAY})
TROUBLE = tuple(kind for kind in Kind if kind is not Kind.ARTICLE)
WAITING = frozenset({Kind.HANGING, Kind.DRIPPING})
"""Held until the reader's time is over, in every attempt."""


def expected(kind: Kind) -> Outcome | None:
    """What the first collection must report; None where another address of the page is reported."""
    if kind in STORED:
        return Outcome.NEW
    if kind in QUARANTINED:
        return Outcome.QUARANTINED
    if kind in GONE:
        return Outcome.GONE
    return None if kind is Kind.SAME_PAGE else Outcome.FAILED


@dataclass(frozen=True)
class Page:
    """One address of the loopback web."""

    host: str
    path: str
    kind: Kind
    text: Text
    """The article; of trouble, what a careless reader might store."""
    number: int
    canonical: str
    """Path of the page's one true address, on the same host."""

    @property
    def host_number(self) -> int:
        """Chooses what all pages of a host share, such as the layout."""
        return NAMES.index(self.host.split(".")[0].rstrip("0123456789"))


def planned(seed: int, pages: int, hosts: int, *, trouble: bool = True) -> list[Page]:
    """So many pages on so many hosts, in the order in which they are asked for; the same for the same seed.

    With trouble, 30 % of the pages are some, of every kind in turn. Pages that keep a reader waiting are spread
    over the hosts first. Reprints come after what they reprint.
    """
    chance = random.Random(seed)
    names = [f"{NAMES[number % len(NAMES)]}{number // len(NAMES) or ''}.example" for number in range(hosts)]
    bad = round(pages * TROUBLE_SHARE) if trouble else 0
    articles = [_article(number, names[number % hosts], seed) for number in range(pages - bad)]
    chance.shuffle(articles)
    found = [*articles, *_trouble(bad, articles, names, seed)]
    chance.shuffle(found)
    return sorted(found, key=lambda page: page.kind is Kind.REPRINT)


def robots_of(host: str) -> str | None:
    """The robots.txt of a host; every other one has none."""
    return "User-agent: *\nDisallow: /drafts/\n" if _has_robots(host) else None


def _has_robots(host: str) -> bool:
    return len(host) % 2 == 0


def _article(number: int, host: str, seed: int) -> Page:
    path = f"/{2015 + number % 10}/essay-{number}"
    return Page(host, path, Kind.ARTICLE, text_numbered(number, seed), number, path)


def _trouble(wanted: int, articles: list[Page], names: list[str], seed: int) -> Iterator[Page]:
    first = len(articles)
    places, waiting_places = count(), count()
    originals = iter(articles)
    for number in range(first, first + wanted):
        kind = TROUBLE[(number - first) % len(TROUBLE)]
        place = next(waiting_places if kind in WAITING else places)
        host = names[place % len(names)]
        path = f"/{kind.name.lower().replace('_', '-')}/{number}"
        match kind:
            case Kind.SAME_PAGE:
                original = next(originals)
                yield Page(original.host, f"/print{original.path}", kind, original.text, number, original.path)
            case Kind.REPRINT:
                original = next(page for page in originals if len(page.text.words) >= TWIN_WORDS)
                other = names[(names.index(original.host) + 1) % len(names)]
                yield Page(other, path, kind, _reprinted(original), number, path)
            case Kind.DISALLOWED:
                host = next(name for name in names[place % len(names) :] + names if _has_robots(name))
                yield Page(host, f"/drafts{path}", kind, text_numbered(number, seed), number, f"/drafts{path}")
            case Kind.MOVED:
                yield Page(host, path, kind, text_numbered(number, seed), number, f"{path}/here")
            case _:
                yield Page(host, path, kind, text_numbered(number, seed), number, path)


def _reprinted(original: Page) -> Text:
    note = Block("p", f"This piece first came out on {original.host} some time ago.")
    return Text(original.text.title, (note, *original.text.blocks))
