"""EPUB books: one text a chapter, in the book's order."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement, tostring

from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.extraction import fragment_markdown
from llm_engineering.infrastructure.sources.formats.epub_book import Book, SpineItem, book_in, kinds_of, page_tree
from llm_engineering.infrastructure.sources.formats.facts import same_words, stated
from llm_engineering.infrastructure.sources.formats.package import Package
from llm_engineering.infrastructure.sources.formats.text import LeftOut, Part, Text, Unread
from llm_engineering.infrastructure.sources.html_markdown import visible_text

CHAPTER_WORDS = 80
"""A shorter page of a book is a half title, a dedication, a part's name."""
COPYRIGHT_WORDS = 600
NOT_CHAPTERS = frozenset(
    "cover titlepage halftitlepage toc landmarks page-list loi lot loa lov copyright-page dedication epigraph colophon "
    "imprint imprimatur contributors other-credits credit credits index seriespage foreword bibliography "
    "acknowledgments acknowledgements".split()
)
"""Named by epub:type, role, landmarks or guide. A foreword is by somebody else, by its meaning."""
COPYRIGHT = re.compile(r"\bISBN\b|\ball rights reserved\b", re.IGNORECASE)
PAGES = LeftOut("page of a book that is no chapter", "pages of books that are no chapters")


@dataclass
class _Chapter:
    id: str
    title: str
    pages: list[HtmlElement] = field(default_factory=list)


def read(name: str, data: bytes) -> list[Part]:
    """The chapters; covers, contents, copyright pages and the like are left out.

    A chapter that the book lists but lacks is an Unread. Raises CollectError for a damaged or protected book.
    """
    package = Package(name, data)
    book = book_in(package, name)
    chapters: list[_Chapter] = []
    found: list[Part] = []
    for item in book.spine:
        try:
            body = _body(package, item)
        except CollectError as error:
            found.append(Unread(item.id, str(error)))
            continue
        if body is None or _is_no_chapter(book, item, body):
            found.append(PAGES)
        elif chapters and _continues(book, item, body):
            chapters[-1].pages.append(body)
        elif len(visible_text(body).split()) < CHAPTER_WORDS:
            found.append(PAGES)
        else:
            chapters.append(_Chapter(item.id, book.titles.get(item.part) or _heading(body), [body]))
    texts = [_text(book, chapter) for chapter in chapters]
    if not texts and not any(isinstance(part, Unread) for part in found):
        raise CollectError(f"{name} holds no chapter of at least {CHAPTER_WORDS} words.")
    return [*texts, *found]


def _body(package: Package, item: SpineItem) -> HtmlElement | None:
    tree = page_tree(package.read(item.part)) if item.is_page else None
    body = tree.find("body") if tree is not None else None
    if body is None:
        return None
    for element in list(body.iterdescendants()):
        if isinstance(element.tag, str) and "pagebreak" in kinds_of(element):
            element.drop_tree()
    for link in body.iter("a"):
        target = link.get("href") or ""
        if not target.startswith("#") and not _is_absolute(target):
            link.attrib.pop("href", None)  # a place in another file of the book
    return body


def _is_absolute(target: str) -> bool:
    try:
        return bool(urlsplit(target).scheme)
    except ValueError:
        return False


def _is_no_chapter(book: Book, item: SpineItem, body: HtmlElement) -> bool:
    sections = [body, *(child for child in body if len(body) == 1)]
    kinds = book.kinds.get(item.part, set()).union(*(kinds_of(section) for section in sections))
    if kinds & NOT_CHAPTERS or item.part in book.contents:
        return True
    words = stated(visible_text(body)).split()
    linked = sum(len(link.text_content().split()) for link in body.iter("a"))
    if linked > 0.6 * len(words):
        return True
    return not words or (len(words) < COPYRIGHT_WORDS and len(COPYRIGHT.findall(" ".join(words))) >= 2)


def _continues(book: Book, item: SpineItem, body: HtmlElement) -> bool:
    """Whether the page has no name of its own: converters cut long chapters into several files."""
    return bool(book.titles) and item.part not in book.titles and not _heading(body)


def _heading(body: HtmlElement) -> str:
    heading = next((element for element in body.iter("h1", "h2") if stated(element.text_content())), None)
    return stated(heading.text_content()) if heading is not None else ""


def _text(book: Book, chapter: _Chapter) -> Text:
    html = "".join(tostring(page, encoding="unicode") for page in chapter.pages)
    extra: dict[str, Any] = {"book": book.title} if book.title and not same_words(book.title, chapter.title) else {}
    return Text(
        title=chapter.title or book.title,
        markdown=fragment_markdown(html, chapter.title),
        part=chapter.id,
        published_at=book.published_at,
        byline=book.creators or None,
        language=book.language,
        extra=extra,
    )
