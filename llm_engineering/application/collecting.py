"""Brings an author's words into the warehouse: what is theirs, once, with an outcome for every item."""

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from uuid import UUID

from llm_engineering.application.listing import KnownDocuments, Listing, StoredDocument
from llm_engineering.application.near_duplicates import SeenTexts, shingles_of
from llm_engineering.application.ports import PageReader, Progress, RefusedItem, Source
from llm_engineering.application.quarantine import Examined, Finding, examined, words_of
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import (
    CollectionReport,
    Decision,
    ItemReport,
    Outcome,
    QuarantinedPage,
    RawDocument,
)
from llm_engineering.domain.errors import CollectError
from llm_engineering.domain.identity import document_id

EVIDENCE_CHARACTERS = 1000
NEAR_DUPLICATE = "near_duplicate"
NOT_STORED = (Outcome.FAILED, Outcome.QUARANTINED, Outcome.GONE)


def collect(
    author: Author,
    sources: Sequence[Source],
    warehouse: Warehouse,
    *,
    reader: PageReader,
    progress: Progress,
    max_failure_share: float = 0.5,
    language: str | None = None,
    since: date | None = None,
    limit: int | None = None,
    max_seconds: float | None = None,
) -> CollectionReport:
    """Everything that the sources bring, each link once, stored as it arrives.

    `language` (ISO 639-1) quarantines what is in another one. `since` leaves out what is dated
    before that day; what has no date stays. `limit` ends the run after so many items, and
    `max_seconds` after so much time. Running again writes nothing for what did not change; what a
    source no longer has is marked as gone (see `Coverage`), unless the run ended early. Raises
    CollectError when more than `max_failure_share` (0 to 1) of the items failed, or when the author
    has no document in the end; what was stored until then stays. Raises BadInput when a source
    cannot be used.
    """
    known = KnownDocuments.of(author, warehouse)
    listing = Listing(author, sources, known, since)
    run = _Run(author, warehouse, known, since)
    ends_at = time.monotonic() + max_seconds if max_seconds is not None else None
    examine = partial(examined, author=author, language=language)
    arriving = reader.read(listing.items(), known.validators.get, examine)
    unsaid: list[ItemReport] = []
    early = ""
    for item in progress.track(arriving, f"Collecting {author.full_name}", total=limit, current=_link):
        done = run.take(item)
        if done is None:
            continue
        if done.outcome in NOT_STORED:
            unsaid.append(done)
        if len(run.reports) > 1:  # why the only item failed is what the error says
            _say(unsaid, progress)
        if limit is not None and len(run.reports) >= limit:
            break
        if ends_at is not None and time.monotonic() >= ends_at:
            early = f"The run ended after {max_seconds:.0f} seconds, its limit; run it again to go on."
            break
    notes = [*(note for source in sources for note in source.notes), *listing.notes(), *run.notes(), early]
    report = CollectionReport(
        author_full_name=author.full_name, items=run.reports, notes=[note for note in notes if note]
    )
    _check(report, author, warehouse, max_failure_share)
    _say(unsaid, progress)
    return report


def _link(item: Examined | RefusedItem) -> str:
    return item.link if isinstance(item, RefusedItem) else item.item.link


def _say(unsaid: list[ItemReport], progress: Progress) -> None:
    """Tell what became of these items, and forget them."""
    for done in unsaid:
        progress.note(f"{done.outcome}: {done.link} ({done.reason})")
    unsaid.clear()


class _Run:
    """One collection run of one author."""

    def __init__(self, author: Author, warehouse: Warehouse, known: KnownDocuments, since: date | None) -> None:
        self.reports: list[ItemReport] = []
        self._author = author
        self._warehouse = warehouse
        self._known = known
        self._since = since
        self._seen: set[str] = set()
        self._repeated = 0
        self._too_old = 0
        self._quarantined = {page.id: page for page in warehouse.quarantined(author)}
        self._is_known = any(known_author.id == author.id for known_author in warehouse.authors())
        self._texts: SeenTexts | None = None

    def take(self, found: Examined | RefusedItem) -> ItemReport | None:
        """Deal with one item; None when its link was dealt with before, or it is too old."""
        link = _link(found)
        if link in self._seen:
            self._repeated += 1
            return None
        self._seen.add(link)
        if isinstance(found, RefusedItem):
            report = self._refused(found)
        elif self._since and found.item.published_at and found.item.published_at.date() < self._since:
            self._too_old += 1
            return None
        else:
            report = self._collected(found)
        self.reports.append(report)
        return report

    def notes(self) -> list[str]:
        """What happened beside the items."""
        notes = [f"Links that led to an item that was there already: {self._repeated}."] if self._repeated else []
        if self._too_old:
            notes.append(f"Left out, as their pages say that they are from before {self._since}: {self._too_old}.")
        return notes

    def _refused(self, item: RefusedItem) -> ItemReport:
        reason = item.reason
        if item.outcome is Outcome.GONE:
            id = self._known.by_link.get(item.link) or document_id(self._author.id, item.link)
            if self._tombstone(id):
                reason = f"{reason} The stored document is marked as gone."
        return ItemReport(link=item.link, outcome=item.outcome, reason=reason)

    def _collected(self, found: Examined) -> ItemReport:
        item, document = found.item, self._document(found)
        report = ItemReport(link=item.link, outcome=Outcome.UNCHANGED, title=item.title, words=found.words)
        if self._has_same_words_by_another_way(document):
            return report
        moved_from = self._moved_from(document)
        if not self._is_stored(document):
            findings = self._findings(found, document.id, moved_from)
            if findings:
                self._quarantine(document, findings, item.evidence or item.content)
                return report.model_copy(update={"outcome": Outcome.QUARANTINED, "reason": findings[0].reason})
        outcome = self._save(document, found)
        if moved_from and self._tombstone(moved_from.id):
            report = report.model_copy(update={"reason": f"moved from {moved_from.link}"})
        return report.model_copy(update={"outcome": outcome})

    def _document(self, found: Examined) -> RawDocument:
        item = found.item
        return RawDocument.of(
            self._author,
            link=item.link,
            category=item.category,
            platform=item.platform,
            title=item.title,
            content=item.content,
            published_at=item.published_at,
            language=found.language,
            fetched_at=datetime.now(UTC),
            extra={**item.extra, **({"origin": item.origin} if item.origin else {})},
        )

    def _is_stored(self, document: RawDocument) -> bool:
        stored = self._known.documents.get(document.id)
        return stored is not None and stored.hash == document.hash

    def _has_same_words_by_another_way(self, document: RawDocument) -> bool:
        """Whether feed and page differ in markup only: an entry that leaves the feed is no new version."""
        stored = self._known.documents.get(document.id)
        if stored is None or stored.read_from == document.extra.get("read_from"):
            return False
        previous = self._warehouse.document(document.id)
        return previous is not None and words_of(previous.content) == words_of(document.content)

    def _moved_from(self, document: RawDocument) -> StoredDocument | None:
        """The stored document that had the address under which this one was asked for."""
        stored = self._known.documents.get(self._known.by_link.get(document.extra.get("requested", ""), document.id))
        return stored if stored is not None and stored.id != document.id and stored.link not in self._seen else None

    def _findings(self, found: Examined, id: UUID, moved_from: StoredDocument | None) -> list[Finding]:
        """What speaks against the item, less what a person has overruled."""
        accepted = self._accepted_rules(id)
        against = [finding for finding in found.findings if finding.rule not in accepted]
        if against or not len(found.shingles) or NEAR_DUPLICATE in accepted:
            return against
        texts = self._known_texts()
        if moved_from:
            texts.remove(moved_from.id)
        other = texts.duplicate_of(id, found.shingles)
        return [Finding(NEAR_DUPLICATE, f"near-duplicate of {other}")] if other else []

    def _known_texts(self) -> SeenTexts:
        """Filled when first needed: a run that brings nothing new compares nothing."""
        if self._texts is None:
            self._texts = SeenTexts()
            for document in self._warehouse.documents(self._author):
                self._texts.add(document.id, document.link, shingles_of(document.content, document.category))
        return self._texts

    def _save(self, document: RawDocument, found: Examined) -> Outcome:
        if not self._is_known:
            self._warehouse.add_author(self._author)
            self._is_known = True
        outcome = self._warehouse.save(document)
        if outcome is not Outcome.UNCHANGED:
            self._known.add(document)
            if self._texts is not None:
                self._texts.add(document.id, document.link, found.shingles)
        page = self._quarantined.get(document.id)
        if page is not None and page.decision is not Decision.ACCEPTED:
            del self._quarantined[document.id]
            self._warehouse.release(document.id)
        return outcome

    def _tombstone(self, id: UUID) -> bool:
        self._known.remove(id)
        if self._texts is not None:
            self._texts.remove(id)
        return self._warehouse.tombstone(id)

    # ---------------------------------------------------------------- quarantine

    def _accepted_rules(self, id: UUID) -> list[str]:
        """The rules that a person has overruled for this document."""
        page = self._quarantined.get(id)
        return page.rules if page is not None and page.decision is Decision.ACCEPTED else []

    def _quarantine(self, document: RawDocument, findings: list[Finding], evidence: str) -> None:
        known = self._quarantined.get(document.id)
        rules = [finding.rule for finding in findings]
        if known is not None and known.decision is not Decision.ACCEPTED and known.reason == findings[0].reason:
            if known.decision is Decision.REJECTED:
                return
            if known.document is not None and known.document.hash == document.hash:
                return
        page = QuarantinedPage(
            id=document.id,
            author_id=self._author.id,
            link=document.link,
            reason=findings[0].reason,
            rules=[*rules, *(rule for rule in self._accepted_rules(document.id) if rule not in rules)],
            evidence=evidence[:EVIDENCE_CHARACTERS],
            document=document,
            seen_at=datetime.now(UTC),
        )
        self._quarantined[page.id] = page
        self._warehouse.quarantine(page)


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
