"""Feeds, sitemaps and the links to them, read from their text. No network."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from lxml import etree

from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.html_tree import parsed
from llm_engineering.infrastructure.sources.page_metadata import parsed_date

MAX_ENTRIES = 10_000
FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"})
ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
DECLARED_ENCODING = re.compile(r"""^(\s*<\?xml[^>]*?)\s+encoding\s*=\s*["'][^"']*["']""")


@dataclass(frozen=True)
class FoundPage:
    """A page that a feed or a sitemap lists, with what it says of it."""

    link: str
    title: str = ""
    author: str | None = None
    published_at: datetime | None = None


@dataclass(frozen=True)
class SitemapContent:
    """The pages of a sitemap, and further sitemaps where it is an index."""

    pages: list[FoundPage] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)


def _xml_bytes(text: str) -> bytes:
    # A text is decoded already; what its declaration says of bytes no longer holds.
    return DECLARED_ENCODING.sub(r"\1", text.lstrip("\ufeff \t\r\n"), count=1).encode("utf-8", "replace")


def _without_entities(text: str, url: str) -> None:
    if ENTITY.search(text):
        raise CollectError(f"{url} declares XML entities, which are not read for safety.")


def is_feed(text: str) -> bool:
    """Whether the text starts as RSS, RDF or Atom does."""
    return bool(re.search(r"<(?:rss|feed|rdf:RDF)[\s>]", text[:2000]))


def is_sitemap(text: str) -> bool:
    """Whether the text starts as a sitemap or a sitemap index does."""
    return bool(re.search(r"<(?:\w+:)?(?:urlset|sitemapindex)[\s>]", text[:2000]))


def read_feed(text: str, url: str) -> list[FoundPage]:
    """The entries of an RSS or Atom feed, in its order.

    Raises CollectError when the text is no feed.
    """
    import feedparser

    if not is_feed(text):
        raise CollectError(f"{url} is no RSS or Atom feed.")
    _without_entities(text, url)
    # Bytes, never a string: feedparser would fetch a string that looks like an address.
    feed = feedparser.parse(
        _xml_bytes(text),
        response_headers={"content-type": "application/xml; charset=utf-8", "content-location": url},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    found = []
    for entry in feed.entries[:MAX_ENTRIES]:
        link = entry.get("link") or (entry.get("id") if str(entry.get("id", "")).startswith("http") else None)
        if not link:
            continue
        names = [person.get("name", "") for person in entry.get("authors", []) if person.get("name")]
        found.append(
            FoundPage(
                link=urljoin(url, link.strip()),
                title=_plain(entry.get("title", "")),
                author=", ".join(names) or entry.get("author") or None,
                published_at=parsed_date(entry.get("published") or entry.get("updated")),
            )
        )
    return found


def read_sitemap(text: str, url: str) -> SitemapContent:
    """The links of a sitemap or sitemap index (sitemaps.org 0.9).

    Raises CollectError when the text is no sitemap. Entities are not resolved, nothing is loaded.
    """
    if not is_sitemap(text):
        raise CollectError(f"{url} is no sitemap.")
    _without_entities(text, url)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False, recover=True)
    try:
        root = etree.fromstring(_xml_bytes(text), parser=parser)
    except etree.XMLSyntaxError as error:
        raise CollectError(f"{url} is a damaged sitemap ({error.msg}).") from error
    if root is None:
        raise CollectError(f"{url} is a damaged sitemap.")
    pages, sitemaps = [], []
    for entry in list(root)[:MAX_ENTRIES]:
        if not isinstance(entry.tag, str):
            continue
        kind = etree.QName(entry).localname
        link = _child(entry, "loc")
        if link and kind == "url":
            pages.append(FoundPage(link=urljoin(url, link)))
        elif link and kind == "sitemap":
            sitemaps.append(urljoin(url, link))
    return SitemapContent(pages, sitemaps)


def _child(entry: etree._Element, name: str) -> str:
    for child in entry:
        if isinstance(child.tag, str) and etree.QName(child).localname == name:
            return (child.text or "").strip()
    return ""


def feed_links(html: str, url: str) -> list[str]:
    """The feeds that a page names by <link rel=alternate>, those of comments left out."""
    tree = parsed(html)
    if tree is None:
        return []
    found = []
    for link in tree.iter("link"):
        kinds = (link.get("rel") or "").lower().split()
        named = (link.get("type") or "").split(";")[0].strip().lower()
        target = (link.get("href") or "").strip()
        about = f"{link.get('title') or ''} {urlsplit(target).path}".lower()
        if "alternate" in kinds and named in FEED_TYPES and target and "comment" not in about:
            found.append(urljoin(url, target))
    return list(dict.fromkeys(found))


def _plain(title: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", title).split())
