"""Where an import of the warehouse puts what it read, and what came of it."""

from collections.abc import Callable
from uuid import UUID

from pydantic import BaseModel, Field

from llm_engineering.application.json_reading import Unreadable
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Outcome, RawDocument
from llm_engineering.domain.errors import StoreError, StoreLocked, StoreUnreachable

MOST_PROBLEMS = 1000
"""Problems that are kept in words; a file that is broken throughout must not fill the memory."""
MOST_REFUSALS = 5
"""Records in a row that a store may refuse before it is taken to refuse them all, e.g. on a full disk."""


class ImportReport(BaseModel):
    """What an import did. A record that could not be read is a problem, and the rest goes in."""

    authors: list[str] = Field(default_factory=list)
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    """Documents that were stored already."""
    older: int = 0
    """How many of the unchanged differ from the file's, and are newer."""
    pages: int = 0
    """Pages that came into quarantine, or replaced an older one there."""
    not_imported: int = 0
    problems: list[str] = Field(default_factory=list)
    """Each names its file and line or record (1 = first). The first thousand; `not_imported` counts all."""
    notes: list[str] = Field(default_factory=list)
    """What a reader should know beside that."""

    def count(self, outcome: Outcome) -> None:
        """Count a document that is stored now: NEW, UPDATED or UNCHANGED."""
        setattr(self, outcome.value, getattr(self, outcome.value) + 1)

    def refuse(self, problem: str) -> None:
        """Count what did not go in, with the reason."""
        self.not_imported += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)


class Intake:
    """One import into one warehouse.

    What was taken is stored at once, each author before their first document, so that an
    import that is interrupted leaves nothing that the next one would not find.
    """

    def __init__(self, warehouse: Warehouse, *, remember: bool = False) -> None:
        self.warehouse = warehouse
        self.report = ImportReport()
        self.seen: set[UUID] | None = set() if remember else None
        """Documents of the JSON Lines, where the reference's files beside them need to know."""
        self._stored = {author.id for author in warehouse.authors()}
        self._names: dict[UUID, str] = {}
        self._refusals = 0

    def know(self, author: Author) -> None:
        """Store the author unless they are; a name that is stored keeps its spelling."""
        if author.id not in self._stored:
            self.warehouse.add_author(author)
            self._stored.add(author.id)
        self._names.setdefault(author.id, author.full_name)

    def stored(self, document: RawDocument) -> RawDocument | None:
        """The stored version of the document, if any.

        Raises Unreadable when that is in another category, where it would stay as a double.
        """
        found = self.warehouse.document(document.id)
        if found is not None and found.category is not document.category:
            raise Unreadable(f"its link is stored already, among the {found.category}")
        return found

    def take(self, place: str, store: Callable[[], None]) -> None:
        """Store one record; what is wrong with it becomes a problem of that place, and no exception.

        Raises StoreUnreachable and StoreLocked, and StoreError when the store refuses one record after the other.
        """
        try:
            store()
        except Unreadable as error:
            self.report.refuse(f"{place}: {error}.")
        except (StoreUnreachable, StoreLocked):
            raise
        except StoreError as error:  # this one may be too large for the store, or nested too deeply
            self._refusals += 1
            if self._refusals == MOST_REFUSALS:
                raise
            self.report.refuse(f"{place}: {error}")
        else:
            self._refusals = 0

    def finished(self) -> ImportReport:
        """The report, with the names of everybody of whom something was read."""
        self.report.authors = sorted(self._names.values())
        return self.report
