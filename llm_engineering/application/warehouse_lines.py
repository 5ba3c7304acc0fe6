"""The warehouse as JSON Lines with every field, and back: one document a line, nothing left out."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from llm_engineering.application.json_reading import Unreadable, numbered_lines, object_of
from llm_engineering.application.ports import Progress
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.application.warehouse_files import LINES, ExportReport, make_directory, write_files
from llm_engineering.application.warehouse_intake import Intake
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, Decision, Outcome, QuarantinedPage, RawDocument
from llm_engineering.domain.errors import BadInput
from llm_engineering.domain.identity import document_id

USERS_FILE = "users.jsonl"
FILES = {category: f"{category.value}.jsonl" for category in Category}
QUARANTINE_FILE = "quarantine.jsonl"
NAMES = (USERS_FILE, *FILES.values(), QUARANTINE_FILE)
COMPRESSED = ".gz"
BYTE_ORDER_MARK = "\ufeff".encode()
MOST_UNKNOWN = 20
"""Unknown fields that are named."""

Model = TypeVar("Model", bound=BaseModel)


def export_lines(
    directory: Path,
    warehouse: Warehouse,
    authors: Sequence[Author],
    pages: Iterable[QuarantinedPage],
    progress: Progress,
) -> ExportReport:
    """Write the authors, their documents with the tombstones, and these quarantined pages, with every field.

    The files are replaced together once all are complete, so an interruption leaves the old
    ones. Raises StoreError when the directory cannot be made, or a file not written.
    """
    make_directory(directory)
    models = chain(_models(warehouse, authors), ((QUARANTINE_FILE, page) for page in pages))
    records = progress.track(models, "Exporting")
    dumped = ((name, model.model_dump(mode="json")) for name, model in records)
    users, *files = write_files(directory, NAMES, LINES, dumped)
    return ExportReport(directory=directory, authors=users, files=files)


def read_lines(directory: Path, intake: Intake, progress: Progress) -> None:
    """Take the JSON Lines of a directory, `.jsonl` and `.jsonl.gz`; doing so twice changes nothing.

    The newer version of a document wins. Its age is `fetched_at`, or `tombstoned_at` if that is
    later; of the same age, a stored document gives way only to another text. So an older export
    overwrites nothing, and a text that was corrected in the file comes in. Of quarantined pages
    the one that was seen or decided on later wins, and one that nobody decided on stays out where
    a newer document of its link is stored.

    A line that is broken becomes a problem of the report. Raises what the store raises.
    """
    reader = _Reader(intake)
    takes: list[tuple[str, Callable[[str, bytes], None]]] = [
        (USERS_FILE, reader.author),
        *((name, reader.document) for name in FILES.values()),
        (QUARANTINE_FILE, reader.page),
    ]
    for name, take in takes:
        for path in (directory / name, directory / f"{name}{COMPRESSED}"):
            if path.is_file():
                _read(path, partial(take, name), intake, progress)


# ------------------------------------------------------------------------------ writing


def _models(warehouse: Warehouse, authors: Sequence[Author]) -> Iterator[tuple[str, BaseModel]]:
    """(file name, what goes on a line of it), one at a time."""
    for author in authors:
        yield USERS_FILE, author
        for document in warehouse.documents(author, include_gone=True):
            yield FILES[document.category], document


# ------------------------------------------------------------------------------ reading


def _read(path: Path, take: Callable[[bytes], None], intake: Intake, progress: Progress) -> None:
    try:
        for number, line in progress.track(numbered_lines(path), f"Importing {path.name}"):
            intake.take(f"{path.name} line {number}", partial(take, line))
    except Unreadable as error:
        intake.report.refuse(f"{path.name} {error}.")


class _Reader:
    """Stores what is on a line; raises Unreadable for what is wrong with it."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._warehouse = intake.warehouse
        self._unknown: set[str] = set()

    def author(self, name: str, line: bytes) -> None:
        """A line of users.jsonl."""
        author = self._model(name, line, Author)
        self._intake.know(_named(author.full_name, author.id, "id"))

    def document(self, name: str, line: bytes) -> None:
        """A line of articles.jsonl, posts.jsonl or repositories.jsonl."""
        document = self._model(name, line, RawDocument)
        author = _named(document.author_full_name, document.author_id, "author_id")
        _check_id(document)
        if FILES[document.category] != name:
            raise Unreadable(f"its category is {document.category}, which belongs in {FILES[document.category]}")
        if self._intake.seen is not None:
            self._intake.seen.add(document.id)
        stored = self._intake.stored(document)
        self._intake.know(author)
        self._intake.report.count(self._save(document, stored))

    def page(self, name: str, line: bytes) -> None:
        """A line of quarantine.jsonl."""
        page = self._model(name, line, QuarantinedPage)
        _check_id(page)
        if page.document is not None:
            _named(page.document.author_full_name, page.author_id, "author_id")
            _check_id(page.document)
            if page.document.id != page.id:
                raise Unreadable("its document is of another author or link than itself")
        if self._is_newer(page):
            self._warehouse.quarantine(page)
            self._pages[page.id] = _decided(page)
            self._intake.report.pages += 1

    def _save(self, document: RawDocument, stored: RawDocument | None) -> Outcome:
        if stored is None:
            return self._warehouse.save(document)
        if stored == document.model_copy(update={"fetched_at": stored.fetched_at}):
            return Outcome.UNCHANGED
        if _age(stored) > _age(document) or (_age(stored) == _age(document) and stored.hash == document.hash):
            self._intake.report.older += 1
            return Outcome.UNCHANGED
        self._warehouse.save(document)
        return Outcome.UPDATED

    def _is_newer(self, page: QuarantinedPage) -> bool:
        """Whether the page says more than its stored version, or than the document that has come of it."""
        known = self._pages.get(page.id)
        if known is not None:
            return known < _decided(page)
        document = self._warehouse.document(page.id) if page.decision is Decision.PENDING else None
        is_superseded = document is not None and document.tombstoned_at is None and _age(document) > _decided(page)
        return not is_superseded

    @cached_property
    def _pages(self) -> dict[UUID, datetime]:
        """The stored pages, and when each was last judged; read when the first page comes."""
        return {page.id: _decided(page) for page in self._warehouse.quarantined()}

    def _model(self, name: str, line: bytes, kind: type[Model]) -> Model:
        for field in object_of(line).keys() - kind.model_fields.keys() - self._unknown:
            if len(self._unknown) < MOST_UNKNOWN:
                self._unknown.add(field)
                self._intake.report.notes.append(f"{name}: the field {field[:80]} is not known and was left out.")
        try:
            # Strictly: a number is no text here. From the text, since only JSON's own types are known to it.
            return kind.model_validate_json(line.removeprefix(BYTE_ORDER_MARK), strict=True)
        except ValidationError as error:
            raise Unreadable(_first_reason(error)) from None


def _named(full_name: str, id: UUID, field: str) -> Author:
    try:
        author = Author.named(full_name)
    except BadInput:
        raise Unreadable("its author has no name") from None
    if author.id != id:
        raise Unreadable(f"its {field} is not the one of {author.full_name}, {author.id}")
    return author


def _check_id(item: RawDocument | QuarantinedPage) -> None:
    expected = document_id(item.author_id, item.link)
    if item.id != expected:
        raise Unreadable(f"its id does not follow from its author and link, which give {expected}")


def _age(document: RawDocument) -> datetime:
    """When the version was last known to be what it says."""
    return max(_utc(document.fetched_at), _utc(document.tombstoned_at or document.fetched_at))


def _decided(page: QuarantinedPage) -> datetime:
    """When the page was last judged."""
    return max(_utc(page.seen_at), _utc(page.decided_at or page.seen_at))


def _utc(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _first_reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(map(str, first["loc"]))
    if first["type"] == "missing":
        return f"it has no field {field}"
    return f"its field {field} is wrong ({first['msg']})" if field else first["msg"]
