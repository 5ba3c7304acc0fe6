"""X (Twitter) archive: data/tweets.js and its parts, the long texts of note-tweet.js, the handle of account.js."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from llm_engineering.application.ports import CollectedItem, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.errors import BadInput, CollectError
from llm_engineering.infrastructure.sources.exports.base import BIG_EXPORT, named
from llm_engineering.infrastructure.sources.exports.json_stream import JsonStream
from llm_engineering.infrastructure.sources.exports.threads import Piece, ThreadedExport
from llm_engineering.infrastructure.sources.exports.tweets import Account, LongTexts, Tweet, tweet_of
from llm_engineering.infrastructure.sources.files import Files

TWEETS = re.compile(r"^tweets?(?:-part\d+)?\.js$")
"""deleted-tweets.js, like.js and direct-messages.js are never read."""


class XExport(ThreadedExport):
    """Tweets, threads joined; retweets are left out, and replies to others unless they are asked for."""

    platform = "x"
    limits = BIG_EXPORT

    def _account(self, files: Files) -> str:
        """The account's number, which stays when its handle changes; else the handle."""
        account = _account_of(files)
        return account.id or (f"@{account.handle}" if account.handle else "")

    def _found(self, files: Files, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """One item a thread. Raises BadInput when there is no tweets.js, or it is broken."""
        names = [name for name in files.names() if TWEETS.match(PurePosixPath(name).name)]
        if not names:
            raise BadInput(f"{self._path} is no archive of X: it has no data/tweets.js.")
        account, long_texts = _account_of(files), LongTexts(_records(files, "note-tweet.js", "noteTweet"))
        tweets: dict[str, Tweet] = {}
        for name in names:
            for number, record in enumerate(_records(files, name, "tweet"), start=1):
                try:
                    tweet = tweet_of(record, account)
                except CollectError as error:
                    yield self._failed(f"file:{name}, tweet {number}", str(error))
                    continue
                if tweet.is_retweet:
                    self._leave_out("retweets")
                elif tweet.key not in tweets or tweet.version > tweets[tweet.key].version:
                    tweets[tweet.key] = tweet
        yield from self._threads(_pieces(tweets, long_texts))


def _pieces(tweets: dict[str, Tweet], long_texts: LongTexts) -> dict[str, Piece]:
    """An answer may name any version of a tweet that was edited."""
    keys = {id: key for key, tweet in tweets.items() for id in tweet.versions}
    return {key: tweet.piece(long_texts, keys.get(tweet.parent)) for key, tweet in tweets.items()}


def _account_of(files: Files) -> Account:
    return next((Account.of(record) for record in _records(files, "account.js", "account")), Account())


def _records(files: Files, wanted: str, kind: str) -> Iterator[Any]:
    """The objects of a file such as `window.YTD.tweets.part0 = [{"tweet": {…}}]`, none when it is not there."""
    name = wanted if "/" in wanted else named(files, wanted)
    if name is None:
        return
    with files.opened(name) as stream:
        json = JsonStream(stream, name)
        json.starts_with("[")
        for _ in json.elements():
            record = json.value()
            # In archives of before 2019 the tweet itself is the element.
            yield record.get(kind, record) if isinstance(record, dict) else record
