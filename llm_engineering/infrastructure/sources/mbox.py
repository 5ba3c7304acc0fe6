"""Mails that the author sent: an mbox file, a Maildir, a folder or zip of .eml files."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from llm_engineering.application.ports import CollectedItem, Coverage, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, Outcome
from llm_engineering.domain.errors import BadConfig, BadInput, CollectError
from llm_engineering.infrastructure.sources.files import Limits, opened_files
from llm_engineering.infrastructure.sources.mail_files import MBOX_BYTES, is_mail, mails_in
from llm_engineering.infrastructure.sources.mail_message import (
    BROKEN,
    body_of,
    header,
    is_from,
    key_of,
    message_of,
    no_letter,
    sent_at,
    subject_of,
)
from llm_engineering.infrastructure.sources.mail_text import own_words

LIMITS = Limits(files=1_000_000, total_bytes=MBOX_BYTES)
MIN_WORDS = 10
REPLIED_CHARACTERS = 500


class Mbox:
    """The mails from `address` below `path`, in the sender's own words.

    The stable key of a mail is "mail:" and its Message-ID. A mail file is often a part of what there is,
    so a mail that is missing says nothing. Quotes, forwarded mails and signatures are removed; mails of
    others, and what is no letter or has fewer than `min_words` words of one's own, are left out and counted.
    """

    coverage = Coverage.PART

    def __init__(self, path: str | Path, address: str | Sequence[str], min_words: int | str = MIN_WORDS) -> None:
        """Raises BadConfig when an address or the number of words is none."""
        self._path = Path(os.path.abspath(Path(path).expanduser()))
        given = [address] if isinstance(address, str) else list(address)
        self._addresses = sorted({str(entry).strip().lower() for entry in given})
        if not self._addresses or any(entry.count("@") != 1 for entry in self._addresses):
            raise BadConfig(f"The source {path} needs the address that the author sends mails from; got {address!r}.")
        try:
            self._min_words = int(min_words)
        except ValueError as error:
            raise BadConfig(f"The min_words of {path} must be a number; got {min_words!r}.") from error
        self.notes: list[str] = []

    @property
    def origin(self) -> str:
        """The same for every file of this author's mails."""
        return f"mbox:{','.join(self._addresses)}"

    def items(self, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """One item a mail. Raises BadInput when there is no mail from anybody."""
        left_out: Counter[tuple[str, str]] = Counter()
        seen: set[str] = set()
        read = 0
        with opened_files(self._path, LIMITS) as files:
            for name in filter(is_mail, files.names()):
                for number, raw in enumerate(mails_in(files, name), start=1):
                    read += 1
                    if isinstance(raw, CollectError):
                        yield RefusedItem(f"file:{name}#{number}", Outcome.FAILED, str(raw))
                        continue
                    try:
                        item = self._read(raw, seen)
                    except BROKEN as error:
                        reason = f"Mail {number} of {name} is malformed ({error})."
                        yield RefusedItem(f"file:{name}#{number}", Outcome.FAILED, reason)
                        continue
                    if isinstance(item, CollectedItem):
                        yield item
                    else:
                        left_out[item] += 1
        if not read:
            raise BadInput(f"{self._path} holds no mails; give an mbox file, a Maildir, or a folder of .eml files.")
        self.notes += [
            f"{self._path.name}: {count:,} {one if count == 1 else many} {'was' if count == 1 else 'were'} left out."
            for (one, many), count in left_out.items()
        ]

    def _read(self, raw: bytes, seen: set[str]) -> CollectedItem | tuple[str, str]:
        """The item, or what the mail is instead (one, several)."""
        if not is_from(raw, self._addresses):
            return "mail of somebody else", "mails of others"
        message = message_of(raw)
        if what := no_letter(message):
            return what
        key = key_of(message)
        if key in seen:
            return "copy of a mail", "copies of mails"
        words = own_words(body_of(message))
        if len(words.text.split()) < self._min_words:
            return (
                f"mail with fewer than {self._min_words} own words",
                f"mails with fewer than {self._min_words} own words",
            )
        seen.add(key)
        extra = {
            "in_reply_to": header(message, "In-Reply-To").strip("<> "),
            "in_reply_to_text": words.quoted[:REPLIED_CHARACTERS].strip(),
        }
        return CollectedItem(
            link=f"mail:{key}",
            category=Category.POSTS,
            platform="mail",
            title=subject_of(message),
            content=words.text,
            published_at=sent_at(message),
            extra={key: value for key, value in extra.items() if value},
            evidence=words.text[:6000],
        )
