"""Cut a cleaned document into chunks that the embedder reads whole.

Structure first (headings, paragraphs, lists, code), sentences where a block is too long, and
words only where a sentence is. Every visible character of the document is in some chunk.
"""

from collections.abc import Iterator
from functools import cached_property

from llm_engineering.application.chunk_pieces import CountTokens, Piece, TokenCounter, halves, pieces
from llm_engineering.domain.chunks import Chunk
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.identity import chunk_id

CHUNKER = "structure/2"
"""Version of the rules below; documents chunked by another version are chunked again."""

CONTEXT_SHARE = 0.25
"""Most of the embedder's tokens that title and headings may take."""
OVERLAP_SHARE = 0.15
"""A sentence up to this share of the budget is repeated when a paragraph is cut after it."""
FULL_ENOUGH_SHARE = 0.4
"""From this fill on, a new heading starts a new chunk."""


def chunk(document: CleanedDocument, count_tokens: CountTokens, max_tokens: int) -> list[Chunk]:
    """The document's chunks, in order.

    `count_tokens` counts special tokens too; a chunk's `embedded_text` (title, headings and
    text) has at most `max_tokens` of them.
    """
    text = document.search_text
    room = _Room(document.title, TokenCounter(count_tokens), max_tokens)
    found = pieces(text, room.budget, room.count)
    groups = (fitting for group in _packed(list(found), room) for fitting in _fitting(text, group, room))
    return [
        Chunk(
            **document.model_dump(
                include={"author_id", "author_full_name", "category", "platform", "link", "title", "published_at"}
            ),
            id=chunk_id(document.id, ordinal),
            document_id=document.id,
            ordinal=ordinal,
            start=group[0].start,
            end=group[-1].end,
            heading_path=group[0].heading_path,
            context=room.context(group[0].heading_path),
            text=text[group[0].start : group[-1].end],
            content_hash=document.content_hash,
        )
        for ordinal, group in enumerate(groups)
    ]


class _Room:
    """How many tokens a chunk's text may have below some headings; each context is counted once."""

    def __init__(self, title: str, count: TokenCounter, max_tokens: int) -> None:
        self.count = count
        self._full_title = " ".join(title.split())
        self._max_tokens = max_tokens
        self._allowed = int(max_tokens * CONTEXT_SHARE)
        self._known: dict[tuple[str, ...], tuple[str, int]] = {}

    def context(self, path: tuple[str, ...]) -> str:
        """The title, and the innermost headings that leave the text its share."""
        return self._of(path)[0]

    def budget(self, path: tuple[str, ...]) -> int:
        """Tokens for the text, without special ones."""
        return self._of(path)[1]

    def holds(self, text: str, path: tuple[str, ...]) -> bool:
        """Whether the embedder reads all of the text below the context of these headings."""
        context = self.context(path)
        return self.count(f"{context}\n{text}" if context else text) <= self._max_tokens - self.count.special

    def _of(self, path: tuple[str, ...]) -> tuple[str, int]:
        if path not in self._known:
            names = path[1:] if path and path[0] == self._full_title else path
            context = self._joined(names)
            while (tokens := self.count(context)) > self._allowed and names:
                names = names[1:]
                context = self._joined(names)
            self._known[path] = (context, self._max_tokens - self.count.special - tokens)
        return self._known[path]

    def _joined(self, names: tuple[str, ...]) -> str:
        return " › ".join(part for part in (self._title, *names) if part)

    @cached_property
    def _title(self) -> str:
        """The title, or as many of its first words as may be."""
        title = self._full_title
        while self.count(title) > self._allowed:
            title = title[: len(title) * 3 // 4].strip()
        return title


def _packed(found: list[Piece], room: _Room) -> Iterator[list[Piece]]:
    current: list[Piece] = []
    filled = 0
    for index, piece in enumerate(found):
        if current:
            budget = room.budget(current[0].heading_path)
            # A heading belongs to what follows it, so it asks for the next piece's room too.
            needed = piece.tokens + (found[index + 1].tokens if piece.is_heading and index + 1 < len(found) else 0)
            if filled + needed > budget or (piece.is_heading and filled >= FULL_ENOUGH_SHARE * budget):
                yield current
                current = _overlap(current, piece, budget)
                filled = sum(part.tokens for part in current)
        current.append(piece)
        filled += piece.tokens
    if current:
        yield current


def _overlap(previous: list[Piece], piece: Piece, budget: int) -> list[Piece]:
    """The sentence before the piece, where both are of one paragraph and it is short."""
    last = previous[-1]
    continues = piece.is_sentence and last.block == piece.block and len(previous) > 1
    is_short = last.tokens <= OVERLAP_SHARE * budget and last.tokens + piece.tokens <= budget
    return [last] if continues and is_short else []


def _fitting(text: str, group: list[Piece], room: _Room) -> Iterator[list[Piece]]:
    """The group, cut further where its parts have more tokens together than one by one.

    Words that a tokenizer keeps apart by white space add up exactly. Others may read the white space
    too, so a group is counted as a whole when that could make the difference.
    """
    path, start, end = group[0].heading_path, group[0].start, group[-1].end
    most = sum(piece.tokens for piece in group) + (end - start - sum(piece.end - piece.start for piece in group))
    if most <= room.budget(path) or room.holds(text[start:end], path):
        yield group
    elif len(group) > 1:
        middle = len(group) // 2
        yield from _fitting(text, group[:middle], room)
        yield from _fitting(text, group[middle:], room)
    else:
        for first, last in halves(text, start, end, lambda span: room.holds(text[slice(*span)], path)):
            yield [Piece(first, last, 0, path, group[0].block)]
