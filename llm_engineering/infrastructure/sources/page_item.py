"""From a page as received to an item: what it says, where it belongs, and whether it is a list of links.

Pure and picklable: it runs in another process (see `processes.py`).
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from llm_engineering.application.ports import CollectedItem, ListedPage, Page
from llm_engineering.domain.documents import Category
from llm_engineering.domain.identity import canonical_link
from llm_engineering.infrastructure.sources.extraction import ExtractedPage, extract, fragment_markdown

MIN_CHILDREN = 5
TEASER_WORDS = 60
SHORT_WORDS = 80
"""With fewer words, a page with scripts may have more to show in a browser."""
EMPTY_WORDS = 15
LINK_TARGET = re.compile(r"\]\(([^()\s]+)\)")
INDEX_PATH = re.compile(
    r"/(?:tags?|tagged|category|categories|topics?|labels?|authors?|writers?|page)/[^/]+/?$"
    r"|/(?:tags?|tagged|categories|topics|labels|authors|archives?|search)/?$",
    re.IGNORECASE,
)
HOME_PATH = re.compile(r"^/?(?:index\.\w+|default\.\w+)?$", re.IGNORECASE)
SCRIPTS = re.compile(r"<script[\s>]|<noscript[\s>]", re.IGNORECASE)


@dataclass(frozen=True)
class ReadPage:
    """An item, and whether a browser might show more of its page."""

    item: Any
    """A CollectedItem, or what was made of it."""
    is_short: bool
    """Little text, scripts that may bring more, and no other reason for it."""
    is_empty: bool
    """Next to no text, and scripts: only a browser shows the page."""


def host_of(url: str) -> str:
    """The host, lower-cased, without "www." and the dot that a full name may end with."""
    return (urlsplit(url).hostname or "").lower().rstrip(".").removeprefix("www.")


def read_page(listed: ListedPage, page: Page) -> ReadPage:
    """The item of a fetched page."""
    article = extract(page.html, page.url)
    item = _item(listed, page, article)
    words = len(article.markdown.split())
    scripted = words < SHORT_WORDS and not item.suspicion and bool(SCRIPTS.search(page.html))
    return ReadPage(
        item, is_short=scripted, is_empty=scripted and words < EMPTY_WORDS and len(article.text_start.split()) < 60
    )


def read_entry(listed: ListedPage) -> CollectedItem:
    """The item of a feed's entry that holds its whole text."""
    link = canonical_link(listed.link)
    content = fragment_markdown(listed.html, listed.title)
    return CollectedItem(
        link=link,
        category=Category.ARTICLES,
        platform=host_of(link),
        title=listed.title,
        content=content,
        published_at=listed.published_at,
        byline=listed.author,
        extra={"read_from": "feed"},
        evidence=content[:6000],
        origin=listed.origin,
    )


def _item(listed: ListedPage, page: Page, article: ExtractedPage) -> CollectedItem:
    asked = canonical_link(listed.link)
    final = own_link(page.url, article.canonical)
    extra = {
        "subtitle": article.description,
        "etag": page.headers.get("etag"),
        "last_modified": page.headers.get("last-modified"),
        "requested": asked if asked != final else None,
        "paywalled": article.is_paywalled or None,
    }
    return CollectedItem(
        link=final,
        category=Category.ARTICLES,
        platform=host_of(final),
        title=article.title or listed.title,
        content=article.markdown,
        published_at=article.published_at or listed.published_at,
        language=article.language,
        byline=article.byline or listed.author,
        extra={name: value for name, value in extra.items() if value},
        evidence=article.text_start,
        suspicion=_index_reason(listed.link, page, article),
        origin=listed.origin,
    )


def own_link(url: str, canonical: str | None) -> str:
    """The canonical link, where the page names one on its own site that is not just the home page."""
    own = canonical_link(url)
    if not canonical or host_of(canonical) != host_of(url) or urlsplit(canonical).port != urlsplit(url).port:
        return own
    names_home = HOME_PATH.match(urlsplit(canonical).path) and not urlsplit(canonical).query
    if names_home and (urlsplit(url).query or not HOME_PATH.match(urlsplit(url).path)):
        return own
    return canonical_link(canonical)


def _index_reason(asked: str, page: Page, article: ExtractedPage) -> str:
    """Why the page is no article but a list of links; empty when it is none."""
    if article.is_article:
        return ""
    path = urlsplit(page.url).path
    if HOME_PATH.match(path):
        if not HOME_PATH.match(urlsplit(asked).path):
            return "not found: the site answers with its home page"
        return "" if urlsplit(page.url).query else "index page: the home page of a site lists links, it is no article"
    if INDEX_PATH.search(path):
        return "index page: its address is one of a list of links"
    if article.is_index:
        return "index page: it says itself that it is a list of links"
    return "index page: a list of links to the pages below it" if _lists_its_children(page.url, article) else ""


def _lists_its_children(url: str, article: ExtractedPage) -> bool:
    """Whether a text is made of links to pages below its own address, with at most a teaser for each."""
    parts = urlsplit(url)
    below = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/"
    children = {link for link in LINK_TARGET.findall(article.markdown) if link.startswith(below) and link != below}
    return len(children) >= MIN_CHILDREN and len(article.markdown.split()) < TEASER_WORDS * len(children)
