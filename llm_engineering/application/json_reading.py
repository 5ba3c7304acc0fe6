"""Reads JSON Lines and JSON lists record by record, so that a file may be larger than the memory."""

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import Any, NoReturn, TextIO

MOST_BYTES = 64 * 1024 * 1024
"""Of one line, and characters of one element of a list: three times the largest file that a source reads."""
CHUNK = 1024 * 1024
"""Read at a time."""
NOT_SPACE = re.compile(r"[^ \t\n\r]")
BEHIND_VALUE = frozenset(", ]\t\n\r")
DECODER = json.JSONDecoder()


class Unreadable(Exception):
    """What is wrong with one record or one file, as the rest of a sentence."""


# ------------------------------------------------------------------------------ JSON Lines


def numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """(number, line) of each line that is not blank, 1 = first; unpacked where the name ends in ".gz".

    A line that is too long comes cut off, as `object_of` will say. Raises Unreadable, naming the
    line, where the file cannot be read any further.
    """
    number = 0
    try:
        with _opened(path) as file:
            for number, line in enumerate(_lines(file), start=1):
                if not line.isspace():
                    yield number, line
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise Unreadable(f"line {number + 1}: the file cannot be read any further ({reason})") from None


def object_of(line: bytes) -> dict[str, Any]:
    """The object on that line. Raises Unreadable."""
    if len(line) > MOST_BYTES:
        raise Unreadable(f"it has over {MOST_BYTES:,} bytes")
    try:
        record = json.loads(line.decode("utf-8-sig"), parse_constant=_refused)
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is no text in UTF-8 ({error.reason} at byte {error.start + 1})") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"it is no JSON ({error.msg} at character {error.pos + 1})") from None
    except (ValueError, RecursionError) as error:  # NaN, a number of thousands of digits, or nested too deeply
        raise Unreadable(f"it is no JSON ({error})") from None
    if not isinstance(record, dict):
        raise Unreadable(f"it is {type(record).__name__}, not an object")
    return record


def _opened(path: Path) -> BufferedIOBase:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def _lines(file: BufferedIOBase) -> Iterator[bytes]:
    """The lines; of one that is too long, no more than shows that it is."""
    while line := file.readline(MOST_BYTES + 1):
        yield line
        if len(line) > MOST_BYTES:
            while line and not line.endswith(b"\n"):
                line = file.readline(CHUNK)


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"it has {constant} for a number")


# ------------------------------------------------------------------------------ JSON lists


def elements(file: TextIO) -> Iterator[Any]:
    """The elements of the list that is the whole of the file, one by one.

    Raises Unreadable where it is no list or breaks off, after what came before, and OSError.
    """
    window = _Window(file)
    if window.next_character() != "[":
        raise Unreadable("it holds no list of records")
    window.skip()
    if window.next_character() != "]":
        yield window.value()
        while window.next_character() == ",":
            window.skip()
            yield window.value()
        if window.next_character() != "]":
            raise Unreadable("it is no readable JSON (its list of records breaks off)")
    window.skip()
    if window.next_character():
        raise Unreadable("it is no readable JSON (something follows its list of records)")


class _Window:
    """The part of a text that is being read."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._ended = False

    def next_character(self) -> str:
        """The next character that is no space, without going past it; "" at the end."""
        while True:
            found = NOT_SPACE.search(self._text, self._at)
            if found:
                self._at = found.start()
                return found[0]
            if self._ended:
                return ""
            self._at = len(self._text)
            self._read(CHUNK)

    def skip(self) -> None:
        """Go past that character."""
        self._at += 1

    def value(self) -> Any:
        """The next value, reading on until it is complete."""
        self.next_character()
        size = CHUNK
        while True:
            problem = "it breaks off"
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
                if self._ended or self._text[end : end + 1] in BEHIND_VALUE:  # else it may go on: 0 as 0.5
                    self._at = end
                    return value
            except json.JSONDecodeError as error:
                problem = error.msg
            except (ValueError, RecursionError) as error:
                raise Unreadable(f"it is no readable JSON ({error})") from None
            if self._ended or len(self._text) - self._at > MOST_BYTES:
                raise Unreadable(f"it is no readable JSON ({problem})")
            self._read(size)
            size *= 2  # so that a long value is not read from its start too often

    def _read(self, size: int) -> None:
        try:
            more = self._file.read(size)
        except UnicodeDecodeError as error:
            raise Unreadable(f"it is no text in UTF-8 ({error.reason})") from None
        self._ended = not more
        self._text = self._text[self._at :] + more
        self._at = 0
