"""Small documents that tests are made of."""

import random
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from llm_engineering.application.cleaning import clean
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Chunk, RetrievedPassage
from llm_engineering.domain.documents import Category, CleanedDocument, RawDocument

ADA = Author.named("Ada Example")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def raw_document(content: str, link: str = "https://a.example/p", author: Author = ADA, **fields: Any) -> RawDocument:
    """An article of Ada's, unless told otherwise."""
    defaults: dict[str, Any] = {
        "category": Category.ARTICLES,
        "platform": "a.example",
        "title": "A title",
        "fetched_at": NOW,
        "published_at": NOW,
    }
    return RawDocument.of(author, link=link, content=content, **{**defaults, **fields})


def cleaned_document(
    content: str, link: str = "https://a.example/p", author: Author = ADA, **fields: Any
) -> CleanedDocument:
    """The same, cleaned."""
    return clean(raw_document(content, link, author, **fields))


WORDS = (
    "orchard lighthouse archive kitchen harbour workshop library meadow river market winter ladder garden engine "
    "letter window bicycle candle mountain teacher violin blanket forest pencil station carpet morning village"
).split()


def article(number: int, paragraphs: int = 5) -> str:
    """Prose that shares no long run of words with that of another number, in paragraphs of about 75 words."""
    chance = random.Random(number)
    return "\n\n".join(
        " ".join(f"My {' '.join(chance.choices(WORDS, k=9))} isn’t {chance.choice(WORDS)}." for _ in range(6))
        for _ in range(paragraphs)
    )


def retrieved_passage(text: str, **fields: Any) -> RetrievedPassage:
    """A passage of one chunk with that text; `fields` are those of the chunk."""
    given: dict[str, Any] = {
        "id": uuid5(UUID(int=0), text),
        "document_id": UUID(int=2),
        "author_id": ADA.id,
        "author_full_name": ADA.full_name,
        "category": Category.ARTICLES,
        "platform": "a.example",
        "link": "https://a.example/p",
        "title": "A title",
        "published_at": None,
        "ordinal": 0,
        "start": 0,
        "end": len(text),
        "heading_path": (),
        "text": text,
        "content_hash": "",
    }
    return RetrievedPassage(chunk=Chunk(**{**given, **fields}), score=1.0, scores={})
