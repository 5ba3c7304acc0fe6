"""Bytes of a response turned into text: decompressed within a limit, decoded as their sender meant."""

import codecs
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import brotli
import zstandard

from llm_engineering.domain.errors import CollectError

STEP = 64 * 1024
INPUT_STEP = 64
"""Bytes; zstd unpacks 4 to 128 KB, so such a bite gives 2 MB at most."""
META_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
XML_ENCODING = re.compile(rb"""^\s*<\?xml[^>]{0,200}encoding\s*=\s*["']([\w.:-]+)""", re.IGNORECASE)
BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
WINDOWS_NAMES = {"iso-8859-1", "iso8859-1", "latin-1", "latin1", "us-ascii", "ascii"}
"""Labels that browsers read as windows-1252 (WHATWG Encoding Standard)."""


class _Decoder(Protocol):
    def pieces(self, data: bytes) -> Iterator[bytes]: ...

    def finished(self) -> bool: ...


class _Identity:
    def pieces(self, data: bytes) -> Iterator[bytes]:
        yield data

    def finished(self) -> bool:
        return True


class _Deflate:
    """gzip, zlib or raw deflate, at most STEP bytes at a time."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._inner = zlib.decompressobj(window)
        self._started = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        while True:
            try:
                piece = self._inner.decompress(data, STEP)
            except zlib.error:
                if self._started or self._window != zlib.MAX_WBITS:
                    raise
                # Some servers send raw deflate under the name "deflate".
                self._inner = zlib.decompressobj(-zlib.MAX_WBITS)
                piece = self._inner.decompress(data, STEP)
            self._started = self._started or bool(data)
            yield piece
            data = self._inner.unconsumed_tail
            if self._inner.eof and self._inner.unused_data.startswith(b"\x1f\x8b"):
                data, self._inner = self._inner.unused_data, zlib.decompressobj(self._window)
            elif not data and len(piece) < STEP:
                return

    def finished(self) -> bool:
        return self._inner.eof or not self._started


class _Brotli:
    def __init__(self) -> None:
        self._inner = brotli.Decompressor()
        self._started = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        self._started = True
        piece = self._inner.process(data, output_buffer_limit=STEP)
        while piece:  # the decompressor keeps what is over the limit for the next call
            yield piece
            piece = self._inner.process(b"", output_buffer_limit=STEP)

    def finished(self) -> bool:
        return self._inner.is_finished() or not self._started


class _Zstandard:
    """One frame after the other; small windows only, as browsers accept them (RFC 9659: 8 MB)."""

    def __init__(self) -> None:
        self._started = False
        self._inner = self._fresh()

    @staticmethod
    def _fresh() -> Any:
        return zstandard.ZstdDecompressor(max_window_size=8 * 1024 * 1024).decompressobj()

    def pieces(self, data: bytes) -> Iterator[bytes]:
        self._started = self._started or bool(data)
        # The decompressor has no limit for its output, so its input is what is limited.
        while data:
            bite, data = data[:INPUT_STEP], data[INPUT_STEP:]
            if self._inner.eof:
                self._inner = self._fresh()
            yield self._inner.decompress(bite)
            data = self._inner.unused_data + data

    def finished(self) -> bool:
        return self._inner.eof or not self._started


def _decoder(encoding: str) -> _Decoder:
    match encoding.strip().lower():
        case "" | "identity":
            return _Identity()
        case "gzip" | "x-gzip":
            return _Deflate(zlib.MAX_WBITS | 16)
        case "deflate":
            return _Deflate(zlib.MAX_WBITS)
        case "br":
            return _Brotli()
        case "zstd":
            return _Zstandard()
        case other:
            raise CollectError(f'The body is packed as "{other}", which nobody asked for.')


def unpacked(chunks: Iterable[bytes], encoding: str, max_bytes: int) -> bytes:
    """The body, decompressed in small steps.

    Raises CollectError as soon as more than `max_bytes` come out, when the data are damaged,
    or when they end too early.
    """
    decoder = _decoder(encoding)
    body = bytearray()
    try:
        for chunk in chunks:
            for piece in decoder.pieces(chunk):
                body += piece
                if len(body) > max_bytes:
                    raise CollectError(f"The body is larger than {max_bytes:,} bytes, which is the limit for a page.")
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise CollectError(f"The body's {encoding} packing is damaged ({error}).") from error
    if not decoder.finished():
        raise CollectError(f"The body's {encoding} packing ends too early.")
    return bytes(body)


def text_of(body: bytes, content_type: str) -> str:
    """The text of a body: byte order mark, then header, then the document's own word, then UTF-8.

    What no named encoding can read is taken as UTF-8, or else as windows-1252.
    """
    for mark, name in BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, errors="replace")
    for name in _named_encodings(body, content_type):
        try:
            return body.decode(name)
        except (LookupError, UnicodeDecodeError):
            continue
    try:
        return body.decode("cp1252")
    except UnicodeDecodeError:
        return body.decode("utf-8", errors="replace")


def _named_encodings(body: bytes, content_type: str) -> Iterator[str]:
    head = body[:4096]
    in_header = re.search(r"""charset\s*=\s*["']?([\w.:-]+)""", content_type, re.IGNORECASE)
    in_body = META_CHARSET.search(head) or XML_ENCODING.search(head)
    if in_header:
        yield _usable(in_header.group(1))
    if in_body:
        yield _usable(in_body.group(1).decode("ascii", errors="replace"))
    yield "utf-8"


def _usable(label: str) -> str:
    lowered = label.lower()
    # Many servers state latin-1 by default and send UTF-8; UTF-8 that decodes is no accident.
    return "utf-8" if lowered in WINDOWS_NAMES else lowered
