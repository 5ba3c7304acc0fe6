"""What folders and zips have in common: how they are read, which names, and how much at most."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, Protocol

SKIPPED_FOLDERS = frozenset({"node_modules", "__MACOSX", "__pycache__", "venv", "_site"})


@dataclass(frozen=True)
class Limits:
    """What is read at most. What a zip holds but nobody reads (the videos of an archive) does not count."""

    files: int = 50_000
    file_bytes: int = 20 * 1024 * 1024
    total_bytes: int = 1024 * 1024 * 1024


LIMITS = Limits()


class Files(Protocol):
    """The files below one place."""

    def names(self) -> list[str]:
        """Relative names with "/", sorted; hidden files and symbolic links are left out."""
        ...

    def hidden_folders(self) -> list[str]:
        """Relative names of the topmost hidden folders, which `names` leaves out, e.g. "vault/.obsidian"."""
        ...

    def read(self, name: str) -> bytes:
        """The file's bytes. Raises CollectError when it is too large or damaged."""
        ...

    def opened(self, name: str, most: int | None = None) -> AbstractContextManager[BinaryIO]:
        """The file as a stream, for one that may be larger than memory: `most` bytes instead of the usual limit.

        Raises CollectError, also while it is being read, when it is too large or damaged.
        """
        ...


def is_plain(name: str) -> bool:
    """Whether a relative name stays inside its folder and is not hidden."""
    parts = PurePosixPath(name).parts
    return bool(parts) and not any(
        part in ("..", "/") or part.startswith((".", "~")) or "\\" in part or ":" in part[:2] or part in SKIPPED_FOLDERS
        for part in parts
    )


def too_large(name: str, limit: int) -> str:
    return f"{name} is larger than {limit:,} bytes."
