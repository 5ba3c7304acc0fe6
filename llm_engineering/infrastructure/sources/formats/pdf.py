"""PDF: pdfminer.six lays the lines out, we join them to paragraphs."""

import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import chain
from typing import TYPE_CHECKING

from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.extraction import fragment_markdown
from llm_engineering.infrastructure.sources.formats.facts import language_code, person, sane_title, stated
from llm_engineering.infrastructure.sources.formats.pdf_columns import Line
from llm_engineering.infrastructure.sources.formats.pdf_lines import damage, lines_of, opened
from llm_engineering.infrastructure.sources.formats.pdf_paragraphs import body_of, first_large, html_of
from llm_engineering.infrastructure.sources.formats.text import Part, Text

if TYPE_CHECKING:
    from pdfminer.pdfdocument import PDFDocument

MOST_UNPACKED = 300 * 1024 * 1024
"""Bytes that all streams of a file may unpack to."""
MOST_LAYERS = 4
"""Streams may be packed several times over."""
STEP = 256 * 1024
STREAM = re.compile(rb"stream\r?\n")
FEWEST_CHARACTERS = 20
"""Letters a page, below which the pages are pictures."""
MOST_UNKNOWN = 0.05
UNKNOWN = re.compile(r"\(cid:\d+\)")
DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([-+Z])(\d\d)?'?(\d\d)?)?")


def read(name: str, data: bytes) -> list[Part]:
    """The text in reading order, with headings where the letters are larger; pictures and forms are left out.

    Raises CollectError when it is encrypted, without text, damaged, or too large to be honest.
    """
    _require_sane(name, data)
    document = opened(name, data)
    try:
        lines = lines_of(document, name)
        info = _information(document)
    except damage() as error:
        raise CollectError(f"{name} is damaged ({error or type(error).__name__}).") from error
    lines = _readable(name, lines)
    body = body_of(lines)
    title = _title(info.get("Title"), lines) or first_large(lines, body)
    return [
        Text(
            title=title,
            markdown=fragment_markdown(html_of(lines, body, title), title),
            published_at=_moment(info.get("CreationDate", "")),
            byline=person(info.get("Author")),
            language=language_code(info.get("Lang")),
        )
    ]


def _require_sane(name: str, data: bytes) -> None:
    """Raises CollectError when the streams unpack to absurdly much: pdfminer unpacks them without a limit."""
    left = MOST_UNPACKED
    for match in STREAM.finditer(data):
        left -= _unpacked_size(memoryview(data)[match.end() :], left)
        if left < 0:
            raise CollectError(f"{name} unpacks to more than {MOST_UNPACKED:,} bytes; it looks like a bomb.")


def _unpacked_size(packed: memoryview, most: int) -> int:
    """Bytes that come out of a deflated stream in all its layers, counted until they are more than `most`."""
    total = 0

    def counted(pieces: Iterator[bytes]) -> Iterator[bytes]:
        nonlocal total
        for piece in pieces:
            total += len(piece)
            if total > most:
                return
            yield piece

    pieces = counted(_inflated(packed[start : start + STEP] for start in range(0, len(packed), STEP)))
    for _ in range(MOST_LAYERS):
        first = next(pieces, b"")
        pieces = chain([first], pieces)
        if len(first) < 2 or first[0] & 15 != 8 or (first[0] * 256 + first[1]) % 31:  # no zlib header (RFC 1950)
            break
        pieces = counted(_inflated(pieces))
    for _ in pieces:
        pass
    return total


def _inflated(packed: Iterator[bytes | memoryview]) -> Iterator[bytes]:
    """What comes out, in pieces; nothing more after damage or the end."""
    inner = zlib.decompressobj()
    try:
        for piece in packed:
            while piece and not inner.eof:
                yield inner.decompress(piece, STEP)
                piece = inner.unconsumed_tail
            if inner.eof:
                return
    except zlib.error:
        return


def _readable(name: str, lines: list[Line]) -> list[Line]:
    text = "".join(line.text for line in lines)
    pages = len({line.page for line in lines}) or 1
    if len(text) < FEWEST_CHARACTERS * pages:
        raise CollectError(
            f"{name} holds pictures of pages and no text; let an OCR program such as ocrmypdf read it first."
        )
    unknown = sum(len(match) for match in UNKNOWN.findall(text))
    if unknown > MOST_UNKNOWN * len(text):
        raise CollectError(f"{name} does not say which letters its fonts show; let an OCR program read it first.")
    return lines


def _information(document: "PDFDocument") -> dict[str, str]:
    """The document information and the language, what is no text left out."""
    from pdfminer.pdftypes import resolve1
    from pdfminer.utils import decode_text

    found: dict[str, str] = {}
    for entry in [*document.info, {"Lang": document.catalog.get("Lang")}]:
        for key, value in entry.items():
            value = resolve1(value)
            if isinstance(value, bytes):
                found.setdefault(str(key), stated(decode_text(value)))
    return found


def _title(noted: str | None, lines: list[Line]) -> str:
    """The title that is noted in the file, if the first page shows it, too: many are those of an older file."""
    title = sane_title(noted)
    first = " ".join(line.text for line in lines if line.page == lines[0].page).casefold()
    return title if title and "".join(re.findall(r"\w", title.casefold())) in "".join(re.findall(r"\w", first)) else ""


def _moment(noted: str) -> datetime | None:
    """A PDF date (ISO 32000-1, 7.9.4) in UTC."""
    match = DATE.match(noted)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) if part else None for part in match.groups()[:6])
    hours, minutes = int(match.group(8) or 0), int(match.group(9) or 0)
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if match.group(7) == "-" else 1)
    try:
        when = datetime(year or 0, month or 1, day or 1, hour or 0, minute or 0, second or 0, tzinfo=timezone(offset))
        return when.astimezone(UTC) if 1970 <= when.year <= datetime.now(UTC).year + 1 else None
    except (ValueError, OverflowError):
        return None
