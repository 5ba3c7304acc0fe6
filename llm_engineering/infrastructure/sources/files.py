"""A folder or a zip file, read alike: relative names in, bytes out; nothing is unpacked to a named file."""

import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from llm_engineering.domain.errors import BadInput, CollectError
from llm_engineering.infrastructure.sources.file_limits import LIMITS, Files, Limits, is_plain, too_large
from llm_engineering.infrastructure.sources.zip_files import with_inner_zips, zip_at

__all__ = ["LIMITS", "Files", "Limits", "opened_files"]


@contextmanager
def opened_files(path: Path, limits: Limits = LIMITS) -> Iterator[Files]:
    """The files of a folder, of a zip, or the one file itself.

    Raises BadInput when there is nothing at the path, or the zip is damaged or unreasonable; and
    when more than `limits.total_bytes` have been read of a zip.
    """
    with ExitStack() as stack:
        if path.is_dir():
            yield with_inner_zips(_Folder(path, limits), limits, stack)
        elif path.is_file() and path.suffix.lower() == ".zip":
            yield zip_at(path, limits, stack)
        elif path.is_file():
            yield _Folder(path.parent, limits, only=path.name)
        else:
            raise BadInput(f"There is no folder or file {path}; correct the source's path.")


class _Folder:
    def __init__(self, root: Path, limits: Limits, only: str | None = None) -> None:
        self._root = root
        self._limits = limits
        self._only = only
        self._hidden: list[str] = []
        self._names: list[str] | None = None

    def names(self) -> list[str]:
        if self._only is not None:
            return [self._only]
        if self._names is None:
            self._names = sorted(self._walked())
        return self._names

    def hidden_folders(self) -> list[str]:
        self.names()
        return sorted(self._hidden)

    def _walked(self) -> list[str]:
        """Links to folders are not followed; hidden folders are not entered: a .git may hold 100,000 files."""
        found: list[str] = []
        for here, folders, files in os.walk(self._root, followlinks=False):
            below = Path(here).relative_to(self._root).as_posix()
            prefix = "" if below == "." else f"{below}/"
            self._hidden += [f"{prefix}{folder}" for folder in folders if folder.startswith(".")]
            folders[:] = [folder for folder in folders if is_plain(folder)]
            found += [f"{prefix}{file}" for file in files if is_plain(file) and _is_regular(os.path.join(here, file))]
            if len(found) > self._limits.files:
                raise BadInput(f"{self._root} holds more than {self._limits.files:,} files; name a smaller folder.")
        return found

    def read(self, name: str) -> bytes:
        with self.opened(name) as file:
            return file.read()

    @contextmanager
    def opened(self, name: str, most: int | None = None) -> Iterator[BinaryIO]:
        path, limit = self._root / name, most or self._limits.file_bytes
        try:
            if path.stat().st_size > limit:
                raise CollectError(too_large(name, limit))
            with path.open("rb") as file:
                yield file
        except OSError as error:
            raise CollectError(f"{name} cannot be read ({error.strerror}).") from error


def _is_regular(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:  # gone since the folder was listed
        return False
