"""Telegram Desktop's export as JSON: result.json of one chat, or of the whole account."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from llm_engineering.application.ports import CollectedItem, Coverage, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.errors import BadInput
from llm_engineering.domain.names import name_parts
from llm_engineering.infrastructure.sources.exports.base import BIG_EXPORT, Export, named, names_of_author
from llm_engineering.infrastructure.sources.exports.json_stream import JsonStream
from llm_engineering.infrastructure.sources.exports.telegram_chats import (
    Chat,
    Heard,
    Message,
    Run,
    chats,
    left_out,
    number,
)
from llm_engineering.infrastructure.sources.files import Files

SHOWN_SENDERS = 5


class TelegramExport(Export):
    """The author's own messages; of others' nothing but what a message answers, and that beside the text.

    `sender` is the name under which the author writes, for when it is not their full name.
    """

    platform = "telegram"
    limits = BIG_EXPORT

    def __init__(self, path: str | Path, sender: str = "") -> None:
        super().__init__(path)
        self._sender = _spelling(sender)

    @property
    def coverage(self) -> Coverage:
        """A part: chats and dates are chosen for each export, so what is missing may still be there."""
        return Coverage.PART

    def _account(self, files: Files) -> str:
        """The account of a full export, else the chat."""
        owner, chat = self._facts(files)
        return owner or (f"chat {chat}" if chat else "")

    def _found(self, files: Files, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """One item for messages in a row.

        Raises BadInput when there is no result.json, when it is broken, and when nobody in it, or
        more than one person, may be the author.
        """
        is_own, found = self._own_messages(files, author), False
        with self._opened(files) as json:
            for chat in chats(json):
                for item in self._said(chat, is_own):
                    found = True
                    yield item
        if not found:
            raise BadInput(
                f"{self._path} holds no message written by {author.full_name}; "
                f"say under which name they write by sender: NAME."
            )

    def _said(self, chat: Chat, is_own: Callable[[Message], bool]) -> Iterator[CollectedItem | RefusedItem]:
        if not chat.id or chat.kind == "bot_chat":
            why = "messages to bots" if chat.id else "messages of chats without an id"
            self._leave_out(why, sum(1 for _ in chat.messages))
            return
        run, heard = Run(chat), Heard()
        for message in chat.messages:
            if message.get("type") != "message":
                self._leave_out("service messages")
            elif not is_own(message):
                self._leave_out("messages of others")
                yield from run.ended()
                heard.add(message)
            elif why := left_out(message):
                self._leave_out(why)
            elif not number(message.get("id")):
                yield self._failed(f"telegram:{chat.id}", "A message of the author has no id.")
            else:
                if not run.goes_on(message):
                    yield from run.ended()
                    run = Run(chat, answers=heard.asked(message))
                heard.answered()
                run.messages.append(message)
        yield from run.ended()

    # ------------------------------------------------------------ who the author is

    def _own_messages(self, files: Files, author: Author) -> Callable[[Message], bool]:
        if self._sender:
            return lambda message: self._sender in (_spelling(message.get("from")), _spelling(message.get("author")))
        owner, _ = self._facts(files)
        own = owner or self._sender_named(files, author)
        return lambda message: _identity(message) == own or _is_signed(message, author)

    def _sender_named(self, files: Files, author: Author) -> str:
        """The one sender whose name may be the author's; every message is looked at.

        Two of them (Ann, and Ann Lee) would mix another person's words into the author's.
        """
        senders: dict[str, str] = {}
        signed = False
        with self._opened(files) as json:
            for chat in chats(json):
                for message in chat.messages:
                    senders.setdefault(_identity(message), str(message.get("from") or ""))
                    signed = signed or _is_signed(message, author)
        fitting = names_of_author(senders, author)
        if len(fitting) == 1:
            return next(iter(fitting))
        if signed and not fitting:
            return "nobody but who signs"
        names = sorted({name for name in (fitting or senders).values() if name})
        shown = ", ".join(names[:SHOWN_SENDERS]) + (" …" if len(names) > SHOWN_SENDERS else "")
        raise BadInput(
            f"{self._path} has {'several senders who' if fitting else 'no sender who'} may be {author.full_name}; "
            f"say who it is by sender: NAME. Its senders: {shown or 'none'}."
        )

    # ------------------------------------------------------------ the file

    @contextmanager
    def _opened(self, files: Files) -> Iterator[JsonStream]:
        name = named(files, "result.json") or next((name for name in files.names() if name.endswith(".json")), None)
        if name is None:
            raise BadInput(f"{self._path} is no Telegram export: it has no result.json (export as JSON, not as HTML).")
        with files.opened(name) as stream:
            yield JsonStream(stream, name)

    def _facts(self, files: Files) -> tuple[str, str]:
        """The account's number and the chat's, "" for what is not there. Both stand before the messages."""
        owner = chat = ""
        with self._opened(files) as json:
            for key in json.members():
                if key in ("messages", "chats"):
                    break
                value = json.value()
                if key == "personal_information" and isinstance(value, dict):
                    owner = number(value.get("user_id"))
                elif key == "id":
                    chat = number(value)
        return owner, chat


def _is_signed(message: Message, author: Author) -> bool:
    """Whether it is a channel's message under which the author put their name."""
    signature = message.get("author")
    return isinstance(signature, str) and name_parts(signature) == name_parts(author.full_name)


def _identity(message: Message) -> str:
    """Who sent it: the number where there is one, else the name; never empty for a named sender."""
    return number(message.get("from_id")) or _spelling(message.get("from"))


def _spelling(name: Any) -> str:
    return " ".join(name.split()).casefold() if isinstance(name, str) else ""
