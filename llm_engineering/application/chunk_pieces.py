"""Take a text apart into pieces that chunks are packed of: blocks where they fit, else their parts."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from llm_engineering.application.code_chunks import code_spans
from llm_engineering.application.markdown import Block, BlockKind, outline
from llm_engineering.application.sentences import sentence_spans

CountTokens = Callable[[str], int]
Span = tuple[int, int]

_ITEM = re.compile(r"([ \t]*)(?:[-*+]|\d{1,9}[.)])(?=\s|$)")


@dataclass(frozen=True)
class Piece:
    """A span of a text that is packed as a whole."""

    start: int
    end: int
    tokens: int
    """Without special ones."""
    heading_path: tuple[str, ...]
    block: int
    is_heading: bool = False
    is_sentence: bool = False
    """A part of a paragraph that was too long, so the next piece may continue its thought."""


class TokenCounter:
    """Counts the tokens of a text without the special ones, so that parts may be added up."""

    def __init__(self, count_tokens: CountTokens) -> None:
        self._count = count_tokens
        self._special = count_tokens("")

    def __call__(self, text: str) -> int:
        return max(0, self._count(text) - self._special)

    @property
    def special(self) -> int:
        """Tokens that the model adds to every text."""
        return self._special


def pieces(text: str, budget: Callable[[tuple[str, ...]], int], count: TokenCounter) -> Iterator[Piece]:
    """The pieces of a Markdown text, in order; together they hold every visible character.

    `budget` says how many tokens a piece below these headings may have.
    """
    path: list[tuple[int, str]] = []
    for number, block in enumerate(_gapless(text, outline(text))):
        if block.kind is BlockKind.HEADING:
            path = [(level, heading) for level, heading in path if level < block.level]
        names = tuple(heading for _, heading in path)
        yield from _pieces(text, block, number, names, budget(names), count)
        if block.kind is BlockKind.HEADING:
            path.append((block.level, block.plain))


def halves(text: str, start: int, end: int, fits: Callable[[Span], bool]) -> Iterator[Span]:
    """The span cut in two at the white space nearest to its middle, and so on, until every part fits.

    Cut inside a word only where there is no white space, and never below one character.
    """
    shown = text[start:end].strip()
    start += len(text[start:end]) - len(text[start:end].lstrip())
    end = start + len(shown)
    if not shown:
        return
    if end - start == 1 or fits((start, end)):
        yield start, end
        return
    middle = (start + end) // 2
    spaces = [match.start() for match in re.finditer(r"\s", text[start + 1 : end - 1])]
    cut = start + 1 + min(spaces, key=lambda at: abs(start + 1 + at - middle)) if spaces else middle
    yield from halves(text, start, cut, fits)
    yield from halves(text, cut, end, fits)


def _gapless(text: str, blocks: list[Block]) -> Iterator[Block]:
    """The blocks, and what Markdown shows nobody (a link's definition) as paragraphs between them."""
    position = 0
    for block in [*blocks, Block(BlockKind.RULE, len(text), len(text))]:
        between = text[position : block.start]
        if between.strip():
            yield Block(BlockKind.PARAGRAPH, position, position + len(between.rstrip()))
        if block.end > block.start:
            yield block
        position = max(position, block.end)


def _pieces(
    text: str, block: Block, number: int, path: tuple[str, ...], budget: int, count: TokenCounter
) -> Iterator[Piece]:
    tokens = count(text[block.start : block.end])
    is_heading = block.kind is BlockKind.HEADING
    if tokens <= budget:
        yield Piece(block.start, block.end, tokens, path, number, is_heading)
        return
    counted: dict[Span, int] = {}

    def fits(span: Span) -> bool:
        if span not in counted:
            counted[span] = count(text[slice(*span)])
        return counted[span] <= budget

    for part, is_sentence in _parts(text, block, fits):
        for span in halves(text, *part, fits):
            fits(span)  # a single character was not counted yet
            yield Piece(*span, counted[span], path, number, is_heading, is_sentence)


def _parts(text: str, block: Block, fits: Callable[[Span], bool]) -> Iterator[tuple[Span, bool]]:
    """What the block is made of, and whether that is a sentence of a longer paragraph.

    Code by its structure, tables by rows, lists by items, prose by sentences.
    """
    source, offset = text[block.start : block.end], block.start

    def fits_inside(start: int, end: int) -> bool:
        return fits((offset + start, offset + end))

    match block.kind:
        case BlockKind.CODE:
            parts = [(span, False) for span in code_spans(source, fits_inside)]
        case BlockKind.TABLE | BlockKind.HTML:
            parts = [(span, False) for span in _lines(source)]
        case BlockKind.LIST:
            parts = list(_items(source, fits_inside))
        case _:
            parts = list(_sentences(source, (0, len(source)), fits_inside))
    yield from (((offset + start, offset + end), is_sentence) for (start, end), is_sentence in parts)


def _lines(source: str) -> list[Span]:
    spans, position = [], 0
    for line in source.splitlines(keepends=True):
        if line.strip():
            spans.append((position, position + len(line.rstrip())))
        position += len(line)
    return spans


def _items(source: str, fits: Callable[[int, int], bool]) -> Iterator[tuple[Span, bool]]:
    """A list by its outermost items; one that does not fit by its lines, each a paragraph or an inner item."""
    markers = [(start, _ITEM.match(source, start)) for start, _ in _lines(source)]
    outermost = len(source) - len(source.lstrip())
    starts = [start for start, marker in markers if marker and len(marker.group(1)) <= outermost + 1]
    edges = sorted({0, *starts, len(source)})
    for start, end in pairwise(edges):
        item = source[start:end].rstrip()
        if fits(start, start + len(item)):
            yield (start, start + len(item)), False
            continue
        for first, last in _lines(item):
            yield from _sentences(source, (start + first, start + last), fits)


def _sentences(source: str, span: Span, fits: Callable[[int, int], bool]) -> Iterator[tuple[Span, bool]]:
    if fits(*span):
        yield span, False
        return
    for start, end in sentence_spans(source[slice(*span)]):
        yield (span[0] + start, span[0] + end), True
