"""The files in a zip, without unpacking it; also of the zips in a zip that Notion makes."""

import io
import re
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from llm_engineering.domain.errors import BadInput, CollectError
from llm_engineering.infrastructure.sources.file_limits import Files, Limits, is_plain, too_large

INNER_ZIP = re.compile(r"(?:^|/)ExportBlock-[^/]*\.zip$")
"""Notion packs its export as zips in a zip; these are read as if they lay beside it, unpacked."""
UTF8_NAME = 0x800
"""The flag of a zip entry whose name is stated to be UTF-8."""
DAMAGE = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError)
"""What zipfile raises for a zip that is broken, encrypted or packed in a way it does not know."""
STEP = 1024 * 1024


def zip_at(path: Path, limits: Limits, stack: ExitStack) -> Files:
    """The files of the zip, which is closed with the stack. Raises BadInput when it is damaged or unreasonable."""
    return with_inner_zips(_Zip(str(path), _archive(str(path), path, stack), limits), limits, stack)


def _archive(shown: str, file: Path | IO[bytes], stack: ExitStack) -> zipfile.ZipFile:
    try:
        return stack.enter_context(zipfile.ZipFile(file))
    except DAMAGE as error:
        raise BadInput(f"{shown} is no readable zip ({error}); download it again.") from error


class _Zip:
    def __init__(self, shown: str, archive: zipfile.ZipFile, limits: Limits) -> None:
        entries = archive.infolist()
        if len(entries) > limits.files:
            raise BadInput(f"{shown} would unpack to {len(entries):,} files; that is too much.")
        self._shown = shown
        self._archive = archive
        self._limits = limits
        self._read_bytes = 0
        named = [(_name_of(entry), entry) for entry in entries if not stat.S_ISLNK(entry.external_attr >> 16)]
        self._hidden = {folder for name, _ in named if (folder := _hidden_folder(name))}
        self._entries = {name: entry for name, entry in named if not entry.is_dir() and is_plain(name)}

    def names(self) -> list[str]:
        return sorted(self._entries)

    def hidden_folders(self) -> list[str]:
        return sorted(self._hidden)

    def read(self, name: str) -> bytes:
        """Reads at most the limit, whatever size the zip states."""
        with self.opened(name) as file:
            return file.read()

    @contextmanager
    def opened(self, name: str, most: int | None = None) -> Iterator[BinaryIO]:
        try:
            with self._archive.open(self._entries[name]) as file:
                yield io.BufferedReader(_Counted(file, name, most or self._limits.file_bytes, self._count), STEP)
        except DAMAGE as error:
            raise CollectError(f"{name} in the zip cannot be read ({error}).") from error

    def _count(self, size: int) -> None:
        self._read_bytes += size
        if self._read_bytes > self._limits.total_bytes:
            raise BadInput(f"{self._shown} unpacks to more than {self._limits.total_bytes:,} bytes; that is too much.")


class _Counted(io.RawIOBase):
    """A stream that ends in an error once more came out of it than is allowed."""

    def __init__(self, inner: IO[bytes], name: str, limit: int, count: Callable[[int], None]) -> None:
        self._inner = inner
        self._name = name
        self._limit = limit
        self._seen = 0
        self._count = count

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]  # any writable buffer
        data = self._inner.read(len(buffer))
        self._seen += len(data)
        self._count(len(data))
        if self._seen > self._limit:
            raise CollectError(too_large(self._name, self._limit))
        buffer[: len(data)] = data
        return len(data)


def _name_of(entry: zipfile.ZipInfo) -> str:
    """The entry's name. macOS writes UTF-8 without saying so, which the standard library reads as cp437."""
    if entry.flag_bits & UTF8_NAME:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _hidden_folder(name: str) -> str:
    """The topmost hidden folder that the name is in, "" for none."""
    parts = PurePosixPath(name).parts[: None if name.endswith("/") else -1]
    for depth, part in enumerate(parts, start=1):
        if part.startswith(".") and part != ".." and is_plain("/".join(parts[: depth - 1]) or "x"):
            return "/".join(parts[:depth])
    return ""


# ------------------------------------------------------------------------------ zips in a zip


class _Joined:
    """An outer place, with what its inner zips hold shown beside them."""

    def __init__(self, outer: Files, inner: list[tuple[str, _Zip]]) -> None:
        packed = {zip_name for zip_name, _ in inner}
        self._hidden = outer.hidden_folders()
        self._places: dict[str, tuple[Files, str]] = {
            name: (outer, name) for name in outer.names() if name not in packed
        }
        for zip_name, files in inner:
            # The zip's own name has another random part in every export, so it is no part of a name,
            # unless two parts of one export hold the same name.
            folder = zip_name.rpartition("/")[0]
            self._hidden += [str(PurePosixPath(folder, hidden)) for hidden in files.hidden_folders()]
            for name in files.names():
                shown = str(PurePosixPath(folder, name))
                self._places[f"{zip_name}/{name}" if shown in self._places else shown] = (files, name)

    def names(self) -> list[str]:
        return sorted(self._places)

    def hidden_folders(self) -> list[str]:
        return sorted(self._hidden)

    def read(self, name: str) -> bytes:
        files, inner = self._places[name]
        return files.read(inner)

    @contextmanager
    def opened(self, name: str, most: int | None = None) -> Iterator[BinaryIO]:
        files, inner = self._places[name]
        with files.opened(inner, most) as file:
            yield file


def with_inner_zips(files: Files, limits: Limits, stack: ExitStack) -> Files:
    """The files, with Notion's inner zips opened; they are opened one level deep, never deeper."""
    names = [name for name in files.names() if INNER_ZIP.search(name)]
    if not names:
        return files
    inner = []
    for name in names:
        copy = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # closed with the stack
        try:
            with files.opened(name, limits.total_bytes) as packed:
                while data := packed.read(STEP):
                    copy.write(data)
        except CollectError as error:
            raise BadInput(f"A part of the export is unusable: {error} Export it again.") from error
        copy.seek(0)
        inner.append((name, _Zip(name, _archive(name, copy, stack), limits)))
    return _Joined(files, inner)
