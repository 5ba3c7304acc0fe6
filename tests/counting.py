"""Progress that a test can look at."""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from llm_engineering.application.ports import Silent

T = TypeVar("T")


class Counted(Silent):
    """Adds up what was announced and what was done, and keeps the notes."""

    def __init__(self) -> None:
        self.total = 0
        self.done = 0
        self.notes: list[str] = []

    def track(self, items: Iterable[T], description: str, total: int | None = None, current: Any = None) -> Iterator[T]:
        """The items; counts each when the next one is asked for."""
        self.total += len(items) if total is None else total
        for item in items:
            yield item
            self.done += 1

    def note(self, message: str) -> None:
        """Kept."""
        self.notes.append(message)
