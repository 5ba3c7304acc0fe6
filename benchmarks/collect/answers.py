"""What every address of the loopback web answers."""

import gzip
import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import brotli
import zstandard

from benchmarks.collect import bombs, dishonest, impostors
from benchmarks.collect.connection import HTML, Answer, Request, fixed
from benchmarks.collect.layouts import LAYOUTS, Sheet
from benchmarks.collect.plan import Kind, Page, robots_of

FIRST_DAY = date(2015, 1, 1)
PNG = b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(20_000)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + random.Random(2).randbytes(20_000)
ENCODINGS = ("", "gzip", "br", "zstd")
"""Every host prefers one of them."""

Routes = dict[tuple[str, str], Answer]
"""Host and path → what answers there."""


def routes(pages: Sequence[Page], port: int) -> Routes:
    """Every address of the web that is served at this port."""
    found: Routes = {}
    for page in pages:
        if robots := robots_of(page.host):
            found[page.host, "/robots.txt"] = fixed(200, robots.encode(), {"Content-Type": "text/plain"})
        if page.kind is Kind.INWARDS:  # what a reader without a guard would find, and store
            found["127.0.0.1", page.path] = _Ready.of(page, port)
        found.update(((page.host, path), answer) for path, answer in _answers(page, port).items())
    return found


def _answers(page: Page, port: int) -> dict[str, Answer]:
    """Path → answer, for the page and for the addresses on its host that it redirects to."""
    path, site = page.path, _site(page)
    match page.kind:
        case Kind.MOVED:
            steps = {path: _moved(f"{path}?2"), f"{path}?2": _moved(f"http://{page.host}:{port}{path}?3")}
            return {**steps, f"{path}?3": _moved(page.canonical), page.canonical: _Ready.of(page, port)}
        case Kind.MOVED_AWAY:
            return {path: _moved(f"{path}/gone"), f"{path}/gone": _error(404, page)}
        case Kind.CIRCLE:
            return {path: _moved(f"{path}?2"), f"{path}?2": _moved(path)}
        case Kind.INWARDS:
            inside = ("http://10.0.0.1/", f"http://127.0.0.1:{port}{path}")
            return {path: _moved(inside[page.number % len(inside)])}
        case Kind.REFUSED:
            return {}  # its port is closed
        case Kind.CAPTCHA:
            return {path: fixed(200, impostors.captcha().encode())}
        case Kind.SOFT_NOT_FOUND:
            return {path: fixed(200, impostors.soft_not_found(site).encode())}
        case Kind.PAYWALL:
            return {path: fixed(200, impostors.paywall(site, page.text).encode())}
        case _:
            return {path: SIMPLE[page.kind] if page.kind in SIMPLE else _article(page, port)}


def _article(page: Page, port: int) -> Answer:
    """Answers that carry the page's text, honestly or not."""
    match page.kind:
        case Kind.UTF8_CALLED_LATIN1:
            return _Ready.of(page, port, declared="text/html; charset=iso-8859-1")
        case Kind.WINDOWS_CALLED_UTF8:
            return _Ready.of(page, port, charset="cp1252", declared=HTML)
        case Kind.HTML_CALLED_PLAIN:
            return _Ready.of(page, port, declared="text/plain; charset=utf-8")
        case Kind.BUSY_ONCE:
            return _Later(503, {"Retry-After": 1}, _Ready.of(page, port))
        case Kind.LIMITED_ONCE:
            return _Later(429, {}, _Ready.of(page, port))
        case Kind.RESET_LATE:
            return dishonest.broken_off(_html(page, port).encode())
        case Kind.CUT_CHUNKS:
            return dishonest.broken_off_chunks(_html(page, port).encode())
        case Kind.NOT_FOUND:
            return _error(404, page)
        case Kind.REMOVED:
            return _error(410, page)
        case Kind.BROKEN:
            return _error(500, page)
        case _:
            return _Ready.of(page, port)


SIMPLE: Mapping[Kind, Answer] = {
    Kind.EMPTY: fixed(200, b""),
    Kind.PICTURE: fixed(200, PNG, {"Content-Type": "image/png"}),
    Kind.HIDDEN_PICTURE: fixed(200, PNG),
    Kind.PDF: fixed(200, PDF, {"Content-Type": "application/pdf"}),
    Kind.GZIP_BOMB: dishonest.bomb("gzip", bombs.gzip_bomb),
    Kind.BROTLI_BOMB: dishonest.bomb("br", bombs.brotli_bomb),
    Kind.ZSTD_BOMB: dishonest.bomb("zstd", bombs.zstd_bomb),
    Kind.HANGING: dishonest.hang,
    Kind.DRIPPING: dishonest.drip,
    Kind.RESET_EARLY: dishonest.reset,
    Kind.HUGE: dishonest.huge,
    Kind.ENDLESS_HEADER: dishonest.endless_header,
}
"""Answers that are the same wherever they are given."""


def _moved(location: str) -> Answer:
    return fixed(302, b"", {"Location": location})


def _error(status: int, page: Page) -> Answer:
    return fixed(status, impostors.error_page(_site(page), page.text).encode())


def _site(page: Page) -> str:
    return page.host.split(".")[0].capitalize()


def _html(page: Page, port: int, *, names_charset: bool = True) -> str:
    sheet = Sheet(
        text=page.text,
        site=_site(page),
        url=f"http://{page.host}:{port}{page.canonical}",
        published=FIRST_DAY + timedelta(days=3 * page.number),
        charset="utf-8" if names_charset else None,
    )
    return LAYOUTS[page.host_number % len(LAYOUTS)](sheet)


@dataclass(frozen=True)
class _Ready:
    """A page that is rendered and packed beforehand, so that serving it costs little."""

    bodies: Mapping[str, bytes]
    """Content encoding → body."""
    preferred: str
    content_type: str
    etag: str

    @classmethod
    def of(cls, page: Page, port: int, *, charset: str = "utf-8", declared: str | None = None) -> "_Ready":
        body = _html(page, port, names_charset=declared is None).encode(charset)
        preferred = ENCODINGS[page.host_number // len(LAYOUTS) % len(ENCODINGS)]
        bodies = {"": body, "gzip": gzip.compress(body, 6, mtime=0)}
        if preferred == "br":
            bodies["br"] = brotli.compress(body, quality=5)
        if preferred == "zstd":
            bodies["zstd"] = zstandard.ZstdCompressor(level=3).compress(body)
        return cls(bodies, preferred, declared or HTML, f'"{hashlib.sha256(body).hexdigest()[:16]}"')

    async def __call__(self, request: Request) -> None:
        if request.headers.get("if-none-match") == self.etag:
            await request.head(304, {"ETag": self.etag})
            return
        encoding = self._encoding(request.headers.get("accept-encoding", ""))
        packed = {"Content-Encoding": encoding} if encoding else {}
        headers = {"Content-Type": self.content_type, "ETag": self.etag, **packed}
        await request.whole(200, self.bodies[encoding], headers)

    def _encoding(self, accepted: str) -> str:
        """What the host prefers, else gzip, else none, as far as the other side takes it."""
        known = [name.split(";")[0].strip() for name in accepted.split(",")]
        choice = (self.preferred, "gzip") if self.preferred else ()
        return next((name for name in choice if name in known), "")


@dataclass
class _Later:
    """Puts the first request off."""

    status: int
    headers: Mapping[str, str | int]
    then: Answer
    asked: int = field(default=0, init=False)

    async def __call__(self, request: Request) -> None:
        self.asked += 1
        await (self.then(request) if self.asked > 1 else request.whole(self.status, b"later", self.headers))
