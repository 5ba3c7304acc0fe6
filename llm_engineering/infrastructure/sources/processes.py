"""Work that may hang, crash or eat memory, done in other processes, each call within a time limit."""

import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from multiprocessing.context import SpawnContext
from typing import Any, ParamSpec, TypeVar

from llm_engineering.domain.errors import CollectError

P = ParamSpec("P")
T = TypeVar("T")

MEMORY_BYTES = 4 * 1024**3
"""Of addresses, of which a process uses a part: what needs more is no text."""
CALLS_PER_PROCESS = 2000
"""Then a fresh one takes over: parsers of foreign files leak memory."""


class Processes:
    """`count` processes, started by the first call; with a count of 0 the caller does the work itself.

    A function must be a module's own, and its arguments and result small enough to be copied.
    """

    def __init__(self, count: int, *, seconds: float = 60.0) -> None:
        self._count = count
        self._seconds = seconds
        self._pool: Any = None
        self._starting = threading.Lock()

    @property
    def count(self) -> int:
        """How many there are; 0 when the caller works itself."""
        return self._count

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Begin; the future gives the result, or raises what the function raised, or what `reason` explains."""
        if self._count == 0:
            return _done_here(function, *args, **kwargs)
        with self._starting:  # readers of several hosts call at the same moment
            if self._pool is None:
                self._pool = self._started()
        future: Future[T] = self._pool.schedule(function, args=args, kwargs=kwargs, timeout=self._seconds)
        return future

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The function's result. Raises CollectError when it took too long or the process died."""
        try:
            return self.submit(function, *args, **kwargs).result()
        except Exception as error:
            raise self.explained(error) from error

    def explained(self, error: BaseException) -> BaseException:
        """A CollectError in place of a time-out or a crash; any other error as it is."""
        from pebble import ProcessExpired

        match error:
            case TimeoutError():
                return CollectError(f"it took longer than {self._seconds:.0f} seconds to read.")
            case ProcessExpired():
                return CollectError(f"the process that read it died (exit code {error.exitcode}); it may be too large.")
            case MemoryError() | RecursionError():
                return CollectError("it is too large or too deeply nested to read.")
        return error

    def close(self) -> None:
        """End the processes, whatever they are doing; calling it twice is no error."""
        if self._pool is not None:
            self._pool.stop()
            self._pool.join()
            self._pool = None

    def _started(self) -> Any:
        from pebble import ProcessPool

        # Not by fork: this process has threads, and a copy of a held lock is held for ever.
        return ProcessPool(
            max_workers=self._count,
            max_tasks=CALLS_PER_PROCESS,
            initializer=_begin,
            context=_LastingLocks(),
        )


class _LastingLocks(SpawnContext):
    """Keeps the locks of a pool for as long as the pool.

    Pebble lets go of them before it ends its processes, and one that is only just starting then finds no
    lock of that name and prints a traceback.
    """

    def __init__(self) -> None:
        self._locks: list[Any] = []

    def RLock(self) -> Any:
        lock = super().RLock()
        self._locks.append(lock)
        return lock


def _begin() -> None:
    """In the new process: the parent sees to interrupts, and memory has a limit where the system knows one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _done_here(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
    future: Future[T] = Future()
    try:
        future.set_result(function(*args, **kwargs))
    except Exception as error:  # noqa: BLE001 - the future raises it where it is asked for
        future.set_exception(error)
    return future
