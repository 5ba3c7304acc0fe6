"""The browser's only way out: a proxy on 127.0.0.1 that opens checked connections and counts what passes."""

import http
import selectors
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import cast
from urllib.parse import urlsplit

import httpcore

from llm_engineering.domain.errors import CollectError, FetchRefused
from llm_engineering.infrastructure.sources.connections import Deadline, GuardedBackend, Resolver, is_public

STEP = 64 * 1024
MAX_HEAD_BYTES = 64 * 1024
CONNECT_SECONDS = 15.0
HOP_HEADERS = {b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"upgrade"}

Place = tuple[str, int]
"""Host (lower case, no brackets) and port."""


class Traffic:
    """What one page may use of the network, and what went wrong with it. Used by many threads."""

    def __init__(self, backend: GuardedBackend, closed_ports: frozenset[int], seconds: float, max_bytes: int) -> None:
        self._backend = backend
        self._closed_ports = closed_ports
        self._end = time.monotonic() + seconds
        self._patience = seconds / 3  # Chromium asks a second time, and then there is still time for the page
        self._bytes_left = self.max_bytes = max_bytes
        self._moved_at = time.monotonic()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False
        self.problems: dict[Place, CollectError] = {}
        """Why a place was not reached."""

    @property
    def exhausted(self) -> bool:
        """Whether the page wanted more bytes than it may have."""
        return self._bytes_left < 0

    def seconds_left(self) -> float:
        """0 when the page's time is over."""
        return 0.0 if self._closed or self.exhausted else max(0.0, self._end - time.monotonic())

    def patience(self) -> float:
        """How long a connection may be silent: a server that hangs must not hold up the whole page."""
        return max(0.01, min(self._patience, self.seconds_left()))

    def seconds_idle(self) -> float:
        """Since the last byte moved."""
        return time.monotonic() - self._moved_at

    def count(self, size: int) -> None:
        """Take note of bytes in either direction. Raises CollectError when there were too many."""
        with self._lock:
            self._bytes_left -= size
            self._moved_at = time.monotonic()
        if self.exhausted:
            raise CollectError("the page loads too much")

    @contextmanager
    def holding(self, connection: socket.socket) -> Iterator[None]:
        """The connection breaks off when the page is done. Raises CollectError when it is done already."""
        with self._lock:
            if self._closed:
                raise CollectError("the page is done")
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)

    def connected(self, place: Place) -> socket.socket:
        """A connection to an address of the host that was checked. Raises CollectError; `problems` keeps it."""
        host, port = place
        try:
            stream = self._backend.connect_tcp(host, port, min(CONNECT_SECONDS, self.seconds_left()))
            connection = cast(socket.socket, stream.get_extra_info("socket"))
            self._check_is_not_ours(host, connection)
        except CollectError as error:
            self.problems[place] = error
            raise
        except (httpcore.ConnectError, httpcore.ConnectTimeout, OSError, ValueError) as error:
            # ValueError: a name that cannot be encoded for DNS
            self.problems[place] = CollectError(f"There is no connection to {host}:{port} ({error}).")
            raise self.problems[place] from error
        return connection

    def _check_is_not_ours(self, host: str, connection: socket.socket) -> None:
        """A page on an allowed 127.0.0.1 could otherwise command the browser's driver."""
        address, port = connection.getpeername()[:2]
        if port in self._closed_ports and not is_public(address):
            connection.close()
            raise FetchRefused(f"{host}:{port} is the browser's own; no page may reach it.")

    def close(self) -> None:
        """Break all connections off."""
        with self._lock:
            self._closed = True
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class GuardedProxy:
    """Forwards to where `connections.GuardedBackend` lets it, and only while a page is being read.

    `allowed` holds host or host:port as written in a URL; those may be private, but only for a
    page that is at such a place itself: a page of the public internet has no business there.
    """

    def __init__(self, allowed: frozenset[str], resolve: Resolver) -> None:
        self._allowed = allowed
        self._trusting = GuardedBackend(allowed, resolve, Deadline())
        self._strict = GuardedBackend(frozenset(), resolve, Deadline())
        self._server = _Server()
        threading.Thread(target=self._server.serve_forever, args=(0.1,), name="browser-proxy", daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        return int(self._server.server_address[1])

    @contextmanager
    def page(
        self, url: str, seconds: float, max_bytes: int, closed_ports: frozenset[int] = frozenset()
    ) -> Iterator[Traffic]:
        """Forward inside, for at most `seconds` and `max_bytes` (both directions); one page at a time.

        `closed_ports` of this machine are out of reach in any case, as is the proxy's own.
        """
        host, port = place_of(url)
        trusted = bool({host, f"{host}:{port}"} & self._allowed)
        backend = self._trusting if trusted else self._strict
        traffic = Traffic(backend, closed_ports | {self.port}, seconds, max_bytes)
        self._server.traffic = traffic
        try:
            yield traffic
        finally:
            self._server.traffic = None
            traffic.close()

    def close(self) -> None:
        """Listen no longer."""
        self._server.shutdown()
        self._server.server_close()


def place_of(url: str) -> Place:
    """Host and port of an http or https address. Raises ValueError when it has none."""
    parts = urlsplit(url)
    if not parts.hostname:
        raise ValueError(f"{url} names no host")
    return parts.hostname.rstrip("."), parts.port or (443 if parts.scheme == "https" else 80)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    traffic: Traffic | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)


class _Connection(socketserver.StreamRequestHandler):
    """One request of the browser, then the end: a connection is never used for a second host."""

    rbufsize = 0  # nothing may be read ahead, it belongs to the tunnel
    connection: socket.socket

    def handle(self) -> None:
        traffic = cast(_Server, self.server).traffic
        if traffic is None:  # the browser's own wishes, or what a page left behind
            return
        try:
            with traffic.holding(self.connection):
                self.connection.settimeout(traffic.patience())
                self._serve(traffic)
        except (OSError, CollectError):
            # A reset. An orderly end would make half of a page look like all of it.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def _serve(self, traffic: Traffic) -> None:
        try:
            method, target, headers = self._head()
            place = _place(method, target)
        except ValueError:
            self._answer(400)
            return
        try:
            upstream = traffic.connected(place)
        except FetchRefused:
            self._answer(403)
        except CollectError:
            self._answer(502)
        else:
            with upstream, traffic.holding(upstream):
                upstream.settimeout(traffic.patience())
                if method == b"CONNECT":
                    self._answer(200)
                else:
                    self._forward(method, target, headers, upstream, traffic)
                self._relay(upstream, traffic, both_ways=method == b"CONNECT")

    def _head(self) -> tuple[bytes, bytes, list[bytes]]:
        lines: list[bytes] = []
        left = MAX_HEAD_BYTES
        while (line := self.rfile.readline(left)) not in (b"\r\n", b"\n"):
            left -= len(line)
            if left <= 0 or not line.endswith(b"\n"):
                raise ValueError("no complete head")
            lines.append(line.rstrip(b"\r\n"))
        method, target, _ = lines[0].split(b" ") if lines else []
        return method, target, lines[1:]

    def _forward(
        self, method: bytes, target: bytes, headers: list[bytes], upstream: socket.socket, traffic: Traffic
    ) -> None:
        """Send one request on, and the head of the answer back, both saying that nothing follows."""
        if _value(headers, b"transfer-encoding"):
            raise CollectError("a body of unknown length, which browsers do not send over HTTP/1.1")
        parts = urlsplit(target)
        path = (parts.path or b"/") + (b"?" + parts.query if parts.query else b"")
        upstream.sendall(_closing([b" ".join((method, path, b"HTTP/1.1")), *headers]))
        length = _value(headers, b"content-length")
        left = int(length) if length.isdigit() else 0
        while left > 0 and (data := self.rfile.read(min(left, STEP))):
            traffic.count(len(data))
            upstream.sendall(data)
            left -= len(data)
        head = b""
        while b"\r\n\r\n" not in head and len(head) < MAX_HEAD_BYTES and (data := upstream.recv(STEP)):
            traffic.count(len(data))
            head += data
        head, end, body = head.partition(b"\r\n\r\n")
        self.connection.sendall((_closing(head.split(b"\r\n")) if end else head) + body)

    def _relay(self, upstream: socket.socket, traffic: Traffic, *, both_ways: bool) -> None:
        """Until one side ends. Raises CollectError when that takes too long."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.connection, selectors.EVENT_READ, upstream)
            selector.register(upstream, selectors.EVENT_READ, self.connection)
            while traffic.seconds_left() and (ready := selector.select(traffic.patience())):
                for key, _ in ready:
                    source = cast(socket.socket, key.fileobj)
                    data = source.recv(STEP)
                    if not data or (source is self.connection and not both_ways):
                        return
                    traffic.count(len(data))
                    key.data.sendall(data)
        raise CollectError("no end in time")

    def _answer(self, status: int) -> None:
        phrase = http.HTTPStatus(status).phrase
        length = "" if status == 200 else "Content-Length: 0\r\nConnection: close\r\n"
        self.connection.sendall(f"HTTP/1.1 {status} {phrase}\r\n{length}\r\n".encode())


def _place(method: bytes, target: bytes) -> Place:
    address = target.decode("ascii")
    if method == b"CONNECT":
        return place_of(f"https://{address}")
    if not address.lower().startswith("http://"):
        raise ValueError("only http is forwarded; https comes as CONNECT")
    return place_of(address)


def _value(headers: list[bytes], name: bytes) -> bytes:
    return next((value.strip() for key, _, value in (h.partition(b":") for h in headers) if key.lower() == name), b"")


def _closing(head: list[bytes]) -> bytes:
    kept = [line for line in head if line.partition(b":")[0].lower() not in HOP_HEADERS]
    return b"\r\n".join([*kept, b"Connection: close", b"", b""])
