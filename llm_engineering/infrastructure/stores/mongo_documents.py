"""Documents in MongoDB, or in what speaks its protocol (FerretDB)."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llm_engineering.application.ports import Record, Where
from llm_engineering.domain.errors import BadSettings, StoreError, StoreUnreachable
from llm_engineering.infrastructure.stores.common import as_json, in_batches, record_id, wanted_values

if TYPE_CHECKING:
    from pymongo.collection import Collection

BATCH = 500
"""Records a bulk write."""
PAGE = 200
"""Records read at a time."""
FORBIDDEN_IN_KEYS = re.compile(r'[%.$"\x00]')
ENCODED_IN_KEYS = re.compile("%(25|2E|24|22|00)")
NO_PERMISSION = frozenset({13, 18, 8000})
"""Server codes: Unauthorized, AuthenticationFailed, and the latter as Atlas says it."""


class MongoDocuments:
    """A DocumentStore on a server. Connects on first use; messages name hosts, never the login.

    `timeout_seconds` is how long a call looks for a server before it gives up, `answer_seconds` how
    long it takes in all; None lets a server that was found take its time.
    """

    def __init__(
        self, url: str, database: str, timeout_seconds: float = 5, answer_seconds: float | None = None
    ) -> None:
        from pymongo import MongoClient
        from pymongo.errors import PyMongoError

        self._hosts = _hosts(url)
        self._database = database
        milliseconds = int(timeout_seconds * 1000)
        try:
            self._client: MongoClient[dict[str, Any]] = MongoClient(
                url,
                connect=False,
                serverSelectionTimeoutMS=milliseconds,
                connectTimeoutMS=milliseconds,
                timeoutMS=None if answer_seconds is None else int(answer_seconds * 1000),
                appname="llm-twin",
            )
        except (PyMongoError, ValueError) as error:
            # The library's own words may quote the URL, so they are neither repeated nor chained.
            raise BadSettings(
                f"DATABASE_HOST is no MongoDB URL that can be used ({type(error).__name__}); write it as "
                "mongodb://USER:PASSWORD@HOST:PORT, with special characters in USER and PASSWORD percent-encoded."
            ) from None

    def upsert(self, collection: str, records: Iterable[Record]) -> int:
        """Write the records in bulk; each is all or nothing, a batch is not (see the port)."""
        from pymongo import ReplaceOne

        written = 0
        for batch in in_batches(records, BATCH):
            ids = [record_id(record, collection) for record in batch]
            writes = [
                ReplaceOne({"_id": id}, _stored(record, f"The record {id} of {collection}"), upsert=True)
                for id, record in zip(ids, batch, strict=True)
            ]
            with self._using(collection) as there:
                there.bulk_write(writes)
            written += len(batch)
        return written

    def get(self, collection: str, id: str) -> Record | None:
        """The record of that id, or None."""
        with self._using(collection) as there:
            found = there.find_one({"_id": id})
        return None if found is None else _with_keys(found, _decoded)

    def find(self, collection: str, where: Where | None = None) -> Iterator[Record]:
        """The matching records by "_id", read in pages that each start behind the last id seen.

        Pages rather than one cursor: a server drops a cursor that its reader leaves for ten
        minutes, and a reader may well work that long on one record.
        """
        condition = _condition(where or {})
        page = self._page(collection, condition)
        while page:
            for record in page:
                yield _with_keys(record, _decoded)
            page = self._page(collection, {"$and": [{"_id": {"$gt": page[-1]["_id"]}}, condition]})

    def count(self, collection: str, where: Where | None = None) -> int:
        """How many records match."""
        with self._using(collection) as there:
            return there.count_documents(_condition(where or {}))

    def delete(self, collection: str, ids: Iterable[str]) -> int:
        """Remove these; returns how many were there."""
        removed = 0
        for batch in in_batches(ids, BATCH):
            with self._using(collection) as there:
                removed += there.delete_many({"_id": {"$in": batch}}).deleted_count
        return removed

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _page(self, collection: str, condition: dict[str, Any]) -> list[Record]:
        with self._using(collection) as there:
            return list(there.find(condition, sort=[("_id", 1)], limit=PAGE))

    @contextmanager
    def _using(self, collection: str) -> Iterator["Collection[dict[str, Any]]"]:
        from bson.errors import BSONError
        from pymongo.errors import ConfigurationError, ConnectionFailure, OperationFailure, PyMongoError

        try:
            yield self._client[self._database][collection]
        except (ConnectionFailure, ConfigurationError) as error:
            raise StoreUnreachable(
                f"MongoDB at {self._hosts} gives no answer: {_first_words(error)}; "
                "start it (./poe local-infrastructure-up), or correct DATABASE_HOST."
            ) from error
        except OperationFailure as error:
            if error.code in NO_PERMISSION:
                raise StoreUnreachable(
                    f"MongoDB at {self._hosts} refused the login or its rights on {self._database}: "
                    f"{_first_words(error)}; correct user, password or authSource in DATABASE_HOST."
                ) from error
            raise self._refused(collection, error) from error
        except KeyError as error:
            # The driver stumbles over FerretDB's refusals, which lack a field that MongoDB's have.
            raise StoreError(
                f"MongoDB at {self._hosts} refused {self._database}.{collection} without a reason that the driver "
                "understands; FerretDB v1 does so for a list directly inside a list."
            ) from error
        except (PyMongoError, BSONError, OverflowError) as error:
            raise self._refused(collection, error) from error

    def _refused(self, collection: str, error: Exception) -> StoreError:
        return StoreError(f"MongoDB at {self._hosts} refused {self._database}.{collection}: {_first_words(error)}.")


def _stored(record: Record, name: str) -> dict[str, Any]:
    """The record as the database keeps it: JSON's types alone, and keys that any version accepts."""
    stored: dict[str, Any] = _with_keys(json.loads(as_json(record, name)), _key)
    return stored


def _key(key: str) -> str:
    """The key with what MongoDB or FerretDB refuses in keys (dot, dollar, quote, NUL) percent-encoded."""
    return FORBIDDEN_IN_KEYS.sub(lambda found: f"%{ord(found[0]):02X}", key)


def _decoded(key: str) -> str:
    return ENCODED_IN_KEYS.sub(lambda found: chr(int(found[1], 16)), key)


def _with_keys(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {rename(key): _with_keys(item, rename) for key, item in value.items()}
    return [_with_keys(item, rename) for item in value] if isinstance(value, list) else value


def _condition(where: Where) -> dict[str, Any]:
    return {_key(field): {"$in": wanted_values(wanted)} for field, wanted in where.items()}


def _hosts(url: str) -> str:
    """The hosts of a MongoDB URL, even of a malformed one, without user, password and options."""
    return url.split("://", 1)[-1].rsplit("@", 1)[-1].split("/")[0].split("?")[0]


def _first_words(error: Exception) -> str:
    """What the server or driver said, without the state of the whole cluster behind it."""
    details = getattr(error, "details", None) or {}
    said = " ".join(str(details.get("errmsg") or error).split())
    for state in (" (configured timeouts", ", Timeout:", ", full error:"):
        said = said.split(state)[0]
    return said[:300].rstrip(".")
