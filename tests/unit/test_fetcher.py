"""The fetcher is polite, and nothing that a page or a name server says makes it unsafe."""

import gzip
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

import brotli
import pytest
import zstandard

from llm_engineering.domain.errors import CollectError, FetchRefused, PageGone
from llm_engineering.infrastructure.sources.connections import is_public
from llm_engineering.infrastructure.sources.fetcher import HttpFetcher
from tests.loopback import Loopback, Reply, serving

PAGE = "<html><body><p>It’s a page.</p></body></html>"


@contextmanager
def fetching(site: Loopback, **options: Any) -> Iterator[HttpFetcher]:
    settings: dict[str, Any] = {
        "contact": "someone@example.org",
        "allowed_private_hosts": [site.host],
        "delay_seconds": 0,
        "timeout_seconds": 2,
        "backoff_seconds": 0.001,
    }
    fetcher = HttpFetcher(**{**settings, **options})
    try:
        yield fetcher
    finally:
        fetcher.close()


# ------------------------------------------------------------------------------ pages


def test_a_page_comes_with_its_final_address_its_text_and_its_headers():
    with serving({"/a": Reply(PAGE, headers={"ETag": '"1"'})}) as site, fetching(site) as fetcher:
        page = fetcher.fetch(f"{site.url}/a")
    assert (page.url, page.status, page.html) == (f"{site.url}/a", 200, PAGE)
    assert page.headers["etag"] == '"1"'


def test_the_user_agent_names_the_program_and_the_contact():
    with serving({"/a": PAGE}) as site, fetching(site) as fetcher:
        fetcher.fetch(f"{site.url}/a")
    assert {request.headers["user-agent"] for request in site.asked} == {"LLMTwin/0.1 (+someone@example.org)"}


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("br", brotli.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda b: _raw(b)),
        ("zstd", zstandard.compress),
        ("zstd", lambda b: zstandard.compress(b[:999]) + zstandard.compress(b[999:])),
    ],
)
def test_packed_pages_are_unpacked(encoding, pack):
    body = pack((PAGE * 5000).encode())
    with serving({"/a": Reply(body, headers={"Content-Encoding": encoding})}) as site, fetching(site) as fetcher:
        assert fetcher.fetch(f"{site.url}/a").html == PAGE * 5000


def _raw(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("Ça va – déjà “vu”".encode("cp1252"), "text/html; charset=iso-8859-1"),
        ("Ça va – déjà “vu”".encode(), "text/html; charset=iso-8859-1"),
        ("Ça va – déjà “vu”".encode(), "text/html"),
        (b'<meta charset="windows-1252">' + "Ça va – déjà “vu”".encode("cp1252"), "text/html"),
        ("Ça va – déjà “vu”".encode("utf-16"), "text/html"),
    ],
)
def test_a_page_is_read_in_the_encoding_that_it_was_written_in(body, content_type):
    with serving({"/a": Reply(body, headers={"Content-Type": content_type})}) as site, fetching(site) as fetcher:
        assert fetcher.fetch(f"{site.url}/a").html.endswith("Ça va – déjà “vu”")


def test_known_pages_are_asked_for_conditionally_and_may_answer_not_modified():
    with serving({"/a": Reply(status=304)}) as site, fetching(site) as fetcher:
        page = fetcher.fetch(f"{site.url}/a", etag='"1"', last_modified="Mon, 02 Jan 2023 10:00:00 GMT")
    assert (page.status, page.html) == (304, "")
    assert site.asked[-1].headers["if-none-match"] == '"1"'
    assert site.asked[-1].headers["if-modified-since"] == "Mon, 02 Jan 2023 10:00:00 GMT"


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_says_so(status):
    with (
        serving({"/a": Reply("gone", status)}) as site,
        fetching(site) as fetcher,
        pytest.raises(PageGone, match=str(status)),
    ):
        fetcher.fetch(f"{site.url}/a")


@pytest.mark.parametrize("kind", ["image/png", "application/pdf", "video/mp4"])
def test_what_is_no_text_is_not_read(kind):
    with (
        serving({"/a": Reply("x", headers={"Content-Type": kind})}) as site,
        fetching(site) as fetcher,
        pytest.raises(CollectError, match=kind),
    ):
        fetcher.fetch(f"{site.url}/a")


def test_binary_data_that_calls_itself_html_is_not_taken_for_a_page():
    with (
        serving({"/a": Reply(b"\x00\x01\x02" * 50)}) as site,
        fetching(site) as fetcher,
        pytest.raises(CollectError, match="not a page"),
    ):
        fetcher.fetch(f"{site.url}/a")


# ------------------------------------------------------------------------------ politeness


def test_robots_txt_is_asked_once_and_obeyed():
    robots = "User-agent: *\nDisallow: /private/\n"
    with serving({"/robots.txt": robots, "/a": PAGE, "/private/b": PAGE}) as site, fetching(site) as fetcher:
        fetcher.fetch(f"{site.url}/a")
        with pytest.raises(FetchRefused, match=r"robots\.txt"):
            fetcher.fetch(f"{site.url}/private/b")
        fetcher.fetch(f"{site.url}/a")
    assert [request.path for request in site.asked] == ["/robots.txt", "/a", "/a"]


def test_a_rule_for_our_own_name_counts_before_the_one_for_everybody():
    robots = "User-agent: LLMTwin\nDisallow: /\n\nUser-agent: *\nDisallow:\n"
    with serving({"/robots.txt": robots, "/a": PAGE}) as site, fetching(site) as fetcher, pytest.raises(FetchRefused):
        fetcher.fetch(f"{site.url}/a")


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_robots_txt_that_is_not_there_forbids_nothing(status):
    with serving({"/robots.txt": Reply("Disallow: /", status), "/a": PAGE}) as site, fetching(site) as fetcher:
        assert fetcher.fetch(f"{site.url}/a").html == PAGE


def test_a_robots_txt_that_fails_forbids_everything():
    with (
        serving({"/robots.txt": Reply("", 503), "/a": PAGE}) as site,
        fetching(site) as fetcher,
        pytest.raises(FetchRefused, match="503"),
    ):
        fetcher.fetch(f"{site.url}/a")
    assert site.paths() == []


def test_a_redirect_to_a_page_that_robots_txt_forbids_is_not_followed():
    routes = {
        "/robots.txt": "User-agent: *\nDisallow: /private",
        "/a": Reply(status=302, headers={"Location": "/private"}),
        "/private": PAGE,
    }
    with serving(routes) as site, fetching(site) as fetcher, pytest.raises(FetchRefused, match=r"robots\.txt"):
        fetcher.fetch(f"{site.url}/a")
    assert site.paths() == ["/a"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(status):
    with serving({"/a": [Reply("", status), Reply("", status), Reply(PAGE)]}) as site, fetching(site) as fetcher:
        assert fetcher.fetch(f"{site.url}/a").html == PAGE
    assert site.paths() == ["/a"] * 3


def test_three_failures_are_enough_and_the_status_is_named():
    with serving({"/a": Reply("", 500)}) as site, fetching(site) as fetcher, pytest.raises(CollectError, match="500"):
        fetcher.fetch(f"{site.url}/a")
    assert site.paths() == ["/a"] * 3


def test_a_refusal_is_not_tried_again():
    with serving({"/a": Reply("", 403)}) as site, fetching(site) as fetcher, pytest.raises(CollectError, match="403"):
        fetcher.fetch(f"{site.url}/a")
    assert site.paths() == ["/a"]


def test_retry_after_is_waited_for():
    waits: list[float] = []
    again = Reply("", 429, {"Retry-After": "7"})
    with serving({"/a": [again, Reply(PAGE)]}) as site, fetching(site, sleep=waits.append) as fetcher:
        fetcher.fetch(f"{site.url}/a")
    assert 7 in [round(wait) for wait in waits]


def test_a_retry_after_of_an_hour_is_reported_and_not_waited_for():
    waits: list[float] = []
    with (
        serving({"/a": Reply("", 503, {"Retry-After": "3600"})}) as site,
        fetching(site, sleep=waits.append) as fetcher,
        pytest.raises(CollectError, match="3600 seconds"),
    ):
        fetcher.fetch(f"{site.url}/a")
    assert max(waits) < 1


def test_back_off_doubles_with_jitter():
    waits: list[float] = []
    with (
        serving({"/a": Reply("", 503)}) as site,
        fetching(site, sleep=waits.append, backoff_seconds=1) as fetcher,
        pytest.raises(CollectError),
    ):
        fetcher.fetch(f"{site.url}/a")
    first, second = [wait for wait in waits if wait > 0.1]
    assert 0.5 <= first <= 1.5
    assert 1 <= second <= 3


def test_requests_to_one_host_are_a_delay_apart():
    waits: list[float] = []
    with serving({"/a": PAGE}) as site, fetching(site, delay_seconds=5, sleep=waits.append) as fetcher:
        fetcher.fetch(f"{site.url}/a")
    assert 4 < max(waits) <= 5


def test_the_delay_that_robots_txt_asks_for_is_kept_when_it_is_longer():
    waits: list[float] = []
    with (
        serving({"/robots.txt": "User-agent: *\nCrawl-delay: 9", "/a": PAGE}) as site,
        fetching(site, delay_seconds=1, sleep=waits.append) as fetcher,
    ):
        fetcher.fetch(f"{site.url}/a")
        fetcher.fetch(f"{site.url}/a")
    assert 8 < max(waits) <= 9


# ------------------------------------------------------------------------------ attacks


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_loopback_is_refused_however_it_is_written(host):
    with (
        serving({"/a": PAGE}) as site,
        fetching(site, allowed_private_hosts=[]) as fetcher,
        pytest.raises(CollectError),
    ):
        fetcher.fetch(f"http://{host}:{site.port}/a")
    assert site.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:7f00:1::",
    ],
)
def test_a_name_that_stands_for_a_private_address_is_refused_after_dns(address):
    assert not is_public(address)
    fetcher = HttpFetcher(resolve=lambda host, port: ["93.184.216.34", address], attempts=1)
    with pytest.raises(FetchRefused, match="not a public address"):
        fetcher.fetch("http://harmless.example/")


def test_an_address_in_place_of_a_name_does_not_lead_to_itself():
    fetcher = HttpFetcher(resolve=lambda host, port: [host], attempts=1)
    with pytest.raises(FetchRefused, match=r"^10\.0\.0\.1 is not a public address"):
        fetcher.fetch("http://10.0.0.1/")


def test_public_addresses_are_public():
    assert is_public("93.184.216.34")
    assert is_public("2606:4700::6810:84e5")


def test_a_name_is_resolved_once_for_a_connection_and_the_checked_address_is_the_one_connected_to():
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with serving({"/robots.txt": "", "/a": PAGE}) as site:
        name = f"blog.example:{site.port}"
        with fetching(site, allowed_private_hosts=[name], resolve=resolve) as fetcher:
            assert fetcher.fetch(f"http://{name}/a").html == PAGE
    assert asked == ["blog.example"]
    assert {request.headers["host"] for request in site.asked} == {name}


def test_an_allowed_address_does_not_allow_a_foreign_name_that_leads_to_it():
    with (
        serving({"/a": PAGE}) as site,
        fetching(site, resolve=lambda h, p: ["127.0.0.1"]) as fetcher,
        pytest.raises(FetchRefused, match=r"evil\.example"),
    ):
        fetcher.fetch(f"http://evil.example:{site.port}/a")
    assert site.asked == []


def test_an_allowed_host_does_not_allow_one_that_only_ends_or_starts_like_it():
    with serving({"/a": PAGE}) as site:
        allowed = ["blog.example"]
        with fetching(site, allowed_private_hosts=allowed, resolve=lambda h, p: ["127.0.0.1"]) as fetcher:
            for host in ("blog.example.evil.example", "evilblog.example"):
                with pytest.raises(FetchRefused):
                    fetcher.fetch(f"http://{host}:{site.port}/a")
            assert fetcher.fetch(f"http://BLOG.example:{site.port}/a").html == PAGE


def test_a_redirect_to_a_private_address_is_not_followed():
    with serving({"/secret": PAGE}) as inner:
        routes = {"/a": Reply(status=302, headers={"Location": f"{inner.url}/secret"})}
        with serving(routes) as site, fetching(site) as fetcher, pytest.raises(FetchRefused):
            fetcher.fetch(f"{site.url}/a")
        assert inner.asked == []


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://example.org/x", "javascript:alert(1)", "gopher://x/"])
def test_only_http_is_spoken_also_after_a_redirect(place):
    with serving({"/a": Reply(status=302, headers={"Location": place})}) as site, fetching(site) as fetcher:
        for url in (place, f"{site.url}/a"):
            with pytest.raises(FetchRefused, match="neither http nor https"):
                fetcher.fetch(url)


@pytest.mark.parametrize(
    "url", ["http://", "http:///x", "http://user:secret@example.org/", "http://[::1/", "http://a:b/"]
)
def test_an_address_that_cannot_be_meant_is_refused_without_repeating_a_password(url):
    with pytest.raises(CollectError) as caught:
        HttpFetcher().fetch(url)
    assert "secret" not in str(caught.value)


def test_a_redirect_loop_ends():
    routes = {
        "/a": Reply(status=302, headers={"Location": "/b"}),
        "/b": Reply(status=302, headers={"Location": "/a"}),
    }
    with serving(routes) as site, fetching(site) as fetcher, pytest.raises(CollectError, match="circle"):
        fetcher.fetch(f"{site.url}/a")


def test_an_endless_chain_of_redirects_ends():
    routes = {f"/{n}": Reply(status=301, headers={"Location": f"/{n + 1}"}) for n in range(50)}
    with serving(routes) as site, fetching(site) as fetcher, pytest.raises(CollectError, match="5 redirects"):
        fetcher.fetch(f"{site.url}/0")
    assert len(site.paths()) == 6


def test_a_huge_body_is_not_read_to_its_end():
    sent = 0

    def endless(request: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        request.send_response(200)
        request.send_header("Content-Type", "text/html")
        request.end_headers()
        with suppress(OSError):
            for _ in range(2000):
                request.wfile.write(b"x" * 100_000)
                sent += 100_000

    with (
        serving({"/a": endless}) as site,
        fetching(site, max_bytes=1_000_000) as fetcher,
        pytest.raises(CollectError, match="larger than 1,000,000 bytes"),
    ):
        fetcher.fetch(f"{site.url}/a")
    assert sent < 50_000_000


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("br", brotli.compress), ("zstd", zstandard.compress)]
)
def test_a_bomb_is_stopped_at_the_limit_of_what_comes_out(encoding, pack):
    import tracemalloc

    bomb = pack(b"\0" * 200_000_000, quality=1) if encoding == "br" else pack(b"\0" * 200_000_000)
    with (
        serving({"/a": Reply(bomb, headers={"Content-Encoding": encoding})}) as site,
        fetching(site, max_bytes=1_000_000, timeout_seconds=20) as fetcher,
    ):
        tracemalloc.start()
        with pytest.raises(CollectError, match="larger than"):
            fetcher.fetch(f"{site.url}/a")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 20_000_000


def test_a_bomb_within_a_packed_body_is_stopped_too():
    inner = gzip.compress(b"\0" * 50_000_000)
    with (
        serving({"/s.xml.gz": Reply(inner)}) as site,
        fetching(site, max_bytes=1_000_000) as fetcher,
        pytest.raises(CollectError, match="larger than"),
    ):
        fetcher.fetch(f"{site.url}/s.xml.gz")


@pytest.mark.parametrize("place", ["head", "body"])
def test_a_slow_drip_ends_with_the_time_for_the_whole_request(place):
    def drip(request: BaseHTTPRequestHandler) -> None:
        start = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
        request.wfile.write(start if place == "head" else start + b"\r\n")
        with suppress(OSError):
            for _ in range(100):
                request.wfile.write(b"X-A: b\r\n" if place == "head" else b"x")
                request.wfile.flush()
                time.sleep(0.1)

    with serving({"/a": drip}) as site, fetching(site, timeout_seconds=0.5, attempts=1) as fetcher:
        started = time.monotonic()
        with pytest.raises(CollectError, match="in time"):
            fetcher.fetch(f"{site.url}/a")
        assert time.monotonic() - started < 2


def test_a_body_that_breaks_off_is_no_page():
    def broken(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5000\r\n\r\n<html>")

    with serving({"/a": broken}) as site, fetching(site) as fetcher, pytest.raises(CollectError, match="broke off"):
        fetcher.fetch(f"{site.url}/a")
    assert site.paths() == ["/a"] * 3


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)])
def test_a_packed_body_that_ends_too_early_is_no_page(encoding, pack):
    body = pack((PAGE * 100).encode())[:-20]
    with (
        serving({"/a": Reply(body, headers={"Content-Encoding": encoding})}) as site,
        fetching(site) as fetcher,
        pytest.raises(CollectError, match="too early"),
    ):
        fetcher.fetch(f"{site.url}/a")


def test_a_host_that_is_not_there_is_reported_with_its_name():
    def unknown(host: str, port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    fetcher = HttpFetcher(resolve=unknown, attempts=1)
    with pytest.raises(CollectError, match=r"nowhere\.example"):
        fetcher.fetch("http://nowhere.example/")


def test_a_certificate_that_nobody_signed_is_refused(tmp_path):
    import ssl
    import subprocess
    from http.server import ThreadingHTTPServer
    from threading import Thread

    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "1",
            "-subj",
            "/CN=localhost",
            "-keyout",
            str(key),
            "-out",
            str(certificate),
        ],
        capture_output=True,
    )
    if made.returncode != 0:
        pytest.skip("openssl is not installed")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    Thread(target=server.serve_forever, daemon=True).start()
    fetcher = HttpFetcher(allowed_private_hosts=["localhost"], attempts=1)
    try:
        with pytest.raises(CollectError, match="certificate"):
            fetcher.fetch(f"https://localhost:{server.server_address[1]}/")
    finally:
        server.shutdown()
        server.server_close()


def test_a_page_has_a_time_limit_in_all_however_many_attempts_are_left():
    def refuse(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.1)
        handler.send_response(503)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    options = {"attempts": 1000, "backoff_seconds": 0.05, "page_seconds": 1.0}
    with serving({"/a": refuse}) as site, fetching(site, **options) as fetcher:
        started = time.monotonic()
        with pytest.raises(CollectError, match="no page may take longer than 1 seconds"):
            fetcher.fetch(f"{site.url}/a")
        assert time.monotonic() - started < 5


def test_another_client_takes_its_turn_at_a_host_and_obeys_its_robots_txt():
    pauses: list[float] = []
    routes = {"/robots.txt": "User-agent: *\nDisallow: /private", "/a": PAGE}
    with serving(routes) as site, fetching(site, delay_seconds=3, sleep=pauses.append) as fetcher:
        with fetcher.turn(f"{site.url}/app"):
            pass
        fetcher.fetch(f"{site.url}/a")
        assert sum(pause > 2 for pause in pauses) == 2  # after robots.txt, and after the other's turn
        with pytest.raises(FetchRefused, match=r"robots\.txt"), fetcher.turn(f"{site.url}/private/x"):
            pass
        with pytest.raises(FetchRefused, match="neither http nor https"), fetcher.turn("file:///etc/passwd"):
            pass
