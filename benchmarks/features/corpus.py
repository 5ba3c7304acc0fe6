"""Documents to make features of: the handbook's, and made-up ones."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, RawDocument

AUTHOR = Author.named("Nobody Real")
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
TITLE = "A title that all of them share"

_WORDS = (
    "about after again answer author because before between book build change code data day different each end "
    "every example find first form good great group hand help home house idea keep kind know language large last "
    "learn letter life line list little long make many model most name need new number often old open order other "
    "part people place point problem question read right same school sentence show small sound start state story "
    "study system text thing think time turn under use water way week word work world write year young"
).split()
"""Common words, which any tokenizer knows whole, so that the chunks have the same size for any model."""


def handbook(directory: Path) -> list[RawDocument]:
    """The articles of the warehouse export in that directory."""
    found = json.loads((directory / "ArticleDocument.json").read_text(encoding="utf-8"))
    return [
        _document(f"{one['link']}#{number}", one["content"].get("Title") or "", one["content"].get("Content") or "")
        for number, one in enumerate(found)  # numbered, as some links are there twice
    ]


def made_up(
    count: int, seed: int, paragraphs: int, edition: int = 0, changed: int | None = None
) -> Iterator[RawDocument]:
    """That many documents of `paragraphs` paragraphs, drawn from 300, each of which is a chunk of its own.

    Two would not fit one chunk of 256 tokens. The document number `changed` has another text in each `edition`.
    """
    chance = random.Random(seed)
    pool = [_paragraph(chance, 165) for _ in range(300)]
    for number in range(count):
        text = "\n\n".join(chance.choices(pool, k=paragraphs))
        if number == changed:
            text = f"Edition {edition}.\n\n{text}"
        yield _document(f"https://example.org/{number}", TITLE, text)


def _paragraph(chance: random.Random, words: int) -> str:
    sentences = []
    for _ in range(words // 11):
        sentences.append(" ".join(chance.choices(_WORDS, k=11)).capitalize() + ".")
    return " ".join(sentences)


def _document(link: str, title: str, content: str) -> RawDocument:
    return RawDocument.of(
        AUTHOR,
        link=link,
        category=Category.ARTICLES,
        platform="example.org",
        title=title,
        content=content,
        published_at=WHEN,
        fetched_at=WHEN,
    )
