"""Chat models that stay open between questions."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Condition
from typing import TYPE_CHECKING

from llm_engineering.application.inquiry import LOOK_SECONDS, Patience
from llm_engineering.application.ports import ChatModels
from llm_engineering.domain.errors import ServiceError, TimeLimitReached, TwinError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


@dataclass
class _Open:
    chat: "BaseChatModel"
    closing: ExitStack
    borrowers: int = 0


class OpenChats:
    """At most so many chat models at once; the one unused for longest makes room. Safe for threads.

    A model that somebody is using is never closed: whoever wants another one waits for it, for as long
    as they have patience. Opening one is not interrupted, and meanwhile nobody gets another.
    """

    def __init__(self, chat_models: ChatModels, most: int = 2) -> None:
        self._chat_models = chat_models
        self._most = most
        self._turn = Condition()
        self._open: dict[tuple[str, str], _Open] = {}  # longest unused first
        self._closed = False
        self._failure: TwinError | None = None

    def check(self) -> None:
        """Raise why the base model could not be opened when it was last wanted, where no model is open."""
        if self._failure and not self._open:
            raise self._failure

    @contextmanager
    def lent(self, model: str, version: str = "", patience: Patience | None = None) -> Iterator["BaseChatModel"]:
        """The model of that `CHAT_MODEL` string or file, opened unless it is open already.

        `version` tells apart two files that were at one path one after the other. Raises what
        `ChatModels.opened` raises, TimeLimitReached when `patience` ends first, and ServiceError when
        nobody waits any more and after `close`.
        """
        borrowed = self._borrow((model, version), patience or Patience())
        try:
            yield borrowed.chat
        finally:
            with self._turn:
                borrowed.borrowers -= 1
                self._turn.notify_all()

    def close(self) -> None:
        """Wait until nobody uses a model, then close them all; calling it twice is no error."""
        with self._turn:
            self._closed = True
            self._turn.wait_for(lambda: not any(one.borrowers for one in self._open.values()))
            while self._open:
                self._close(next(iter(self._open)))

    def close_unused(self) -> None:
        """Close what nobody uses now; it is opened anew when it is next wanted."""
        with self._turn:
            self._failure = None
            for key in [key for key, one in self._open.items() if not one.borrowers]:
                self._close(key)
            self._turn.notify_all()

    def _borrow(self, key: tuple[str, str], patience: Patience) -> _Open:
        with self._turn:
            while not (self._closed or key in self._open or self._has_room()):
                patience.check()
                if not patience.left:
                    raise TimeLimitReached(
                        f"As many other models as may be open at once ({self._most}) were busy all the time that a "
                        "request may take; ask again later."
                    )
                self._turn.wait(min(patience.left, LOOK_SECONDS))
            if self._closed:
                raise ServiceError("The answer was not started, because the service is stopping; ask again later.")
            # The lock is kept while a model opens, so that two questions never load it twice.
            wanted = self._open.pop(key, None) or self._opened(key)
            self._open[key] = wanted
            wanted.borrowers += 1
            return wanted

    def _has_room(self) -> bool:
        return len(self._open) < self._most or any(not one.borrowers for one in self._open.values())

    def _opened(self, key: tuple[str, str]) -> _Open:
        if len(self._open) >= self._most:
            self._close(next(key for key, one in self._open.items() if not one.borrowers))
        with ExitStack() as opening:
            try:
                chat = opening.enter_context(self._chat_models.opened(key[0]))
            except TwinError as error:
                if not key[1]:  # one broken version of a twin says nothing of the others
                    self._failure = error
                raise
            self._failure = None
            return _Open(chat, opening.pop_all())

    def _close(self, key: tuple[str, str]) -> None:
        self._open.pop(key).closing.close()
