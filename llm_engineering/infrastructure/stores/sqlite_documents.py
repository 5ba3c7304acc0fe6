"""Documents in one SQLite file: no server, safe under several processes, nothing acknowledged is lost."""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from llm_engineering.application.ports import Record, Scalar, Where
from llm_engineering.domain.errors import StoreError, StoreLocked, StoreUnreachable
from llm_engineering.infrastructure.stores.common import as_json, in_batches, record_id, wanted_values

BATCH = 500
"""Records a transaction."""
PAGE = 200
"""Records read at a time; no read transaction stays open in between, so writers are never held up."""
BUSY_SECONDS = 30.0
"""How long a write waits for another process's."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    collection TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (collection, id)
) WITHOUT ROWID
"""
UPSERT = """
INSERT INTO documents (collection, id, body) VALUES (?, ?, ?)
ON CONFLICT (collection, id) DO UPDATE SET body = excluded.body
"""


class SqliteDocuments:
    """A DocumentStore in a file; the file and its directories are made on first use.

    One connection that threads take turns on: a statement takes milliseconds, and a connection
    for each thread could not be closed from another.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = RLock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    def upsert(self, collection: str, records: Iterable[Record]) -> int:
        """Write the records, 500 a transaction (see the port)."""
        written = 0
        for batch in in_batches(records, BATCH):
            rows = [_row(collection, record) for record in batch]
            with self._transaction() as database:
                database.executemany(UPSERT, rows)
            written += len(rows)
        return written

    def get(self, collection: str, id: str) -> Record | None:
        """The record of that id, or None."""
        rows = self._rows("SELECT body FROM documents WHERE collection = ? AND id = ?", (collection, id))
        return json.loads(rows[0][0]) if rows else None

    def find(self, collection: str, where: Where | None = None) -> Iterator[Record]:
        """The matching records by "_id", read in pages that each start behind the last id seen."""
        condition, values = _condition(where or {})
        page = f"SELECT id, body FROM documents WHERE collection = ? AND id > ?{condition} ORDER BY id LIMIT {PAGE}"
        last = ""
        while rows := self._rows(page, (collection, last, *values)):
            for _, body in rows:
                yield json.loads(body)
            last = rows[-1][0]

    def count(self, collection: str, where: Where | None = None) -> int:
        """How many records match."""
        condition, values = _condition(where or {})
        rows = self._rows(f"SELECT count(*) FROM documents WHERE collection = ?{condition}", (collection, *values))
        return int(rows[0][0])

    def delete(self, collection: str, ids: Iterable[str]) -> int:
        """Remove these, 500 a transaction; returns how many were there."""
        removed = 0
        for batch in in_batches(ids, BATCH):
            with self._transaction() as database:
                rows = [(collection, id) for id in batch]
                removed += database.executemany("DELETE FROM documents WHERE collection = ? AND id = ?", rows).rowcount
        return removed

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            self._closed = True
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _rows(self, query: str, values: Sequence[Any]) -> list[Any]:
        with self._using() as database:
            return database.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing. IMMEDIATE waits for its turn at the start, where waiting is still possible."""
        with self._using() as database:
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            finally:
                if database.in_transaction:
                    database.execute("ROLLBACK")

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._turn:
            if self._closed:
                raise StoreError(f"The warehouse {self._path} was closed before this call.")
            try:
                if self._connection is None:
                    self._connection = _opened(self._path)
                yield self._connection
            except sqlite3.Error as error:
                raise _explained(self._path, error) from error
            except (FileExistsError, NotADirectoryError) as error:
                raise StoreUnreachable(
                    f"{_in_the_way(self._path)} is a file in the way of the directory of the warehouse {self._path}; "
                    "move it away, or correct DATA_DIR or DATABASE_HOST."
                ) from error
            except OSError as error:
                raise StoreUnreachable(
                    f"Cannot make a place for the warehouse {self._path}: {error.strerror}; "
                    "correct its permissions, or set DATABASE_HOST to another file."
                ) from error


def _use_wal(database: sqlite3.Connection) -> None:
    """Switch to a write-ahead log; SQLite does not wait by itself when two processes do so at once."""
    patience = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > patience:
                raise
            time.sleep(0.02)


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _use_wal(database)
        database.execute("PRAGMA synchronous = FULL")
        database.execute(SCHEMA)
    except BaseException:
        database.close()
        raise
    return database


def _in_the_way(path: Path) -> Path:
    """The nearest thing above the path that is there; known to be no directory."""
    return next((above for above in path.parents if above.exists()), path.parent)


def _row(collection: str, record: Record) -> tuple[str, str, str]:
    id = record_id(record, collection)
    return collection, id, as_json(record, f"The record {id} of {collection}")


def _condition(where: Where) -> tuple[str, list[Scalar]]:
    """SQL that holds where every field matches, and the values it is bound to.

    A field that holds a list matches by its elements, as it does in MongoDB and Qdrant. Types
    are told apart, which json_extract alone does not: there, true equals 1.
    """
    sql, values = "", []
    for field, wanted in where.items():
        path = f'$."{field}"'
        kinds, bound = _kinds(wanted_values(wanted))
        sql += (
            f" AND json_type(body, ?) <> 'object' AND EXISTS (SELECT 1 FROM json_each(body, ?) AS field WHERE {kinds})"
        )
        values += [path, path, *bound]
    return sql, values


def _kinds(wanted: Sequence[Scalar]) -> tuple[str, list[Scalar]]:
    flags = [value for value in wanted if isinstance(value, bool)]
    texts = [value for value in wanted if isinstance(value, str)]
    numbers = [value for value in wanted if not isinstance(value, str | bool)]
    sql = (
        f"(field.type IN ({_marks(flags)})"
        f" OR field.type = 'text' AND field.atom IN ({_marks(texts)})"
        f" OR field.type IN ('integer', 'real') AND field.atom IN ({_marks(numbers)}))"
    )
    return sql, ["true" if flag else "false" for flag in flags] + texts + numbers


def _marks(values: Sequence[Scalar]) -> str:
    return ", ".join("?" * len(values))


def _explained(path: Path, error: sqlite3.Error) -> StoreError:
    kind = getattr(error, "sqlite_errorname", "").removeprefix("SQLITE_")
    match kind.split("_")[0]:
        case "CANTOPEN" | "READONLY" | "PERM" | "AUTH":
            return StoreUnreachable(
                f"Cannot open or write the warehouse {path}: {error}; "
                "correct the path and its permissions, or set DATABASE_HOST to another file."
            )
        case "FULL" | "IOERR":
            return StoreError(
                f"The disk took no more of the warehouse {path}: {error}; free some space and run again, "
                "what earlier batches wrote is kept."
            )
        case "NOTADB" | "CORRUPT":
            return StoreError(
                f"{path} is no intact SQLite database: {error}; move it away or restore a copy of it, "
                "or set DATABASE_HOST to another file."
            )
        case "BUSY" | "LOCKED":
            return StoreLocked(
                f"Another process kept the warehouse {path} locked for {BUSY_SECONDS:.0f} seconds; "
                "wait for it or stop it, then run again."
            )
        case _:
            return StoreError(f"The warehouse {path} refused: {error}.")
