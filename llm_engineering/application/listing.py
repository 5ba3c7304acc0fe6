"""What an author's sources list, each link once, seen against what is stored already."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from llm_engineering.application.ports import CollectedItem, Coverage, ListedPage, RefusedItem, Source
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Outcome, RawDocument
from llm_engineering.domain.errors import CollectError
from llm_engineering.domain.identity import canonical_link


@dataclass(frozen=True)
class StoredDocument:
    """What a run has to know of a stored document."""

    id: UUID
    link: str
    requested: str | None
    hash: str
    origin: str | None
    read_from: str | None


@dataclass
class KnownDocuments:
    """The author's stored documents, without their texts."""

    documents: dict[UUID, StoredDocument] = field(default_factory=dict)
    by_link: dict[str, UUID] = field(default_factory=dict)
    """By link, and by the link that was asked for where that was another one."""
    validators: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    """Link → (ETag, Last-Modified). A tombstoned document has none: if it is back, its text is wanted."""

    @classmethod
    def of(cls, author: Author, warehouse: Warehouse) -> "KnownDocuments":
        """All that is stored of the author and not gone."""
        known = cls()
        for document in warehouse.documents(author):
            known.add(document)
        return known

    def add(self, document: RawDocument) -> None:
        """Know this document, in place of what was known under its id."""
        extra = document.extra
        stored = StoredDocument(
            document.id,
            document.link,
            extra.get("requested"),
            document.hash,
            extra.get("origin"),
            extra.get("read_from"),
        )
        self.documents[document.id] = stored
        for link in filter(None, (stored.link, stored.requested)):
            self.by_link[link] = document.id
            if any(validators := (extra.get("etag"), extra.get("last_modified"))):
                self.validators[link] = validators

    def remove(self, id: UUID) -> None:
        """Forget it; an unknown id is no error."""
        stored = self.documents.pop(id, None)
        for link in filter(None, (stored.link, stored.requested) if stored else ()):
            self.by_link.pop(link, None)
            self.validators.pop(link, None)


class Listing:
    """Everything that the sources list, each link once, and at the end of each source what it no longer has."""

    def __init__(self, author: Author, sources: Sequence[Source], known: KnownDocuments, since: date | None) -> None:
        self._author = author
        self._sources = sources
        self._known = known
        self._since = since
        self._seen: set[str] = set()
        self._repeated = 0
        self._too_old = 0

    def items(self) -> Iterator[CollectedItem | RefusedItem | ListedPage]:
        """One source after the other; one that breaks off is an item, too."""
        for source in self._sources:
            listed: set[str] = set()
            try:
                for item in source.items(self._author):
                    yield from self._new(item, source.origin, listed)
            except CollectError as error:
                yield RefusedItem(source.origin, Outcome.FAILED, str(error))
                continue
            yield from self._missing(source, listed)

    def notes(self) -> list[str]:
        """What was listed and is no item."""
        notes = [f"Listed more than once: {self._repeated}."] if self._repeated else []
        if self._too_old:
            notes.append(f"Left out, from before {self._since}: {self._too_old}.")
        return notes

    def _new(
        self, item: CollectedItem | RefusedItem | ListedPage, origin: str, listed: set[str]
    ) -> Iterator[CollectedItem | RefusedItem | ListedPage]:
        link = item.link
        if isinstance(item, ListedPage):
            try:
                link = canonical_link(item.link)
            except ValueError as error:
                yield RefusedItem(item.link, Outcome.FAILED, f"{item.link} is no usable address ({error}).")
                return
        listed.add(link)
        if link in self._seen:
            self._repeated += 1
            return
        self._seen.add(link)
        if self._is_too_old(item):
            self._too_old += 1
            return
        yield item if isinstance(item, RefusedItem) else replace(item, origin=origin)

    def _is_too_old(self, item: CollectedItem | RefusedItem | ListedPage) -> bool:
        if self._since is None or isinstance(item, RefusedItem):
            return False
        dates = [item.published_at]
        if isinstance(item, ListedPage):  # nothing is published after it was last changed
            dates.append(item.modified_at)
        return any(when is not None and when.date() < self._since for when in dates)

    def _missing(self, source: Source, listed: set[str]) -> Iterator[RefusedItem | ListedPage]:
        """What is stored of the source and was not listed: gone, or to be asked for."""
        if source.coverage is Coverage.PART:
            return
        for stored in list(self._known.documents.values()):
            if stored.origin != source.origin or {stored.link, stored.requested} & (listed | self._seen):
                continue
            self._seen.add(stored.link)
            if source.coverage is Coverage.ALL:
                yield RefusedItem(stored.link, Outcome.GONE, f"It is no longer in {source.origin}.")
            else:
                yield ListedPage(stored.requested or stored.link, origin=source.origin)
