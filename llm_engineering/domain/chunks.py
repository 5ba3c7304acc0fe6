"""Pieces of documents that are embedded, searched and cited."""

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

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
    context: str = ""
    """Title and headings, as much of them as leaves the text its room in the embedder."""
    text: str
    content_hash: str
    """Hash of the raw document that the chunk comes from."""

    @property
    def embedded_text(self) -> str:
        """What the embedder reads: title and headings give the span its context."""
        return f"{self.context}\n{self.text}" if self.context else self.text


class Filters(BaseModel):
    """What a question says of the texts that it asks for, beside their subject. Nothing said is no filter."""

    model_config = ConfigDict(frozen=True)

    published_from: datetime | None = None
    """Inclusive."""
    published_before: datetime | None = None
    """Exclusive."""
    platforms: tuple[str, ...] = ()
    """Names such as "github", or hosts; one of them."""
    categories: tuple[Category, ...] = ()
    """One of them."""
    words: tuple[str, ...] = ()
    """Of the question, that say so."""

    def __bool__(self) -> bool:
        return bool(self.published_from or self.published_before or self.platforms or self.categories)

    @property
    def shown(self) -> str:
        """As a person reads it, e.g. "published from 2023-01-01 to 2023-12-31, on github"; empty for none."""
        last = self.published_before - timedelta(days=1) if self.published_before else None
        time = " ".join(
            part
            for part in (
                "published" if self.published_from or last else "",
                f"from {self.published_from:%Y-%m-%d}" if self.published_from else "",
                f"{'to' if self.published_from else 'up to'} {last:%Y-%m-%d}" if last else "",
            )
            if part
        )
        place = f"on {' or '.join(self.platforms)}" if self.platforms else ""
        kind = f"in {' or '.join(self.categories)}" if self.categories else ""
        return ", ".join(part for part in (time, place, kind) if part)


class RetrievedPassage(BaseModel):
    """A chunk that answers a query, with the scores that put it there.

    Neighbouring chunks are joined: then the chunk is the best of them, with the span and text of all.
    """

    model_config = ConfigDict(frozen=True)

    chunk: Chunk
    score: float
    """The final score; larger is better; comparable within one result only."""
    scores: dict[str, float]
    """Stage → score of the best chunk, e.g. {"hybrid": 0.5, "dense": 0.61, "bm25": 7.2, "mix": 1.9}."""
    ranks: dict[str, int] = Field(default_factory=dict)
    """Stage → place among the candidates of that stage, 1 is the best."""
    joined: tuple[int, ...] = ()
    """Ordinals of the chunks in this passage, in order."""


class Retrieved(BaseModel):
    """What a search of one author's texts found."""

    model_config = ConfigDict(frozen=True)

    question: str
    author: str
    """Full name."""
    searched: tuple[str, ...]
    """What was searched: the question without the words of its filters, then its expansions."""
    filters: Filters = Filters()
    passages: tuple[RetrievedPassage, ...] = ()
    """Best first."""
    relevance: float = 0.0
    """Cosine of the best candidate to the question, 0 to 1, whatever the length of the list."""
    is_answerable: bool = False
    """Whether the relevance reaches the threshold, i.e. whether the author seems to have written of it."""
