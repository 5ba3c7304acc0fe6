"""The warehouse as JSON files in the format of the LLM Engineer's Handbook's reference, and back."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from llm_engineering.application.json_reading import Unreadable, elements
from llm_engineering.application.ports import Progress, Record
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.application.warehouse_files import ARRAY, ExportReport, make_directory, write_files
from llm_engineering.application.warehouse_intake import Intake
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, Outcome, RawDocument
from llm_engineering.domain.errors import BadInput
from llm_engineering.domain.identity import canonical_link
from llm_engineering.domain.repository_text import as_files, as_markdown

USERS_FILE = "UserDocument.json"
FILES = {
    Category.ARTICLES: "ArticleDocument.json",
    Category.POSTS: "PostDocument.json",
    Category.REPOSITORIES: "RepositoryDocument.json",
}
NAMES = (USERS_FILE, *FILES.values())
ARTICLE_KEYS = {"Title", "Subtitle", "Content", "language"}


def read_json(directory: Path, intake: Intake, progress: Progress) -> None:
    """Take the reference's JSON files of a directory; doing so twice changes nothing.

    Authors are matched by full name, documents by author and canonical link; texts stay
    verbatim. The format says nothing of a text's age: it replaces the stored one, unless JSON
    Lines beside these files had the document. Raises what the store raises.
    """
    reader = _Reader(intake)
    _each_record(directory / USERS_FILE, reader.author, intake, progress)
    for category, name in FILES.items():
        _each_record(directory / name, partial(reader.document, category), intake, progress)


def export_json(directory: Path, warehouse: Warehouse, authors: Sequence[Author], progress: Progress) -> ExportReport:
    """Write these authors as the reference's four JSON files; documents that are gone stay out, and are counted.

    Each file is replaced as a whole, so an interruption leaves the old one. Raises StoreError
    when the directory cannot be made, or a file not written.
    """
    make_directory(directory)
    [users] = write_files(directory, [USERS_FILE], ARRAY, ((USERS_FILE, _user(author)) for author in authors))
    export = _Export(warehouse, authors)
    records = progress.track(export.records(), "Exporting")
    files = write_files(directory, list(FILES.values()), ARRAY, records)
    return ExportReport(directory=directory, authors=users, files=files, left_out=export.left_out)


# ------------------------------------------------------------------------------ reading


def _each_record(path: Path, take: Callable[[Any], None], intake: Intake, progress: Progress) -> None:
    if not path.is_file():
        return
    try:
        with path.open(encoding="utf-8-sig") as file:
            records = progress.track(elements(file), f"Importing {path.name}")
            for number, record in enumerate(records, start=1):
                intake.take(f"{path.name}, record {number}", partial(take, record))
    except OSError as error:
        intake.report.refuse(f"{path.name}: it cannot be read ({error.strerror or error}).")
    except Unreadable as error:
        intake.report.refuse(f"{path.name}: {error}.")


class _Reader:
    """Stores a record; raises Unreadable for what is wrong with it."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._users: dict[str, Author] = {}

    def author(self, record: Any) -> None:
        """A record of UserDocument.json."""
        author = _author(_object(record))
        self._users[str(record.get("_id"))] = author
        self._intake.know(author)

    def document(self, category: Category, record: Any) -> None:
        """A record of one of the other files."""
        author = _author_of(_object(record), self._users)
        document = _document(record, category, author)
        stored = self._intake.stored(document)
        self._intake.know(author)
        if self._intake.seen is not None and document.id in self._intake.seen:
            self._intake.report.count(Outcome.UNCHANGED)
        else:
            self._intake.report.count(self._intake.warehouse.save(_completed(document, stored)))


def _object(record: Any) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise Unreadable(f"it is {type(record).__name__}, not an object")
    try:
        json.dumps(record, ensure_ascii=False).encode("utf-8")
    except (UnicodeEncodeError, RecursionError):
        raise Unreadable("it is no Unicode text (half a surrogate pair), or is nested too deeply") from None
    return record


def _author(record: Mapping[str, Any]) -> Author:
    parts = [record.get("first_name"), record.get("last_name")]
    name = record.get("full_name") or " ".join(part for part in parts if isinstance(part, str))
    try:
        return Author.named(name if isinstance(name, str) else "")
    except BadInput:
        raise Unreadable("it has no first_name and last_name") from None


def _author_of(record: Mapping[str, Any], users: Mapping[str, Author]) -> Author:
    name = record.get("author_full_name")
    if isinstance(name, str) and name.strip():
        return Author.named(name)
    author = users.get(str(record.get("author_id")))
    if author is None:
        raise Unreadable(f"it has no author_full_name, and its author_id is not in {USERS_FILE}")
    return author


def _document(record: Mapping[str, Any], category: Category, author: Author) -> RawDocument:
    title, content, language, extra = _parts(record, category)
    if not content.strip():
        raise Unreadable("its content has no text")
    link = record.get("link")
    if isinstance(link, str) and link.strip():
        link = _key(link)
    elif record.get("_id"):
        link = f"imported:{record['_id']}"
    else:
        raise Unreadable("it has neither link nor _id")
    return RawDocument.of(
        author,
        link=link,
        category=category,
        platform=_text(record.get("platform")) or "imported",
        title=title,
        content=content,
        language=language,
        fetched_at=datetime.now(UTC),
        extra=extra,
    )


def _key(link: str) -> str:
    if not link.startswith(("http://", "https://")):
        return link.strip()
    try:
        return canonical_link(link)
    except ValueError:
        raise Unreadable(f"its link {link[:200]} is no URL") from None


def _parts(record: Mapping[str, Any], category: Category) -> tuple[str, str, str | None, dict[str, Any]]:
    """Title, content, language and extra of a record of the reference."""
    content = record.get("content")
    if category is Category.REPOSITORIES:
        if not isinstance(content, dict) or not all(isinstance(text, str) for text in content.values()):
            raise Unreadable("its content is no mapping from path to text")
        markdown, spans = as_markdown(content.items())
        return _text(record.get("name")), markdown, None, {"spans": spans}
    if isinstance(content, str):
        return "", content, None, {}
    if not isinstance(content, dict):
        raise Unreadable(f"its content is {type(content).__name__}, not an object")
    if "Content" in content:
        if not isinstance(content["Content"], str):
            raise Unreadable("its Content is no text")
        text = content["Content"]
    else:  # posts were stored as {"Post_1": …}
        text = "\n\n".join(part for key, part in content.items() if key not in ARTICLE_KEYS and isinstance(part, str))
    extra = {"subtitle": _text(content.get("Subtitle")), "image": _text(record.get("image"))}
    stated = {key: value for key, value in extra.items() if value}
    return _text(content.get("Title")), text, _text(content.get("language"))[:2].lower() or None, stated


def _text(value: Any) -> str:
    """A text; the reference wrote the word "None" where it had nothing."""
    return value.strip() if isinstance(value, str) and value.strip() != "None" else ""


def _completed(document: RawDocument, stored: RawDocument | None) -> RawDocument:
    """The document with what a stored version knows beyond this format (dates, validators)."""
    if stored is None:
        return document
    return document.model_copy(
        update={
            "published_at": stored.published_at,
            "language": document.language or stored.language,
            "extra": {**stored.extra, **document.extra},
        }
    )


# ------------------------------------------------------------------------------ writing


class _Export:
    """The records of the authors' documents, and how many have no place among them."""

    def __init__(self, warehouse: Warehouse, authors: Sequence[Author]) -> None:
        self._warehouse = warehouse
        self._authors = authors
        self.left_out = 0

    def records(self) -> Iterator[tuple[str, Record]]:
        """(file name, record of it), one at a time."""
        for author in self._authors:
            for document in self._warehouse.documents(author, include_gone=True):
                if document.tombstoned_at is None:
                    yield FILES[document.category], _record(document)
                else:
                    self.left_out += 1


def _user(author: Author) -> Record:
    return {"_id": str(author.id), "first_name": author.first_name, "last_name": author.last_name}


def _record(document: RawDocument) -> Record:
    record: Record = {
        "_id": str(document.id),
        "author_id": str(document.author_id),
        "author_full_name": document.author_full_name,
        "platform": document.platform,
        "link": document.link,
    }
    match document.category:
        case Category.ARTICLES:
            record["content"] = {
                "Title": document.title or None,
                "Subtitle": document.extra.get("subtitle"),
                "Content": document.content,
                "language": document.language,
            }
        case Category.POSTS:
            record["content"] = {"Content": document.content}
            record["image"] = document.extra.get("image")
        case Category.REPOSITORIES:
            record["name"] = document.title
            spans = document.extra.get("spans")
            record["content"] = as_files(document.content, spans) if spans else {"README.md": document.content}
    return record
