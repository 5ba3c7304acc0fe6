"""Markdown, HTML and plain text files below a folder, or in a zip."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from llm_engineering.application.ports import CollectedItem, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, Outcome
from llm_engineering.domain.errors import BadInput, CollectError
from llm_engineering.infrastructure.sources.bodies import text_of
from llm_engineering.infrastructure.sources.extraction import extract
from llm_engineering.infrastructure.sources.files import opened_files
from llm_engineering.infrastructure.sources.page_metadata import parsed_date

MARKDOWN = (".md", ".markdown", ".mdown", ".qmd", ".rmd")
HTML = (".html", ".htm", ".xhtml")
PLAIN = (".txt", ".text")
FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
FIRST_HEADING = re.compile(r"\A\s*(?:#[ \t]+(.+?)[ \t]*#*[ \t]*|([^\n#>*-][^\n]*)\n=+[ \t]*)(?:\n|\Z)")
DATED_NAME = re.compile(r"^(\d{4}-\d{2}-\d{2})[-_ ]")


class Folder:
    """Every text file below `path` whose relative name matches `glob`; drafts are left out.

    The stable key of an item is "file:" and its name relative to the folder, so a folder can move.
    """

    def __init__(self, path: str | Path, glob: str = "**") -> None:
        self._path = Path(path).expanduser()
        self._glob = glob
        self.notes: list[str] = []

    def items(self, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """One item a file. Raises BadInput when the folder is missing or has no such file."""
        drafts = 0
        with opened_files(self._path) as files:
            names = [name for name in files.names() if _kind(name) and _matches(name, self._glob)]
            if not names:
                raise BadInput(f"{self._path} holds no Markdown, HTML or text file that matches {self._glob}.")
            for name in names:
                try:
                    item = _item(name, text_of(files.read(name), "text/plain"))
                except CollectError as error:
                    yield RefusedItem(f"file:{name}", Outcome.FAILED, str(error))
                    continue
                if item is None:
                    drafts += 1
                else:
                    yield item
        if drafts:
            self.notes.append(f"{self._path} holds {drafts} drafts; they were left out.")


def _kind(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in (*MARKDOWN, *HTML, *PLAIN)


def _matches(name: str, glob: str) -> bool:
    """As in a shell, and "**/" also stands for no folder at all."""
    return glob == "**" or fnmatch(name, glob) or (glob.startswith("**/") and fnmatch(name, glob[3:]))


def _item(name: str, text: str) -> CollectedItem | None:
    """The item of a file, None for a draft."""
    if PurePosixPath(name).suffix.lower() in HTML:
        return _html_item(name, text)
    facts, body = front_matter(text.replace("\r\n", "\n"), name)
    if _is_draft(facts, name):
        return None
    title = _stated(facts.get("title"))
    heading = FIRST_HEADING.match(body)
    if heading and PurePosixPath(name).suffix.lower() in MARKDOWN:
        words = (heading.group(1) or heading.group(2)).strip()
        if not title or _same(words, title):
            title, body = title or words, body[heading.end() :]
    tags = facts.get("tags") or facts.get("categories") or []
    extra = {"subtitle": _stated(facts.get("subtitle") or facts.get("description")), "tags": _listed(tags)}
    return CollectedItem(
        link=f"file:{name}",
        category=Category.ARTICLES,
        platform="folder",
        title=title or _title_of(name),
        content=body.strip("\n"),
        published_at=_when(facts.get("date") or facts.get("published")) or _date_in(name),
        language=_stated(facts.get("lang") or facts.get("language"))[:2].lower() or None,
        byline=", ".join(_listed(facts.get("author") or facts.get("authors") or [])) or None,
        extra={key: value for key, value in extra.items() if value},
        evidence=body[:6000],
    )


def _html_item(name: str, text: str) -> CollectedItem:
    page = extract(text, "")
    return CollectedItem(
        link=f"file:{name}",
        category=Category.ARTICLES,
        platform="folder",
        title=page.title or _title_of(name),
        content=page.markdown,
        published_at=page.published_at or _date_in(name),
        language=page.language,
        byline=page.byline,
        extra={"subtitle": page.description} if page.description else {},
        evidence=page.text_start,
    )


def front_matter(text: str, name: str) -> tuple[Mapping[str, Any], str]:
    """The YAML front matter (empty when there is none) and the text below it.

    Raises CollectError when it is there and cannot be read.
    """
    match = FRONT_MATTER.match(text)
    if not match:
        return {}, text
    try:
        facts = yaml.safe_load(match.group(1))
    except yaml.YAMLError as error:
        raise CollectError(f"The front matter of {name} is no YAML: {str(error).splitlines()[0]}.") from error
    if facts is None:
        return {}, text[match.end() :]
    if not isinstance(facts, dict):  # a text that merely starts with a rule
        return {}, text
    return {str(key).lower(): value for key, value in facts.items()}, text[match.end() :]


def _is_draft(facts: Mapping[str, Any], name: str) -> bool:
    if facts.get("draft") is True or facts.get("published") is False or str(facts.get("status")).lower() == "draft":
        return True
    return any(part.lower() in ("_drafts", "drafts") for part in PurePosixPath(name).parts[:-1])


def _stated(value: Any) -> str:
    return " ".join(str(value).split()) if value is not None and not isinstance(value, (dict, list)) else ""


def _listed(value: Any) -> list[str]:
    entries = value if isinstance(value, list) else [value]
    names = [_stated(entry.get("name")) if isinstance(entry, dict) else _stated(entry) for entry in entries]
    return [name for name in names if name]


def _when(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return parsed_date(str(value)) if isinstance(value, str) else None


def _date_in(name: str) -> datetime | None:
    match = DATED_NAME.match(PurePosixPath(name).name)
    return parsed_date(match.group(1)) if match else None


def _title_of(name: str) -> str:
    stem = DATED_NAME.sub("", PurePosixPath(name).stem)
    return re.sub(r"[-_]+", " ", stem).strip()


def _same(one: str, other: str) -> bool:
    return re.findall(r"\w+", one.casefold()) == re.findall(r"\w+", other.casefold())
