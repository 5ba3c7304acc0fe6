"""Gets pages from the web: politely (robots.txt, delays, back-off) and safely (addresses, sizes, time)."""

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import cast
from urllib.parse import urljoin, urlsplit

import httpx
from protego import Protego

from llm_engineering.application.ports import Page
from llm_engineering.domain.errors import CollectError, FetchRefused, PageGone
from llm_engineering.infrastructure.sources.bodies import text_of, unpacked
from llm_engineering.infrastructure.sources.connections import (
    Deadline,
    GuardedBackend,
    GuardedTransport,
    Resolver,
    resolved_by_system,
)

PRODUCT = "LLMTwin"
VERSION = "0.1"
ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,application/rss+xml,application/atom+xml,*/*;q=0.5"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
WORTH_ANOTHER_TRY = frozenset({408, 425, 429, 500, 502, 503, 504})
NOT_TEXT = ("image/", "audio/", "video/", "font/", "application/pdf", "application/zip", "application/epub")
MAX_CRAWL_DELAY_SECONDS = 30.0


@dataclass
class _Answer:
    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "text/html")


@dataclass
class _Site:
    """What is known of one origin (scheme, host, port)."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    free_at: float = 0.0
    robots: Protego | CollectError | None = None


class HttpFetcher:
    """A ports.Fetcher over httpx (HTTP/2, gzip, brotli, zstd). Safe to use from several threads.

    Requests to one host go one after the other, `delay_seconds` apart, or as far apart as its
    robots.txt asks for (at most 30 s). `allowed_private_hosts` holds host or host:port as
    written in a URL. `max_bytes` limits the decompressed body. `timeout_seconds` is for one
    whole attempt, redirects not counted; a 429, a 5xx or a broken connection gets `attempts`
    in all, `backoff_seconds` apart, doubling, with jitter, or as Retry-After says. No page takes
    longer than `page_seconds`, redirects, attempts and pauses between them included; waiting for
    the host's turn is not counted.
    """

    def __init__(
        self,
        *,
        contact: str = "",
        allowed_private_hosts: Iterable[str] = (),
        delay_seconds: float = 1.0,
        timeout_seconds: float = 20.0,
        page_seconds: float = 120.0,
        max_bytes: int = 10 * 1024 * 1024,
        max_redirects: int = 5,
        attempts: int = 3,
        backoff_seconds: float = 1.0,
        max_wait_seconds: float = 60.0,
        resolve: Resolver = resolved_by_system,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._delay = delay_seconds
        self._timeout = timeout_seconds
        self._page_seconds = page_seconds
        self._max_bytes = max_bytes
        self._max_redirects = max_redirects
        self._attempts = attempts
        self._backoff = backoff_seconds
        self._max_wait = max_wait_seconds
        self._sleep = sleep
        self._deadline = Deadline()
        self._sites: dict[str, _Site] = {}
        self._sites_lock = threading.Lock()
        allowed = frozenset(host.strip().lower() for host in allowed_private_hosts)
        self._transport = GuardedTransport(GuardedBackend(allowed, resolve, self._deadline))
        self._headers = {
            "user-agent": f"{PRODUCT}/{VERSION}" + (f" (+{contact})" if contact else ""),
            "accept": ACCEPT,
            "accept-encoding": "gzip, br, zstd",
        }

    def fetch(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Page:
        """The page; see ports.Fetcher for what is raised."""
        conditions = {"if-none-match": etag, "if-modified-since": last_modified}
        answer = self._followed(url, {name: value for name, value in conditions.items() if value}, robots=True)
        if answer.status == 304:
            return Page(answer.url, 304, "", answer.content_type, answer.headers)
        if answer.status in (404, 410):
            raise PageGone(f"{answer.url} answered {answer.status}.")
        if answer.status != 200:
            raise CollectError(f"{answer.url} answered {answer.status} {_phrase(answer.status)}.")
        _check_is_text(answer)
        return Page(answer.url, 200, text_of(answer.body, answer.content_type), answer.content_type, answer.headers)

    @contextmanager
    def turn(self, url: str) -> Iterator[None]:
        """For another client that asks the same hosts: its turn at the URL's host, if robots.txt allows the URL.

        Raises what `fetch` raises for an address or a URL that must not be asked.
        """
        check_address(url)
        self.require_robots(url)
        with self._polite(self._site(url)):
            yield

    def close(self) -> None:
        """Release connections; calling it twice is no error."""
        self._transport.close()

    # ---------------------------------------------------------------- redirects and robots.txt

    def _followed(self, url: str, headers: Mapping[str, str], *, robots: bool) -> _Answer:
        seen, time_left = {url}, _Stopwatch(url, self._page_seconds)
        for _ in range(self._max_redirects + 1):
            check_address(url)
            if robots:
                self.require_robots(url)
            answer = self._patiently(url, headers, time_left)
            location = answer.headers.get("location")
            if answer.status not in REDIRECTS or not location:
                return answer
            url = urljoin(url, location).split("#")[0]
            if url in seen:
                raise CollectError(f"{url} redirects in a circle.")
            seen.add(url)
        raise CollectError(f"{url} comes after more than {self._max_redirects} redirects.")

    def require_robots(self, url: str) -> None:
        """Raises FetchRefused when the site's robots.txt forbids the URL.

        RFC 9309: a 4xx allows everything, a 5xx or no answer forbids everything.
        """
        site = self._site(url)
        with site.lock:
            if site.robots is None:
                site.robots = self._robots(url)
        if isinstance(site.robots, CollectError):
            raise type(site.robots)(str(site.robots))
        if not site.robots.can_fetch(url, PRODUCT):
            raise FetchRefused(f"The site's robots.txt does not allow {url}.")

    def _robots(self, url: str) -> Protego | CollectError:
        place = urljoin(url, "/robots.txt")
        try:
            answer = self._followed(place, {}, robots=False)
        except CollectError as error:
            return error
        if answer.status >= 500:
            return FetchRefused(f"{place} answered {answer.status}, so the site may not be crawled now; try later.")
        return Protego.parse(text_of(answer.body, answer.content_type) if answer.status == 200 else "")

    # ---------------------------------------------------------------- attempts

    def _patiently(self, url: str, headers: Mapping[str, str], time_left: "_Stopwatch") -> _Answer:
        for attempt in range(1, self._attempts + 1):
            last = attempt == self._attempts
            pause = self._backoff * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)
            try:
                answer = self._once(url, headers, time_left)
            except httpx.TransportError as error:
                if last:
                    raise CollectError(f"{url}: {_said(error)} ({attempt} attempts).") from error
            else:
                if answer.status not in WORTH_ANOTHER_TRY or last:
                    return answer
                asked = _retry_after(answer.headers)
                if asked is not None and asked > self._max_wait:
                    raise CollectError(f"{url} answered {answer.status} and asks to come back in {asked:.0f} seconds.")
                pause = pause if asked is None else max(asked, pause)
            time_left.spend(pause)
            self._sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def _once(self, url: str, headers: Mapping[str, str], time_left: "_Stopwatch") -> _Answer:
        # The transport itself, not a client: no cookies, no credentials, no redirects that we have not checked.
        try:
            request = httpx.Request("GET", url, headers={**self._headers, **headers})
        except httpx.InvalidURL as error:
            raise CollectError(f"{url} is no usable address ({error}).") from error
        request.extensions["timeout"] = httpx.Timeout(self._timeout).as_dict()
        with (
            self._polite(self._site(url)),
            time_left.running(),
            self._deadline.within(min(self._timeout, time_left.seconds)),
            closing(self._transport.handle_request(request)) as response,
        ):
            return self._read(url, response)

    @contextmanager
    def _polite(self, site: _Site) -> Iterator[None]:
        """Nobody else asks the site meanwhile, and the last request is long enough ago."""
        with site.lock:
            self._sleep(max(0.0, site.free_at - time.monotonic()))
            try:
                yield
            finally:
                site.free_at = time.monotonic() + self._pause_of(site)

    def _read(self, url: str, response: httpx.Response) -> _Answer:
        found = {name.lower(): value for name, value in response.headers.items()}
        wanted = response.status_code == 200 and not found.get("content-type", "").lower().startswith(NOT_TEXT)
        body = b""
        if wanted:
            body = unpacked(
                cast(httpx.SyncByteStream, response.stream), found.get("content-encoding", ""), self._max_bytes
            )
            if body.startswith(b"\x1f\x8b"):  # a sitemap.xml.gz is packed without saying so in the header
                body = unpacked([body], "gzip", self._max_bytes)
        return _Answer(url, response.status_code, found, body)

    def _pause_of(self, site: _Site) -> float:
        asked = site.robots.crawl_delay(PRODUCT) if isinstance(site.robots, Protego) else None
        return max(self._delay, min(asked or 0.0, MAX_CRAWL_DELAY_SECONDS))

    def _site(self, url: str) -> _Site:
        parts = urlsplit(url)
        with self._sites_lock:
            return self._sites.setdefault(f"{parts.scheme}://{parts.netloc}".lower(), _Site())


class _Stopwatch:
    """The time that one page may still take."""

    def __init__(self, url: str, seconds: float) -> None:
        self._url = url
        self._whole = self.seconds = seconds

    def spend(self, seconds: float) -> None:
        """Take so much of it. Raises CollectError when it is over."""
        self.seconds -= seconds
        if self.seconds <= 0:
            raise CollectError(f"{self._url}: no page may take longer than {self._whole:.0f} seconds in all.")

    @contextmanager
    def running(self) -> Iterator[None]:
        """What happens inside takes its time of it."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds -= time.monotonic() - started


def check_address(url: str) -> None:
    """Raise FetchRefused for anything but http and https to a host, without a user name."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise FetchRefused(f"{url} is no usable address ({error}).") from error
    if parts.scheme.lower() not in ("http", "https"):
        raise FetchRefused(f"{url} is neither http nor https; only those are fetched.")
    if not host:
        raise FetchRefused(f"{url} names no host.")
    if "@" in parts.netloc:
        raise FetchRefused(f"{host} is given with a user name in its address; take the part before the @ away.")


def _check_is_text(answer: _Answer) -> None:
    kind = answer.content_type.split(";")[0].strip().lower()
    if kind.startswith(NOT_TEXT) or _is_binary(answer.body[:1024]):
        raise CollectError(f"{answer.url} is {kind or 'binary data'}, not a page of text.")


def _is_binary(head: bytes) -> bool:
    return head.startswith(b"%PDF") or (b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")))


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _said(error: httpx.TransportError) -> str:
    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return "no connection in time"
        case httpx.TimeoutException():
            return "no complete answer in time"
        case httpx.ConnectError():
            return f"no connection ({error})"
        case _:
            return f"the connection broke off ({error})"


def _phrase(status: int) -> str:
    return httpx.codes.get_reason_phrase(status)
