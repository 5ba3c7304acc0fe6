"""Where pages are listed: links, feeds, sitemaps, index pages, and whole sites by all of these."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from llm_engineering.application.ports import BrowserUse, Coverage, Fetcher, ListedPage, Page
from llm_engineering.domain.authors import Author
from llm_engineering.domain.errors import BadInput, CollectError
from llm_engineering.domain.identity import canonical_link
from llm_engineering.domain.names import someone_else
from llm_engineering.infrastructure.sources.discovery import (
    feed_links,
    is_feed,
    next_page,
    page_links,
    read_feed,
    read_sitemap,
    sitemaps_in_robots,
)
from llm_engineering.infrastructure.sources.page_item import HOME_PATH, INDEX_PATH, host_of

MAX_SITEMAPS = 50
MAX_INDEX_PAGES = 50
NOT_A_PAGE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|ico|pdf|zip|gz|tgz|mp[34]|webm|css|m?js|json|xml|rss|atom|woff2?)$",
    re.IGNORECASE,
)


class _Listing(ABC):
    """What the web sources share."""

    coverage = Coverage.PART
    noun: str
    """What a reader calls it: "The feed cannot be read"."""

    def __init__(self, url: str, fetcher: Fetcher, *, browser: BrowserUse | None = None) -> None:
        self._url = url
        self._fetcher = fetcher
        self._browser = browser
        self.notes: list[str] = []

    @property
    def origin(self) -> str:
        """The kind and the address."""
        return f"{type(self).__name__.lower()}:{canonical_link(self._url)}"

    def items(self, author: Author) -> Iterator[ListedPage]:
        """One page each. Raises BadInput when there is no such listing, CollectError when it cannot be read."""
        try:
            pages = self._pages(author)
        except CollectError as error:
            raise CollectError(f"The {self.noun} cannot be read: {error}") from error
        yield from (replace(page, browser=self._browser) for page in pages)

    @abstractmethod
    def _pages(self, author: Author) -> list[ListedPage]:
        """The pages, each once. Raises BadInput when there is no such listing, and what fetching raises."""

    def _of_author(self, pages: Iterable[ListedPage], author: Author) -> list[ListedPage]:
        kept, others = [], 0
        for page in pages:
            if someone_else(page.author, author.full_name):
                others += 1
            else:
                kept.append(page)
        if others:
            self.notes.append(f"The feed names {others} entries of other authors; they were left out.")
        return kept

    def _sitemap_pages(self, url: str, prefix: str) -> list[ListedPage]:
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
        return [page for page in pages if _is_page(page.link, prefix)]

    def _index_pages(self, first: Page, prefix: str) -> list[ListedPage]:
        """The pages that an index links to under the path prefix, its further pages ("older posts") followed."""
        page, seen = first, {canonical_link(first.url)}
        found: dict[str, ListedPage] = {}
        while True:
            for link in page_links(page.html, page.url):
                if host_of(link) == host_of(first.url) and _is_page(link, prefix) and not _is_list(link):
                    found.setdefault(canonical_link(link), ListedPage(link))
            following = next_page(page.html, page.url)
            if not following or canonical_link(following) in seen or host_of(following) != host_of(first.url):
                break
            if len(seen) >= MAX_INDEX_PAGES:
                self.notes.append(f"{first.url} goes on after {MAX_INDEX_PAGES} pages; the rest was left out.")
                break
            seen.add(canonical_link(following))
            page = self._fetcher.fetch(following)
        return [listed for link, listed in found.items() if link not in seen]


class WebPages(_Listing):
    """Explicit links to articles."""

    noun = "list of links"

    def __init__(self, links: Iterable[str], *, browser: BrowserUse | None = None) -> None:
        self._links = list(links)
        self._browser = browser
        self.notes: list[str] = []

    @property
    def origin(self) -> str:
        """One for all single links: where each comes from is its own address."""
        return "links"

    def _pages(self, author: Author) -> list[ListedPage]:
        return [ListedPage(link) for link in self._links]


class Feed(_Listing):
    """The entries of an RSS or Atom feed; those whose stated author is someone else are left out."""

    noun = "feed"

    def _pages(self, author: Author) -> list[ListedPage]:
        text = self._fetcher.fetch(self._url).html
        if not is_feed(text):
            raise BadInput(f"{self._url} is no RSS or Atom feed; use kind: site to look for one, or kind: page.")
        return self._of_author(read_feed(text, self._url), author)


class Sitemap(_Listing):
    """The pages of a sitemap or sitemap index whose path starts with `prefix`."""

    coverage = Coverage.LISTING
    noun = "sitemap"

    def __init__(self, url: str, fetcher: Fetcher, *, prefix: str = "/", browser: BrowserUse | None = None) -> None:
        super().__init__(url, fetcher, browser=browser)
        self._prefix = urlsplit(prefix).path or "/"

    def _pages(self, author: Author) -> list[ListedPage]:
        pages = self._sitemap_pages(self._url, self._prefix)
        if not pages:
            raise BadInput(f"The sitemap {self._url} lists no page under {self._prefix}; check the prefix.")
        return pages


class Index(_Listing):
    """The pages of the same site that an index or archive page links to, below `prefix` or the page itself."""

    coverage = Coverage.LISTING
    noun = "index page"

    def __init__(self, url: str, fetcher: Fetcher, *, prefix: str = "", browser: BrowserUse | None = None) -> None:
        super().__init__(url, fetcher, browser=browser)
        self._prefix = urlsplit(prefix).path

    def _pages(self, author: Author) -> list[ListedPage]:
        first = self._fetcher.fetch(self._url)
        prefix = self._prefix or _directory(first.url)
        pages = self._index_pages(first, prefix)
        if not pages:
            raise BadInput(f"{self._url} links to no page of its site under {prefix}; give another prefix.")
        return pages


class Site(_Listing):
    """A site or a section of it: its feed and its sitemap, or else what its home page links to."""

    coverage = Coverage.LISTING
    noun = "site"

    def _pages(self, author: Author) -> list[ListedPage]:
        home = self._fetcher.fetch(self._url)
        pages = [*self._feed_entries(home, author), *self._listed(home)]
        if not pages:
            pages = self._index_pages(home, _directory(home.url))
            self.notes.append(f"{self._url} has no feed and no sitemap; its own links were followed.")
        each = {canonical_link(page.link): page for page in reversed(pages)}  # what the feed says of a page counts
        each.pop(canonical_link(home.url), None)
        pages = list(reversed(each.values()))
        if not pages:
            raise BadInput(
                f"{self._url} names no feed, has no sitemap and links to no page; list its articles as links."
            )
        return pages

    def _feed_entries(self, home: Page, author: Author) -> list[ListedPage]:
        for link in feed_links(home.html, home.url):
            try:
                entries = read_feed(self._fetcher.fetch(link).html, link)
            except CollectError as error:
                self.notes.append(f"The feed {link} cannot be read: {error}")
                continue
            return self._of_author(entries, author)
        return []

    def _listed(self, home: Page) -> list[ListedPage]:
        """What the first readable sitemap lists below the home page: the one robots.txt names, or the usual ones."""
        for place in [*self._named_in_robots(home), urljoin(home.url, "/sitemap.xml")]:
            if host_of(place) != host_of(home.url):
                continue
            try:
                return self._sitemap_pages(place, _directory(home.url))
            except CollectError:  # a site without a sitemap is no failure
                continue
        return []

    def _named_in_robots(self, home: Page) -> list[str]:
        try:
            return sitemaps_in_robots(self._fetcher.fetch(urljoin(home.url, "/robots.txt")).html, home.url)
        except CollectError:
            return []


def _directory(url: str) -> str:
    return urlsplit(urljoin(url, ".")).path


def _is_page(link: str, prefix: str) -> bool:
    path = urlsplit(link).path
    return path.startswith(prefix) and not NOT_A_PAGE.search(path)


def _is_list(link: str) -> bool:
    path = urlsplit(link).path
    return bool(INDEX_PATH.search(path) or (HOME_PATH.match(path) and not urlsplit(link).query))
