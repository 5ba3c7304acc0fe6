"""What all exports have in common: an account, what is left out and counted, and small readers."""

import csv
import io
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from lxml.html import HtmlElement

from llm_engineering.application.ports import CollectedItem, Coverage, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Outcome
from llm_engineering.domain.errors import BadInput, CollectError
from llm_engineering.domain.names import may_be_same_person, name_parts
from llm_engineering.infrastructure.sources.bodies import text_of
from llm_engineering.infrastructure.sources.files import LIMITS, Files, Limits, opened_files
from llm_engineering.infrastructure.sources.page_metadata import parsed_date

MAX_FIELD_CHARACTERS = 10 * 1024 * 1024
EVIDENCE_CHARACTERS = 6000
OLD_LANGUAGE_CODES = {"in": "id", "iw": "he"}
BIG_EXPORT = Limits(files=1_000_000, file_bytes=1024**3, total_bytes=8 * 1024**3)
"""For exports whose texts are one large file, which is read as a stream, beside all pictures and films."""


class Export(ABC):
    """An export of one account. A subclass says who owns it (`_account`) and what is in it (`_found`)."""

    platform = ""
    limits = LIMITS

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path).expanduser()
        self._left_out: Counter[str] = Counter()
        self._unread = False

    @cached_property
    def origin(self) -> str:
        """The platform and, where the export names it, the account: the same for a newer export.

        Raises BadInput when there is nothing at the path, or what names the account cannot be read.
        """
        try:
            with opened_files(self._path, self.limits) as files:
                account = self._account(files)
        except CollectError as error:
            raise BadInput(f"{self._path} does not say whose it is: {error}") from error
        return f"{self.platform}:{account}" if account else self.platform

    @property
    def coverage(self) -> Coverage:
        """All of the account: what a newer export no longer has is gone.

        Once something in it could not be read, a part: that may be what is missing.
        """
        return Coverage.PART if self._unread else Coverage.ALL

    @property
    def notes(self) -> list[str]:
        """How many things of each kind were left out so far."""
        return [f"{self._path.name}: {count} {why} left out." for why, count in self._left_out.items()]

    def items(self, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """Everything of the author, one by one. Raises BadInput when this is no such export."""
        self._left_out.clear()
        self._unread = False
        with opened_files(self._path, self.limits) as files:
            yield from self._found(files, author)

    def _account(self, files: Files) -> str:
        """What identifies the account, "" when nothing in the export does."""
        return ""

    @abstractmethod
    def _found(self, files: Files, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """What the opened export holds of the author."""

    def _leave_out(self, why: str, count: int = 1) -> None:
        if count:
            self._left_out[why] += count

    def _failed(self, link: str, reason: str) -> RefusedItem:
        self._unread = True
        return RefusedItem(link, Outcome.FAILED, reason)

    def _each(
        self, names: Iterable[str], read: Callable[[str], CollectedItem | str]
    ) -> Iterator[CollectedItem | RefusedItem]:
        """Items; a text instead of an item says why it was left out, and is counted."""
        for name in names:
            try:
                item = read(name)
            except CollectError as error:
                yield self._failed(f"file:{name}", str(error))
                continue
            if isinstance(item, str):
                self._leave_out(item)
            else:
                yield item


def named(files: Files, wanted: str) -> str | None:
    """The file whose last part has this name, in any folder and case; the least deep one of several."""
    found = [name for name in files.names() if PurePosixPath(name).name.casefold() == wanted.casefold()]
    return min(found, key=lambda name: (name.count("/"), name), default=None)


def csv_rows(files: Files, name: str) -> list[dict[str, str]]:
    """The rows by column name. Raises BadInput when it is no CSV file."""
    text = text_of(files.read(name), "text/csv").replace("\r\n", "\n")
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    try:
        return [{key: value or "" for key, value in row.items() if key} for row in csv.DictReader(io.StringIO(text))]
    except csv.Error as error:
        raise BadInput(f"{name} is no readable CSV file ({error}).") from error


def names_of_author(names: Mapping[str, str], author: Author) -> dict[str, str]:
    """Those of the names (by any key) that are the author's in full, or else all that may be: "Ann", "A. Lee"."""
    fitting = {key: name for key, name in names.items() if may_be_same_person(name, author.full_name)}
    return {key: name for key, name in fitting.items() if name_parts(name) == name_parts(author.full_name)} or fitting


def utc(text: str | None) -> datetime | None:
    """The moment that a text names, in UTC."""
    when = parsed_date(text)
    return when.astimezone(UTC) if when else None


def value_at(record: Any, key: str) -> Any:
    """What a JSON object has under the key; None when it lacks it, or is no object: exports lack fields."""
    return record.get(key) if isinstance(record, Mapping) else None


def text_at(record: Any, key: str) -> str:
    """The text, or the number as text, that a JSON object has under the key; "" for anything else."""
    value = value_at(record, key)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def language_code(stated: str) -> str | None:
    """ISO 639-1 of "en" or "en-GB"; None for "und" and other codes that name no such language."""
    code = stated.split("-")[0].lower()
    return OLD_LANGUAGE_CODES.get(code, code) if len(code) == 2 and code.isalpha() else None


def whole_characters(text: str) -> str:
    """The text with halves of a surrogate pair joined or replaced; no store can write a half one."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def by_class(tree: HtmlElement, name: str) -> HtmlElement | None:
    """The first element of that class; `name` is one of ours, never a user's."""
    found = tree.xpath(f"//*[contains(concat(' ',normalize-space(@class),' '),' {name} ')]")
    return found[0] if found else None


def words_of(element: HtmlElement | None) -> str:
    """Its text on one line, "" for None."""
    return " ".join(element.text_content().split()) if element is not None else ""
