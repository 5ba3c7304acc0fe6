"""The most memory that a process and those it started held at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

EVERY_SECONDS = 0.05
MB = 1024 * 1024


class Peak:
    """Resident memory in MB (of 2**20 bytes), watched; pages that processes share count in each of them."""

    def __init__(self, without: int) -> None:
        self._us = psutil.Process()
        self._without = without
        self._over = threading.Event()
        self.before = self.highest = self._now()
        """MB at the start, and the most since."""

    @classmethod
    @contextmanager
    def watched(cls, without: int) -> "Iterator[Peak]":
        """Watch this process and its descendants, without the one of that id."""
        peak = cls(without)
        thread = threading.Thread(target=peak._watch, name="memory", daemon=True)
        thread.start()
        try:
            yield peak
        finally:
            peak._over.set()
            thread.join()

    def _watch(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            self.highest = max(self.highest, self._now())

    def _now(self) -> float:
        everybody = [self._us, *self._us.children(recursive=True)]
        return sum(_resident(process) for process in everybody if process.pid != self._without) / MB


def _resident(process: psutil.Process) -> int:
    with suppress(psutil.Error):  # it has ended meanwhile
        return int(process.memory_info().rss)
    return 0
