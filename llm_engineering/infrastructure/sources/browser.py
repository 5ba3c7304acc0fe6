"""Gets pages that write their text by JavaScript: rendered in headless Chromium, kept from the private network."""

import threading
import time
from collections.abc import Iterable
from urllib.parse import urldefrag

import httpx

from llm_engineering.application.ports import Page
from llm_engineering.domain.errors import BrowserMissing, CollectError, PageGone
from llm_engineering.infrastructure.sources.browser_events import Document
from llm_engineering.infrastructure.sources.browser_process import found_programs
from llm_engineering.infrastructure.sources.browser_proxy import GuardedProxy, Traffic, place_of
from llm_engineering.infrastructure.sources.browser_session import Browser, BrowserLost, TooSlow
from llm_engineering.infrastructure.sources.connections import Resolver, resolved_by_system
from llm_engineering.infrastructure.sources.fetcher import NOT_TEXT, PRODUCT, VERSION, check_address

PAGES_PER_BROWSER = 100
TRAFFIC_PER_PAGE = 5
STABLE_SECONDS = 0.7
IDLE_SECONDS = 3.0
"""So long without a byte: what is still asked for will not come (a long poll, a server that hangs)."""
LOOK_SECONDS = 0.1
LOAD_SHARE = 0.8
"""Of a page's time, for its HTML and the scripts in it; the rest is for the text that they write."""
PROXY_SAYS = (403, 502)
"""Its answers for a place that it may not or cannot reach."""

TEXT_LENGTH = "return document.body ? document.body.innerText.length : 0"
SCROLL_DOWN = """
const before = window.scrollY
window.scrollTo(0, document.documentElement ? document.documentElement.scrollHeight : 0)
return window.scrollY > before
"""
RENDERED = """
const html = document.documentElement ? document.documentElement.outerHTML : "";
return [location.href, html.length, html.length > arguments[0] ? "" : html]
"""


class BrowserFetcher:
    """A ports.Fetcher that renders pages in headless Chromium by Selenium. Safe to use from several threads.

    Pages are rendered one after the other in one browser, which is started for the first page,
    renewed after a crash and after 100 pages, and forgets everything when the host changes. It
    reaches the network only through a `GuardedProxy`; `allowed_private_hosts` holds host or
    host:port as written in a URL. A page has `page_seconds` in all (starting the browser not
    counted), of which its text has `settle_seconds` to stop changing; then it is read as it is.
    `max_bytes` limits the rendered page; everything that it loads may be five times as much.
    `binary` and `driver` name Chromium and chromedriver, otherwise they are looked for.

    It does not ask robots.txt and does not wait between pages: its caller does.
    """

    def __init__(
        self,
        *,
        contact: str = "",
        allowed_private_hosts: Iterable[str] = (),
        page_seconds: float = 30.0,
        settle_seconds: float = 8.0,
        max_bytes: int = 10 * 1024 * 1024,
        resolve: Resolver = resolved_by_system,
        binary: str | None = None,
        driver: str | None = None,
    ) -> None:
        self._agent = f"{PRODUCT}/{VERSION}" + (f" (+{contact})" if contact else "")
        self._allowed = frozenset(host.strip().lower() for host in allowed_private_hosts)
        self._page_seconds = page_seconds
        self._settle_seconds = settle_seconds
        self._max_bytes = max_bytes
        self._resolve = resolve
        self._wanted = (binary, driver)
        self._lock = threading.Lock()
        self._browser: Browser | None = None
        self._missing: BrowserMissing | None = None
        self._closed = False

    def fetch(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Page:
        """The page as a reader sees it, always whole: a browser has no use for validators.

        See ports.Fetcher for what is raised; without a browser it is BrowserMissing, which says how to install one.
        """
        check_address(url)
        left = self._page_seconds
        with self._lock:
            while True:
                browser = self._ready(place_of(url)[0])
                start = time.monotonic()
                try:
                    return self._rendered(browser, url, left)
                except TooSlow as error:
                    raise CollectError(f"{url}: no complete page in time.") from error
                except BrowserLost as error:
                    again = left == self._page_seconds and not self._closed
                    left -= time.monotonic() - start
                    if not again or left <= 0:
                        raise CollectError(f"{url}: the browser broke off ({error}).") from error

    def close(self) -> None:
        """End the browser, also under a page that is being rendered; calling it twice is no error."""
        self._closed = True
        if self._browser:
            self._browser.stop()

    # ---------------------------------------------------------------- the browser

    def _ready(self, host: str) -> Browser:
        """A browser that knows nothing of other hosts."""
        if self._closed:
            raise CollectError("The browser was closed.")
        if self._browser and (self._browser.pages >= PAGES_PER_BROWSER or not self._browser.is_alive):
            self._browser.stop()
            self._browser = None
        if self._browser and self._browser.host != host:
            self._browser.forget()
        if not self._browser or not self._browser.is_alive:
            self._browser = self._started()
        if self._closed:  # meanwhile
            self._browser.stop()
        self._browser.host = host
        self._browser.pages += 1
        return self._browser

    def _started(self) -> Browser:
        if self._missing:
            raise BrowserMissing(str(self._missing))
        proxy = GuardedProxy(self._allowed, self._resolve)
        try:
            return Browser(found_programs(*self._wanted), proxy, self._agent)
        except BaseException as error:
            proxy.close()
            if isinstance(error, BrowserMissing):
                self._missing = error  # the next page need not find it out again
            raise

    # ---------------------------------------------------------------- the page

    def _rendered(self, browser: Browser, url: str, seconds: float) -> Page:
        limit = TRAFFIC_PER_PAGE * self._max_bytes
        try:
            with (
                browser.within(seconds),
                browser.proxy.page(url, seconds, limit, frozenset({browser.driver_port})) as traffic,
            ):
                browser.open(url, LOAD_SHARE * seconds)
                _check(browser.document(), traffic)
                self._settle(browser, traffic)
                address, size, html = browser.run(RENDERED, self._max_bytes)
                _check(browser.document(), traffic)
        finally:
            browser.leave()
        check_address(address)
        if size > self._max_bytes:
            raise CollectError(f"{url} is longer than {self._max_bytes:,} characters, which is the limit for a page.")
        return Page(urldefrag(address).url, 200, html)

    def _settle(self, browser: Browser, traffic: Traffic) -> None:
        """Give the page time to write its text, and what it writes when a reader comes to its end."""
        end = time.monotonic() + self._settle_seconds
        _wait_for_text(browser, traffic, end)
        if browser.run(SCROLL_DOWN):
            _wait_for_text(browser, traffic, end)


def _wait_for_text(browser: Browser, traffic: Traffic, end: float) -> None:
    """Until there is text that no longer changes, and no request is being answered that might bring more."""
    length, since = 0, time.monotonic()
    while (now := time.monotonic()) < end:
        browser.listen()
        found = browser.run(TEXT_LENGTH)
        if found != length:
            length, since = found, now
        is_over = browser.log.is_quiet or traffic.seconds_idle() >= IDLE_SECONDS
        if is_over and length and now - since >= STABLE_SECONDS:
            return
        time.sleep(LOOK_SECONDS)


def _check(document: Document | None, traffic: Traffic) -> None:
    """Raise what HttpFetcher would raise for such an answer."""
    if document is None:
        raise CollectError("The browser did not ask for the page.")
    check_address(document.url)
    problem = traffic.problems.get(place_of(document.url))
    if problem and (document.status is None or document.status in PROXY_SAYS):
        raise problem
    if document.status is None:
        raise CollectError(f"{document.url}: no connection ({document.error or 'no answer'}).")
    if document.status in (404, 410):
        raise PageGone(f"{document.url} answered {document.status}.")
    if document.status != 200:
        phrase = httpx.codes.get_reason_phrase(document.status)
        raise CollectError(f"{document.url} answered {document.status} {phrase}.")
    if document.kind.startswith(NOT_TEXT):
        raise CollectError(f"{document.url} is {document.kind}, not a page of text.")
    if document.error and traffic.exhausted:
        raise CollectError(
            f"{document.url} loads more than {traffic.max_bytes:,} bytes, which is the limit for a page."
        )
    if document.error:
        raise CollectError(f"{document.url}: the page broke off, or is none that a browser shows ({document.error}).")
