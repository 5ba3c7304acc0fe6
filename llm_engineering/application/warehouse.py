"""The data warehouse in domain words, on any DocumentStore. Collections: the reference's names."""

import difflib
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

from llm_engineering.application.ports import DocumentStore, Record
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, Outcome, QuarantinedPage, RawDocument
from llm_engineering.domain.errors import UnknownAuthor
from llm_engineering.domain.feedback import Feedback
from llm_engineering.domain.identity import author_id
from llm_engineering.domain.twins import TwinManifest, latest_of

COLLECT_COMMAND = "./poe run-digital-data-etl --config configs/digital_data_etl_example.yaml"
"""What a user runs to fill the warehouse, once their name and sources stand in that file."""

USERS = "users"
QUARANTINE = "quarantine"
TWINS = "twins"
FEEDBACK = "feedback"


class Warehouse:
    """Reads and writes authors, raw documents, quarantined pages and twin manifests."""

    def __init__(self, store: DocumentStore) -> None:
        self._store = store

    # ---------------------------------------------------------------- authors

    def add_author(self, author: Author) -> None:
        """Make the author known; again is no error."""
        record = {"first_name": author.first_name, "last_name": author.last_name, "full_name": author.full_name}
        self._store.upsert(USERS, [{"_id": str(author.id), **record}])

    def authors(self) -> list[Author]:
        """Everyone known, by name."""
        found = [_author(record) for record in self._store.find(USERS)]
        return sorted(found, key=lambda author: author.full_name)

    def author(self, full_name: str) -> Author:
        """The known author of that name. Reading never creates one.

        Raises UnknownAuthor, naming close matches or everybody known.
        """
        record = self._store.get(USERS, str(author_id(full_name)))
        if record is not None:
            return _author(record)
        names = [author.full_name for author in self.authors()]
        if not names:
            raise UnknownAuthor(
                f'No author "{full_name}": the warehouse is empty. Collect one first: {COLLECT_COMMAND}.'
            )
        close = difflib.get_close_matches(full_name, names, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(close)}?" if close else f"Known: {', '.join(names[:10])}."
        raise UnknownAuthor(f'No author "{full_name}" in the warehouse. {hint}')

    # ---------------------------------------------------------------- documents

    def save(self, document: RawDocument) -> Outcome:
        """Write the document unless it is there unchanged: NEW, UPDATED or UNCHANGED.

        A tombstoned document that is seen again counts as UPDATED, whatever its text.
        """
        previous = self._store.get(document.category, str(document.id))
        if previous is not None:
            known = _document(previous)
            if known.hash == document.hash and known.tombstoned_at is None:
                current = document.model_copy(update={"fetched_at": known.fetched_at})
                if current != known:  # a corrected date or language, a new ETag
                    self._store.upsert(document.category, [_record(current)])
                return Outcome.UNCHANGED
        self._store.upsert(document.category, [_record(document)])
        return Outcome.NEW if previous is None else Outcome.UPDATED

    def document(self, id: UUID) -> RawDocument | None:
        """The document of that id, in whichever category it is."""
        for category in Category:
            record = self._store.get(category, str(id))
            if record is not None:
                return _document(record)
        return None

    def documents(self, author: Author, *, include_gone: bool = False) -> Iterator[RawDocument]:
        """The author's documents of every category, streamed; tombstones only when asked for."""
        for category in Category:
            for record in self._store.find(category, {"author_id": str(author.id)}):
                document = _document(record)
                if include_gone or document.tombstoned_at is None:
                    yield document

    def tombstone(self, id: UUID) -> bool:
        """Mark the document as gone at its source. True if it was there and not yet gone."""
        document = self.document(id)
        if document is None or document.tombstoned_at is not None:
            return False
        gone = document.model_copy(update={"tombstoned_at": datetime.now(UTC)})
        self._store.upsert(document.category, [_record(gone)])
        return True

    # ---------------------------------------------------------------- quarantine

    def quarantine(self, page: QuarantinedPage) -> None:
        """Keep the evidence; the same link of the same author replaces its older entry."""
        self._store.upsert(QUARANTINE, [_record(page)])

    def release(self, id: UUID) -> None:
        """Forget a quarantined page, e.g. because the link now brings an article."""
        self._store.delete(QUARANTINE, [str(id)])

    def quarantined(self, author: Author | None = None) -> Iterator[QuarantinedPage]:
        """What lies in quarantine, with what was decided of it; of one author when given."""
        where = {"author_id": str(author.id)} if author else None
        for record in self._store.find(QUARANTINE, where):
            yield QuarantinedPage.model_validate({"id": record["_id"], **record})

    # ---------------------------------------------------------------- twins

    def save_twin(self, manifest: TwinManifest) -> None:
        """Write the manifest of one version."""
        self._store.upsert(TWINS, [_record(manifest)])

    def twins(self, author: Author | None = None) -> list[TwinManifest]:
        """The manifests, by name and version; of one author when given."""
        where = {"author_id": str(author.id)} if author else None
        found = [
            TwinManifest.model_validate({"id": record["_id"], **record}) for record in self._store.find(TWINS, where)
        ]
        return sorted(found, key=lambda twin: (twin.name, twin.version))

    def latest_twin(self, author: Author) -> TwinManifest | None:
        """The version that answers unless another one is asked for, or None."""
        return latest_of(self.twins(author))

    def remove_twin(self, manifest: TwinManifest) -> None:
        """Forget that version; its files are somebody else's business."""
        self._store.delete(TWINS, [str(manifest.id)])

    # ---------------------------------------------------------------- feedback

    def save_feedback(self, feedback: Feedback) -> None:
        """Write what a reader said; again is no error, and keeps when it was first said."""
        if self._store.get(FEEDBACK, str(feedback.id)) is None:
            self._store.upsert(FEEDBACK, [_record(feedback)])

    def feedback(self, author: Author | None = None) -> Iterator[Feedback]:
        """What readers said, streamed; of one author's answers when given."""
        where = {"author_id": str(author.id)} if author else None
        for record in self._store.find(FEEDBACK, where):
            yield Feedback.model_validate({"id": record["_id"], **record})


def _record(model: RawDocument | QuarantinedPage | TwinManifest | Feedback) -> Record:
    record = model.model_dump(mode="json")
    return {"_id": record.pop("id"), **record}


def _document(record: Record) -> RawDocument:
    return RawDocument.model_validate({"id": record["_id"], **record})


def _author(record: Record) -> Author:
    return Author.named(record.get("full_name") or f"{record['first_name']} {record['last_name']}")
