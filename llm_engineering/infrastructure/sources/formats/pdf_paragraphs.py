"""Printed lines joined to what was written: headings, paragraphs, list items, code."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from statistics import median

from llm_engineering.infrastructure.sources.formats.pdf_columns import Line

LARGER = 1.12
"""Times the size of the body: a heading."""
SMALLER = 0.92
"""Times the size of the body: a footnote, when nothing else stands below it."""
HEADING_CHARACTERS = 200
BOLD_HEADING_CHARACTERS = 100
INDENT = 0.8
"""Times the size of the letters: the least step to the right that begins a paragraph."""
SPACED = 1.35
"""Times the usual distance between lines: a space between paragraphs."""
FEW_STEPS = 5
"""From fewer, nobody can tell the distance between lines from that between paragraphs."""
EDGE_LINES = 6
"""A box needs as many lines to show where its right edge is."""
JUSTIFIED = 0.3
"""Share of a box's lines that end in one place, from which on it is the edge."""
MOST_LINES_FOR_NOTES = 1_000
BULLET = re.compile(r"[•▪◦‣●■□·∙–—*-]\s+(?=\S)")
NUMBERED = re.compile(r"(?:\(?\d{1,2}[.)]|[a-z][.)]|\[\d{1,3}\])\s")
WORD = re.compile(r"[^\W\d_]+")
BROKEN = re.compile(r"([^\W\d_]+)[-‐\u00ad]$")


@dataclass(frozen=True)
class Body:
    """What is usual in a document."""

    size: float
    leading: float
    """Distance from line to line."""
    edges: dict[int, float]
    """Box → where its lines end on the right."""
    words: frozenset[str]
    """Every word that stands unbroken somewhere."""
    heading_sizes: tuple[float, ...]
    """Sizes larger than the body's, largest first."""


def body_of(lines: Sequence[Line]) -> Body:
    """Measures the document; `lines` is not empty."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    size = sizes.most_common(1)[0][0]
    steps = [
        upper.y0 - lower.y0
        for upper, lower in pairwise(lines)
        if upper.box == lower.box and upper.size == lower.size == size and upper.y0 > lower.y0
    ]
    larger = sorted({line.size for line in lines if line.size > LARGER * size}, reverse=True)
    leading = median(steps) if len(steps) >= FEW_STEPS else 1.2 * size
    return Body(size, leading, _edges(lines, size), _whole_words(lines), tuple(larger))


def html_of(lines: Sequence[Line], body: Body, title: str) -> str:
    """The document as simple HTML; the paragraph that is the title becomes its h1, footnotes come last."""
    notes = _footnotes(lines, body)
    text = [line for line in lines if line not in notes]
    blocks = [*_paragraphs(text, body), *_paragraphs([line for line in lines if line in notes], body)]
    letters = "".join(WORD.findall(title.casefold()))
    return "\n".join(_listed(_block(block, body, letters) for block in blocks))


def first_large(lines: Sequence[Line], body: Body) -> str:
    """The largest text of the first page, "" when all is of one size."""
    first = [line for line in lines if line.page == lines[0].page and WORD.search(line.text)]
    largest = max((line.size for line in first), default=0.0)
    if largest <= LARGER * body.size:
        return ""
    block = next(block for block in _paragraphs(first, body) if block[0].size == largest)
    text = joined(block, body.words)
    return text if len(text) <= HEADING_CHARACTERS else ""


def joined(block: Sequence[Line], words: frozenset[str]) -> str:
    """The lines of a paragraph as one. A hyphen at a line's end goes where the word is known without it."""
    text = block[0].text
    for line in block[1:]:
        text = _joined(text, line.text, words)
    return text.replace("\u00ad", "")


def _joined(before: str, after: str, words: frozenset[str]) -> str:
    broken = BROKEN.search(before[-100:])
    if broken is None:
        return before + after if before.endswith(("—", "-")) else f"{before} {after}"
    rest = WORD.match(after)
    whole = (broken.group(1) + rest.group()).casefold() if rest else ""
    if before.endswith("\u00ad") or (whole in words and rest and rest.group()[0].islower()):
        return before[:-1] + after
    return before + after


def _whole_words(lines: Sequence[Line]) -> frozenset[str]:
    words: set[str] = set()
    was_broken = False
    for line in lines:
        found = WORD.findall(line.text.casefold())
        is_broken = bool(BROKEN.search(line.text[-100:]))
        words.update(found[int(was_broken) : len(found) - int(is_broken)])
        was_broken = is_broken
    return frozenset(words)


def _edges(lines: Sequence[Line], size: float) -> dict[int, float]:
    """Where the lines of each box end: where most do, or nearly the farthest; a small box ends as those at its left."""
    boxes: dict[int, list[Line]] = {}
    for line in lines:
        boxes.setdefault(line.box, []).append(line)
    lefts = {box: min(line.x0 for line in inside) for box, inside in boxes.items()}
    shown = {}
    for box, inside in boxes.items():
        ends = sorted(line.x1 for line in inside if not line.mono and abs(line.size - size) < 1)
        if len(ends) >= EDGE_LINES:
            end, count = Counter(round(end / 2) for end in ends).most_common(1)[0]
            shown[box] = 2.0 * end if count >= JUSTIFIED * len(ends) else ends[int(0.9 * (len(ends) - 1))]
    edges = {}
    for box, inside in boxes.items():
        like = [edge for other, edge in shown.items() if abs(lefts[other] - lefts[box]) < 3 * size]
        edges[box] = shown.get(box) or max([line.x1 for line in inside] + ([median(like)] if like else []))
    return edges


def _footnotes(lines: Sequence[Line], body: Body) -> set[Line]:
    """Small lines below all other text of their column; between two pages they would cut a paragraph in two."""
    pages: dict[int, list[Line]] = {}
    for line in lines:
        pages.setdefault(line.page, []).append(line)
    found: set[Line] = set()
    for page in pages.values():
        larger = [line for line in page if line.size > SMALLER * body.size]
        if not larger or len(page) > MOST_LINES_FOR_NOTES:
            continue
        for line in page:
            if line.size <= SMALLER * body.size and all(
                other.y0 >= line.y1 - 1 for other in larger if other.x0 < line.x1 and line.x0 < other.x1
            ):
                found.add(line)
    return found


def _paragraphs(lines: Sequence[Line], body: Body) -> Iterator[list[Line]]:
    block: list[Line] = []
    for line in lines:
        if block and _begins(block, line, body):
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _begins(block: list[Line], line: Line, body: Body) -> bool:
    """Whether the line begins another paragraph than the one so far."""
    last = block[-1]
    if (line.size, line.mono, line.bold and last.bold) != (last.size, last.mono, line.bold or last.bold):
        return abs(line.size - last.size) > 0.1 * last.size or line.mono != last.mono or _whole(block, line)
    is_below = line.page == last.page and line.y0 < last.y0
    leading = body.leading * max(1.0, line.size / body.size)
    if is_below and last.y0 - line.y0 > SPACED * leading:
        return True
    if line.mono:
        return not is_below
    if BULLET.match(line.text) or (NUMBERED.match(line.text) and _had_room(last, line, body)):
        return True
    if line.size > LARGER * body.size:
        return not is_below
    step = INDENT * line.size
    in_item = bool(BULLET.match(block[0].text) or NUMBERED.match(block[0].text))
    if is_below and line.x0 > last.x0 + step and not in_item:
        return True
    if is_below and len(block) > 1 and line.x0 < last.x0 - step and abs(last.x0 - block[-2].x0) < step:
        return True
    return _had_room(last, line, body)


def _whole(block: list[Line], line: Line) -> bool:
    """Whether bold ends or begins here with a heading, and not in the middle of a sentence."""
    return (block[-1].bold or line.bold) and sum(len(part.text) for part in block) <= BOLD_HEADING_CHARACTERS


def _had_room(last: Line, line: Line, body: Body) -> bool:
    """Whether the line's first word would have fitted behind the last line: then the break is the author's."""
    if BROKEN.search(last.text[-100:]):
        return False
    width = (line.x1 - line.x0) / max(1, len(line.text))
    first = line.text.split(maxsplit=1)[0]
    return last.x1 + width * (len(first) + 1) < body.edges[last.box] - 0.5 * width


def _block(block: list[Line], body: Body, title: str) -> str:
    first = block[0]
    if first.mono:
        left = min(line.x0 for line in block)
        width = max(1.0, (first.x1 - first.x0) / max(1, len(first.text)))
        rows = (" " * round((line.x0 - left) / width) + line.text for line in block)
        return f"<pre>{escape(chr(10).join(rows))}</pre>"
    text = joined(block, body.words)
    if title and "".join(WORD.findall(text.casefold())) == title:
        return f"<h1>{escape(text)}</h1>"
    if first.size > LARGER * body.size and len(text) <= HEADING_CHARACTERS:
        return _heading(text, min(6, 1 + body.heading_sizes.index(first.size)))
    if all(line.bold for line in block) and len(text) <= BOLD_HEADING_CHARACTERS and not text.endswith((".", ",", ";")):
        return _heading(text, min(6, max(2, 1 + len(body.heading_sizes))))
    if bullet := BULLET.match(text):
        return f"<li>{escape(text[bullet.end() :])}</li>"
    return f"<p>{escape(text)}</p>"


def _heading(text: str, level: int) -> str:
    return f"<h{level}>{escape(text)}</h{level}>"


def _listed(blocks: Iterator[str]) -> Iterator[str]:
    inside = False
    for block in blocks:
        is_item = block.startswith("<li>")
        if is_item != inside:
            yield "<ul>" if is_item else "</ul>"
            inside = is_item
        yield block
    if inside:
        yield "</ul>"
