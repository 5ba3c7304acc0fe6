"""Web pages as sources: explicit links, feeds, sitemaps, and whole sites by both."""

import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urljoin, urlsplit

from llm_engineering.application.ports import CollectedItem, Fetcher, Page, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, Outcome
from llm_engineering.domain.errors import BadInput, CollectError, PageGone
from llm_engineering.domain.identity import canonical_link
from llm_engineering.domain.names import someone_else
from llm_engineering.infrastructure.sources.discovery import (
    FoundPage,
    feed_links,
    is_feed,
    read_feed,
    read_sitemap,
)
from llm_engineering.infrastructure.sources.extraction import ExtractedPage, extract

Validators = Callable[[str], tuple[str | None, str | None] | None]
"""Canonical link → the (ETag, Last-Modified) of its stored version, or None when it is not stored."""

MAX_SITEMAPS = 50
MIN_CHILDREN = 5
TEASER_WORDS = 60
LINK_TARGET = re.compile(r"\]\(([^()\s]+)\)")
INDEX_PATH = re.compile(
    r"/(?:tags?|tagged|category|categories|topics?|labels?|authors?|writers?|page)/[^/]+/?$"
    r"|/(?:tags?|tagged|categories|topics|labels|authors|archives?|search)/?$",
    re.IGNORECASE,
)
HOME_PATH = re.compile(r"^/?(?:index\.\w+|default\.\w+)?$", re.IGNORECASE)
NOT_A_PAGE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|ico|pdf|zip|gz|mp[34]|css|js|json|xml|woff2?)$", re.IGNORECASE)


def nothing_known(link: str) -> None:
    """Validators for a first run: no page is stored yet."""
    return None


def host_of(url: str) -> str:
    """The host, lower-cased, without "www."."""
    return (urlsplit(url).hostname or "").lower().removeprefix("www.")


class PageReader:
    """Turns one link into an item: fetch, extract, name, date."""

    def __init__(self, fetcher: Fetcher, validators: Validators) -> None:
        self._fetcher = fetcher
        self._validators = validators

    def read(self, found: FoundPage) -> CollectedItem | RefusedItem:
        """The article behind the link, or why there is none."""
        link = canonical_link(found.link)
        etag, last_modified = self._validators(link) or (None, None)
        try:
            page = self._fetcher.fetch(found.link, etag=etag, last_modified=last_modified)
        except PageGone as error:
            return RefusedItem(link, Outcome.GONE, str(error))
        except CollectError as error:
            return RefusedItem(link, Outcome.FAILED, str(error))
        if page.status == 304:
            return RefusedItem(link, Outcome.UNCHANGED, "not modified (304)")
        article = extract(page.html, page.url)
        if reason := _index_reason(found.link, page, article):
            return RefusedItem(link, Outcome.QUARANTINED, reason, article.text_start)
        return _item(found, link, page, article)


def _item(found: FoundPage, link: str, page: Page, article: ExtractedPage) -> CollectedItem:
    final = _own_link(page.url, article.canonical)
    extra = {
        "subtitle": article.description,
        "etag": page.headers.get("etag"),
        "last_modified": page.headers.get("last-modified"),
        "requested": link if link != final else None,
        "paywalled": article.is_paywalled or None,
    }
    return CollectedItem(
        link=final,
        category=Category.ARTICLES,
        platform=host_of(final),
        title=article.title or found.title,
        content=article.markdown,
        published_at=article.published_at or found.published_at,
        language=article.language,
        byline=article.byline or found.author,
        extra={name: value for name, value in extra.items() if value},
        evidence=article.text_start,
    )


def _own_link(url: str, canonical: str | None) -> str:
    """The canonical link, where the page names one on its own site that is not just the home page."""
    own = canonical_link(url)
    if not canonical or host_of(canonical) != host_of(url) or urlsplit(canonical).port != urlsplit(url).port:
        return own
    names_home = HOME_PATH.match(urlsplit(canonical).path) and not urlsplit(canonical).query
    if names_home and (urlsplit(url).query or not HOME_PATH.match(urlsplit(url).path)):
        return own
    return canonical_link(canonical)


def _index_reason(asked: str, page: Page, article: ExtractedPage) -> str | None:
    if article.is_article:
        return None
    path = urlsplit(page.url).path
    if HOME_PATH.match(path):
        if not HOME_PATH.match(urlsplit(asked).path):
            return "not found: the site answers with its home page"
        return None if urlsplit(page.url).query else "index page: the home page of a site lists links, it is no article"
    if INDEX_PATH.search(path):
        return "index page: its address is one of a list of links"
    if article.is_index:
        return "index page: it says itself that it is a list of links"
    return "index page: a list of links to the pages below it" if _lists_its_children(page.url, article) else None


def _lists_its_children(url: str, article: ExtractedPage) -> bool:
    """Whether a text is made of links to pages below its own address, with at most a teaser for each."""
    parts = urlsplit(url)
    below = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/"
    children = {link for link in LINK_TARGET.findall(article.markdown) if link.startswith(below) and link != below}
    return len(children) >= MIN_CHILDREN and len(article.markdown.split()) < TEASER_WORDS * len(children)


class _Pages:
    """What the web sources share: each page once, notes beside them."""

    def __init__(self, fetcher: Fetcher, validators: Validators = nothing_known) -> None:
        self._fetcher = fetcher
        self._reader = PageReader(fetcher, validators)
        self.notes: list[str] = []

    def _read_each(self, pages: Iterable[FoundPage]) -> Iterator[CollectedItem | RefusedItem]:
        seen: set[str] = set()
        for page in pages:
            link = canonical_link(page.link)
            if link not in seen:
                seen.add(link)
                yield self._reader.read(page)

    def _of_author(self, pages: Iterable[FoundPage], author: Author, where: str) -> list[FoundPage]:
        kept, others = [], 0
        for page in pages:
            if someone_else(page.author, author.full_name):
                others += 1
            else:
                kept.append(page)
        if others:
            self.notes.append(f"{where} names {others} entries of other authors; they were left out.")
        return kept

    def _sitemap_pages(self, url: str, prefix: str) -> list[FoundPage]:
        """All pages of a sitemap and of those it lists, under the path prefix."""
        waiting, seen, pages = [url], {url}, []
        while waiting:
            place = waiting.pop(0)
            content = read_sitemap(self._fetcher.fetch(place).html, place)
            pages.extend(content.pages)
            new = [link for link in content.sitemaps if link not in seen and host_of(link) == host_of(url)]
            if len(seen) + len(new) > MAX_SITEMAPS:
                self.notes.append(f"{url} lists more than {MAX_SITEMAPS} sitemaps; the rest was left out.")
                new = new[: max(0, MAX_SITEMAPS - len(seen))]
            seen.update(new)
            waiting.extend(new)
        return [
            page
            for page in pages
            if urlsplit(page.link).path.startswith(prefix) and not NOT_A_PAGE.search(urlsplit(page.link).path)
        ]


class WebPages(_Pages):
    """Explicit links to articles."""

    def __init__(self, links: Iterable[str], fetcher: Fetcher, validators: Validators = nothing_known) -> None:
        super().__init__(fetcher, validators)
        self._links = list(links)

    def items(self, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """One item a link."""
        yield from self._read_each(FoundPage(link) for link in self._links)


class Feed(_Pages):
    """The entries of an RSS or Atom feed; those whose stated author is someone else are left out."""

    def __init__(self, url: str, fetcher: Fetcher, validators: Validators = nothing_known) -> None:
        super().__init__(fetcher, validators)
        self._url = url

    def items(self, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """One item an entry. Raises BadInput when there is a page at the address that is no feed."""
        try:
            text = self._fetcher.fetch(self._url).html
        except CollectError as error:
            yield RefusedItem(self._url, Outcome.FAILED, f"The feed cannot be read: {error}")
            return
        if not is_feed(text):
            raise BadInput(f"{self._url} is no RSS or Atom feed; use kind: site to look for one, or kind: page.")
        entries = read_feed(text, self._url)
        yield from self._read_each(self._of_author(entries, author, "The feed"))


class Sitemap(_Pages):
    """The pages of a sitemap or sitemap index whose path starts with `prefix`."""

    def __init__(
        self, url: str, fetcher: Fetcher, validators: Validators = nothing_known, *, prefix: str = "/"
    ) -> None:
        super().__init__(fetcher, validators)
        self._url = url
        self._prefix = urlsplit(prefix).path or "/"

    def items(self, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """One item a page. Raises BadInput when the sitemap lists nothing under the prefix."""
        try:
            pages = self._sitemap_pages(self._url, self._prefix)
        except CollectError as error:
            yield RefusedItem(self._url, Outcome.FAILED, f"The sitemap cannot be read: {error}")
            return
        if not pages:
            raise BadInput(f"The sitemap {self._url} lists no page under {self._prefix}; check the prefix.")
        yield from self._read_each(pages)


class Site(_Pages):
    """A site or a section of it: the feed that its home page names, and its sitemap."""

    def __init__(self, url: str, fetcher: Fetcher, validators: Validators = nothing_known) -> None:
        super().__init__(fetcher, validators)
        self._url = url

    def items(self, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """One item a page. Raises BadInput when the site has neither a feed nor a sitemap."""
        try:
            home = self._fetcher.fetch(self._url)
        except CollectError as error:
            yield RefusedItem(self._url, Outcome.FAILED, f"The site cannot be read: {error}")
            return
        entries = self._feed_entries(home, author)
        listed = self._listed(home)
        if entries is None and listed is None:
            raise BadInput(f"{self._url} names no feed and has no sitemap.xml; list its articles as links.")
        own = canonical_link(home.url)
        pages = [page for page in [*(entries or []), *(listed or [])] if canonical_link(page.link) != own]
        yield from self._read_each(pages)

    def _feed_entries(self, home: Page, author: Author) -> list[FoundPage] | None:
        for link in feed_links(home.html, home.url):
            try:
                entries = read_feed(self._fetcher.fetch(link).html, link)
            except CollectError as error:
                self.notes.append(f"The feed {link} cannot be read: {error}")
                continue
            return self._of_author(entries, author, "The feed")
        return None

    def _listed(self, home: Page) -> list[FoundPage] | None:
        directory = urlsplit(urljoin(home.url, ".")).path
        try:
            return self._sitemap_pages(urljoin(home.url, "/sitemap.xml"), directory)
        except CollectError:
            return None
