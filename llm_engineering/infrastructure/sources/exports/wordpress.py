"""WordPress export (WXR): one .xml file, or several in a folder or zip."""

import html
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from llm_engineering.application.ports import CollectedItem, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category
from llm_engineering.domain.errors import BadInput, CollectError
from llm_engineering.domain.identity import canonical_link
from llm_engineering.domain.names import may_be_same_person, name_parts
from llm_engineering.infrastructure.sources.exports.base import (
    BIG_EXPORT,
    EVIDENCE_CHARACTERS,
    Export,
    names_of_author,
    utc,
    words_of,
)
from llm_engineering.infrastructure.sources.exports.wordpress_html import post_html
from llm_engineering.infrastructure.sources.exports.wxr import Entry, entries, is_wxr
from llm_engineering.infrastructure.sources.extraction import fragment_markdown
from llm_engineering.infrastructure.sources.files import Files
from llm_engineering.infrastructure.sources.html_tree import parsed

NEVER = "0000-00-00 00:00:00"
SHOWN_LOGINS = 5


class WordPressExport(Export):
    """Published posts of the author; drafts, protected posts and those of others are left out.

    `login` is the author's name in WordPress, for when the name that it shows is another one;
    `pages` also reads pages ("About").
    """

    platform = "wordpress"
    limits = BIG_EXPORT

    def __init__(self, path: str | Path, login: str = "", pages: bool = False) -> None:
        super().__init__(path)
        self._login = login.strip().casefold()
        self._types = {"post", "page"} if pages else {"post"}

    def _account(self, files: Files) -> str:
        """The address of the blog."""
        for name in self._names(files):
            for entry in _entries(files, name):
                if entry.tag == "wp:base_blog_url" and entry.text.strip():
                    return entry.text.strip()
                if entry.tag == "item":
                    break
        return ""

    def _found(self, files: Files, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """One item a post.

        Raises BadInput when there is no such file, when it declares entities, and when nothing in it is
        the author's; CollectError, in the end, when a file broke off.
        """
        writers = _Writers(author, self._login)
        found, broken = False, None
        for name in self._names(files):
            try:
                for entry in _entries(files, name):
                    if entry.tag == "wp:author":
                        writers.add(entry.fields)
                    elif entry.tag == "item":
                        item = self._read(entry, writers)
                        if isinstance(item, str):
                            self._leave_out(item)
                        else:
                            found = True
                            yield item
            except CollectError as error:
                broken = broken or error
        if broken:
            raise broken
        if not found and writers.others:
            raise BadInput(
                f"{self._path} holds no post of {author.full_name}, but of {_shown(writers.others)}; "
                f"if one of these is the author, say so by login: NAME."
            )

    def _names(self, files: Files) -> list[str]:
        found = []
        for name in files.names():
            if name.lower().endswith(".xml"):
                with files.opened(name) as stream:
                    if is_wxr(stream):
                        found.append(name)
        if not found:
            raise BadInput(f"{self._path} is no WordPress export: it holds no .xml file that WordPress wrote.")
        return found

    def _read(self, entry: Entry, writers: "_Writers") -> CollectedItem | str:
        """The post, or why it is left out."""
        kind, status = entry.fields.get("wp:post_type", ""), entry.fields.get("wp:status", "")
        if kind not in self._types:
            return f"entries of type {kind or 'unknown'}"
        if status != "publish":
            return "drafts" if status == "draft" else f"posts of status {status or 'unknown'}"
        if entry.fields.get("wp:post_password"):
            return "protected posts"
        if not writers.is_author(entry.fields.get("dc:creator", "")):
            return "posts of others"
        return _post(entry)


def _entries(files: Files, name: str) -> Iterator[Entry]:
    with files.opened(name) as stream:
        yield from entries(stream, name)


def _post(entry: Entry) -> CollectedItem | str:
    title, subtitle = (_plain(entry.fields.get(tag, "")) for tag in ("title", "excerpt:encoded"))
    content = fragment_markdown(post_html(entry.fields.get("content:encoded", ""), entry.meta), title)
    if not content.strip():
        return "posts without words"
    link = entry.fields.get("link", "").strip()
    tags = [html.unescape(name) for domain, name in entry.terms if domain in ("category", "post_tag")]
    extra = {"subtitle": subtitle, "tags": [tag for tag in tags if tag and tag != "Uncategorized"]}
    return CollectedItem(
        link=canonical_link(link) if link.startswith(("http://", "https://")) else f"wordpress:{_guid(entry)}",
        category=Category.ARTICLES,
        platform="wordpress",
        title=title,
        content=content,
        published_at=_published(entry),
        extra={key: value for key, value in extra.items() if value},
        evidence=content[:EVIDENCE_CHARACTERS],
    )


def _guid(entry: Entry) -> str:
    return entry.fields.get("guid", "").strip() or entry.fields.get("wp:post_id", "")


def _published(entry: Entry) -> datetime | None:
    dates = (entry.fields.get(tag, "").strip() for tag in ("wp:post_date_gmt", "pubDate", "wp:post_date"))
    return next((when for date in dates if date != NEVER and (when := utc(date))), None)


def _plain(text: str) -> str:
    return words_of(parsed(text)) if text.strip() else ""


def _shown(logins: set[str]) -> str:
    first = sorted(logins)[:SHOWN_LOGINS]
    return ", ".join(first) + (" …" if len(logins) > len(first) else "")


class _Writers:
    """Those who write on the blog, and which of them is the author."""

    def __init__(self, author: Author, login: str) -> None:
        self.others: set[str] = set()
        self._author = author
        self._login = login
        self._names: dict[str, str] = {}
        self._own: set[str] | None = None

    def add(self, stated: Mapping[str, str]) -> None:
        """One of the blog's authors, as the export lists them."""
        login, shown = stated.get("wp:author_login", ""), stated.get("wp:author_display_name", "")
        whole = f"{stated.get('wp:author_first_name', '')} {stated.get('wp:author_last_name', '')}"
        self._names[login] = shown if may_be_same_person(shown, self._author.full_name) else whole.strip() or shown
        self._own = None

    def is_author(self, creator: str) -> bool:
        """Whether a post's creator, given by login, is the author.

        Raises BadInput when the names of several may be the author's, none of them in full.
        """
        if creator not in self._names:  # old exports list no authors
            self._names[creator], self._own = creator, None
        if self._own is None:
            self._own = self._found()
        if creator not in self._own:
            self.others.add(creator)
        return creator in self._own

    def _found(self) -> set[str]:
        if self._login:
            return {login for login in self._names if login.casefold() == self._login}
        own = names_of_author(self._names, self._author)
        if len(own) > 1 and len({name_parts(name) for name in own.values()}) > 1:
            raise BadInput(
                f"Several writers of the blog may be {self._author.full_name}: {_shown(set(own))}; say login."
            )
        return set(own)
