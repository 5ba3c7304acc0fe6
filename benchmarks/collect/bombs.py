"""Small bodies that unpack to gigabytes of zeros, made without ever holding them."""

import zlib
from collections.abc import Iterator

import brotli
import zstandard

PIECE = 10 * 1000 * 1000
"""Zeros a piece."""
PIECES = 1000
BROTLI_PIECES = 50
"""Brotli's encoder reads every zero, and the server shares the machine with what is measured."""


def gzip_bomb() -> Iterator[bytes]:
    """One gzip stream of 10 GB, some ten megabytes long."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    header = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    zeros = b"\0" * PIECE
    # After a full flush nothing refers back, so the same packed bytes may come again and again.
    first = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(zeros) + packer.flush(zlib.Z_FULL_FLUSH)
    yield header + first
    for _ in range(PIECES - 1):
        yield again


def brotli_bomb() -> Iterator[bytes]:
    """One brotli stream of 500 MB, some ninety kilobytes long."""
    packer = brotli.Compressor(quality=1)
    zeros = b"\0" * PIECE
    for _ in range(BROTLI_PIECES):
        yield packer.process(zeros)
    yield packer.finish()


def zstd_bomb() -> Iterator[bytes]:
    """A thousand zstd frames that follow each other, 10 GB in all."""
    frame = zstandard.ZstdCompressor(level=1).compress(b"\0" * PIECE)
    for _ in range(PIECES):
        yield frame
