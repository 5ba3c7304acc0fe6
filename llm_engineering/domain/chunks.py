"""Pieces of documents that are embedded, searched and cited."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from llm_engineering.domain.documents import Category


class Chunk(BaseModel):
    """A span of a cleaned document's search text.

    `text == search_text[start:end]`, so that a citation can point at the sentence.
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    document_id: UUID
    author_id: UUID
    author_full_name: str
    category: Category
    platform: str
    link: str
    title: str
    published_at: datetime | None
    ordinal: int
    start: int
    end: int
    heading_path: tuple[str, ...]
    """Headings above the chunk, outermost first."""
    text: str
    content_hash: str
    """Hash of the raw document that the chunk comes from."""

    @property
    def embedded_text(self) -> str:
        """What the embedder reads: title and headings give the span its context."""
        context = " › ".join(part for part in (self.title, *self.heading_path) if part)
        return f"{context}\n{self.text}" if context else self.text


class RetrievedPassage(BaseModel):
    """A chunk that answers a query, with the scores that put it there."""

    model_config = ConfigDict(frozen=True)

    chunk: Chunk
    score: float
    """The final score; larger is better; comparable within one result only."""
    scores: dict[str, float]
    """Stage → score, e.g. {"hybrid": 0.5, "rerank": 1.2}."""
