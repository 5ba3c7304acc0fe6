"""What somebody asks of a twin: the words, whose voice, from what, how long, and for how long they will wait."""

import time
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event

from llm_engineering.application.costs import tokens_of
from llm_engineering.application.prompting import Messages
from llm_engineering.domain.errors import ServiceError


class Mode(StrEnum):
    """What is to be written."""

    ANSWER = "answer"
    """An answer to a question, from what the author wrote."""
    DRAFT = "draft"
    """A post, an article or a reply on request, with facts from what the author wrote."""
    REWRITE = "rewrite"
    """The text that was given, said in the author's voice; nothing is looked up and nothing added."""


class Length(StrEnum):
    """How long it may become."""

    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


LENGTH_TOKENS = {Length.SHORT: 90, Length.MEDIUM: 220, Length.LONG: 440}
"""The model's tokens; with passages and question they fit a context of 2,048."""


LOOK_SECONDS = 0.2
"""Whoever waits for something, such as a silent model, looks this often whether they are waited for themselves."""
REWRITTEN = 1.2
"""Tokens of a text said anew, for each of its own, at most."""


def wanted_tokens(mode: Mode, length: Length, query: str) -> int:
    """Tokens of an answer for which no number was asked: what the length says, for a rewriting as many as it takes."""
    said = LENGTH_TOKENS[length]
    return max(said, int(REWRITTEN * tokens_of(query))) if mode is Mode.REWRITE else said


@dataclass(frozen=True)
class Sampling:
    """How the model chooses its words. As it stands, the same call gives the same answer."""

    temperature: float = 0.0
    seed: int = 17
    max_tokens: int | None = None
    """None is what the length says."""
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    """Up to four words at which the answer ends; they are left out."""


@dataclass(frozen=True)
class Inquiry:
    """One request to a twin."""

    query: str
    """The question, what is to be drafted, or the text to rewrite."""
    author: str | None = None
    """Full name; None is the only one, or the one whom the twin or the question names."""
    twin: str | int | None = None
    """As `WantedTwin.of` reads it; None is `latest`."""
    k: int = 5
    """Passages that are looked up."""
    mode: Mode = Mode.ANSWER
    length: Length = Length.MEDIUM
    refuse: bool = True
    """Whether to say that the author has not written of it, where nothing near enough is found."""
    retrieve: bool = True
    """Whether anything is looked up at all."""
    support: bool = False
    """Whether to say of each sentence if the passages bear it out."""
    history: Messages = field(default_factory=list)
    """What was said before, the oldest first."""
    system: str = ""
    """Instructions of the client, beside the ones of the author's voice."""
    sampling: Sampling = Sampling()

    most_tokens: int | None = None
    """Of the answer, whatever was asked; None is without such a limit."""

    @property
    def max_tokens(self) -> int:
        """Of the answer."""
        asked = self.sampling.max_tokens or wanted_tokens(self.mode, self.length, self.query)
        return min(asked, self.most_tokens or asked)


@dataclass
class Patience:
    """How long whoever asked will wait. Safe for threads."""

    until: float = float("inf")
    """On the clock of `time.monotonic`; what is written by then is the answer."""
    gone: Event = field(default_factory=Event)
    """Set when nobody waits any more."""

    def check(self) -> None:
        """Raises ServiceError once nobody waits any more."""
        if self.gone.is_set():
            raise ServiceError("The answer was given up, because nobody waits for it any more; ask again.")

    @property
    def left(self) -> float:
        """Seconds, never below 0."""
        return max(0.0, self.until - time.monotonic())
