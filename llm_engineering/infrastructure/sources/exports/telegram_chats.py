"""The chats of a Telegram export, and what the author says in one of them, message by message."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from llm_engineering.application.ports import CollectedItem
from llm_engineering.domain.documents import Category
from llm_engineering.infrastructure.sources.exports.base import EVIDENCE_CHARACTERS, utc
from llm_engineering.infrastructure.sources.exports.json_stream import JsonStream
from llm_engineering.infrastructure.sources.exports.telegram_text import message_text

ONE_POST = timedelta(minutes=5)
"""What the author sends sooner after their last message, with nobody in between, continues it."""
PROMPT_CHARACTERS = 500
REMEMBERED = 200
"""Messages of others, the latest, to which an answer may point."""
Message = dict[str, Any]


@dataclass(frozen=True)
class Chat:
    """A chat whose messages are read from the file while they are looked at."""

    id: str
    """Its number, "" when the export does not say."""
    kind: str
    messages: Iterator[Message]


def chats(json: JsonStream, is_account: bool = True) -> Iterator[Chat]:
    """The chats of a whole account, or the one chat that the file is.

    Each chat's messages must be read to their end before the next chat.
    """
    facts: dict[str, Any] = {}
    for key in json.members():
        if key == "messages":
            yield _chat(facts, json)
        elif is_account and key in ("chats", "left_chats") and json.kind() == "{":
            for inner in json.members():
                if inner != "list":
                    json.value()
                    continue
                for _ in json.elements():
                    yield from chats(json, is_account=False)
        else:
            facts[key] = json.value()


def _chat(facts: dict[str, Any], json: JsonStream) -> Chat:
    messages = (message for _ in json.elements() if isinstance(message := json.value(), dict))
    return Chat(number(facts.get("id")), str(facts.get("type")), messages)


class Heard:
    """What others said last: the author's next message may answer it."""

    def __init__(self) -> None:
        self._before = ""
        self._latest: deque[tuple[Any, str]] = deque(maxlen=REMEMBERED)

    def add(self, message: Message) -> None:
        """Somebody else says this."""
        self._before = message_text(message.get("text"))[:PROMPT_CHARACTERS]
        self._latest.append((message.get("id"), self._before))

    def asked(self, message: Message) -> str:
        """The text that the author's message points at, else the one right before it, "" for none."""
        target = message.get("reply_to_message_id")
        pointed = next((text for id, text in reversed(self._latest) if target is not None and id == target), "")
        return pointed or self._before

    def answered(self) -> None:
        """The author has spoken; what they say next answers nobody."""
        self._before = ""


@dataclass
class Run:
    """Messages of the author with nobody in between: one post, under the key of the first."""

    chat: Chat
    answers: str = ""
    messages: list[Message] = field(default_factory=list)

    def goes_on(self, message: Message) -> bool:
        """Whether the message continues the run."""
        if not self.messages:
            return False
        before, now = sent_at(self.messages[-1]), sent_at(message)
        return before is not None and now is not None and abs(now - before) <= ONE_POST

    def ended(self) -> Iterator[CollectedItem]:
        """The post, if there is one; the run is empty after it."""
        if not self.messages:
            return
        first = self.messages[0]
        text = "\n\n".join(message_text(message.get("text")) for message in self.messages)
        extra = {"chat_type": self.chat.kind, "in_reply_to_text": self.answers}
        self.messages = []
        yield CollectedItem(
            link=f"telegram:{self.chat.id}/{number(first.get('id'))}",
            category=Category.POSTS,
            platform="telegram",
            title="",
            content=text,
            published_at=sent_at(first),
            extra={key: value for key, value in extra.items() if value},
            evidence=text[:EVIDENCE_CHARACTERS],
        )


def left_out(message: Message) -> str:
    """Why a message that the author sent holds no words of theirs, "" when it does."""
    if message.get("forwarded_from") or message.get("forwarded_from_id") or message.get("saved_from"):
        return "forwarded messages"
    if message.get("via_bot"):
        return "messages via bots"
    return "" if message_text(message.get("text")) else "messages without words"


def sent_at(message: Message) -> datetime | None:
    """When it was sent. Old exports have only the exporting computer's clock, taken as UTC here."""
    seconds = number(message.get("date_unixtime"))
    if seconds and len(seconds) <= 11:
        return datetime.fromtimestamp(int(seconds), UTC)
    stated = message.get("date")
    return utc(stated) if isinstance(stated, str) else None


def number(value: Any) -> str:
    """The digits of an id, which versions of Telegram write as 123, "123" or "user123"; "" for none."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    digits = text.removeprefix("user")
    return digits if digits.removeprefix("-").isdecimal() else ""
