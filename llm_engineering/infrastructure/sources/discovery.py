"""Feeds, sitemaps, index pages and the links to them, read from their text. No network."""

import html as html_entities
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree

from llm_engineering.application.ports import ListedPage
from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.html_tree import parsed
from llm_engineering.infrastructure.sources.page_metadata import parsed_date

MAX_ENTRIES = 50_000
FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"})
FULL_TEXT_WORDS = 80
"""A feed's entry with fewer words may be a summary; its page is read."""
CUT_OFF = re.compile(
    r"(?:\[?(?:…|\.\.\.)\]?"
    r"|(?:read|continue reading|keep reading|view|see) (?:more|on|the|this|in)\b[^.!?]{0,80}(?:»|→|…)?)\s*$",
    re.IGNORECASE,
)
"""How entries end that hold only the start of their text."""
CREDIT = re.compile(r"<p>\s*The post\b(?:(?!</p>).)*\bappeared first on\b(?:(?!</p>).)*</p>\s*\Z", re.DOTALL)
"""What WordPress adds to each entry of its feeds."""
GOES_ON = re.compile(
    r"(?:« |← ?|‹ )?(?:older(?: posts| entries| articles)?|next(?: page| posts)?)(?: »| ?→| ›)?", re.IGNORECASE
)
ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
DECLARED_ENCODING = re.compile(r"""^(\s*<\?xml[^>]*?)\s+encoding\s*=\s*["'][^"']*["']""")


@dataclass(frozen=True)
class SitemapContent:
    """The pages of a sitemap, and further sitemaps where it is an index."""

    pages: list[ListedPage] = field(default_factory=list)
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


def read_feed(text: str, url: str) -> list[ListedPage]:
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
        link = entry.get("feedburner_origlink") or entry.get("link")
        link = link or (entry.get("id") if str(entry.get("id", "")).startswith("http") else None)
        if not link:
            continue
        updated = dict(entry).get("updated")  # feedparser's own get() would take `published` in its place
        names = [person.get("name", "") for person in entry.get("authors", []) if person.get("name")]
        found.append(
            ListedPage(
                link=urljoin(url, link.strip()),
                title=_plain(entry.get("title", "")),
                author=", ".join(names) or entry.get("author") or None,
                published_at=parsed_date(entry.get("published") or updated),
                modified_at=parsed_date(updated),
                html=_full_text(entry),
            )
        )
    return found


def _full_text(entry: Any) -> str:
    """The HTML of an entry that holds its whole text, else nothing: a summary is no article.

    Whole is what stands in `content` (Atom) or `content:encoded` (RSS), is long, is longer than the
    entry's own summary, and does not end as teasers do.
    """
    for content in entry.get("content", []):
        html = CREDIT.sub("", str(content.get("value") or ""))
        if "html" not in str(content.get("type", "")) or not html:
            continue
        words = _plain(html).split()
        summary = _plain(entry.get("summary", "")).split()
        if len(words) < FULL_TEXT_WORDS or CUT_OFF.search(" ".join(words)) or len(words) < len(summary):
            continue
        return html
    return ""


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
            pages.append(ListedPage(link=urljoin(url, link), modified_at=parsed_date(_child(entry, "lastmod"))))
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


def page_links(html: str, url: str) -> list[str]:
    """The addresses that a page's body links to, absolute, each once, in order; other schemes left out."""
    tree = parsed(html)
    if tree is None:
        return []
    found = (_absolute(url, link.get("href") or "") for link in tree.iter("a"))
    return list(dict.fromkeys(link for link in found if link))


def next_page(html: str, url: str) -> str | None:
    """Where an index goes on: its rel="next", or the link that says so ("Older posts")."""
    tree = parsed(html)
    if tree is None:
        return None
    for link in [*tree.iter("link"), *tree.iter("a")]:
        if "next" in (link.get("rel") or "").lower().split() and link.get("href"):
            return _absolute(url, link.get("href"))
    for link in tree.iter("a"):
        if GOES_ON.fullmatch(" ".join(link.text_content().split())) and link.get("href"):
            return _absolute(url, link.get("href"))
    return None


def sitemaps_in_robots(text: str, url: str) -> list[str]:
    """The sitemaps that a robots.txt names (sitemaps.org: "Sitemap: ADDRESS")."""
    named = re.findall(r"^\s*sitemap:\s*(\S+)", text, re.IGNORECASE | re.MULTILINE)
    return [link for link in (_absolute(url, name) for name in named) if link]


def _absolute(base: str, link: str) -> str | None:
    try:
        joined = urljoin(base, link.strip())
        return joined.split("#")[0] if urlsplit(joined).scheme in ("http", "https") else None
    except ValueError:
        return None


def _plain(markup: str) -> str:
    return " ".join(html_entities.unescape(re.sub(r"<[^>]+>", " " if "</p" in markup else "", markup)).split())
