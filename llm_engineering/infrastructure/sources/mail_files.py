"""Every way that mail programs keep mails in files, as one stream of mails: mbox, Maildir, .eml, .emlx."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO

from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.files import Files

MESSAGE_BYTES = 64 * 1024 * 1024
MBOX_BYTES = 64 * 1024 * 1024 * 1024
"""An mbox is read as a stream, so it may be as large as a life's mails are."""
LINE_BYTES = 1024 * 1024
SEPARATOR = re.compile(rb"From \S.{0,200}\d{1,2}:\d\d.{0,60}\d{4}\s*$")
"""What mbox has above a mail (RFC 4155): "From ", a sender, and a date with time and year."""
ESCAPED = re.compile(rb">+From ")
MAILDIR = frozenset({"cur", "new"})
ENDINGS = frozenset({".eml", ".emlx", ".mbox", ".mbx", ""})


def is_mail(name: str) -> bool:
    """Whether a file of that name may hold mails; Thunderbird's and Apple's mbox files have no ending."""
    path = PurePosixPath(name)
    return path.parent.name in MAILDIR or path.suffix.lower() in ENDINGS


def mails_in(files: Files, name: str) -> Iterator[bytes | CollectError]:
    """The mails of a file, each as its bytes; one that is too large, or damage, as the error that says so."""
    ending = PurePosixPath(name).suffix.lower()
    try:
        with files.opened(name, MBOX_BYTES) as file:
            start = file.readline(LINE_BYTES)
            if start.startswith(b"From ") and ending not in (".eml", ".emlx"):
                yield from _split(file, name)
            elif ending == ".emlx":
                yield from _whole(file, name, b"", int(start) if start.strip().isdigit() else 0)
            elif ending in (".mbox", ".mbx") and start.strip():
                yield CollectError(f'{name} is no mbox file: it does not begin with "From ".')
            elif ending == ".eml" or PurePosixPath(name).parent.name in MAILDIR:
                yield from _whole(file, name, start, MESSAGE_BYTES)
    except CollectError as error:
        yield error


def _whole(file: BinaryIO, name: str, start: bytes, size: int) -> Iterator[bytes | CollectError]:
    data = start + file.read(size)
    if len(data) > MESSAGE_BYTES:
        yield CollectError(f"{name} is larger than {MESSAGE_BYTES:,} bytes.")
    elif data.strip():
        yield data


def _split(file: BinaryIO, name: str) -> Iterator[bytes | CollectError]:
    """The mails below each separator that follows an empty line (the first one has been read)."""
    mail: list[bytes] = []
    size = number = 0
    was_empty = False
    while line := file.readline(LINE_BYTES):
        if was_empty and line.startswith(b"From ") and SEPARATOR.match(line):
            number += 1
            yield _joined(mail, size, name, number)
            mail, size, was_empty = [], 0, False
            continue
        was_empty = line in (b"\n", b"\r\n")
        size += len(line)
        if size <= MESSAGE_BYTES:
            mail.append(line[1:] if line.startswith(b">") and ESCAPED.match(line) else line)
    if mail:
        yield _joined(mail, size, name, number + 1)


def _joined(mail: list[bytes], size: int, name: str, number: int) -> bytes | CollectError:
    if size > MESSAGE_BYTES:
        return CollectError(f"Mail {number} of {name} is larger than {MESSAGE_BYTES:,} bytes.")
    return b"".join(mail)
