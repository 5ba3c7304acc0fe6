"""Reads the pages that sources list: hosts side by side, one host's pages in turn, texts in other processes."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

from llm_engineering.application.ports import (
    BrowserUse,
    CollectedItem,
    Fetcher,
    ListedPage,
    Page,
    RefusedItem,
    Validators,
)
from llm_engineering.domain.documents import Outcome
from llm_engineering.domain.errors import BrowserMissing, CollectError, PageGone
from llm_engineering.domain.identity import canonical_link
from llm_engineering.infrastructure.sources.page_item import ReadPage, host_of, read_entry, read_page
from llm_engineering.infrastructure.sources.processes import Processes

T = TypeVar("T")
Examine: TypeAlias = Callable[[CollectedItem], Any]
Ready: TypeAlias = "Future[Any]"
"""Of a RefusedItem, or of what `examine` makes of an item."""

WINDOW = 512
"""Pages under way at most: those that are ready wait for a slow one before them, to keep the order."""
WAITING_TEXTS = 8
"""Fetched pages of up to 10 MB that may wait for a process, so that memory stays bounded."""
ALWAYS_BROWSER = ("medium.com",)
"""Sites whose pages hold next to nothing without their scripts; their subdomains, too."""


def needs_browser(url: str) -> bool:
    """Whether the page's host is known to need one, matched as a host."""
    host = host_of(url)
    return any(host == site or host.endswith(f".{site}") for site in ALWAYS_BROWSER)


class ConcurrentReader:
    """A ports.PageReader. Items come out in the order in which they went in.

    `hosts_at_once` hosts are asked at the same time; the fetcher keeps its distance between two
    requests to one host. `browser` renders pages as `browser_use` says, unless the page itself says
    something else; "auto" renders what shows too little text without. None: never.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        *,
        processes: Processes,
        browser: Fetcher | None = None,
        browser_use: BrowserUse = "auto",
        hosts_at_once: int = 16,
    ) -> None:
        self._fetcher = fetcher
        self._processes = processes
        self._browser = browser
        self._browser_use = browser_use
        self._lanes = _Lanes(hosts_at_once)
        self._texts = threading.BoundedSemaphore(WAITING_TEXTS)

    def read(
        self,
        arriving: Iterable[CollectedItem | RefusedItem | ListedPage],
        known: Validators,
        examine: Callable[[CollectedItem], T],
    ) -> Iterator[T | RefusedItem]:
        """See ports.PageReader. After Ctrl-C, what is ready is handed out before the interrupt is raised."""
        begun: deque[Ready] = deque()
        try:
            for thing in arriving:
                begun.append(self._begin(thing, known, examine))
                while begun and (len(begun) >= WINDOW or begun[0].done()):
                    yield _result(begun)
            while begun:
                yield _result(begun)
        except KeyboardInterrupt:
            yield from (future.result() for future in begun if future.done())
            raise
        finally:
            self._lanes.forget()

    def close(self) -> None:
        """End the threads when they have finished their page, and the processes at once."""
        self._lanes.close()
        self._processes.close()

    # ---------------------------------------------------------------- one item

    def _begin(self, thing: CollectedItem | RefusedItem | ListedPage, known: Validators, examine: Examine) -> Ready:
        ready: Ready = Future()
        match thing:
            case RefusedItem():
                ready.set_result(thing)
            case CollectedItem():
                self._process(thing.link, ready, partial(examine, thing))
            case ListedPage(html=""):
                self._in_lane(thing, ready, lambda: self._visit(thing, known, examine, ready))
            case ListedPage():
                self._process(thing.link, ready, partial(_read_entry, thing, examine))
        return ready

    def _in_lane(self, listed: ListedPage, ready: Ready, work: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - a bug must reach the reader of `ready`, not end a thread
                ready.set_exception(error)

        self._lanes.add(host_of(listed.link), guarded)

    def _visit(self, listed: ListedPage, known: Validators, examine: Examine, ready: Ready) -> None:
        """Fetch in this thread, then hand the text on and return, so that the next page can be fetched."""
        link = canonical_link(listed.link)
        use = listed.browser or self._browser_use
        at_once = use == "always" or (use == "auto" and needs_browser(listed.link))
        browser = self._browser if at_once else None
        etag, last_modified = known(link) or (None, None)
        try:
            page = (browser or self._fetcher).fetch(listed.link, etag=etag, last_modified=last_modified)
        except CollectError as error:
            ready.set_result(_refused(link, error))
            return
        if page.status == 304:
            ready.set_result(RefusedItem(link, Outcome.UNCHANGED, "not modified (304)"))
            return

        def taken(read: ReadPage) -> None:
            if use == "auto" and browser is None and self._browser is not None and read.is_short:
                self._in_lane(listed, ready, partial(self._render, self._browser, listed, read, examine, ready))
            else:
                ready.set_result(read.item)

        self._process(listed.link, ready, partial(_read_page, listed, page, examine), taken)

    def _render(self, browser: Fetcher, listed: ListedPage, static: ReadPage, examine: Examine, ready: Ready) -> None:
        """The page once more, in a browser; what the static page gave stands where there is no browser."""
        try:
            page = browser.fetch(listed.link)
        except CollectError as error:
            if isinstance(error, BrowserMissing) and not static.is_empty:
                ready.set_result(static.item)
            else:
                ready.set_result(_refused(canonical_link(listed.link), error))
            return
        read = partial(_read_page, listed, page, examine)
        self._process(listed.link, ready, read, lambda read: ready.set_result(read.item))

    def _process(
        self, link: str, ready: Ready, work: Callable[[], Any], take: Callable[[Any], None] | None = None
    ) -> None:
        """Wait for room, begin the work, and let `take` have its result; without `take`, `ready` has it."""
        self._texts.acquire()

        def finish(done: "Future[Any]") -> None:
            self._texts.release()
            try:
                (take or ready.set_result)(done.result())
            except BaseException as error:  # noqa: BLE001 - whatever it is, nobody may wait for `ready` in vain
                reason = self._processes.explained(error)
                if isinstance(reason, CollectError):
                    ready.set_result(RefusedItem(canonical_link(link), Outcome.FAILED, f"{link}: {reason}"))
                else:
                    ready.set_exception(reason)

        self._processes.submit(work).add_done_callback(finish)


def _refused(link: str, error: CollectError) -> RefusedItem:
    return RefusedItem(link, Outcome.GONE if isinstance(error, PageGone) else Outcome.FAILED, str(error))


def _read_page(listed: ListedPage, page: Page, examine: Examine) -> ReadPage:
    read = read_page(listed, page)
    return replace(read, item=examine(read.item))


def _read_entry(listed: ListedPage, examine: Examine) -> Any:
    return examine(read_entry(listed))


def _result(begun: "deque[Ready]") -> Any:
    """The first one's result, once it is there; it leaves the queue only then."""
    item = begun[0].result()
    begun.popleft()
    return item


class _Lanes:
    """A queue a host; threads take the hosts in turn, and never two of them the same host."""

    def __init__(self, threads: int) -> None:
        self._most = threads
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[Callable[[], None]]] = {}
        self._hosts: SimpleQueue[str | None] = SimpleQueue()

    def add(self, host: str, work: Callable[[], None]) -> None:
        """Put the work at the end of the host's queue."""
        with self._lock:
            if host in self._waiting:
                self._waiting[host].append(work)
                return
            self._waiting[host] = deque([work])
            if len(self._threads) < min(self._most, len(self._waiting)):
                # A daemon: a fetch that hangs must not keep the program from ending.
                thread = threading.Thread(target=self._serve, name="page reader", daemon=True)
                self._threads.append(thread)
                thread.start()
        self._hosts.put(host)

    def forget(self) -> None:
        """Drop what nobody has begun."""
        with self._lock:
            for queue in self._waiting.values():
                queue.clear()

    def close(self) -> None:
        """Let the threads end after what they are at."""
        self.forget()
        for _ in self._threads:
            self._hosts.put(None)
        self._threads = []

    def _serve(self) -> None:
        while (host := self._hosts.get()) is not None:
            with self._lock:
                work = self._waiting[host].popleft() if self._waiting[host] else None
            if work is not None:
                work()
            with self._lock:
                if not self._waiting[host]:
                    del self._waiting[host]
                    continue
            self._hosts.put(host)
