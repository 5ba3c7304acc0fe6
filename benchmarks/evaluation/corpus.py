"""The authors to measure on: each one's documents, the newest held out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.training.authors import documents
from llm_engineering.application import style
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.errors import BadInput

HELD_OUT = 0.3
"""Share of an author's documents, the newest by date; of undated ones, the last by name."""
LEAST_DOCUMENTS = 4
NOBODY = re.compile(r"disputed|anonymous|unknown", re.IGNORECASE)
"""A folder of texts whose author is one of the others, nobody knows which, is no author."""
UNDATED = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Document:
    """One text of an author."""

    title: str
    text: str


@dataclass(frozen=True)
class Texts:
    """One author's documents."""

    training: Sequence[Document]
    held_out: Sequence[Document]


@dataclass(frozen=True)
class Pieces:
    """One author's pieces, at most so many a side."""

    training: Sequence[str]
    held_out: Sequence[str]


def read(folder: Path) -> dict[str, Texts]:
    """Author → texts. Raises BadInput when fewer than two authors are there."""
    if not folder.is_dir():
        raise BadInput(f"There is no directory {folder}; name a folder of authors by --text.")
    names = sorted(path.name for path in folder.iterdir() if path.is_dir() and not NOBODY.search(path.name))
    found = {name: documents(folder / name)[1] for name in names if len(list((folder / name).glob("*.md"))) > 1}
    authors = {name: _divided(some) for name, some in found.items() if len(some) >= LEAST_DOCUMENTS}
    if len(authors) < 2:
        raise BadInput(
            f"{folder} holds {len(authors)} author(s) of {LEAST_DOCUMENTS} documents (*.md) or more; "
            "a verifier needs at least two."
        )
    return authors


def cut(texts: Texts, words_each: int, most: int) -> Pieces:
    """Pieces of about so many words; of more than `most`, those at even distances, and half as many held out."""
    return Pieces(
        spread([piece for one in texts.training for piece in style.pieces(one.text, words_each)], most),
        spread([piece for one in texts.held_out for piece in style.pieces(one.text, words_each)], most // 2),
    )


def spread(pieces: Sequence[str], most: int) -> list[str]:
    """At most so many, at even distances."""
    kept = min(most, len(pieces))
    return [pieces[at * len(pieces) // kept] for at in range(kept)]


def _divided(found: Sequence[CleanedDocument]) -> Texts:
    ordered = sorted(found, key=lambda one: (one.published_at or UNDATED, one.link))
    texts = [Document(one.title, one.style_text) for one in ordered]
    last = max(1, round(HELD_OUT * len(texts)))
    return Texts(texts[:-last], texts[-last:])
