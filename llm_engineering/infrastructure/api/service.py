"""What the HTTP service needs behind it, and within which limits it works."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from llm_engineering.application.answering import Answer
from llm_engineering.application.inquiry import Inquiry, Patience
from llm_engineering.application.telling import Event
from llm_engineering.domain.chunks import Retrieved
from llm_engineering.infrastructure.api.errors import BODY_SECONDS


class Service(Protocol):
    """Answers, and who can give them. Called from several threads; every method raises TwinError."""

    def answer(self, inquiry: Inquiry, patience: Patience | None = None) -> Answer:
        """The whole answer."""
        ...

    def tell(self, inquiry: Inquiry, patience: Patience | None = None) -> Generator[Event, None, None]:
        """The answer as it is written: a generator, which stops the model when it is closed."""
        ...

    def passages(
        self, query: str, *, author: str | None = None, k: int = 5, patience: Patience | None = None
    ) -> Retrieved:
        """The best passages."""
        ...

    def authors(self) -> Sequence[Any]:
        """Objects with the attributes of `schemas.ListedAuthor`."""
        ...

    def twins(self) -> Sequence[Any]:
        """Objects with the attributes of `schemas.ListedTwin`."""
        ...

    def keep_feedback(self, author: str, **fields: Any) -> Any:
        """Store what a reader said; returns an object with an `id`."""
        ...

    def check_documents(self) -> None:
        """Raises when the warehouse cannot be read."""
        ...

    def check_vectors(self) -> None:
        """Raises when the feature store cannot be read."""
        ...

    def check_models(self) -> None:
        """Raises when no chat model can be opened."""
        ...

    def reload(self) -> Sequence[Any]:
        """Close what is open and unused; returns as `authors`."""
        ...


@dataclass(frozen=True)
class Limits:
    """How much the service does at once, for whom, and for how long."""

    workers: int = 4
    """Answers that are written at once; the embedded model has as many slots."""
    queue: int = 32
    """Requests that may wait for a worker; further ones get 429."""
    seconds: float = 120.0
    """For one request, waiting included."""
    body_seconds: float = BODY_SECONDS
    """In which a request's body has to arrive."""
    most_tokens: int = 512
    """Of one answer, whatever the client asks for."""
    rate_per_minute: int = 0
    """Requests a minute of one key, or of one address where no keys are; 0 is without limit."""


@dataclass(frozen=True)
class Access:
    """Who may use the service."""

    keys: frozenset[str] = frozenset()
    """sha256 (hex) of each API key; without any, everybody is let in."""
    hosts: tuple[str, ...] = ()
    """Names in the Host header under which the service is reached, beside this machine's own."""
    any_address: bool = False
    """Whether an IP address is taken there, too, as is needed where others reach the service by one."""
    any_host: bool = False
    """Whether every name is taken: keys keep strangers out anyway."""
    origins: tuple[str, ...] = ()
    """Web sites whose pages may use the service (CORS)."""
