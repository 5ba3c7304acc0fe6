"""Cut a cleaned document into chunks that the embedder reads whole.

Structure first (headings, paragraphs, lists, code), sentences where a block is too long, and
words only where a sentence is. Every visible character of the document is in some chunk.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from llm_engineering.application.markdown import Block, BlockKind, blocks
from llm_engineering.application.sentences import sentence_spans
from llm_engineering.domain.chunks import Chunk
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.identity import chunk_id

CHUNKER = "structure/1"
"""Version of the rules below; documents chunked by another version are chunked again."""

CountTokens = Callable[[str], int]

CONTEXT_SHARE = 0.25
"""Most of the budget that title and headings may take."""
OVERLAP_SHARE = 0.15
"""A sentence up to this share of the budget is repeated when a block is cut after it."""
FULL_ENOUGH_SHARE = 0.4
"""From this fill on, a new heading starts a new chunk."""


@dataclass(frozen=True)
class _Piece:
    """A span that is never cut further."""

    start: int
    end: int
    tokens: int
    heading_path: tuple[str, ...]
    block: int
    is_heading: bool = False


def chunk(document: CleanedDocument, count_tokens: CountTokens, max_tokens: int) -> list[Chunk]:
    """The document's chunks, in order.

    `count_tokens` counts special tokens too; a chunk's `embedded_text` (title, headings and
    text) has at most `max_tokens` of them.
    """
    text = document.search_text
    packed = list(_packed(list(_pieces(document, count_tokens, max_tokens)), max_tokens, document.title, count_tokens))
    return [
        Chunk(
            **document.model_dump(
                include={"author_id", "author_full_name", "category", "platform", "link", "title", "published_at"}
            ),
            id=chunk_id(document.id, ordinal),
            document_id=document.id,
            ordinal=ordinal,
            start=pieces[0].start,
            end=pieces[-1].end,
            heading_path=_fitting(document.title, pieces[0].heading_path, count_tokens, max_tokens),
            text=text[pieces[0].start : pieces[-1].end],
            content_hash=document.content_hash,
        )
        for ordinal, pieces in enumerate(packed)
    ]


def _pieces(document: CleanedDocument, count_tokens: CountTokens, max_tokens: int) -> Iterator[_Piece]:
    text = document.search_text
    path: list[tuple[int, str]] = []
    for number, block in enumerate(blocks(text)):
        if block.kind is BlockKind.HEADING:
            path = [(level, heading) for level, heading in path if level < block.level]
        names = tuple(heading for _, heading in path)
        budget = _budget(document.title, names, count_tokens, max_tokens)
        for start, end in _spans(text, block, budget, count_tokens):
            tokens = _tokens(text[start:end], count_tokens)
            yield _Piece(start, end, tokens, names, number, block.kind is BlockKind.HEADING)
        if block.kind is BlockKind.HEADING:
            path.append((block.level, block.plain))


def _spans(text: str, block: Block, budget: int, count_tokens: CountTokens) -> list[tuple[int, int]]:
    if _tokens(text[block.start : block.end], count_tokens) <= budget:
        return [(block.start, block.end)]
    source = text[block.start : block.end]
    by_line = block.kind in (BlockKind.CODE, BlockKind.TABLE, BlockKind.LIST)
    spans = _lines(source) if by_line else sentence_spans(source)
    cut = [part for start, end in spans for part in _words(source, start, end, budget, count_tokens)]
    return [(block.start + start, block.start + end) for start, end in cut]


def _lines(source: str) -> list[tuple[int, int]]:
    spans, position = [], 0
    for line in source.splitlines(keepends=True):
        if line.strip():
            spans.append((position, position + len(line.rstrip())))
        position += len(line)
    return spans


def _words(source: str, start: int, end: int, budget: int, count_tokens: CountTokens) -> Iterator[tuple[int, int]]:
    """The span as it is, or cut at spaces (inside a word only when the word itself is too long)."""
    while _tokens(source[start:end], count_tokens) > budget:
        low, high = start + 1, end
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if _tokens(source[start:middle], count_tokens) <= budget else (low, middle - 1)
        space = source.rfind(" ", start + 1, low)
        cut = space if space > start else low
        yield start, cut
        start = cut + len(source[cut:end]) - len(source[cut:end].lstrip())
    if start < end:
        yield start, end


def _packed(pieces: list[_Piece], max_tokens: int, title: str, count_tokens: CountTokens) -> Iterator[list[_Piece]]:
    current: list[_Piece] = []
    for index, piece in enumerate(pieces):
        if current:
            budget = _budget(title, current[0].heading_path, count_tokens, max_tokens)
            filled = sum(part.tokens for part in current)
            # A heading belongs to what follows it, so it asks for the next piece's room too.
            needed = piece.tokens + (pieces[index + 1].tokens if piece.is_heading and index + 1 < len(pieces) else 0)
            new_section = piece.is_heading and filled >= FULL_ENOUGH_SHARE * budget
            if filled + piece.tokens > budget or (piece.is_heading and filled + needed > budget) or new_section:
                yield current
                current = _overlap(current, piece, budget)
        current.append(piece)
    if current:
        yield current


def _overlap(previous: list[_Piece], piece: _Piece, budget: int) -> list[_Piece]:
    last = previous[-1]
    inside_block = last.block == piece.block and len(previous) > 1
    return (
        [last]
        if inside_block and last.tokens <= OVERLAP_SHARE * budget and last.tokens + piece.tokens <= budget
        else []
    )


def _budget(title: str, path: tuple[str, ...], count_tokens: CountTokens, max_tokens: int) -> int:
    fitting = _fitting(title, path, count_tokens, max_tokens)
    context = " › ".join(part for part in (title, *fitting) if part)
    return max(8, max_tokens - (count_tokens(context) if context else 2))


def _fitting(title: str, path: tuple[str, ...], count_tokens: CountTokens, max_tokens: int) -> tuple[str, ...]:
    """The innermost headings that leave the text its share of the budget."""
    allowed = int(max_tokens * CONTEXT_SHARE)
    while path and count_tokens(" › ".join((title, *path))) > allowed:
        path = path[1:]
    return path


def _tokens(text: str, count_tokens: CountTokens) -> int:
    """Tokens without the two special ones, so that parts may be added up."""
    return max(0, count_tokens(text) - 2)
