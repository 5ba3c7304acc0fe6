"""LinkedIn: Shares.csv (posts), Articles/*.html, and Comments.csv where it is wanted."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from lxml.html import HtmlElement, tostring

from llm_engineering.application.ports import CollectedItem, Coverage, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category
from llm_engineering.domain.errors import BadInput, CollectError
from llm_engineering.domain.identity import canonical_link
from llm_engineering.infrastructure.sources.bodies import text_of
from llm_engineering.infrastructure.sources.exports.base import (
    EVIDENCE_CHARACTERS,
    Export,
    by_class,
    csv_rows,
    named,
    utc,
    words_of,
)
from llm_engineering.infrastructure.sources.extraction import fragment_markdown
from llm_engineering.infrastructure.sources.files import Files, opened_files
from llm_engineering.infrastructure.sources.html_tree import parsed

STATED_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2}(?::\d{2})?)?")
SAME = ("Date", "ShareLink", "ShareCommentary", "Link", "Message")
"""Columns in which the rows of one post are alike."""
Row = dict[str, str]


class LinkedInExport(Export):
    """Posts and articles; drafts and reshares without a word of one's own are left out.

    `comments` also reads what the author wrote under posts, as posts.
    """

    platform = "linkedin"

    def __init__(self, path: str | Path, comments: bool = False) -> None:
        super().__init__(path)
        self._comments = comments

    @property
    def coverage(self) -> Coverage:
        """All with Shares.csv, which only the complete archive has; without it, a choice of its parts."""
        with opened_files(self._path) as files:
            return super().coverage if named(files, "Shares.csv") else Coverage.PART

    def _found(self, files: Files, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """One item a post, article or comment. Raises BadInput when there is nothing of the kind."""
        shares, comments = named(files, "Shares.csv"), named(files, "Comments.csv")
        articles = [name for name in files.names() if is_article(name)]
        if not shares and not articles and not comments:
            raise BadInput(f"{self._path} is no LinkedIn export: it has no Shares.csv and no Articles/*.html.")
        if shares:
            yield from self._posts(shares, csv_rows(files, shares), _share)
        yield from self._each(articles, lambda name: _article(name, text_of(files.read(name), "")))
        if comments and self._comments:
            yield from self._posts(comments, csv_rows(files, comments), _comment)
        elif comments:
            self._leave_out("comments", len(csv_rows(files, comments)))

    def _posts(
        self, table: str, rows: list[Row], read: Callable[[Row], CollectedItem | str]
    ) -> Iterator[CollectedItem | RefusedItem]:
        """LinkedIn repeats a row for each picture of a post; it comes once."""
        distinct: dict[tuple[str, ...], tuple[str, Row]] = {}
        for number, row in enumerate(rows, start=1):
            same = tuple(row.get(column, "") for column in SAME)
            distinct.setdefault(same, (f"{table}, row {number}", row))
        self._leave_out("repeated rows", len(rows) - len(distinct))
        numbered = dict(distinct.values())
        yield from self._each(numbered, lambda name: read(numbered[name]))


def is_article(name: str) -> bool:
    """Whether a relative name is that of a LinkedIn article, in whatever folder the export lies."""
    path = PurePosixPath(name)
    return path.suffix.lower() in (".html", ".htm") and path.parent.name.casefold() == "articles"


def _share(row: Row) -> CollectedItem | str:
    text = unwrapped(row.get("ShareCommentary", "")).strip()
    if not text:
        return "reshares without words"
    link = row.get("ShareLink", "").strip()
    if not link:
        raise CollectError("This row has no ShareLink.")
    extra = {"shared_url": row.get("SharedUrl", "").strip(), "visibility": row.get("Visibility", "").strip()}
    return _post(canonical_link(link), text, row, {key: value for key, value in extra.items() if value})


def _comment(row: Row) -> CollectedItem | str:
    text = unwrapped(row.get("Message", "")).strip()
    if not text:
        return "comments without words"
    link, date = row.get("Link", "").strip(), row.get("Date", "").strip()
    if not link or not date:
        raise CollectError("This row has no Link or no Date.")
    # The link is that of the post, maybe the author's own, so it does not name the comment.
    return _post(f"{canonical_link(link)}#comment-{date.replace(' ', 'T')}", text, row, {"in_reply_to": link})


def _post(link: str, text: str, row: Row, extra: dict[str, str]) -> CollectedItem:
    return CollectedItem(
        link=link,
        category=Category.POSTS,
        platform="linkedin",
        title="",
        content=text,
        published_at=utc(row.get("Date")),
        extra=extra,
        evidence=text[:EVIDENCE_CHARACTERS],
    )


def unwrapped(commentary: str) -> str:
    """LinkedIn closes and opens quotes around each line break within a post; this takes them out."""
    breaks = commentary.count("\n")
    return commentary.replace('"\n"', "\n") if breaks and commentary.count('"\n"') == breaks else commentary


def _article(name: str, text: str) -> CollectedItem | str:
    tree = parsed(text)
    if tree is None:
        raise CollectError(f"{name} is empty.")
    published = STATED_DATE.search(words_of(by_class(tree, "published")))
    if published is None:
        return "draft articles"
    heading = next((element for element in tree.iter("h1", "h2") if words_of(element)), None)
    title = words_of(heading if heading is not None else tree.find(".//title"))
    links = heading.xpath(".//a/@href") if heading is not None else []
    content = fragment_markdown(_article_body(tree), title)
    return CollectedItem(
        link=canonical_link(links[0]) if links else f"linkedin:{PurePosixPath(name).stem}",
        category=Category.ARTICLES,
        platform="linkedin",
        title=title,
        content=content,
        published_at=utc(published.group()),
        evidence=content[:EVIDENCE_CHARACTERS],
    )


def _article_body(tree: HtmlElement) -> str:
    """The HTML of what is below the dates: a <div>; without one, all that is neither heading nor date."""
    body = tree.find("body")
    parts = body.findall("div") or [
        child
        for child in body
        if child.tag not in ("h1", "h2", "img") and child.get("class") not in ("created", "published")
    ]
    return "".join(tostring(part, encoding="unicode") for part in parts)
