"""Progress for a person at a terminal, or lines for a log."""

import time
from collections.abc import Callable, Iterable
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column
from rich.text import Text

T = TypeVar("T")

LOG_EVERY_SECONDS = 15.0


class TerminalProgress:
    """A bar on a terminal; where stderr is none (CI, a file), a line every quarter of a minute."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)

    def track(
        self,
        items: Iterable[T],
        description: str,
        total: int | None = None,
        current: Callable[[T], str] | None = None,
    ) -> Iterable[T]:
        """The items, one by one, showing how many are done (of `total`, if known), how fast, and which is `current`."""
        if total is None and hasattr(items, "__len__"):
            total = len(items)
        shown = current or (lambda item: "")
        track = self._bar if self._console.is_terminal else self._lines
        return track(items, description, total, shown)

    def note(self, message: str) -> None:
        """A line to read, kept above the bar."""
        self._console.print(message, markup=False, highlight=False, soft_wrap=True)

    def _bar(self, items: Iterable[T], description: str, total: int | None, current: Callable[[T], str]) -> Iterable[T]:
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            _Rate(),
            TimeElapsedColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[current]}", markup=False, style="dim", table_column=Column(no_wrap=True, ratio=1)),
        )
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task(description, total=total, current="")
            for item in items:
                bar.update(task, current=current(item))
                yield item
                bar.advance(task)

    def _lines(
        self, items: Iterable[T], description: str, total: int | None, current: Callable[[T], str]
    ) -> Iterable[T]:
        of_total = f" of {total}" if total is not None else ""
        started = last = time.monotonic()
        for done, item in enumerate(items, start=1):
            yield item
            if time.monotonic() - last >= LOG_EVERY_SECONDS:
                last = time.monotonic()
                at = f", at {current(item)}" if current(item) else ""
                self.note(f"  {description}: {done}{of_total} after {last - started:.0f} s{at}")


class _Rate(ProgressColumn):
    """Items a second, or seconds an item when they are slow."""

    def render(self, task: Task) -> Text:
        speed = task.speed
        if not speed:
            return Text("")
        return Text(f"{speed:.1f}/s" if speed >= 1 else f"{1 / speed:.1f} s each", style="progress.data.speed")
