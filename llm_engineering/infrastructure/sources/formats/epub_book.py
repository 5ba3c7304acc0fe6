"""What an EPUB says of itself: metadata, the order of its files, their titles and kinds.

EPUB 2 (https://idpf.org/epub/20/spec/OPF_2.0_final_spec.html) and 3 (https://www.w3.org/TR/epub-33/).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree
from lxml.html import HtmlElement

from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.bodies import text_of
from llm_engineering.infrastructure.sources.formats.facts import language_code, moment, stated
from llm_engineering.infrastructure.sources.formats.package import Package, resolved, xml_of
from llm_engineering.infrastructure.sources.formats.plain import NO_TEXT
from llm_engineering.infrastructure.sources.html_tree import parsed

CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"
EMPTY_TAG = re.compile(r"<([A-Za-z][\w:-]*)((?:\s[^<>]*)?)/>")
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
"""The only elements that HTML, too, may close in their opening tag."""


@dataclass(frozen=True)
class SpineItem:
    """A file of the book, in reading order."""

    id: str
    part: str
    is_page: bool
    """Whether it is (X)HTML; a spine may hold pictures, too."""


@dataclass(frozen=True)
class Book:
    """The book but for its text."""

    title: str = ""
    creators: str = ""
    language: str | None = None
    published_at: datetime | None = None
    spine: list[SpineItem] = field(default_factory=list)
    titles: dict[str, str] = field(default_factory=dict)
    """Part → its title in the table of contents."""
    kinds: dict[str, set[str]] = field(default_factory=dict)
    """Part → what landmarks or guide call it, e.g. {"copyright-page"}."""
    contents: set[str] = field(default_factory=set)
    """The parts that are a table of contents."""


def book_in(package: Package, name: str) -> Book:
    """Raises CollectError when it is no EPUB, or protected."""
    if CONTAINER not in package:
        raise CollectError(f"{name} is no EPUB: it has no {CONTAINER}.")
    rootfile = next(_named(xml_of(CONTAINER, package.read(CONTAINER)), "rootfile"), None)
    opf = resolved("", rootfile.get("full-path") or "") if rootfile is not None else ""
    root = xml_of(opf, package.read(opf))
    items = {item.get("id") or "": item for item in _named(root, "item")}
    parts = {id: resolved(opf, item.get("href") or "") for id, item in items.items()}
    spine = [
        SpineItem(id, parts[id], "html" in (items[id].get("media-type") or "html"))
        for ref in _named(root, "itemref")
        if (id := ref.get("idref") or "") in items and parts[id] and ref.get("linear") != "no"
    ]
    _require_open(package, name, {item.part for item in spine})
    book = Book(
        title=_first(root, "title"),
        creators=", ".join(dict.fromkeys(_creators(root))),
        language=language_code(_first(root, "language")),
        published_at=_published(root),
        spine=list({item.part: item for item in spine}.values()),
    )
    for reference in _named(root, "reference"):
        book.kinds.setdefault(resolved(opf, reference.get("href") or ""), set()).add(_kind(reference.get("type")))
    for id, item in items.items():
        if "nav" in (item.get("properties") or "").split():
            book.contents.add(parts[id])
            _read_nav(book, parts[id], package)
        elif item.get("media-type") == "application/x-dtbncx+xml" and not book.titles:
            _read_ncx(book, parts[id], package)
    return book


def page_tree(data: bytes) -> HtmlElement | None:
    """The tree of an XHTML page. Read as HTML, which knows no entity declarations, so that broken pages work."""
    text = text_of(data, "").translate(NO_TEXT)
    return parsed(EMPTY_TAG.sub(lambda tag: tag.group() if tag.group(1).lower() in VOID else _opened(tag), text))


def _opened(tag: re.Match[str]) -> str:
    return f"<{tag.group(1)}{tag.group(2)}></{tag.group(1)}>"


def _require_open(package: Package, name: str, texts: set[str]) -> None:
    """Raises CollectError when the texts are encrypted; fonts often are, and do not matter."""
    if ENCRYPTION not in package:
        return
    locked = _named(xml_of(ENCRYPTION, package.read(ENCRYPTION)), "CipherReference")
    if any(resolved("", reference.get("URI") or "") in texts for reference in locked):
        raise CollectError(f"{name} is protected against copying; its text cannot be read.")


def _named(root: etree._Element, name: str) -> Iterator[etree._Element]:
    return (element for element in root.iter("{*}" + name))


def _first(root: etree._Element, name: str) -> str:
    return next((text for element in _named(root, name) if (text := stated(element.text))), "")


def _creators(root: etree._Element) -> Iterator[str]:
    """The authors: all creators but those whose role is another one, such as illustrator."""
    roles = {
        (meta.get("refines") or "").lstrip("#"): stated(meta.text)
        for meta in _named(root, "meta")
        if meta.get("property") == "role"
    }
    for creator in _named(root, "creator"):
        role = next((value for key, value in creator.attrib.items() if str(key).endswith("}role")), None)
        if (role or roles.get(creator.get("id") or "", "aut")) == "aut" and (name := stated(creator.text)):
            yield name


def _published(root: etree._Element) -> datetime | None:
    dates = [(str(dict(element.attrib)), moment(stated(element.text))) for element in _named(root, "date")]
    usable = [(attributes, when) for attributes, when in dates if when and "modification" not in attributes]
    named = [when for attributes, when in usable if "publication" in attributes]
    return next(iter(named or [when for _, when in usable]), None)


def _kind(name: str | None) -> str:
    """EPUB 2's and the ARIA names as EPUB 3's."""
    kind = (name or "").strip().lower().removeprefix("other.").removeprefix("doc-")
    return {"title-page": "titlepage", "copyright": "copyright-page"}.get(kind, kind)


def kinds_of(element: HtmlElement) -> set[str]:
    """What an element's epub:type and role call it."""
    return {_kind(name) for key in ("epub:type", "role") for name in (element.get(key) or "").split()}


def _read_nav(book: Book, part: str, package: Package) -> None:
    tree = page_tree(package.read(part))
    for nav in tree.iter("nav") if tree is not None else ():
        if "landmarks" in kinds_of(nav):
            for link in nav.iter("a"):
                book.kinds.setdefault(resolved(part, link.get("href") or ""), set()).update(kinds_of(link))
        elif "page-list" not in kinds_of(nav):
            for link in nav.iter("a"):
                book.titles.setdefault(resolved(part, link.get("href") or ""), stated(link.text_content()))


def _read_ncx(book: Book, part: str, package: Package) -> None:
    for point in _named(xml_of(part, package.read(part)), "navPoint"):
        label = next((stated(text.text) for text in _named(point, "text")), "")
        source = next((content.get("src") or "" for content in _named(point, "content")), "")
        book.titles.setdefault(resolved(part, source), label)
