"""What a page says about itself: JSON-LD, OpenGraph, microdata and h-entry, meta, <time>, headings."""

import html
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

ARTICLE_TYPES = frozenset(
    "Article BlogPosting NewsArticle TechArticle ScholarlyArticle Report SocialMediaPosting LiveBlogPosting "
    "OpinionNewsArticle AnalysisNewsArticle BackgroundNewsArticle ReviewNewsArticle Review HowTo".split()
)
INDEX_TYPES = frozenset({"CollectionPage", "Blog", "ProfilePage", "SearchResultsPage", "ItemList"})
TITLE_SEPARATOR = re.compile(r"\s+(?:[|·•»«/–—:-]|::|//|>>|<<)\s+|\s*[|»«]\s*|:\s+")
DATE_FORMATS = (
    "%B %d, %Y",
    "%b %d, %Y",
    "%b. %d, %Y",
    "%d %B %Y",
    "%d %b %Y",
    "%Y/%m/%d",
    "%Y-%m",
    "%B %d %Y",
    "%d.%m.%Y",
)
BYLINE_PLACES = (
    "//*[@itemprop='author']//*[@itemprop='name']",
    "//*[@itemprop='author']",
    "//*[contains(concat(' ',normalize-space(@class),' '),' p-author ')]",
    "//article//*[@rel='author']",
    "//*[@rel='author']",
)
VISIBLE_BYLINES = (
    "//*[contains(concat(' ',normalize-space(@class),' '),' byline ')]"
    "|//*[contains(concat(' ',normalize-space(@class),' '),' author-name ')]"
    "|//*[contains(concat(' ',normalize-space(@class),' '),' post-author ')]"
)


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
            content = _squeezed(element.get("content"))
            if name and content:
                found.setdefault(name, []).append(content)
        return found

    def _first_meta(self, *names: str) -> str | None:
        return next((self._meta[name][0] for name in names if name in self._meta), None)

    # ------------------------------------------------------------ title

    @cached_property
    def _headings(self) -> list[str]:
        """Texts of the page's h1, or of its h2 where it has none; a logo that links home is none."""
        for tag in ("h1", "h2"):
            texts = [
                _squeezed(_heading_text(element)) for element in self._tree.iter(tag) if not self._is_logo(element)
            ]
            if any(texts):
                return [text for text in texts if text]
        return []

    def _is_logo(self, heading: HtmlElement) -> bool:
        """Whether all of the heading is a link to another page."""
        links = [link for link in [*heading.iter("a"), *heading.iterancestors("a")] if link.get("href")]
        whole = _letters(heading.text_content())
        return any(
            _letters(link.text_content()) == whole
            and urlsplit(_absolute(self._url, link.get("href")) or "").path != urlsplit(self._url).path
            for link in links
        )

    def _stated_titles(self) -> Iterator[str]:
        for candidate in (
            _text(self._article.get("headline")) or _text(self._article.get("name")),
            self._first_meta("og:title", "citation_title", "dc.title"),
            self._h_entry("p-name"),
            self._microdata("headline"),
            self._first_meta("twitter:title"),
        ):
            if candidate and not self._is_site_name(candidate):
                yield candidate

    @property
    def title(self) -> str:
        """The title as a reader sees it, without the site's name.

        The one h1 of the article counts most: what a page states of itself may be cut for search engines.
        """
        inside = self._tree.xpath("//article//h1|//main//h1|//*[@role='main']//h1")
        heading = _squeezed(_heading_text(inside[0])) if len(inside) == 1 and not self._is_logo(inside[0]) else ""
        if len(_letters(heading)) >= 2 and not self._is_site_name(heading):
            return heading
        if stated := next(self._stated_titles(), None):
            return self._without_site(_squeezed(stated))
        page_title = self._tree.find(".//title")
        whole = _squeezed(page_title.text_content()) if page_title is not None else ""
        if whole:
            return self._without_site(whole)
        return self._headings[0] if self._headings else ""

    def _without_site(self, title: str) -> str:
        """A heading of the page that starts or ends the title is the title; else the site's name goes."""
        plain = _letters(title)
        for heading in self._headings:
            letters = _letters(heading)
            if letters and letters == plain:
                return title
            if letters and len(letters) >= 3 and (plain.startswith(letters) or plain.endswith(letters)):
                part = _part_with(title, letters)
                if part:
                    return part
        for separator in TITLE_SEPARATOR.finditer(title):
            before, after = title[: separator.start()].strip(), title[separator.end() :].strip()
            if before and after and self._is_site_name(after):
                return before
            if before and after and self._is_site_name(before):
                return after
        return title

    def _is_site_name(self, text: str) -> bool:
        letters = _letters(text)
        if not letters:
            return False
        names = [
            self._first_meta("og:site_name", "application-name", "apple-mobile-web-app-title"),
            *(
                _text(entry.get("name"))
                for entry in self._linked
                if _types(entry) & {"WebSite", "Organization", "Blog"}
            ),
            _name_of(self._article.get("publisher")),
        ]
        if any(name and _letters(name) == letters for name in names):
            return True
        host = _letters(urlsplit(self._url).hostname or "")
        return len(letters) >= 4 and letters in host

    # ------------------------------------------------------------ the rest

    @property
    def byline(self) -> str | None:
        """The author, or several joined by ", ", as the page states."""
        names = list(dict.fromkeys(_author_names(self._article.get("author"), self._linked)))
        if names:
            return ", ".join(names)
        stated = [value for value in self._meta.get("article:author", []) if "://" not in value]
        if stated:
            return ", ".join(dict.fromkeys(stated))
        for place in BYLINE_PLACES:
            texts = [_squeezed(_own_text(element)) for element in self._tree.xpath(place)]
            usable = [text for text in texts if 2 < len(text) <= 80]
            if usable:
                return ", ".join(dict.fromkeys(usable[:1] if len(usable) > 3 else usable))
        names = self._meta.get("author") or self._meta.get("citation_author") or self._meta.get("dc.creator") or []
        if names:
            return ", ".join(dict.fromkeys(names))
        for element in self._tree.xpath(VISIBLE_BYLINES):
            text = _squeezed(element.text_content())
            if match := re.match(
                r"(?:(?:guest post|written|posted|words)\s+)?by:?\s+(.{3,60}?)(?:\s*[·|,•–—-]\s|\s+on\s|$)", text, re.I
            ):
                return match.group(1)
        return None

    @property
    def published_at(self) -> datetime | None:
        """When it was first published."""
        for stated in self._dates():
            when = parsed_date(stated)
            if when is not None:
                return when
        return None

    def _dates(self) -> Iterator[str]:
        for key in ("datePublished", "dateCreated"):
            yield _text(self._article.get(key)) or ""
        for names in (
            ("article:published_time", "og:published_time", "og:article:published_time"),
            ("datepublished", "citation_publication_date", "citation_date"),
            (
                "date",
                "dc.date",
                "dc.date.issued",
                "dcterms.date",
                "dcterms.created",
                "pubdate",
                "publish_date",
                "parsely-pub-date",
            ),
        ):
            yield self._first_meta(*names) or ""
        for element in self._tree.xpath(
            "//*[@itemprop='datePublished']|//time[contains(@class,'dt-published')]|//time[@pubdate]"
            "|//time[contains(@class,'published')]"
        ):
            yield element.get("datetime") or element.get("content") or element.text_content()
        times = self._tree.xpath("//article//time|//header//time|//main//time") or self._tree.xpath("//time")
        for element in times[:1]:
            yield element.get("datetime") or element.text_content()
        match = re.search(r"/((?:19|20)\d\d)[/-](\d{1,2})[/-](\d{1,2})(?:[/_-]|$)", urlsplit(self._url).path)
        if match:
            yield "{:0>4}-{:0>2}-{:0>2}".format(*match.groups())

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
        return _squeezed(found[0].get("content") or _heading_text(found[0])) if found else None

    def _h_entry(self, name: str) -> str | None:
        inside = f"//*[contains(concat(' ',@class,' '),' h-entry ')]//*[contains(concat(' ',@class,' '),' {name} ')]"
        found = self._tree.xpath(inside)
        return _squeezed(_heading_text(found[0])) if len(found) == 1 else None


def parsed_date(text: str | None) -> datetime | None:
    """The moment that a text names (ISO 8601, RFC 822, or a plain English date), UTC unless it says otherwise."""
    value = _squeezed(text)
    if not value:
        return None
    when: datetime | None = None
    for parse in (_iso, parsedate_to_datetime, *(_by_format(pattern) for pattern in DATE_FORMATS)):
        try:
            when = parse(value)
        except (ValueError, TypeError, IndexError):
            continue
        break
    if when is None or not 1970 <= when.year <= datetime.now(UTC).year + 1:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _iso(value: str) -> datetime:
    value = re.sub(r"(\d{2}:\d{2})\s+([+-]\d{2}:?\d{2})$", r"\1\2", value.replace(" UTC", "Z"))
    return datetime.fromisoformat(re.sub(r"^(\d{4})-(\d)-", r"\1-0\2-", value))


def _by_format(pattern: str) -> Any:
    return lambda value: datetime.strptime(re.sub(r"(?<=\d)[a-z]{2}\b", "", value), pattern)


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
    return _squeezed(html.unescape(value)) or None if isinstance(value, str) else None


def _squeezed(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "").strip()


def _own_text(element: HtmlElement) -> str:
    return str(element.get("content") or element.text_content())


def _heading_text(element: HtmlElement) -> str:
    """A heading without the anchors that generators add to it ("¶", "#")."""
    pieces = [element.text or ""]
    for child in element:
        classes = child.get("class") or ""
        is_anchor = (
            re.search(r"headerlink|anchor|permalink|hash-link", classes) and len(child.text_content().strip()) <= 2
        )
        if isinstance(child.tag, str) and child.tag not in ("script", "style", "button", "svg") and not is_anchor:
            pieces.append(_heading_text(child))
        pieces.append(child.tail or "")
    return "".join(pieces)


def _letters(text: str) -> str:
    return "".join(re.findall(r"[^\W_]+", text.casefold()))


def _part_with(title: str, letters: str) -> str | None:
    """The part of the title, cut at a separator, that has exactly these letters."""
    cuts = [0, *(spot for match in TITLE_SEPARATOR.finditer(title) for spot in match.span()), len(title)]
    for start in cuts:
        for end in reversed(cuts):
            part = title[start:end].strip()
            if _letters(part) == letters:
                return part.strip(" |·•»«/–—:-")
    return None


def _absolute(base: str, link: str) -> str | None:
    try:
        joined = urljoin(base, link.strip())
        return joined if urlsplit(joined).scheme in ("http", "https") else None
    except ValueError:
        return None
