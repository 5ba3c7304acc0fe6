"""The authors to measure on: each one's documents, the newest held out."""

import re
from collections.abc import Mapping, Sequence
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
MOST_REASONS = 3
"""Folders that an error names."""
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


@dataclass(frozen=True)
class Found:
    """The authors of a folder."""

    documents: Mapping[str, int]
    """Author → number of documents."""
    left_out: Mapping[str, str]
    """Folder that is not measured on → why."""

    def longest(self, most: int) -> list[str]:
        """At most so many authors, those with the most documents first."""
        return sorted(self.documents, key=lambda name: (-self.documents[name], name))[:most]


def find(folder: Path) -> Found:
    """Who can be measured on. Raises BadInput when there is no such folder, or fewer than two authors in it."""
    if not folder.is_dir():
        raise BadInput(f"There is no directory {folder}; name a folder of authors by --text.")
    folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    counts = {path.name: len(list(path.glob("*.md"))) for path in folders}
    left_out = {name: why for name, count in counts.items() if (why := _unfit(name, count))}
    kept = {name: count for name, count in counts.items() if name not in left_out}
    if len(kept) < 2:
        reasons = "".join(f"; {name} is left out: {why}" for name, why in list(left_out.items())[:MOST_REASONS])
        raise BadInput(
            f"{folder} holds {len(kept)} folder(s) of an author with {LEAST_DOCUMENTS} documents (*.md) or more, "
            f"at least two are needed{reasons}."
        )
    return Found(kept, left_out)


def read(folder: Path) -> dict[str, Texts]:
    """Author → texts. Raises BadInput as `find`, and for a file without text."""
    return {name: _divided(documents(folder / name)[1]) for name in find(folder).documents}


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


def _unfit(name: str, count: int) -> str:
    """Why a folder is not measured on, or nothing."""
    if NOBODY.search(name):
        return "by its name nobody knows the author"
    return f"{count} document(s) (*.md), at least {LEAST_DOCUMENTS} are needed" if count < LEAST_DOCUMENTS else ""


def _divided(found: Sequence[CleanedDocument]) -> Texts:
    ordered = sorted(found, key=lambda one: (one.published_at or UNDATED, one.link))
    texts = [Document(one.title, one.style_text) for one in ordered]
    last = max(1, round(HELD_OUT * len(texts)))
    return Texts(texts[:-last], texts[-last:])
