"""Brings an author's words into the warehouse: what is theirs, once, with an outcome for every item."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from llm_engineering.application.ports import CollectedItem, Progress, RefusedItem, Source
from llm_engineering.application.quarantine import (
    SeenTexts,
    detected_language,
    evidence_of,
    reason_to_quarantine,
)
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import (
    Category,
    CollectionReport,
    ItemReport,
    Outcome,
    QuarantinedPage,
    RawDocument,
)
from llm_engineering.domain.errors import CollectError
from llm_engineering.domain.identity import document_id

EVIDENCE_CHARACTERS = 1000
NOT_STORED = (Outcome.FAILED, Outcome.QUARANTINED, Outcome.GONE)


def collect(
    author: Author,
    sources: Sequence[Source],
    warehouse: Warehouse,
    *,
    progress: Progress,
    max_failure_share: float = 0.5,
    language: str | None = None,
    limit: int | None = None,
) -> CollectionReport:
    """Everything that the sources bring, each link once, stored as it arrives.

    `language` (ISO 639-1) quarantines what is in another one. `limit` ends the run after so many
    items. Running again writes nothing for what did not change. Raises CollectError when more
    than `max_failure_share` (0 to 1) of the items failed, or when the author has no document in
    the end; what was stored until then stays. Raises BadInput when a source cannot be used.
    """
    run = _Run(author, warehouse, language)
    arriving = (item for source in sources for item in _items(source, author))
    unsaid: list[ItemReport] = []
    for item in progress.track(arriving, f"Collecting {author.full_name}", total=limit):
        done = run.take(item)
        if done is None:
            continue
        if done.outcome in NOT_STORED:
            unsaid.append(done)
        if len(run.reports) > 1:  # why the only item failed is what the error says
            _say(unsaid, progress)
        if limit is not None and len(run.reports) >= limit:
            break
    report = CollectionReport(
        author_full_name=author.full_name,
        items=run.reports,
        notes=[*(note for source in sources for note in source.notes), *run.notes()],
    )
    _check(report, author, warehouse, max_failure_share)
    _say(unsaid, progress)
    return report


def known_validators(warehouse: Warehouse, author: Author) -> Callable[[str], tuple[str | None, str | None] | None]:
    """Canonical link → (ETag, Last-Modified) of the author's stored version, for conditional requests.

    A tombstoned document has none: if it is back, its text is wanted.
    """
    known: dict[str, tuple[str | None, str | None]] = {}
    for document in warehouse.documents(author):
        validators = (document.extra.get("etag"), document.extra.get("last_modified"))
        if any(validators):
            known[document.link] = validators
            if requested := document.extra.get("requested"):
                known[requested] = validators
    return known.get


def _say(unsaid: list[ItemReport], progress: Progress) -> None:
    """Tell what became of these items, and forget them."""
    for done in unsaid:
        progress.note(f"{done.outcome}: {done.link} ({done.reason})")
    unsaid.clear()


def _items(source: Source, author: Author) -> Iterator[CollectedItem | RefusedItem]:
    """The source's items; when it breaks off, that is an item, too."""
    try:
        yield from source.items(author)
    except CollectError as error:
        yield RefusedItem(f"source:{type(source).__name__}", Outcome.FAILED, str(error))


class _Run:
    """One collection run of one author."""

    def __init__(self, author: Author, warehouse: Warehouse, language: str | None) -> None:
        self.reports: list[ItemReport] = []
        self._author = author
        self._warehouse = warehouse
        self._language = language
        self._seen: set[str] = set()
        self._repeated = 0
        self._hashes: dict[UUID, str] = {}
        self._aliases: dict[str, UUID] = {}
        for document in warehouse.documents(author):
            self._hashes[document.id] = document.hash
            if requested := document.extra.get("requested"):
                self._aliases[requested] = document.id
        self._quarantined = {page.id: (page.reason, page.evidence) for page in warehouse.quarantined(author)}
        self._is_known = any(known.id == author.id for known in warehouse.authors())
        self._texts: SeenTexts | None = None

    def take(self, item: CollectedItem | RefusedItem) -> ItemReport | None:
        """Deal with one item; None when its link was dealt with before."""
        if item.link in self._seen:
            self._repeated += 1
            return None
        self._seen.add(item.link)
        report = self._refused(item) if isinstance(item, RefusedItem) else self._collected(item)
        self.reports.append(report)
        return report

    def notes(self) -> list[str]:
        """What happened beside the items."""
        return [f"{self._repeated} links led to an item that was there already."] if self._repeated else []

    def _refused(self, item: RefusedItem) -> ItemReport:
        reason = item.reason
        if item.outcome is Outcome.GONE:
            id = self._aliases.get(item.link) or document_id(self._author.id, item.link)
            if self._warehouse.tombstone(id):
                reason = f"{reason} The stored document is marked as gone."
        elif item.outcome is Outcome.QUARANTINED:
            self._quarantine(item.link, item.reason, item.evidence)
        return ItemReport(link=item.link, outcome=item.outcome, reason=reason)

    def _collected(self, item: CollectedItem) -> ItemReport:
        evidence = evidence_of(item, self._author, self._language)
        document = self._document(item, evidence.prose)
        report = ItemReport(link=item.link, outcome=Outcome.UNCHANGED, title=item.title, words=evidence.words)
        if self._hashes.get(document.id) != document.hash:
            reason = reason_to_quarantine(evidence) or self._duplicate(document)
            if reason:
                self._quarantine(item.link, reason, item.evidence or item.content)
                return report.model_copy(update={"outcome": Outcome.QUARANTINED, "reason": reason})
        return report.model_copy(update={"outcome": self._save(document)})

    def _document(self, item: CollectedItem, prose: str) -> RawDocument:
        return RawDocument.of(
            self._author,
            link=item.link,
            category=item.category,
            platform=item.platform,
            title=item.title,
            content=item.content,
            published_at=item.published_at,
            language=item.language or detected_language(prose),
            fetched_at=datetime.now(UTC),
            extra=dict(item.extra),
        )

    def _duplicate(self, document: RawDocument) -> str | None:
        if document.category is Category.REPOSITORIES:
            return None
        link = self._known_texts().duplicate_of(document.id, document.content)
        return f"near-duplicate of {link}" if link else None

    def _known_texts(self) -> SeenTexts:
        """Filled when first needed: a run that brings nothing new compares nothing."""
        if self._texts is None:
            self._texts = SeenTexts()
            for document in self._warehouse.documents(self._author):
                if document.category is not Category.REPOSITORIES:
                    self._texts.add(document.id, document.link, document.content)
        return self._texts

    def _save(self, document: RawDocument) -> Outcome:
        if not self._is_known:
            self._warehouse.add_author(self._author)
            self._is_known = True
        outcome = self._warehouse.save(document)
        if outcome is not Outcome.UNCHANGED:
            self._hashes[document.id] = document.hash
            if self._texts is not None and document.category is not Category.REPOSITORIES:
                self._texts.add(document.id, document.link, document.content)
        if self._quarantined.pop(document.id, None) is not None:
            self._warehouse.release(document.id)
        return outcome

    def _quarantine(self, link: str, reason: str, evidence: str) -> None:
        id = document_id(self._author.id, link)
        kept = (reason, evidence[:EVIDENCE_CHARACTERS])
        if self._quarantined.get(id) == kept:
            return
        self._quarantined[id] = kept
        self._warehouse.quarantine(
            QuarantinedPage(
                id=id, author_id=self._author.id, link=link, reason=reason, evidence=kept[1], seen_at=datetime.now(UTC)
            )
        )


def _check(report: CollectionReport, author: Author, warehouse: Warehouse, max_failure_share: float) -> None:
    bad = [item for item in report.items if item.outcome in NOT_STORED]
    too_much = report.failure_share > max_failure_share
    if too_much and len(report.items) == 1:  # shares of one item would say nothing
        [only] = bad
        raise CollectError(only.reason if only.link in only.reason else f"{only.link}: {only.reason}")
    counts = ", ".join(f"{count} {name}" for name, count in report.counts.items() if count) or "no item at all"
    bad.sort(key=lambda item: item.outcome is not Outcome.FAILED)
    reasons = "; ".join(f"{item.link}: {item.reason}" for item in bad[:3])
    first = f" First reasons: {reasons}" if reasons else ""
    if too_much:
        raise CollectError(
            f"Too much failed for {author.full_name} ({counts}): {report.failure_share:.0%} of the items, "
            f"where max_failure_share is {max_failure_share:.0%}.{first}"
        )
    if next(warehouse.documents(author), None) is None:
        raise CollectError(f"There is no document of {author.full_name} in the warehouse ({counts}).{first}")
