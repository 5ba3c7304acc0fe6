"""Telling a person how far a long piece of work is."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Progress(Protocol):
    """Tells a person how far a long piece of work is."""

    def track(
        self,
        items: Iterable[T],
        description: str,
        total: int | None = None,
        current: Callable[[T], str] | None = None,
    ) -> Iterable[T]:
        """The items, one by one, showing how many are done (of `total`, if known), how fast, and which is `current`."""
        ...

    def note(self, message: str) -> None:
        """A line to read, kept above the bar."""
        ...


class Silent:
    """Progress that nobody watches."""

    def track(
        self,
        items: Iterable[T],
        description: str,
        total: int | None = None,
        current: Callable[[T], str] | None = None,
    ) -> Iterable[T]:
        """The items, unchanged."""
        return items

    def note(self, message: str) -> None:
        """Nothing."""
