"""The warehouse as JSON files in the format of the LLM Engineer's Handbook's reference, and back."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from llm_engineering.application.ports import Progress
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, Outcome, RawDocument
from llm_engineering.domain.errors import BadInput, StoreError
from llm_engineering.domain.identity import canonical_link
from llm_engineering.domain.repository_text import as_files, as_markdown

USERS_FILE = "UserDocument.json"
FILES = {
    Category.ARTICLES: "ArticleDocument.json",
    Category.POSTS: "PostDocument.json",
    Category.REPOSITORIES: "RepositoryDocument.json",
}
ARTICLE_KEYS = {"Title", "Subtitle", "Content", "language"}


class ImportReport(BaseModel):
    """What an import did. A record that could not be read is a problem, and the rest goes in."""

    authors: list[str] = Field(default_factory=list)
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: list[str] = Field(default_factory=list)
    """Each names its file and record number (1 = first)."""


class ExportReport(BaseModel):
    """What an export wrote."""

    directory: Path
    authors: int
    documents: dict[str, int]
    """File name → number of records."""


class _Unreadable(Exception):
    """What is wrong with one record."""


def import_json(directory: Path, warehouse: Warehouse, progress: Progress) -> ImportReport:
    """Read the reference's JSON files of a directory; doing so twice changes nothing.

    Authors are matched by full name, documents by author and canonical link; texts stay verbatim.
    Raises BadInput when the directory is missing or holds none of the files.
    """
    names = [USERS_FILE, *FILES.values()]
    if not directory.is_dir():
        raise BadInput(f"There is no directory {directory} to import from.")
    if not any((directory / name).is_file() for name in names):
        raise BadInput(f"{directory} holds none of {', '.join(names)}; export a warehouse first, or correct the path.")
    report = ImportReport()
    users: dict[str, Author] = {}
    known: dict[str, Author] = {}

    def add_user(record: Mapping[str, Any]) -> None:
        author = _author(record)
        users[str(record.get("_id"))] = known[author.full_name] = author

    def add_document(category: Category) -> Callable[[Mapping[str, Any]], None]:
        def add(record: Mapping[str, Any]) -> None:
            author = _author_of(record, users)
            outcome = _save(_document(record, category, author), warehouse)
            known.setdefault(author.full_name, author)
            field = outcome.value
            setattr(report, field, getattr(report, field) + 1)

        return add

    _each_record(directory / USERS_FILE, add_user, report, progress)
    for category, name in FILES.items():
        _each_record(directory / name, add_document(category), report, progress)
    stored = {author.id for author in warehouse.authors()}
    for author in known.values():
        if author.id not in stored:
            warehouse.add_author(author)
    report.authors = sorted(author.full_name for author in known.values())
    return report


def export_json(directory: Path, warehouse: Warehouse, progress: Progress) -> ExportReport:
    """Write the warehouse as the reference's four JSON files; documents that are gone stay out.

    Each file is replaced as a whole, so an interruption leaves the old one. Raises StoreError
    when the directory cannot be made, or a file not written.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The directory {directory} cannot be made ({error.strerror}); name another one with --data-dir."
        ) from error
    authors = warehouse.authors()
    users = [
        {"_id": str(author.id), "first_name": author.first_name, "last_name": author.last_name} for author in authors
    ]
    records: dict[Category, list[dict[str, Any]]] = {category: [] for category in Category}
    for author in progress.track(authors, "Exporting", total=len(authors)):
        for document in warehouse.documents(author):
            records[document.category].append(_record(document))
    _write(directory / USERS_FILE, users)
    for category, name in FILES.items():
        _write(directory / name, records[category])
    counts = {name: len(records[category]) for category, name in FILES.items()}
    return ExportReport(directory=directory, authors=len(authors), documents=counts)


# ------------------------------------------------------------------------------ reading


def _each_record(
    path: Path, take: Callable[[Mapping[str, Any]], None], report: ImportReport, progress: Progress
) -> None:
    if not path.is_file():
        return
    for number, record in enumerate(progress.track(_records(path, report), f"Importing {path.name}"), start=1):
        try:
            if not isinstance(record, dict):
                raise _Unreadable(f"it is {type(record).__name__}, not an object")
            take(record)
        except _Unreadable as error:
            report.problems.append(f"{path.name}, record {number}: {error}.")


def _records(path: Path, report: ImportReport) -> Iterator[Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        report.problems.append(f"{path.name}: it is no readable JSON ({error}).")
        return
    if not isinstance(found, list):
        report.problems.append(f"{path.name}: it holds {type(found).__name__}, not a list of records.")
        return
    yield from found


def _author(record: Mapping[str, Any]) -> Author:
    parts = [record.get("first_name"), record.get("last_name")]
    name = record.get("full_name") or " ".join(part for part in parts if isinstance(part, str))
    try:
        return Author.named(name if isinstance(name, str) else "")
    except BadInput:
        raise _Unreadable("it has no first_name and last_name") from None


def _author_of(record: Mapping[str, Any], users: Mapping[str, Author]) -> Author:
    name = record.get("author_full_name")
    if isinstance(name, str) and name.strip():
        return Author.named(name)
    author = users.get(str(record.get("author_id")))
    if author is None:
        raise _Unreadable(f"it has no author_full_name, and its author_id is not in {USERS_FILE}")
    return author


def _document(record: Mapping[str, Any], category: Category, author: Author) -> RawDocument:
    title, content, language, extra = _parts(record, category)
    if not content.strip():
        raise _Unreadable("its content has no text")
    link = record.get("link")
    if isinstance(link, str) and link.strip():
        link = canonical_link(link) if link.startswith(("http://", "https://")) else link.strip()
    elif record.get("_id"):
        link = f"imported:{record['_id']}"
    else:
        raise _Unreadable("it has neither link nor _id")
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


def _parts(record: Mapping[str, Any], category: Category) -> tuple[str, str, str | None, dict[str, Any]]:
    """Title, content, language and extra of a record of the reference."""
    content = record.get("content")
    if category is Category.REPOSITORIES:
        if not isinstance(content, dict) or not all(isinstance(text, str) for text in content.values()):
            raise _Unreadable("its content is no mapping from path to text")
        markdown, spans = as_markdown(content.items())
        return _text(record.get("name")), markdown, None, {"spans": spans}
    if isinstance(content, str):
        return "", content, None, {}
    if not isinstance(content, dict):
        raise _Unreadable(f"its content is {type(content).__name__}, not an object")
    if "Content" in content:
        if not isinstance(content["Content"], str):
            raise _Unreadable("its Content is no text")
        text = content["Content"]
    else:  # posts were stored as {"Post_1": …}
        text = "\n\n".join(part for key, part in content.items() if key not in ARTICLE_KEYS and isinstance(part, str))
    extra = {"subtitle": _text(content.get("Subtitle")), "image": _text(record.get("image"))}
    stated = {key: value for key, value in extra.items() if value}
    return _text(content.get("Title")), text, _text(content.get("language"))[:2].lower() or None, stated


def _text(value: Any) -> str:
    """A text; the reference wrote the word "None" where it had nothing."""
    return value.strip() if isinstance(value, str) and value.strip() != "None" else ""


def _save(document: RawDocument, warehouse: Warehouse) -> Outcome:
    """Save, keeping what a stored version knows beyond this format (dates, validators)."""
    stored = warehouse.document(document.id)
    if stored is not None:
        document = document.model_copy(
            update={
                "published_at": stored.published_at,
                "language": document.language or stored.language,
                "extra": {**stored.extra, **document.extra},
            }
        )
    return warehouse.save(document)


# ------------------------------------------------------------------------------ writing


def _record(document: RawDocument) -> dict[str, Any]:
    record: dict[str, Any] = {
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


def _write(path: Path, records: list[dict[str, Any]]) -> None:
    partial = path.with_suffix(".json.partial")
    try:
        partial.write_text(json.dumps(records, ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        with suppress(OSError):  # it takes up room, and is of no use to anybody
            partial.unlink()
        raise StoreError(
            f"{path} could not be written ({error.strerror}); free some space or grant the permission and run again, "
            "or name another directory with --data-dir."
        ) from error
