"""Who may be answered now, who waits, and who is sent away: work in threads, and the event loop stays free."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from threading import Lock
from typing import Any, TypeVar

from starlette.requests import Request

from llm_engineering.application.inquiry import Patience
from llm_engineering.domain.errors import ServiceBusy, ServiceError, TimeLimitReached

T = TypeVar("T")

GRACE_SECONDS = 2.0
"""After the time limit a worker may still end its answer in good order; then its client is told that it failed."""
MOST_RETRY_SECONDS = 60


class ClientGone(Exception):
    """Whoever asked has closed the connection, so there is nobody to answer."""


class Desk:
    """`workers` requests are worked on at once, `queue` more wait in order; the next ones are refused.

    A client that goes away is not waited for: what has not begun never begins, and what has is told
    by its `Patience`. Its worker counts as busy until it has really stopped.
    """

    def __init__(self, name: str, *, workers: int, queue: int, seconds: float) -> None:
        """`seconds` is how long one request may take, waiting included."""
        self._workers = workers
        self._most = workers + queue
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._lock = Lock()
        self._present: dict[int, Patience] = {}
        self._mean_seconds = 1.0

    @property
    def present(self) -> int:
        """Requests that are worked on or wait."""
        return len(self._present)

    @property
    def waiting(self) -> int:
        """Requests that wait."""
        return max(0, self.present - self._workers)

    async def run(self, request: Request, work: Callable[[Patience], T]) -> T:
        """What `work` returns. Raises what it raises, ServiceBusy, TimeLimitReached and ClientGone."""
        patience = self._admitted()
        future = self._submitted(patience, work)
        gone = asyncio.ensure_future(_disconnected(request))
        try:
            return await self._unless_gone(gone, asyncio.wrap_future(future), patience)
        finally:
            gone.cancel()
            patience.gone.set()
            future.cancel()

    async def stream(
        self, request: Request, work: Callable[[Patience], Generator[T, None, None]]
    ) -> AsyncGenerator[T, None]:
        """What `work` yields, as it comes. Raises as `run`; closing the iterator stops the work."""
        patience = self._admitted()
        loop, events = asyncio.get_running_loop(), asyncio.Queue[Any]()
        ended = object()

        def push(event: object) -> None:
            try:
                loop.call_soon_threadsafe(events.put_nowait, event)
            except RuntimeError:  # the loop is closed, so nobody reads any more
                patience.gone.set()

        def produce(patience: Patience) -> None:
            items = work(patience)
            try:
                for item in items:
                    push(item)
                    if patience.gone.is_set():
                        return
            finally:
                items.close()

        future = self._submitted(patience, produce)
        future.add_done_callback(lambda _: push(ended))
        gone = asyncio.ensure_future(_disconnected(request))
        try:
            while True:
                coming = asyncio.ensure_future(events.get())
                if (event := await self._unless_gone(gone, coming, patience)) is ended:
                    break
                yield event
            with suppress(CancelledError):
                future.result()
        finally:
            gone.cancel()
            patience.gone.set()
            future.cancel()

    def close(self) -> None:
        """Send away who waits, tell the workers that nobody waits any more, and wait for them."""
        for patience in list(self._present.values()):
            patience.gone.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _admitted(self) -> Patience:
        patience = Patience(until=time.monotonic() + self._seconds)
        with self._lock:
            if len(self._present) >= self._most:
                raise ServiceBusy(
                    f"{self._workers} answers are being written and {self._most - self._workers} more requests wait, "
                    "which is as many as the service takes (SERVICE_QUEUE); ask again later.",
                    self._retry_after(),
                )
            self._present[id(patience)] = patience
        return patience

    def _submitted(self, patience: Patience, work: Callable[[Patience], T]) -> "Future[T]":
        def timed() -> T:
            if not patience.left:
                raise TimeLimitReached(
                    "The request waited in the queue as long as it may take in all; ask again later."
                )
            began = time.monotonic()
            try:
                return work(patience)
            finally:
                self._mean_seconds += 0.2 * (time.monotonic() - began - self._mean_seconds)

        try:
            future = self._pool.submit(timed)
        except RuntimeError:
            self._left(patience)
            raise ServiceError(
                "The answer was not started, because the service is stopping; ask again later."
            ) from None
        future.add_done_callback(lambda _: self._left(patience))
        return future

    def _left(self, patience: Patience) -> None:
        with self._lock:
            self._present.pop(id(patience), None)

    def _retry_after(self) -> int:
        """Seconds until about half of those present are through."""
        rounds = len(self._present) / self._workers / 2
        return max(1, min(MOST_RETRY_SECONDS, round(rounds * self._mean_seconds)))

    async def _unless_gone(self, gone: "asyncio.Future[None]", wanted: "asyncio.Future[T]", patience: Patience) -> T:
        waited: set[asyncio.Future[Any]] = {wanted, gone}
        try:
            await asyncio.wait(waited, timeout=patience.left + GRACE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if wanted.done():
                return wanted.result()
            if gone.done():
                raise ClientGone
            raise TimeLimitReached(
                f"The answer took longer than {self._seconds:.0f} seconds (SERVICE_TIMEOUT_SECONDS); ask again, or for "
                "a shorter one."
            )
        finally:
            wanted.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
