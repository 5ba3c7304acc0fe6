"""What the warehouse's two file formats share in writing: whole files or none, and what was written."""

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from llm_engineering.application.ports import Record
from llm_engineering.domain.errors import StoreError


class WrittenFile(BaseModel):
    """One file of an export."""

    name: str
    records: int
    gone: int
    """How many of the records are tombstones."""
    size: int
    """Bytes."""
    sha256: str


class ExportReport(BaseModel):
    """What an export wrote."""

    directory: Path
    authors: WrittenFile
    files: list[WrittenFile]
    """The others, in the order they were written."""
    left_out: int = 0
    """Tombstones that the format has no place for."""

    @property
    def documents(self) -> dict[str, int]:
        """File name → number of its records, without the authors' file."""
        return {file.name: file.records for file in self.files}


@dataclass(frozen=True)
class Layout:
    """How records become the text of a file."""

    text: Callable[[Record], str]
    first: str = ""
    between: str = ""
    last: str = ""
    empty: str = ""


def _indented(record: Record) -> str:
    """The record as json.dumps(…, indent=1) writes it inside a list; its texts have no raw line breaks."""
    return json.dumps(record, ensure_ascii=False, indent=1).replace("\n", "\n ")


def _line(record: Record) -> str:
    """The record on one line, also for readers that take U+2028, U+2029 or U+0085 for the end of one."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for separator in "\u2028\u2029\x85":
        text = text.replace(separator, f"\\u{ord(separator):04x}")
    return f"{text}\n"


ARRAY = Layout(_indented, first="[\n ", between=",\n ", last="\n]", empty="[]")
"""One JSON list, as json.dumps(records, ensure_ascii=False, indent=1) writes it."""
LINES = Layout(_line)
"""JSON Lines: one document a line."""


class Writer:
    """Writes one file record by record, beside the place where it will be once it is complete."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path = path
        self._partial = path.with_name(f"{path.name}.partial")
        self._layout = layout
        self._digest = hashlib.sha256()
        self._records = self._gone = self._size = 0
        with self._explained():
            self._file = self._partial.open("wb")

    def write(self, record: Record) -> None:
        """Append the record. Raises StoreError when there is no room."""
        self._put(self._layout.between if self._records else self._layout.first)
        self._put(self._layout.text(record))
        self._records += 1
        self._gone += record.get("tombstoned_at") is not None

    def finish(self) -> None:
        """Have everything on the disk, still beside its place."""
        self._put(self._layout.last if self._records else self._layout.empty)
        with self._explained():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def put_in_place(self) -> WrittenFile:
        """Replace the older file of that name in one step."""
        with self._explained():
            os.replace(self._partial, self.path)
        return WrittenFile(
            name=self.path.name,
            records=self._records,
            gone=self._gone,
            size=self._size,
            sha256=self._digest.hexdigest(),
        )

    def discard(self) -> None:
        """Forget what was written: it takes up room, and is of no use to anybody."""
        with suppress(OSError):  # closing writes what is left, for which there may be no room
            self._file.close()
        with suppress(OSError):
            self._partial.unlink(missing_ok=True)

    def _put(self, text: str) -> None:
        data = text.encode("utf-8")
        self._digest.update(data)
        self._size += len(data)
        with self._explained():
            self._file.write(data)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"{self.path} could not be written ({error.strerror}); free some space or grant the permission and "
                "run again, or name another directory with --data-dir."
            ) from error


def write_files(
    directory: Path, names: Sequence[str], layout: Layout, records: Iterable[tuple[str, Record]]
) -> list[WrittenFile]:
    """Write the records, each to the file that it names, and replace all files once all are complete.

    Whatever ends it early leaves the older files and no part of a newer one. Raises StoreError
    when a file cannot be written.
    """
    writers: dict[str, Writer] = {}
    try:
        for name in names:
            writers[name] = Writer(directory / name, layout)
        for name, record in records:
            writers[name].write(record)
        for writer in writers.values():
            writer.finish()
        return [writer.put_in_place() for writer in writers.values()]
    except BaseException:
        for writer in writers.values():
            writer.discard()
        raise


def make_directory(directory: Path) -> None:
    """Make the directory of an export unless it is there. Raises StoreError when that cannot be."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The directory {directory} cannot be made ({error.strerror}); name another one with --data-dir."
        ) from error
