"""The collections of Qdrant Edge in a directory: who may open them, what they are called, how they are replaced."""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from llm_engineering.domain.errors import StoreError, StoreLocked, StoreUnreachable, TwinError
from llm_engineering.infrastructure.stores.common import is_successor, successor
from llm_engineering.infrastructure.stores.edge_requests import config

if TYPE_CHECKING:
    from qdrant_edge import EdgeShard

LOCK_FILE = ".in-use-by"
MADE_BY_FILE = "made_by.json"
"""In the collection's directory: what its vectors depend on."""


@dataclass(frozen=True)
class EdgeCollection:
    """A collection that is open."""

    shard: "EdgeShard"
    directory: Path
    dense_size: int | None
    made_by: dict[str, str]
    """Empty when that is unknown."""


class EdgeDirectory:
    """One subdirectory a collection, opened on first use; the first write makes them.

    A collection is called as its directory, until one that was made by another embedder takes
    its place: then the file `.NAME.now` says which directory NAME is. That file is replaced in
    one step, so whoever asks for NAME gets the old one or the new one, whenever a kill comes.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._turn = RLock()
        self._open: dict[str, EdgeCollection] = {}
        self._hold: int | None = None
        self._closed = False

    def collection(self, name: str) -> EdgeCollection | None:
        """The collection of that name, None when there is none."""
        with self._turn:
            if self._closed:
                raise StoreError(f"The vector store {self.path} was closed before this call.")
            _check_name(name)
            if not self.path.exists():
                return None
            self._take_hold()
            return self._opened(self._directory(name))

    def ensure(self, name: str, dense_size: int | None, made_by: Mapping[str, str] | None) -> str:
        """Make the collection unless it is there; returns the name to write to (see the port)."""
        with self._turn:
            there = self.collection(name)
            if there is None:
                self._alias(name).unlink(missing_ok=True)  # it leads nowhere
                self._make(name, dense_size, made_by or {})
            elif made_by is None and there.dense_size != dense_size:
                raise StoreError(
                    f"The collection {name} in {self.path} was made for vectors of {_shown(there.dense_size)}, "
                    f"now {_shown(dense_size)} are wanted; set QDRANT_PATH to a fresh directory and index again."
                )
            elif made_by is not None and (there.dense_size, there.made_by) != (dense_size, dict(made_by)):
                return self._ensure_successor(name, dense_size, made_by)
            else:
                self._remove_others(name)
            return name

    def _ensure_successor(self, name: str, dense_size: int | None, made_by: Mapping[str, str]) -> str:
        to = successor(name, dense_size, made_by)
        if self._opened(self.path / to) is None:
            self._make(to, dense_size, made_by)
        return to

    def switch(self, name: str, to: str) -> None:
        """From now on `name` means the directory `to`; the old one is removed."""
        with self._turn:
            new = self.collection(to)
            if new is None:
                raise StoreError(f"There is no collection {to} in {self.path} that could take the place of {name}.")
            new.shard.flush()
            beside = self._alias(name).with_suffix(".new")
            with beside.open("w", encoding="utf-8") as file:
                file.write(to)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._alias(name))
            self._remove_others(name)

    def close(self) -> None:
        """Flush and close every collection, and let other processes in."""
        with self._turn:
            self._closed = True
            try:
                while self._open:
                    name, collection = self._open.popitem()
                    with self.speaking(name):
                        collection.shard.flush()
                        collection.shard.close()
            finally:
                if self._hold is not None:
                    os.close(self._hold)
                    self._hold = None

    @contextmanager
    def speaking(self, collection: str) -> Iterator[None]:
        """Errors as sentences. Edge raises bare Exceptions, told apart by their text alone."""
        try:
            yield
        except TwinError:
            raise
        except OSError as error:
            raise StoreUnreachable(
                f"Cannot read or write the vector store {self.path}: {error.strerror}; "
                "correct its permissions, or set QDRANT_PATH to another directory."
            ) from error
        except BaseException as error:
            # A panic in the engine (a damaged file) is a BaseException, of a class that has no importable name.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            if "WouldBlock" in str(error):
                raise _locked(self.path, "Another process") from error
            raise StoreError(
                f"The vector store {self.path} refused ({collection}): {error}; where its files are damaged "
                "or the disk is full, free some space, move the directory away, and index again."
            ) from error

    def _alias(self, name: str) -> Path:
        return self.path / f".{name}.now"

    def _directory(self, name: str) -> Path:
        try:
            return self.path / self._alias(name).read_text("utf-8")
        except FileNotFoundError:
            return self.path / name

    def _opened(self, directory: Path) -> EdgeCollection | None:
        from qdrant_edge import EdgeShard

        if directory.name not in self._open:
            if not directory.exists():
                return None
            shard = EdgeShard.load(str(directory))
            vectors = _json(directory / "edge_config.json").get("vectors", {})
            size = vectors["dense"]["size"] if "dense" in vectors else None
            made_by = _json(directory / MADE_BY_FILE) if (directory / MADE_BY_FILE).exists() else {}
            self._open[directory.name] = EdgeCollection(shard, directory, size, made_by)
        return self._open[directory.name]

    def _make(self, name: str, dense_size: int | None, made_by: Mapping[str, str]) -> None:
        """A new collection, made aside and then renamed: a kill half-way leaves none that is half there."""
        from qdrant_edge import EdgeShard

        self.path.mkdir(parents=True, exist_ok=True)
        self._take_hold()
        aside = self.path / f".{name}.unfinished"
        shutil.rmtree(aside, ignore_errors=True)
        EdgeShard.create(str(aside), config(dense_size)).close()
        if made_by:
            (aside / MADE_BY_FILE).write_text(json.dumps(dict(made_by), indent=2), encoding="utf-8")
        aside.rename(self.path / name)

    def _remove_others(self, name: str) -> None:
        """Every directory that was, or was to be, this collection, and is not."""
        now = self._directory(name).name
        for directory in list(self.path.iterdir()):
            if directory.name != now and (directory.name == name or is_successor(directory.name, name)):
                # Not closed: another thread may be searching it, and the engine closes it after the last use.
                self._open.pop(directory.name, None)
                shutil.rmtree(directory, ignore_errors=True)

    def _take_hold(self) -> None:
        """Keep other processes out, from the first call on rather than in the middle of a run.

        Edge locks each collection that it has open, but those are opened one by one.
        """
        if self._hold is not None:
            return
        hold = os.open(self.path / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(hold)
        except BlockingIOError:
            holder = _holder(os.read(hold, 20).decode())
            os.close(hold)
            raise _locked(self.path, holder) from None
        os.ftruncate(hold, 0)
        os.write(hold, str(os.getpid()).encode())
        self._hold = hold


def _json(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return read


def _check_name(name: str) -> None:
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise StoreError(f"{name!r} is no name for a collection; use letters, digits, _ and -.")


def _lock(file: int) -> None:
    """Lock the file until it is closed or the process ends. Raises BlockingIOError when it is taken."""
    try:
        import fcntl
    except ImportError:  # Windows: there, Edge's own lock on each collection has to do.
        return
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder(id: str) -> str:
    if id == str(os.getpid()):
        return "Another part of this process"
    return f"Another process (id {id})" if id else "Another process"


def _locked(path: Path, who: str) -> StoreLocked:
    return StoreLocked(
        f"{who} has the vector store at {path} open (a running service?); "
        "stop it, or set QDRANT_DATABASE_HOST to use a Qdrant server."
    )


def _shown(dense_size: int | None) -> str:
    return "no vectors (payload only)" if dense_size is None else f"{dense_size} dimensions"
