"""Where the time of one request went, for those who look at it from outside."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TypeAlias

Attributes: TypeAlias = Mapping[str, str | int | float | bool | Sequence[str]]
"""Named as OpenTelemetry's semantic conventions name them."""


class Span(Protocol):
    """A piece of work that is under way."""

    def set(self, attributes: Attributes) -> None:
        """Say more of it, e.g. what came out."""
        ...


class Tracer(Protocol):
    """Takes down pieces of work, one within the other."""

    def span(self, name: str, attributes: Attributes | None = None) -> AbstractContextManager[Span]:
        """A piece of work as long as the context lasts; what is raised in it is noted and passes."""
        ...


class NoTracing:
    """A Tracer, and its Span, that take down nothing and cost nothing."""

    @contextmanager
    def span(self, name: str, attributes: Attributes | None = None) -> Iterator["NoTracing"]:
        """Itself."""
        yield self

    def set(self, attributes: Attributes) -> None:
        """Nothing."""
