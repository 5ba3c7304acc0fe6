"""How long a piece of work takes."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Timed(Generic[T]):
    """A result, how long it took, and how much of a CPU this process spent on it."""

    result: T
    seconds: float
    cpu_seconds: float


def timed(work: Callable[[], T]) -> Timed[T]:
    """Do the work."""
    started, cpu_before = time.monotonic(), time.process_time()
    result = work()
    return Timed(result, time.monotonic() - started, time.process_time() - cpu_before)
