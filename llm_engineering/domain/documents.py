"""What an author published, before and after cleaning, and what became of each item collected."""

from collections import Counter
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from llm_engineering.domain.authors import Author
from llm_engineering.domain.identity import content_hash, document_id


class Category(StrEnum):
    """The warehouse collection that a document lives in."""

    ARTICLES = "articles"
    POSTS = "posts"
    REPOSITORIES = "repositories"


class RawDocument(BaseModel):
    """One item as its author published it: `content` is Markdown, verbatim but for the site's chrome."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    author_id: UUID
    author_full_name: str
    category: Category
    platform: str
    """Host name or kind of export, e.g. "medium.com", "folder", "linkedin"."""
    link: str
    """Canonical link, or a stable key such as "file:posts/a.md" for an item that has none."""
    title: str = ""
    content: str
    published_at: datetime | None = None
    language: str | None = None
    """ISO 639-1, as the source states or as detected."""
    fetched_at: datetime
    tombstoned_at: datetime | None = None
    """When the source said that the item is gone (404, 410, or missing from a full export)."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """What else the source says (subtitle, tags, ETag…); does not count as content."""

    @classmethod
    def of(cls, author: Author, *, link: str, **fields: Any) -> "RawDocument":
        """A document of this author, with the id that author and link give it."""
        return cls(
            id=document_id(author.id, link),
            author_id=author.id,
            author_full_name=author.full_name,
            link=link,
            **fields,
        )

    @property
    def hash(self) -> str:
        """sha256 of title and content: tells whether the author changed anything."""
        return content_hash(self.title, self.content)


class CleanedDocument(BaseModel):
    """A document in its two lanes (DESIGN: two lanes of cleaning)."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    author_id: UUID
    author_full_name: str
    category: Category
    platform: str
    link: str
    title: str
    published_at: datetime | None
    language: str | None
    style_text: str
    """What the author wrote, as they wrote it; code and other people's quotes replaced by a marker."""
    search_text: str
    """Normalised (NFKC) Markdown for retrieval: headings, lists, tables and code stay."""
    content_hash: str
    """Hash of the raw document that this was made from."""
    cleaner: str
    """Version of the cleaning rules."""
    answers: str = ""
    """What somebody else wrote and this answers, where the source says; not the author's words."""
    scrubbed: dict[str, int] = Field(default_factory=dict)
    """Kind of personal data → how many pieces of it a marker replaced; empty unless scrubbing was asked for."""


class Outcome(StrEnum):
    """What became of one item of a collection run."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    GONE = "gone"
    QUARANTINED = "quarantined"
    FAILED = "failed"


class ItemReport(BaseModel):
    """One item of a collection run and what became of it."""

    model_config = ConfigDict(frozen=True)

    link: str
    outcome: Outcome
    reason: str = ""
    title: str = ""
    words: int = 0


class CollectionReport(BaseModel):
    """All items of a collection run. Partial success is this type, never None or False."""

    author_full_name: str
    items: list[ItemReport] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    """What a reader should know beside the items, e.g. "feed names 17 entries of other authors"."""

    @property
    def counts(self) -> dict[str, int]:
        """Outcome name → number of items; every outcome is present."""
        found = Counter(item.outcome for item in self.items)
        return {outcome.value: found.get(outcome, 0) for outcome in Outcome}

    @property
    def by_trouble(self) -> list[ItemReport]:
        """The items, what went wrong first: it is what a reader looks for."""
        order = [Outcome.FAILED, Outcome.QUARANTINED, Outcome.GONE, Outcome.UPDATED, Outcome.NEW, Outcome.UNCHANGED]
        return sorted(self.items, key=lambda item: order.index(item.outcome))

    @property
    def failure_share(self) -> float:
        """Share of items that failed (0 to 1). Quarantine is a finding, not a failure."""
        return self.counts[Outcome.FAILED] / len(self.items) if self.items else 0.0


class Decision(StrEnum):
    """What a person said of a quarantined page."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    """It is the author's text after all: the rules that held it back no longer do, for this link."""
    REJECTED = "rejected"
    """It is not, and need not be shown again."""


class QuarantinedPage(BaseModel):
    """What was collected but is not the author's text, with the evidence; never in the warehouse itself."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    """That of the document, were it accepted."""
    author_id: UUID
    link: str
    reason: str
    rules: list[str] = Field(default_factory=list)
    """Names of the rules that found something; the reason is the first one's."""
    evidence: str
    """The first characters of what was received."""
    document: RawDocument | None = None
    """What an acceptance stores; None in records of older versions, and once it is stored."""
    seen_at: datetime
    decision: Decision = Decision.PENDING
    decided_at: datetime | None = None
