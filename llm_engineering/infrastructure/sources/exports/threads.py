"""Short posts of one account: what answers the author's own post belongs to it, the rest stands alone."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from llm_engineering.application.ports import CollectedItem
from llm_engineering.domain.documents import Category
from llm_engineering.infrastructure.sources.exports.base import EVIDENCE_CHARACTERS, Export

LEADING_MENTIONS = re.compile(r"^(?:@[\w.-]+(?:@[\w.-]+)?(?:\s+|$))+")
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Piece:
    """One tweet or toot."""

    key: str
    """Its id, or what stands for the id in all versions of it."""
    link: str
    text: str
    at: datetime | None = None
    parent: str | None = None
    """The key of what it answers, when that is the author's own."""
    answers: str | None = None
    """The link of what it answers, when that is somebody else's."""
    language: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


class ThreadedExport(Export):
    """An export of short posts. Answers to others are left out unless `replies`."""

    def __init__(self, path: str | Path, replies: bool = False) -> None:
        super().__init__(path)
        self._replies = replies

    def _threads(self, pieces: Mapping[str, Piece]) -> Iterator[CollectedItem]:
        """One post a thread, under the link of its first piece: a longer thread stays the same post."""
        for thread in threads(pieces):
            first = thread[0]
            texts = [LEADING_MENTIONS.sub("", piece.text) if first.answers else piece.text for piece in thread]
            texts = [text for text in texts if text]
            if first.answers and not self._replies:
                self._leave_out("replies to others", len(thread))
            elif not texts:
                self._leave_out("posts without words", len(thread))
            else:
                yield self._post(thread, "\n\n".join(texts))

    def _post(self, thread: list[Piece], text: str) -> CollectedItem:
        first = thread[0]
        return CollectedItem(
            link=first.link,
            category=Category.POSTS,
            platform=self.platform,
            title="",
            content=text,
            published_at=first.at,
            language=next((piece.language for piece in thread if piece.language), None),
            extra={**first.extra, **({"in_reply_to": first.answers} if first.answers else {})},
            evidence=text[:EVIDENCE_CHARACTERS],
        )


def threads(pieces: Mapping[str, Piece]) -> list[list[Piece]]:
    """The pieces (by key) in their threads, each in order of time with its first piece first."""
    found: dict[str, list[Piece]] = {}
    for key, root in _roots(pieces).items():
        found.setdefault(root, []).append(pieces[key])
    return [sorted(thread, key=partial(_place, root)) for root, thread in found.items()]


def _place(root: str, piece: Piece) -> tuple[bool, datetime, int, str]:
    return piece.key != root, piece.at or LONG_AGO, len(piece.key), piece.key


def _roots(pieces: Mapping[str, Piece]) -> dict[str, str]:
    """Key → the key of the thread's first piece. Pieces that answer each other in a ring end, too."""
    roots: dict[str, str] = {}
    for start in pieces:
        path: dict[str, None] = {}
        key = start
        while key not in roots and key not in path:
            path[key] = None
            parent = pieces[key].parent
            if parent is None or parent not in pieces:
                break
            key = parent
        roots.update(dict.fromkeys(path, roots.get(key, key)))
    return roots
