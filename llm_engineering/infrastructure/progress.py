"""Progress for a person at a terminal, or lines for a log."""

import time
from collections.abc import Iterable
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

T = TypeVar("T")

LOG_EVERY_SECONDS = 15.0


class TerminalProgress:
    """A bar on a terminal; where stderr is none (CI, a file), a line every quarter of a minute."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)

    def track(self, items: Iterable[T], description: str, total: int | None = None) -> Iterable[T]:
        """The items, one by one, showing how many are done (of `total`, when known)."""
        if total is None and hasattr(items, "__len__"):
            total = len(items)
        return (
            self._bar(items, description, total)
            if self._console.is_terminal
            else self._lines(items, description, total)
        )

    def note(self, message: str) -> None:
        """A line to read, kept above the bar."""
        self._console.print(message, markup=False, highlight=False, soft_wrap=True)

    def _bar(self, items: Iterable[T], description: str, total: int | None) -> Iterable[T]:
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(compact=True),
        )
        with Progress(*columns, console=self._console, transient=True) as bar:
            yield from bar.track(items, description=description, total=total)

    def _lines(self, items: Iterable[T], description: str, total: int | None) -> Iterable[T]:
        of_total = f" of {total}" if total is not None else ""
        started = last = time.monotonic()
        for done, item in enumerate(items, start=1):
            yield item
            if time.monotonic() - last >= LOG_EVERY_SECONDS:
                last = time.monotonic()
                self.note(f"  {description}: {done}{of_total} after {last - started:.0f} s")
