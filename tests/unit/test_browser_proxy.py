"""The browser's proxy leads to public addresses only, and only while a page is being read."""

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler

import pytest

from llm_engineering.domain.errors import CollectError, FetchRefused
from llm_engineering.infrastructure.sources.browser_proxy import GuardedProxy, Traffic
from llm_engineering.infrastructure.sources.connections import Resolver, resolved_by_system
from tests.loopback import Loopback, Reply, serving

PUBLIC_PAGE = "https://public.example/article"


@contextmanager
def proxying(*allowed: str, resolve: Resolver = resolved_by_system) -> Iterator[GuardedProxy]:
    proxy = GuardedProxy(frozenset(allowed), resolve)
    try:
        yield proxy
    finally:
        proxy.close()


@contextmanager
def reading(site: Loopback, seconds: float = 5.0, max_bytes: int = 100_000) -> Iterator[tuple[GuardedProxy, Traffic]]:
    """A page of `site`, which is allowed, is being read."""
    with proxying(site.host) as proxy, proxy.page(f"{site.url}/page", seconds, max_bytes) as traffic:
        yield proxy, traffic


@contextmanager
def connected(proxy: GuardedProxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=8) as connection:
        yield connection


def all_of(connection: socket.socket) -> bytes:
    """What arrives until the end. Raises ConnectionResetError when that is no orderly one."""
    received = b""
    while data := connection.recv(65536):
        received += data
    return received


def asked(proxy: GuardedProxy, request: str) -> bytes:
    with connected(proxy) as connection:
        connection.sendall(request.encode())
        return all_of(connection)


def is_cut_off(proxy: GuardedProxy, request: str) -> bool:
    """Whether the browser would see that what it got is not all."""
    try:
        asked(proxy, request)
    except ConnectionResetError:
        return True
    return False


@contextmanager
def echoing() -> Iterator[int]:
    """A server that sends back what it gets; its port."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=echo, args=(connection,), daemon=True).start()

    def echo(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while data := connection.recv(65536):
                connection.sendall(data)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


# ------------------------------------------------------------------------------ what is forwarded


def test_a_page_is_forwarded_without_what_was_meant_for_the_proxy() -> None:
    with (
        serving({"/a?b=c": Reply("hello", headers={"Connection": "keep-alive"})}) as site,
        reading(site) as (proxy, _),
        connected(proxy) as connection,
    ):
        connection.sendall(
            f"GET {site.url}/a?b=c HTTP/1.1\r\nHost: {site.host}\r\nProxy-Connection: keep-alive\r\n"
            "Proxy-Authorization: Basic c2VjcmV0\r\nX-Mine: 1\r\n\r\n".encode()
        )
        answer = b""
        while not answer.endswith(b"hello"):
            answer += connection.recv(1000)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"keep-alive" not in head
    assert head.endswith(b"\r\nConnection: close")
    assert body == b"hello"
    request = site.asked[0]
    assert request.path == "/a?b=c"
    assert request.headers["x-mine"] == "1"
    assert request.headers["connection"] == "close"
    assert not any(name.startswith("proxy-") for name in request.headers)


def test_what_is_posted_arrives_whole() -> None:
    got: list[bytes] = []

    def take(request: BaseHTTPRequestHandler) -> None:
        got.append(request.rfile.read(int(request.headers["content-length"])))
        request.send_response(204)
        request.end_headers()

    body = "x" * 90_000
    with serving({"/form": take}) as site, reading(site, max_bytes=200_000) as (proxy, _):
        answer = asked(proxy, f"POST {site.url}/form HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n{body}")
    assert answer.startswith(b"HTTP/1.1 204")
    assert got == [body.encode()]


def test_a_tunnel_carries_bytes_both_ways() -> None:
    with (
        echoing() as port,
        proxying(f"127.0.0.1:{port}") as proxy,
        proxy.page(f"https://127.0.0.1:{port}/", 5, 100_000),
        connected(proxy) as connection,
    ):
        connection.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode())
        assert connection.recv(1000) == b"HTTP/1.1 200 OK\r\n\r\n"
        for message in (b"\x16\x03\x01 hello", b"again"):
            connection.sendall(message)
            assert connection.recv(1000) == message


def test_a_connection_serves_one_request_so_that_no_server_gets_what_was_meant_for_another() -> None:
    with serving({"/a": "hello", "/b": "secret"}) as site, reading(site) as (proxy, _):
        first = f"GET {site.url}/a HTTP/1.1\r\nHost: {site.host}\r\n\r\n"
        asked(proxy, first + f"GET {site.url}/b HTTP/1.1\r\nCookie: of-another\r\n\r\n")
        assert site.paths() == ["/a"]


def test_a_body_of_unknown_length_is_not_forwarded() -> None:
    with serving({"/a": "hello"}) as site, reading(site) as (proxy, _):
        assert is_cut_off(proxy, f"POST {site.url}/a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        assert site.asked == []


# ------------------------------------------------------------------------------ what is refused

PRIVATE = [
    "127.0.0.1",
    "localhost",
    "LOCALHOST.",
    "127.1",
    "2130706433",
    "0x7f.0.0.1",
    "0.0.0.0",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "10.0.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "[fd00::1]",
    "[fe80::1]",
    "[64:ff9b::7f00:1]",
]


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_refused_in_every_spelling_by_tunnel_and_by_request(host: str) -> None:
    with (
        serving({}) as secret,
        serving({}) as site,
        reading(site) as (proxy, traffic),
    ):
        place = f"{host}:{secret.port}"
        assert asked(proxy, f"CONNECT {place} HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 403 ")
        assert asked(proxy, f"GET http://{place}/secret HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 403 ")
        assert secret.asked == []
        assert [type(problem) for problem in traffic.problems.values()] == [FetchRefused]
        assert "not a public address" in str(next(iter(traffic.problems.values())))


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["::ffff:10.0.0.1"]])
def test_a_name_that_leads_to_a_private_address_is_refused(addresses: list[str]) -> None:
    with (
        serving({}) as secret,
        proxying(resolve=lambda host, port: addresses) as proxy,
        proxy.page("http://evil.example/", 5, 100_000) as traffic,
    ):
        answer = asked(proxy, f"GET http://evil.example:{secret.port}/ HTTP/1.1\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert secret.asked == []
        assert "evil.example leads to" in str(traffic.problems["evil.example", secret.port])


def test_a_name_is_resolved_once_for_a_connection_so_that_no_second_answer_can_lead_elsewhere() -> None:
    answers = [["127.0.0.1"], ["127.0.0.2"], ["127.0.0.2"]]
    with serving({"/a": "hello"}) as site:
        place = f"rebinding.example:{site.port}"
        with (
            proxying(place, resolve=lambda host, port: answers.pop(0)) as proxy,
            proxy.page(f"http://{place}/a", 5, 100_000),
        ):
            assert asked(proxy, f"GET http://{place}/a HTTP/1.1\r\n\r\n").endswith(b"hello")
    assert len(answers) == 2


def test_a_public_page_may_not_reach_the_private_hosts_that_are_allowed() -> None:
    with (
        serving({}) as site,
        proxying(site.host) as proxy,
        proxy.page(PUBLIC_PAGE, 5, 100_000),
    ):
        assert asked(proxy, f"GET {site.url}/ HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 403 ")
        assert site.asked == []


def test_neither_the_proxy_nor_the_browsers_driver_can_be_reached_even_where_the_host_is_allowed() -> None:
    with (
        serving({"/status": "ready"}) as driver,
        proxying("127.0.0.1") as proxy,
        proxy.page("http://127.0.0.1:1/", 5, 100_000, frozenset({driver.port})),
    ):
        for port in (driver.port, proxy.port):
            answer = asked(proxy, f"GET http://127.0.0.1:{port}/status HTTP/1.1\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 403 ")
        assert driver.asked == []


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", f"{'a' * 80}.example", "-"])
def test_a_host_that_is_nowhere_is_a_problem_and_no_crash(host: str) -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    resolve = nowhere if host.endswith("invalid") else resolved_by_system
    with proxying(resolve=resolve) as proxy, proxy.page(PUBLIC_PAGE, 5, 100_000) as traffic:
        assert asked(proxy, f"CONNECT {host}:443 HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 502 ")
        problem = traffic.problems[host, 443]
        assert type(problem) is CollectError
        assert f"no connection to {host}:443" in str(problem)


@pytest.mark.parametrize(
    "request_head",
    [
        "GET / HTTP/1.1",
        "GET https://example.org/ HTTP/1.1",
        "GET ftp://example.org/ HTTP/1.1",
        "GET file:///etc/passwd HTTP/1.1",
        "GET http:///x HTTP/1.1",
        "GET http://example.org:99999/ HTTP/1.1",
        "GET http://exämple.org/ HTTP/1.1",
        "GET http://example.org/",
        "GET http://example.org/ a b HTTP/1.1",
        "CONNECT :443 HTTP/1.1",
        "CONNECT [::1 HTTP/1.1",
        "",
        "GET http://example.org/ HTTP/1.1\r\nX-Long: " + "x" * 70_000,
    ],
)
def test_what_is_no_request_for_a_proxy_is_refused(request_head: str) -> None:
    resolved: list[str] = []

    def note(host: str, port: int) -> list[str]:
        resolved.append(host)
        return []

    with proxying(resolve=note) as proxy, proxy.page(PUBLIC_PAGE, 5, 100_000):
        if len(request_head) < 65536:
            assert asked(proxy, f"{request_head}\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        else:  # what is left unread resets the connection, maybe before the answer is read
            with suppress(ConnectionResetError):
                assert asked(proxy, f"{request_head}\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        assert resolved == []


def test_half_of_a_page_does_not_look_like_all_of_it() -> None:
    def breaks_off(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n<p>the first half")
        request.wfile.flush()
        request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(request.connection.detach())

    with serving({"/a": breaks_off}) as site, reading(site) as (proxy, _):
        assert is_cut_off(proxy, f"GET {site.url}/a HTTP/1.1\r\n\r\n")


# ------------------------------------------------------------------------------ limits


def test_nothing_is_forwarded_while_no_page_is_read() -> None:
    with serving({"/a": "hello"}) as site, proxying(site.host) as proxy:
        request = f"GET {site.url}/a HTTP/1.1\r\n\r\n"
        assert asked(proxy, request) == b""
        with proxy.page(f"{site.url}/a", 5, 100_000):
            assert asked(proxy, request).endswith(b"hello")
        assert asked(proxy, request) == b""
        assert site.paths() == ["/a"]


def test_the_connections_of_a_page_break_off_when_it_is_done() -> None:
    with echoing() as port, proxying(f"127.0.0.1:{port}") as proxy, connected(proxy) as connection:
        with proxy.page(f"http://127.0.0.1:{port}/", 60, 100_000):
            connection.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode())
            connection.recv(1000)
        started = time.monotonic()
        with suppress(ConnectionResetError):
            assert all_of(connection) == b""
        assert time.monotonic() - started < 2


def endless(pause: float) -> Callable[[BaseHTTPRequestHandler], None]:
    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        with suppress(OSError):
            while True:
                request.wfile.write(b"x" * 1000)
                time.sleep(pause)

    return drip


def test_a_page_may_load_only_so_many_bytes_in_all() -> None:
    with serving({"/a": endless(0)}) as site, reading(site, seconds=60, max_bytes=50_000) as (proxy, traffic):
        request = f"GET {site.url}/a HTTP/1.1\r\n\r\n"
        assert is_cut_off(proxy, request)
        assert traffic.exhausted
        with suppress(ConnectionResetError):
            assert asked(proxy, request).startswith(b"HTTP/1.1 502 ")


def test_what_a_page_sends_counts_too() -> None:
    with serving({"/a": "hello"}) as site, reading(site, max_bytes=50_000) as (proxy, traffic):
        assert is_cut_off(proxy, f"POST {site.url}/a HTTP/1.1\r\nContent-Length: 90000\r\n\r\n{'x' * 90_000}")
        assert traffic.exhausted


def test_a_page_may_load_only_for_so_long() -> None:
    with serving({"/a": endless(0.02)}) as site, reading(site, seconds=1.0, max_bytes=10**9) as (proxy, _):
        started = time.monotonic()
        assert is_cut_off(proxy, f"GET {site.url}/a HTTP/1.1\r\n\r\n")
        assert 0.8 < time.monotonic() - started < 3


def test_a_server_that_says_nothing_does_not_take_all_the_time_of_a_page() -> None:
    with serving({"/a": lambda request: time.sleep(3)}) as site, reading(site, seconds=3.0) as (proxy, traffic):
        started = time.monotonic()
        assert is_cut_off(proxy, f"GET {site.url}/a HTTP/1.1\r\n\r\n")
        assert time.monotonic() - started < 2
        assert traffic.seconds_left() > 0.5
