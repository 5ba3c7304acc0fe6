"""Where an author's words come from."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, Outcome

T = TypeVar("T")


@dataclass(frozen=True)
class Page:
    """A page as received; only ever one with status 200 or 304."""

    url: str
    """Where it finally came from, after redirects."""
    status: int
    html: str
    """Empty for a 304 (not modified)."""
    content_type: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""


class Fetcher(Protocol):
    """Gets pages politely and safely; the same rules hold for each redirect."""

    def fetch(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Page:
        """The page; with validators, maybe a 304.

        Raises CollectError with the reason: `PageGone` for 404 and 410, `FetchRefused` where a
        safety rule or robots.txt forbids it, `CollectError` for the rest (time out, 5xx, …).
        """
        ...

    def close(self) -> None:
        """Release connections."""
        ...


@dataclass(frozen=True)
class CollectedItem:
    """What a source found: text that may be the author's."""

    link: str
    """Canonical link or stable key."""
    category: Category
    platform: str
    title: str
    content: str
    """Markdown."""
    published_at: datetime | None = None
    language: str | None = None
    byline: str | None = None
    """The author as the page itself states, None when it does not."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    evidence: str = ""
    """The start of the page's visible text, for the quarantine."""
    suspicion: str = ""
    """Why the source itself takes this for something else than a text of the author."""
    origin: str = ""
    """Of the source that brought it; collecting sets it."""


@dataclass(frozen=True)
class RefusedItem:
    """What a source could not bring: GONE, FAILED, or UNCHANGED (not modified since it was stored)."""

    link: str
    outcome: Outcome
    reason: str = ""


BrowserUse: TypeAlias = Literal["auto", "always", "never"]
"""Whether pages are rendered in a browser: those that need it, all of them, or none."""


@dataclass(frozen=True)
class ListedPage:
    """A page that a source lists and a `PageReader` reads, with what the listing says of it."""

    link: str
    title: str = ""
    author: str | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None
    html: str = ""
    """The whole text, where the listing has it (a feed with full content)."""
    browser: BrowserUse | None = None
    """Whether to render this page, where its source says so."""
    origin: str = ""
    """Of the source that listed it; collecting sets it."""


class Coverage(StrEnum):
    """What it means when a stored document is no longer among a source's items."""

    PART = "part"
    """Nothing: a feed forgets its older entries."""
    LISTING = "listing"
    """It may be gone: ask for its page."""
    ALL = "all"
    """It is gone: a folder or an export holds all there is."""


class Source(Protocol):
    """Somewhere that an author's words are: a site, a feed, a folder, an export."""

    @property
    def origin(self) -> str:
        """A stable name of the place, unlike that of any other source."""
        ...

    @property
    def coverage(self) -> Coverage:
        """How much of the place the items are, once all have been listed."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What a reader should know beside the items so far, e.g. how many drafts were left out."""
        ...

    def items(self, author: Author) -> Iterator[CollectedItem | RefusedItem | ListedPage]:
        """Everything there, each item once, as it arrives. One bad item never stops the rest.

        Raises BadInput when the source as a whole cannot be used (no such folder, no feed), and
        CollectError when it breaks off.
        """
        ...


Validators: TypeAlias = Callable[[str], tuple[str | None, str | None] | None]
"""Canonical link → the (ETag, Last-Modified) of its stored version, or None when it is not stored."""


class PageReader(Protocol):
    """Reads listed pages, several at a time."""

    def read(
        self,
        arriving: Iterable[CollectedItem | RefusedItem | ListedPage],
        known: Validators,
        examine: Callable[[CollectedItem], T],
    ) -> Iterator[T | RefusedItem]:
        """Each page read, and every item as `examine` sees it, in an order that does not depend on time.

        `known` is asked for the validators of stored pages, so that an unchanged one is not sent
        again. `examine` may run in another process: a function of a module, or a partial of one.
        """
        ...
