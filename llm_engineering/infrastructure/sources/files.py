"""A folder or a zip file, read alike: relative names in, bytes out, nothing unpacked to disk."""

import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from llm_engineering.domain.errors import BadInput, CollectError

SKIPPED_FOLDERS = frozenset({"node_modules", "__MACOSX", "__pycache__", "venv", "_site"})


@dataclass(frozen=True)
class Limits:
    """What is read at most; a zip states sizes, and may lie."""

    files: int = 50_000
    file_bytes: int = 20 * 1024 * 1024
    total_bytes: int = 1024 * 1024 * 1024


LIMITS = Limits()


class Files(Protocol):
    """The files below one place."""

    def names(self) -> list[str]:
        """Relative names with "/", sorted; hidden files and symbolic links are left out."""
        ...

    def read(self, name: str) -> bytes:
        """The file's bytes. Raises CollectError when it is too large or damaged."""
        ...


@contextmanager
def opened_files(path: Path, limits: Limits = LIMITS) -> Iterator[Files]:
    """The files of a folder, of a zip, or the one file itself.

    Raises BadInput when there is nothing at the path, or the zip is damaged or unreasonable.
    """
    if path.is_dir():
        yield _Folder(path, limits)
    elif path.is_file() and zipfile.is_zipfile(path) and path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as archive:
            yield _Zip(path, archive, limits)
    elif path.is_file():
        yield _Folder(path.parent, limits, only=path.name)
    else:
        raise BadInput(f"There is no folder or file {path}; correct the source's path.")


def is_plain(name: str) -> bool:
    """Whether a relative name stays inside its folder and is not hidden."""
    parts = PurePosixPath(name).parts
    return bool(parts) and not any(
        part in ("..", "/") or part.startswith((".", "~")) or "\\" in part or ":" in part[:2] or part in SKIPPED_FOLDERS
        for part in parts
    )


class _Folder:
    def __init__(self, root: Path, limits: Limits, only: str | None = None) -> None:
        self._root = root
        self._limits = limits
        self._only = only

    def names(self) -> list[str]:
        if self._only is not None:
            return [self._only]
        found = []
        for path in self._root.rglob("*"):
            name = path.relative_to(self._root).as_posix()
            if is_plain(name) and path.is_file() and not self._crosses_link(path):
                found.append(name)
                if len(found) > self._limits.files:
                    raise BadInput(f"{self._root} holds more than {self._limits.files:,} files; name a smaller folder.")
        return sorted(found)

    def _crosses_link(self, path: Path) -> bool:
        while path != self._root:
            if path.is_symlink():
                return True
            path = path.parent
        return False

    def read(self, name: str) -> bytes:
        path = self._root / name
        try:
            if path.stat().st_size > self._limits.file_bytes:
                raise CollectError(f"{name} is larger than {self._limits.file_bytes:,} bytes.")
            return path.read_bytes()
        except OSError as error:
            raise CollectError(f"{name} cannot be read ({error.strerror}).") from error


class _Zip:
    def __init__(self, path: Path, archive: zipfile.ZipFile, limits: Limits) -> None:
        entries = archive.infolist()
        stated = sum(entry.file_size for entry in entries)
        if len(entries) > limits.files or stated > limits.total_bytes:
            raise BadInput(f"{path} would unpack to {len(entries):,} files and {stated:,} bytes; that is too much.")
        self._archive = archive
        self._limits = limits
        self._read_bytes = 0
        self._entries = {
            entry.filename: entry
            for entry in entries
            if not entry.is_dir() and is_plain(entry.filename) and not stat.S_ISLNK(entry.external_attr >> 16)
        }

    def names(self) -> list[str]:
        return sorted(self._entries)

    def read(self, name: str) -> bytes:
        """Reads at most the limit, whatever size the zip states."""
        try:
            with self._archive.open(self._entries[name]) as file:
                data = file.read(self._limits.file_bytes + 1)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
            raise CollectError(f"{name} in the zip cannot be read ({error}).") from error
        self._read_bytes += len(data)
        if len(data) > self._limits.file_bytes:
            raise CollectError(f"{name} is larger than {self._limits.file_bytes:,} bytes.")
        if self._read_bytes > self._limits.total_bytes:
            raise CollectError(f"The zip unpacks to more than {self._limits.total_bytes:,} bytes.")
        return data
