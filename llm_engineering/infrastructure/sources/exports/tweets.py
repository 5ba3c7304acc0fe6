"""One record of an X archive as a tweet: its words without the archive's shortened links and escapes."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.exports.base import (
    language_code,
    text_at,
    utc,
    value_at,
    whole_characters,
)
from llm_engineering.infrastructure.sources.exports.threads import LEADING_MENTIONS, Piece

SHORT_LINK = re.compile(r"https?://t\.co/\w+")
NOT_COMPARED = re.compile(r"https?://\S+|…|\s+")
CREATED = "%a %b %d %H:%M:%S %z %Y"


@dataclass(frozen=True)
class Account:
    """Whose archive it is; empty where account.js is missing."""

    id: str = ""
    handle: str = ""

    @classmethod
    def of(cls, record: Any) -> "Account":
        """The account of a record of account.js."""
        return cls(text_at(record, "accountId"), text_at(record, "username"))

    def link(self, id: str) -> str:
        """Where a tweet of the account is; without a handle, an address that leads there."""
        return f"https://x.com/{self.handle or 'i'}/status/{id}"

    def is_same(self, id: str, handle: str) -> bool:
        """Whether a reply's addressee is the account itself."""
        return bool((self.id and id == self.id) or (self.handle and handle.casefold() == self.handle.casefold()))


@dataclass(frozen=True)
class Tweet:
    """A tweet of the account."""

    versions: tuple[str, ...]
    """Ids of all its versions, the first one first: an edited tweet has several."""
    version: int
    """A number that is larger for a later version."""
    text: str
    link: str
    at: datetime | None
    is_retweet: bool
    parent: str
    """The id of the tweet that it answers, "" for none."""
    answers: str | None
    """The link of what it answers, when the addressee is somebody else."""
    language: str | None

    @property
    def key(self) -> str:
        """The id of the first version."""
        return self.versions[0]

    def piece(self, long_texts: "LongTexts", parent: str | None) -> Piece:
        """The tweet in its thread; `parent` is the key of the own tweet that it answers."""
        return Piece(
            key=self.key,
            link=self.link,
            text=long_texts.of(self) or self.text,
            at=self.at,
            parent=parent,
            answers=None if parent else self.answers,
            language=self.language,
        )


def tweet_of(record: Any, account: Account) -> Tweet:
    """The tweet of a record of tweets.js. Raises CollectError when it has no id."""
    id = text_at(record, "id_str") or text_at(record, "id")
    if not id:
        raise CollectError("This tweet has no id.")
    versions = _versions(record, id)
    said = text_at(record, "full_text") or text_at(record, "text")
    answered = text_at(record, "in_reply_to_status_id_str") or text_at(record, "in_reply_to_status_id")
    addressee = text_at(record, "in_reply_to_user_id_str") or text_at(record, "in_reply_to_user_id")
    handle = text_at(record, "in_reply_to_screen_name")
    to_other = bool(answered or addressee) and not account.is_same(addressee, handle)
    return Tweet(
        versions=versions,
        version=int(id) if id.isdecimal() and len(id) < 30 else 0,
        text=_readable(_without_addressees(record, said, account), _links(record, versions)),
        link=account.link(versions[0]),
        at=_created(text_at(record, "created_at")),
        is_retweet=said.startswith("RT @") or value_at(record, "retweeted") is True,
        parent=answered,
        answers=f"https://x.com/{handle or 'i'}" + (f"/status/{answered}" if answered else "") if to_other else None,
        language=language_code(text_at(record, "lang")),
    )


class LongTexts:
    """The texts of note-tweet.js; a tweet of more than 280 characters is cut everywhere else.

    An archive does not say to which tweet such a text belongs: it was written in the same second, and
    starts with the tweet's words.
    """

    def __init__(self, records: Iterable[Any]) -> None:
        self._by_moment: dict[datetime, list[str]] = {}
        for record in records:
            when, core = utc(text_at(record, "createdAt")), value_at(record, "core")
            text = _readable(
                text_at(core, "text"), dict(_expansions(value_at(core, "urls"), "shortUrl", "expandedUrl"))
            )
            if when and text:
                self._by_moment.setdefault(when.replace(microsecond=0), []).append(text)

    def of(self, tweet: Tweet) -> str | None:
        """The whole text of a tweet that is cut, else None."""
        start = _compared(tweet.text)
        candidates = self._by_moment.get(tweet.at, []) if tweet.at and start else []
        return next((text for text in candidates if _compared(text).startswith(start)), None)


def _compared(text: str) -> str:
    return NOT_COMPARED.sub("", LEADING_MENTIONS.sub("", text))


def _versions(record: Any, id: str) -> tuple[str, ...]:
    info = value_at(record, "edit_info")
    initial = value_at(info, "initial") or value_at(value_at(info, "edit"), "editControlInitial")
    ids = value_at(initial, "editTweetIds")
    named = tuple(one for one in ids if isinstance(one, str)) if isinstance(ids, list) else ()
    return named if id in named else (id,)


def _without_addressees(record: Any, text: str, account: Account) -> str:
    """X puts the names of everybody in a thread before a reply; they lie outside of what it shows.

    Until 2017 an author had to put their own name before what continued a thread.
    """
    first, _, rest = text.partition(" ")
    if account.handle and first.casefold() == f"@{account.handle}".casefold():
        return rest
    shown = value_at(record, "display_text_range")
    start = str(shown[0]) if isinstance(shown, list) and shown else ""
    lead = text[: int(start)] if start.isdecimal() and len(start) < 5 else ""
    return text[len(lead) :] if lead and not LEADING_MENTIONS.sub("", lead) else text


def _links(record: Any, versions: tuple[str, ...]) -> dict[str, str]:
    """Short link → what the author linked, "" for a picture of the tweet and for the tweet itself."""
    entities = value_at(record, "entities")
    links = dict(_expansions(value_at(entities, "urls"), "url", "expanded_url"))
    links = {
        short: "" if link.split("/status/")[-1].split("/")[0] in versions else link for short, link in links.items()
    }
    for holder in (entities, value_at(record, "extended_entities")):
        links.update({short: "" for short, _ in _expansions(value_at(holder, "media"), "url", "url")})
    return links


def _expansions(urls: Any, short: str, long: str) -> Iterator[tuple[str, str]]:
    for url in urls if isinstance(urls, list) else []:
        if text_at(url, short) and text_at(url, long):
            yield text_at(url, short), text_at(url, long)


def _readable(text: str, links: Mapping[str, str]) -> str:
    # Only these three are escaped, and "&amp;" last: an author who wrote "&lt;" meant it.
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return whole_characters(SHORT_LINK.sub(lambda match: links.get(match.group(), match.group()), text)).strip()


def _created(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, CREATED).astimezone(UTC)
    except ValueError:
        return utc(text)
