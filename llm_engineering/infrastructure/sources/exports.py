"""What Medium, Substack and LinkedIn hand their authors: the zip, or the folder it unpacks to."""

import csv
import html
import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath

from lxml.html import HtmlElement, tostring

from llm_engineering.application.ports import CollectedItem, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, Outcome
from llm_engineering.domain.errors import BadInput, CollectError
from llm_engineering.domain.identity import canonical_link
from llm_engineering.infrastructure.sources.bodies import text_of
from llm_engineering.infrastructure.sources.extraction import fragment_markdown
from llm_engineering.infrastructure.sources.files import Files, opened_files
from llm_engineering.infrastructure.sources.html_tree import parsed
from llm_engineering.infrastructure.sources.page_metadata import parsed_date

RESPONSE_WORDS = 200
"""A Medium post without its own title and with fewer words is a response to somebody."""
SUBSTACK_TYPES = frozenset({"newsletter", "podcast"})
MAX_FIELD_CHARACTERS = 10 * 1024 * 1024


class _Export:
    """Reads an export's files one by one; what one of them lacks never stops the rest."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path).expanduser()
        self.notes: list[str] = []

    def _each(
        self, names: Iterable[str], read: Callable[[str], CollectedItem | str]
    ) -> Iterator[CollectedItem | RefusedItem]:
        """Items; a text instead of an item says why it was left out, and is counted."""
        left_out: dict[str, int] = {}
        for name in names:
            try:
                item = read(name)
            except CollectError as error:
                yield RefusedItem(f"file:{name}", Outcome.FAILED, str(error))
                continue
            if isinstance(item, str):
                left_out[item] = left_out.get(item, 0) + 1
            else:
                yield item
        self.notes.extend(f"{self._path.name}: {count} {why} left out." for why, count in left_out.items())


class MediumExport(_Export):
    """Medium: posts/*.html; drafts and responses to others are left out."""

    def items(self, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """One item a post. Raises BadInput when there is no posts folder."""
        with opened_files(self._path) as files:
            names = [
                name for name in files.names() if PurePosixPath(name).parent.name == "posts" and name.endswith(".html")
            ]
            if not names:
                raise BadInput(f"{self._path} is no Medium export: it has no posts/*.html.")
            yield from self._each(names, lambda name: _medium_post(name, text_of(files.read(name), "")))


def _medium_post(name: str, text: str) -> CollectedItem | str:
    tree = parsed(text)
    if tree is None:
        raise CollectError(f"{name} is empty.")
    title, body = _by_class(tree, "p-name"), _by_class(tree, "e-content")
    canonical, published = _by_class(tree, "p-canonical"), _by_class(tree, "dt-published")
    if PurePosixPath(name).name.startswith("draft") or canonical is None:
        return "drafts"
    if body is None:
        raise CollectError(f"{name} has no body.")
    heading = _words(title)
    if _is_response(body, heading):
        return "responses"
    for repeated in body.xpath(".//*[contains(@class,'graf--title') or contains(@class,'graf--subtitle')]"):
        repeated.drop_tree()
    for divider in body.xpath(".//hr")[:1]:  # Medium starts the first section with one, too
        divider.drop_tree()
    subtitle = _words(_by_class(tree, "p-summary"))
    return CollectedItem(
        link=canonical_link(canonical.get("href")) if canonical.get("href") else f"medium:{name}",
        category=Category.ARTICLES,
        platform="medium",
        title=heading,
        content=fragment_markdown(tostring(body, encoding="unicode"), heading),
        published_at=parsed_date(published.get("datetime")) if published is not None else None,
        extra={"subtitle": subtitle} if subtitle else {},
        evidence=_words(body)[:6000],
    )


def _is_response(body: HtmlElement, title: str) -> bool:
    """Medium titles a response with its own first words, and such a text starts with a paragraph."""
    first = next((element for element in body.iter("p", "h1", "h2", "h3", "h4", "blockquote") if _words(element)), None)
    if first is None or first.tag != "p" or len(_words(body).split()) >= RESPONSE_WORDS:
        return False
    start = title.rstrip("… .")
    return bool(start) and _words(first).startswith(start)


class SubstackExport(_Export):
    """Substack: posts.csv says what is published, posts/ID.html holds the texts."""

    def items(self, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """One item a published post. Raises BadInput when there is no posts.csv."""
        with opened_files(self._path) as files:
            table = _named(files, "posts.csv")
            if table is None:
                raise BadInput(f"{self._path} is no Substack export: it has no posts.csv.")
            rows = {row.get("post_id", ""): row for row in _rows(files, table)}
            texts = {PurePosixPath(name).stem: name for name in files.names() if name.endswith(".html")}
            yield from self._each(rows, lambda id: _substack_post(rows[id], texts.get(id), files))


def _substack_post(row: dict[str, str], name: str | None, files: Files) -> CollectedItem | str:
    if row.get("is_published", "").strip().lower() != "true":
        return "drafts"
    if row.get("type", "newsletter") not in SUBSTACK_TYPES:
        return f"entries of type {row.get('type')}"
    if name is None:
        raise CollectError(f"posts.csv lists {row.get('post_id')}, but there is no such file in posts/.")
    title = html.unescape(row.get("title", "")).strip()
    subtitle = html.unescape(row.get("subtitle", "")).strip()
    content = fragment_markdown(text_of(files.read(name), ""), title)
    return CollectedItem(
        link=f"substack:{row['post_id']}",
        category=Category.ARTICLES,
        platform="substack",
        title=title,
        content=content,
        published_at=parsed_date(row.get("post_date")),
        extra={"subtitle": subtitle} if subtitle else {},
        evidence=content[:6000],
    )


class LinkedInExport(_Export):
    """LinkedIn: Shares.csv; reshares without a word of one's own are left out."""

    def items(self, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """One post a row. Raises BadInput when there is no Shares.csv."""
        with opened_files(self._path) as files:
            table = _named(files, "Shares.csv")
            if table is None:
                raise BadInput(f"{self._path} is no LinkedIn export: it has no Shares.csv.")
            rows = {str(number): row for number, row in enumerate(_rows(files, table), start=1)}
            yield from self._each(rows, lambda number: _linkedin_post(rows[number], int(number)))


def _linkedin_post(row: dict[str, str], number: int) -> CollectedItem | str:
    text = unwrapped(row.get("ShareCommentary", "")).strip()
    if not text:
        return "reshares without words"
    link = row.get("ShareLink", "").strip()
    if not link:
        raise CollectError(f"Row {number} of Shares.csv has no ShareLink.")
    extra = {"shared_url": row.get("SharedUrl", "").strip(), "visibility": row.get("Visibility", "").strip()}
    return CollectedItem(
        link=canonical_link(link),
        category=Category.POSTS,
        platform="linkedin",
        title="",
        content=text,
        published_at=parsed_date(row.get("Date")),
        extra={key: value for key, value in extra.items() if value},
        evidence=text[:6000],
    )


def unwrapped(commentary: str) -> str:
    """LinkedIn closes and opens quotes around each line break within a post; this takes them out."""
    breaks = commentary.count("\n")
    return commentary.replace('"\n"', "\n") if breaks and commentary.count('"\n"') == breaks else commentary


def _rows(files: Files, name: str) -> list[dict[str, str]]:
    text = text_of(files.read(name), "text/csv").replace("\r\n", "\n")
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    try:
        return [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(io.StringIO(text))]
    except csv.Error as error:
        raise BadInput(f"{name} is no readable CSV file ({error}).") from error


def _named(files: Files, wanted: str) -> str | None:
    return next((name for name in files.names() if PurePosixPath(name).name == wanted), None)


def _by_class(tree: HtmlElement, name: str) -> HtmlElement | None:
    found = tree.xpath(f"//*[contains(concat(' ',normalize-space(@class),' '),' {name} ')]")
    return found[0] if found else None


def _words(element: HtmlElement | None) -> str:
    return " ".join(element.text_content().split()) if element is not None else ""
