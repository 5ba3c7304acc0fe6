"""What a page says about itself: JSON-LD, OpenGraph, microdata and h-entry, meta, <time>, headings."""

import html
import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Any

from lxml.html import HtmlElement

from llm_engineering.infrastructure.sources.date_words import parsed_date
from llm_engineering.infrastructure.sources.html_tree import absolute, address
from llm_engineering.infrastructure.sources.page_bylines import named_authors, naming_elements, visible_byline
from llm_engineering.infrastructure.sources.page_dates import META_NAMES, published
from llm_engineering.infrastructure.sources.page_titles import Titles, heading_text
from llm_engineering.infrastructure.sources.text_lines import squeezed

__all__ = ["PageMetadata", "parsed_date"]

ARTICLE_TYPES = frozenset(
    "Article BlogPosting NewsArticle TechArticle ScholarlyArticle Report SocialMediaPosting LiveBlogPosting "
    "OpinionNewsArticle AnalysisNewsArticle BackgroundNewsArticle ReviewNewsArticle Review HowTo".split()
)
INDEX_TYPES = frozenset({"CollectionPage", "Blog", "ProfilePage", "SearchResultsPage", "ItemList"})
SITE_TYPES = frozenset({"WebSite", "Organization", "Blog"})
NOT_THE_PAGE = frozenset({"Comment", "WebSite", "Organization", "Person", "ImageObject", "VideoObject", "Event"})


class PageMetadata:
    """Reads the structured data of one parsed page; nothing is changed in the tree."""

    def __init__(self, tree: HtmlElement, url: str) -> None:
        self._tree = tree
        self._url = url

    @cached_property
    def _linked(self) -> list[dict[str, Any]]:
        """All JSON-LD objects, flattened, broken ones left out."""
        found: list[dict[str, Any]] = []
        for script in self._tree.iter("script"):
            if (script.get("type") or "").split(";")[0].strip().lower() != "application/ld+json":
                continue
            try:
                found.extend(_objects(json.loads(script.text_content(), strict=False)))
            except (ValueError, RecursionError):
                continue
        return found

    @cached_property
    def _article(self) -> dict[str, Any]:
        return next((entry for entry in self._linked if _types(entry) & ARTICLE_TYPES), {})

    @cached_property
    def _meta(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for element in self._tree.iter("meta"):
            name = (element.get("property") or element.get("name") or element.get("itemprop") or "").strip().lower()
            content = squeezed(element.get("content"))
            if name and content:
                found.setdefault(name, []).append(content)
        return found

    def _first_meta(self, *names: str) -> str | None:
        return next((self._meta[name][0] for name in names if name in self._meta), None)

    # ------------------------------------------------------------ title and date

    @cached_property
    def title(self) -> str:
        """The title as a reader sees it, without the site's name."""
        return Titles(self._tree, self._url, self._stated_titles, self.site_names).best

    def _stated_titles(self) -> Iterator[str]:
        yield _text(self._article.get("headline")) or _text(self._article.get("name")) or ""
        yield self._first_meta("og:title", "citation_title", "dc.title") or ""
        yield self._h_entry("p-name") or ""
        yield self._microdata("headline") or ""
        yield self._first_meta("twitter:title") or ""

    @cached_property
    def site_names(self) -> list[str]:
        """What the page calls its site."""
        names = [
            self._first_meta("og:site_name", "application-name", "apple-mobile-web-app-title"),
            *(_text(entry.get("name")) for entry in self._linked if _types(entry) & SITE_TYPES),
            _name_of(self._article.get("publisher")),
        ]
        return [name for name in names if name]

    @cached_property
    def published_at(self) -> datetime | None:
        """When it was first published."""
        entries = [self._article, *(entry for entry in self._linked if not _types(entry) & NOT_THE_PAGE)]
        linked = [_text(entry.get(key)) for entry in entries for key in ("datePublished", "dateCreated")]
        stated = [*linked, *(value for name in META_NAMES for value in self._meta.get(name, [])[:1])]
        return published(self._tree, self._url, self.title, [value for value in stated if value])

    # ------------------------------------------------------------ the rest

    @cached_property
    def byline(self) -> str | None:
        """The author, or several joined by ", ", as the page states."""
        names = list(dict.fromkeys(_author_names(self._article.get("author"), self._linked)))
        if names:
            return ", ".join(names)
        stated = [value for value in self._meta.get("article:author", []) if "://" not in value]
        if stated:
            return ", ".join(dict.fromkeys(stated))
        naming = naming_elements(self._tree)
        if named := named_authors(naming):
            return ", ".join(named)
        names = self._meta.get("author") or self._meta.get("citation_author") or self._meta.get("dc.creator") or []
        if names:
            return ", ".join(dict.fromkeys(names))
        return visible_byline(naming)

    @property
    def language(self) -> str | None:
        """ISO 639-1, as the page states."""
        root = self._tree.getroottree().getroot()
        stated = [
            _text(self._article.get("inLanguage")),
            root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang"),
            self._first_meta("og:locale", "content-language", "language"),
        ]
        for value in stated:
            if isinstance(value, str) and re.match(r"[A-Za-z]{2}(?:[-_]|$)", value):
                return value[:2].lower()
        return None

    @property
    def canonical(self) -> str | None:
        """The absolute address that the page gives itself."""
        for link in self._tree.iter("link"):
            if "canonical" in (link.get("rel") or "").lower().split() and link.get("href"):
                return _absolute(self._url, link.get("href"))
        stated = self._first_meta("og:url")
        return _absolute(self._url, stated) if stated else None

    @property
    def description(self) -> str | None:
        """The subtitle or summary."""
        return _text(self._article.get("description")) or self._first_meta("og:description", "description")

    @property
    def is_article(self) -> bool:
        """The page says that it is an article."""
        return bool(self._article) or (self._first_meta("og:type") or "").lower() == "article"

    @property
    def is_index(self) -> bool:
        """The page says that it lists others, and nothing on it says that it is an article."""
        return not self.is_article and any(_types(entry) & INDEX_TYPES for entry in self._linked)

    @property
    def is_paywalled(self) -> bool:
        """The page says that its text is not accessible for free."""
        return str(self._article.get("isAccessibleForFree", "")).strip().lower() == "false"

    def _microdata(self, name: str) -> str | None:
        found = self._tree.xpath(f"//*[@itemprop='{name}']")
        return squeezed(found[0].get("content") or heading_text(found[0])) if found else None

    def _h_entry(self, name: str) -> str | None:
        inside = f"//*[contains(concat(' ',@class,' '),' h-entry ')]//*[contains(concat(' ',@class,' '),' {name} ')]"
        found = self._tree.xpath(inside)
        return squeezed(heading_text(found[0])) if len(found) == 1 else None


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for entry in value:
            yield from _objects(entry)
    elif isinstance(value, dict):
        yield value
        for key in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _objects(value.get(key))


def _types(entry: dict[str, Any]) -> set[str]:
    stated = entry.get("@type")
    names = stated if isinstance(stated, list) else [stated]
    return {str(name).rsplit("/", 1)[-1] for name in names if name}


def _author_names(author: Any, linked: list[dict[str, Any]]) -> Iterator[str]:
    for entry in author if isinstance(author, list) else [author]:
        if isinstance(entry, dict) and set(entry) <= {"@id", "@type"}:
            entry = next((other for other in linked if other.get("@id") == entry.get("@id") and "name" in other), entry)
        if isinstance(entry, dict) and "Organization" in _types(entry):
            continue
        if name := _name_of(entry):
            yield name


def _name_of(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("name")
    if isinstance(value, list):
        value = ", ".join(part for entry in value if (part := _name_of(entry)))
    return _text(value)


def _text(value: Any) -> str | None:
    return squeezed(html.unescape(value)) or None if isinstance(value, str) else None


def _absolute(base: str, link: str) -> str | None:
    joined = absolute(link, base)
    return joined if address(joined).scheme in ("http", "https") else None
