"""The lines of a PDF in reading order, without what the printer added to every page."""

import io
import re
import struct
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.formats.pdf_columns import Line, in_reading_order
from llm_engineering.infrastructure.sources.formats.plain import NO_TEXT

if TYPE_CHECKING:
    from pdfminer.layout import LTPage, LTTextLine
    from pdfminer.pdfdocument import PDFDocument

MOST_PAGES = 2_000
MOST_SECONDS = 120.0
EDGE = 0.15
"""Share of a page's height, at the top and at the bottom, in which running lines stand."""
REPEATS = 3
"""A line in the margin that stands on so many pages is a running one; numbers in it do not matter."""
ROMAN = re.compile(r"[ivxlc]+")
PAGE_NUMBER = re.compile(r"(?:page |p\. ?|seite |[-–—] ?)?#(?: ?[-–—]| ?(?:of|/|von|sur) ?#)?")
LEADERS = re.compile(r"(?:\.[ .]?){5}[ .]*[\divxlc]{1,6}$")
"""The dots that lead to a page number."""
LIGATURES = str.maketrans(
    NO_TEXT | {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st", "\xa0": " ", "\t": " "}
)
"""What a font shows for the letters that the author typed."""


def lines_of(document: "PDFDocument", name: str) -> list[Line]:
    """All lines in reading order, but running headers, footers, page numbers and those of a table of contents.

    Raises CollectError for too many pages, and when reading takes more than MOST_SECONDS.
    """
    started = time.monotonic()
    pages: list[list[Line]] = []
    heights: list[float] = []
    boxes = 0
    for number, page in enumerate(_laid_out(document)):
        if number >= MOST_PAGES:
            raise CollectError(f"{name} has more than {MOST_PAGES:,} pages; that is too much.")
        if time.monotonic() - started > MOST_SECONDS:
            raise CollectError(f"{name} takes more than {MOST_SECONDS:.0f} seconds to read.")
        pages.append([])
        heights.append(page.height)
        for box in in_reading_order(list(_pieces(page))):
            boxes += 1
            pages[-1] += [replace(line, page=number, box=boxes) for line in box]
    return [line for lines in _without_running(pages, heights) for line in lines if not LEADERS.search(line.text)]


def _laid_out(document: "PDFDocument") -> "Iterator[LTPage]":
    from pdfminer.converter import PDFPageAggregator
    from pdfminer.layout import LAParams
    from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
    from pdfminer.pdfpage import PDFPage

    resources = PDFResourceManager(caching=False)
    device = PDFPageAggregator(resources, laparams=LAParams(boxes_flow=None))
    interpreter = PDFPageInterpreter(resources, device)
    for page in PDFPage.create_pages(document):
        interpreter.process_page(page)
        yield device.get_result()


def _pieces(page: "LTPage") -> Iterator[Line]:
    """What stands together on a line; broad spaces cut a line in pieces."""
    from pdfminer.layout import LTTextBox, LTTextLine

    for block in page:
        for line in block if isinstance(block, LTTextBox) else ():
            if isinstance(line, LTTextLine) and line.get_text().strip():
                yield _piece(line)


def _piece(line: "LTTextLine") -> Line:
    from pdfminer.layout import LTChar

    letters = [char for char in line if isinstance(char, LTChar)]
    sizes = Counter(round(char.size * 2) / 2 for char in letters if char.get_text().strip())
    fonts = [char.fontname.lower() for char in letters]
    mono = bool(fonts) and all(re.search("mono|courier|consolas|cmtt|typewriter|menlo", font) for font in fonts)
    text = line.get_text().translate(LIGATURES)
    return Line(
        text=text.rstrip() if mono else " ".join(text.split()),
        x0=line.x0,
        x1=line.x1,
        y0=line.y0,
        y1=line.y1,
        size=sizes.most_common(1)[0][0] if sizes else 0.0,
        bold=bool(fonts) and all(re.search("bold|black|heavy|cmbx", font) for font in fonts),
        mono=mono,
    )


@dataclass(frozen=True)
class _Margin:
    """What a line near the page's edge has in common with those of other pages."""

    top: bool
    size: float
    """A title is larger than the header that repeats it."""
    words: str
    """With "#" for each number."""


def _without_running(pages: list[list[Line]], heights: list[float]) -> Iterator[list[Line]]:
    """The pages without lines that stand on several, and without numbered ones where such lines stand."""
    margins = [dict(_margin(lines, height)) for lines, height in zip(pages, heights, strict=True)]
    seen = Counter(key for margin in margins for key in set(margin.values()))
    enough = min(REPEATS, max(2, len(pages)))
    places = Counter(round(line.y0) for margin in margins for line, key in margin.items() if seen[key] >= enough)
    for lines, margin in zip(pages, margins, strict=True):
        yield [line for line in lines if not _is_running(line, margin.get(line), seen, places, enough)]


def _is_running(line: Line, key: _Margin | None, seen: Counter[_Margin], places: Counter[int], enough: int) -> bool:
    if key is None:
        return False
    if seen[key] >= enough or PAGE_NUMBER.fullmatch(key.words):
        return True
    return places[round(line.y0)] >= REPEATS and key.words.strip("#") != key.words  # "3 Flour", once in a chapter


def _margin(lines: Sequence[Line], height: float) -> Iterator[tuple[Line, _Margin]]:
    """The lines of the two rows nearest to the page's top, and of those nearest to its bottom."""
    for top in (True, False):
        rows = sorted({round(line.y0) for line in lines}, reverse=top)[:2]
        for line in lines:
            near = line.y0 > height * (1 - EDGE) if top else line.y1 < height * EDGE
            if near and round(line.y0) in rows:
                words = " ".join(re.sub(r"\d+", "#", line.text.casefold()).split())
                yield line, _Margin(top, line.size, "#" if ROMAN.fullmatch(words) else words)


def damage() -> tuple[type[Exception], ...]:
    """What pdfminer raises for a broken file: it trusts what it reads."""
    from pdfminer.psexceptions import PSException

    return (
        PSException,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        AssertionError,
        ArithmeticError,
        struct.error,
    )


def opened(name: str, data: bytes) -> "PDFDocument":
    """Raises CollectError when it is no PDF, or needs a password."""
    from pdfminer.pdfdocument import PDFDocument, PDFEncryptionError, PDFPasswordIncorrect
    from pdfminer.pdfparser import PDFParser

    try:
        return PDFDocument(PDFParser(io.BytesIO(data)))
    except PDFPasswordIncorrect as error:
        raise CollectError(f"{name} is encrypted; save a copy without a password.") from error
    except PDFEncryptionError as error:
        raise CollectError(f"{name} is encrypted in a way that cannot be read; save a copy without it.") from error
    except damage() as error:
        raise CollectError(f"{name} is no readable PDF ({error or type(error).__name__}).") from error
