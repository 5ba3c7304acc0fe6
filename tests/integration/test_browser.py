"""Real Chromium reads what JavaScript writes, reaches nothing private, and leaves nothing behind."""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import psutil
import pytest

from llm_engineering.domain.errors import BrowserMissing, CollectError, FetchRefused, PageGone
from llm_engineering.infrastructure.sources import browser
from llm_engineering.infrastructure.sources.browser import BrowserFetcher
from llm_engineering.infrastructure.sources.browser_process import found_programs
from llm_engineering.infrastructure.sources.connections import resolved_by_system
from llm_engineering.infrastructure.sources.fetcher import HttpFetcher
from tests.loopback import Loopback, Raw, Reply, serving


def missing() -> str:
    try:
        found_programs(driver="chromedriver")
    except BrowserMissing as error:
        return str(error)
    return ""


pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(missing()), reason=missing())]

SENTENCE = "The tide came in while nobody looked."
SECRET = "nobody-may-read-this"


# ------------------------------------------------------------------------------ a room to look into


@pytest.fixture(scope="module")
def room() -> Iterator[Path]:
    """Where browsers write to; short, because a socket's name of at most 107 bytes has to be in it."""
    with tempfile.TemporaryDirectory(prefix="room-", dir="/tmp") as place, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", place)
        yield Path(place)


def browsers_in(place: Path) -> list[psutil.Process]:
    """Processes of browsers and drivers, and their guards, that were started from here."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and (
                str(place) in " ".join(process.cmdline()) or process.environ().get("HOME", "").startswith(f"{place}/")
            ):
                found.append(process)
    return found


def assert_nothing_is_left(place: Path, seconds: float = 0.0) -> None:
    end = time.monotonic() + seconds
    while (browsers_in(place) or list(place.iterdir())) and time.monotonic() < end:
        time.sleep(0.05)
    assert browsers_in(place) == []
    assert list(place.iterdir()) == []


@pytest.fixture
def own_room(room: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """One for this test alone."""
    with tempfile.TemporaryDirectory(prefix="r-", dir="/tmp") as place:
        monkeypatch.setenv("TMPDIR", place)
        yield Path(place)


@contextmanager
def fetching(*sites: Loopback, **options: Any) -> Iterator[BrowserFetcher]:
    settings: dict[str, Any] = {"allowed_private_hosts": [site.host for site in sites], "page_seconds": 20.0}
    fetcher = BrowserFetcher(**{**settings, **options})
    try:
        yield fetcher
    finally:
        fetcher.close()


# ------------------------------------------------------------------------------ the pages of one site

WRITTEN_LATER = f"<title>A</title><p id=x><script>setTimeout(() => {{ x.textContent = '{SENTENCE}' }}, 300)</script>"
FROM_A_SLOW_SERVER = (
    "<p>Loading…</p><p id=x><script>fetch('/slow-text').then(r => r.text()).then(t => { x.textContent = t })</script>"
)
AT_THE_END = (
    "<p>Start</p><div style='height: 9000px'></div><p id=end></p><script>"
    "new IntersectionObserver((seen) => { if (seen[0].isIntersecting)"
    " fetch('/text').then(r => r.text()).then(t => { end.textContent = t }) }).observe(end)</script>"
)
TALKATIVE = (
    "<script>alert(1); confirm(2); prompt(3); window.open('/text'); window.open('/text'); window.print();"
    f"document.write('<p>{SENTENCE}')</script>"
)
KEEPS = """<p id=x>kept</p><script>
document.cookie = "kept=yes; max-age=9999"; localStorage.kept = "yes";
indexedDB.open("kept", 1).onupgradeneeded = () => { x.append(" in a database") };
caches.open("kept").then(() => x.append(" in a cache"));
</script>"""
FINDS = """<p id=x>found:</p><script>
(async () => x.append([document.cookie, localStorage.kept, (await indexedDB.databases()).length,
                       (await caches.keys()).length].join("|"), ";"))();
</script>"""


def slow_text(request: BaseHTTPRequestHandler) -> None:
    time.sleep(1.5)
    send(request, SENTENCE)


def send(request: BaseHTTPRequestHandler, body: str) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "text/html; charset=utf-8")
    request.send_header("Content-Length", str(len(body.encode())))
    request.end_headers()
    request.wfile.write(body.encode())


def drip(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "text/html")
    request.end_headers()
    with suppress(OSError):
        while True:
            request.wfile.write(b"<p>more and more and more")
            time.sleep(0.05)


def flood(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Type", "text/html")
    request.end_headers()
    with suppress(OSError):
        while True:
            request.wfile.write(b"<p>" + b"x" * 60_000)


ROUTES: dict[str, Reply | Raw | str] = {
    "/later": WRITTEN_LATER,
    "/slow": FROM_A_SLOW_SERVER,
    "/slow-text": slow_text,
    "/end": AT_THE_END,
    "/text": SENTENCE,
    "/talkative": TALKATIVE,
    "/keeps": KEEPS,
    "/finds": FINDS,
    "/410": Reply("gone", 410),
    "/403": Reply("no", 403),
    "/500": Reply("broken", 500),
    "/pdf": Reply(b"%PDF-1.4 ", headers={"Content-Type": "application/pdf"}),
    "/zip": Reply(b"PK\x03\x04" + bytes(400), headers={"Content-Type": "application/zip"}),
    "/moved": Reply("", 301, {"Location": "/later?moved"}),
    "/later?moved": WRITTEN_LATER,
    "/moves-itself": "<script>location.replace('/later')</script>",
    "/renames-itself": f"<p>{SENTENCE}<script>history.replaceState(0, '', '/clean')</script>",
    "/file": "<p>hello<iframe src='file:///etc/passwd'></iframe><script>location = 'file:///etc/passwd'</script>",
    "/to-file": Reply("", 302, {"Location": "file:///etc/passwd"}),
    "/to-data": "<p>hello<script>location = URL.createObjectURL(new Blob(['<p>hi'], {type: 'text/html'}))</script>",
    "/agent": "<p id=x><script>x.textContent = navigator.userAgent</script>",
    "/stuck": f"<p>Before.<script src='/never.js'></script><p>{SENTENCE}",
    "/flood": flood,
    "/grows": "<p>x<script>document.write('<p>' + 'x'.repeat(60000))</script>",
    "/never.js": lambda request: time.sleep(5),
}


@pytest.fixture(scope="module")
def site() -> Iterator[Loopback]:
    with serving(ROUTES) as running:
        yield running


@pytest.fixture(scope="module")
def secret() -> Iterator[Loopback]:
    """A server of the private network that nobody allowed."""
    with serving({}) as running:
        yield running


@pytest.fixture(scope="module")
def friend() -> Iterator[Loopback]:
    """A server of the private network that is allowed."""
    with serving({"/fetch": SECRET, "/frame": SECRET}) as running:
        yield running


@pytest.fixture(scope="module")
def resolved() -> list[str]:
    """The names that were looked up."""
    return []


@pytest.fixture(scope="module")
def fetcher(site: Loopback, friend: Loopback, room: Path, resolved: list[str]) -> Iterator[BrowserFetcher]:
    """One for most tests; starting a browser takes longer than reading a page."""

    def resolve(host: str, port: int) -> list[str]:
        resolved.append(host)
        return ["127.0.0.1"] if host.endswith(".example") else resolved_by_system(host, port)

    allowed = [site.host, friend.host, f"other.example:{site.port}", "tls.example"]
    options: dict[str, Any] = {
        "contact": "me@example.org",
        "page_seconds": 9.0,
        "settle_seconds": 5.0,
        "max_bytes": 50_000,
    }
    with fetching(allowed_private_hosts=allowed, resolve=resolve, **options) as running:
        yield running
    assert_nothing_is_left(room)


# ------------------------------------------------------------------------------ reading


def test_text_that_a_script_writes_later_is_read(fetcher: BrowserFetcher, site: Loopback) -> None:
    page = fetcher.fetch(f"{site.url}/later#part")
    assert (page.url, page.status, page.content_type) == (f"{site.url}/later", 200, "text/html")
    assert f'<p id="x">{SENTENCE}</p>' in page.html


def test_text_that_a_slow_server_sends_is_waited_for(fetcher: BrowserFetcher, site: Loopback) -> None:
    assert f'<p id="x">{SENTENCE}</p>' in fetcher.fetch(f"{site.url}/slow").html


def test_text_that_comes_when_a_reader_reaches_the_end_is_read(fetcher: BrowserFetcher, site: Loopback) -> None:
    assert f'<p id="end">{SENTENCE}</p>' in fetcher.fetch(f"{site.url}/end").html


def test_text_after_a_script_that_never_comes_is_read(fetcher: BrowserFetcher, site: Loopback) -> None:
    assert SENTENCE in fetcher.fetch(f"{site.url}/stuck").html


@pytest.mark.parametrize(
    ("path", "final"), [("/moved", "/later?moved"), ("/moves-itself", "/later"), ("/renames-itself", "/clean")]
)
def test_the_address_is_the_one_that_a_reader_sees_in_the_end(
    path: str, final: str, fetcher: BrowserFetcher, site: Loopback
) -> None:
    page = fetcher.fetch(f"{site.url}{path}")
    assert page.url == f"{site.url}{final}"
    assert SENTENCE in page.html


@pytest.mark.parametrize("path", ["/404", "/410", "/403", "/500", "/pdf"])
def test_what_is_no_page_is_told_in_the_words_of_the_other_fetcher(
    path: str, fetcher: BrowserFetcher, site: Loopback
) -> None:
    plain = HttpFetcher(allowed_private_hosts=[site.host], delay_seconds=0, attempts=1)
    with pytest.raises(CollectError) as expected:
        plain.fetch(f"{site.url}{path}")
    plain.close()
    with pytest.raises(CollectError) as found:
        fetcher.fetch(f"{site.url}{path}")
    assert (type(found.value), str(found.value)) == (type(expected.value), str(expected.value))
    assert (type(found.value) is PageGone) == (path in ("/404", "/410"))


def test_a_download_is_refused_and_nothing_is_saved(fetcher: BrowserFetcher, site: Loopback, room: Path) -> None:
    with pytest.raises(CollectError, match="/zip is application/zip, not a page of text"):
        fetcher.fetch(f"{site.url}/zip")
    assert [path for path in room.rglob("*") if path.is_file() and path.read_bytes()[:4] == b"PK\x03\x04"] == []


def test_dialogs_and_new_windows_do_not_hold_up_a_page(fetcher: BrowserFetcher, site: Loopback) -> None:
    assert SENTENCE in fetcher.fetch(f"{site.url}/talkative").html


def test_the_browser_says_truthfully_who_it_is(fetcher: BrowserFetcher, site: Loopback) -> None:
    site.asked.clear()
    html = fetcher.fetch(f"{site.url}/agent").html
    agent = site.asked[0].headers["user-agent"]
    assert "Chrome/" in agent
    assert agent.endswith(" LLMTwin/0.1 (+me@example.org)")
    assert agent in html


def test_a_page_of_another_host_finds_nothing_that_was_kept(fetcher: BrowserFetcher, site: Loopback) -> None:
    other = f"http://other.example:{site.port}"
    fetcher.fetch(f"{site.url}/keeps")
    assert "found:kept=yes|yes|1|1;" in fetcher.fetch(f"{site.url}/finds").html
    fetcher.fetch(f"{other}/text")
    assert "found:||0|0;" in fetcher.fetch(f"{site.url}/finds").html


def test_the_browser_asks_nobody_for_anything_of_its_own_accord(
    fetcher: BrowserFetcher, site: Loopback, resolved: list[str]
) -> None:
    fetcher.fetch(f"{site.url}/later")
    assert {name for name in resolved if name not in ("127.0.0.1", "localhost")} <= {
        "other.example",
        "evil.example",
        "tls.example",
    }


# ------------------------------------------------------------------------------ attacks

VISITS = 5
"""How often an attacking page is opened until it has tried all it has."""


def attacks(host: str, port: int, udp_port: int) -> str:
    """A page that tries to reach a server by all that browsers have."""
    there = f"http://{host}:{port}"
    return f"""<html><head>
<link rel=preconnect href="{there}"><link rel=prefetch href="{there}/prefetch">
<link rel=stylesheet href="{there}/style.css"><link rel=modulepreload href="{there}/module.js">
<script type=speculationrules>{{"prerender": [{{"urls": ["{there}/prerender"]}}]}}</script>
<style>@font-face {{ font-family: f; src: url({there}/font) }} body {{ font-family: f; background: url({there}/bg) }}
</style></head><body><p>{SENTENCE}</p><p id=said>said:</p>
<iframe src="{there}/frame"></iframe><object data="{there}/object"></object><embed src="{there}/embed">
<img src="{there}/image"><video src="{there}/video" autoplay preload=auto></video>
<script src="{there}/script.js"></script>
<iframe name=inner></iframe><form id=form method=post target=inner action="{there}/form"><input name=a></form>
<script>
const say = (text) => said.append(" " + text);
form.submit();
fetch("{there}/fetch").then(r => r.text()).then(say, () => say("nofetch"));
fetch("{there}/post", {{method: "POST", mode: "no-cors", body: "x"}}).catch(() => 0);
navigator.sendBeacon("{there}/beacon", "x");
new EventSource("{there}/events");
const socket = new WebSocket("ws://{host}:{port}/socket");
socket.onopen = () => say("SOCKET"); socket.onerror = () => say("nosocket");
new Worker(URL.createObjectURL(new Blob(['fetch("{there}/worker", {{mode: "no-cors"}})'])));
try {{ new WebTransport("https://{host}:{udp_port}/").ready.then(() => say("TRANSPORT"), () => 0) }} catch (e) {{ }}
const peer = new RTCPeerConnection({{iceServers: [
  {{urls: "stun:{host}:{udp_port}"}},
  {{urls: "turn:{host}:{port}?transport=tcp", username: "a", credential: "b"}}]}});
peer.createDataChannel("x");
peer.onicecandidate = (event) => {{ if (event.candidate && event.candidate.candidate) say("CANDIDATE") }};
peer.createOffer().then(offer => peer.setLocalDescription(offer));
</script></body></html>"""


@contextmanager
def hearing() -> Iterator[tuple[int, list[bytes]]]:
    """A port for UDP, and what arrives there."""
    heard: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(0.1)
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                with suppress(TimeoutError):
                    heard.append(listener.recv(2000))

        thread = threading.Thread(target=listen)
        thread.start()
        yield listener.getsockname()[1], heard
        over.set()
        thread.join()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "evil.example"])
def test_no_page_reaches_a_private_server_by_any_means(
    host: str, fetcher: BrowserFetcher, site: Loopback, secret: Loopback
) -> None:
    with hearing() as (udp_port, heard):
        site.routes["/attack"] = Reply(attacks(host, secret.port, udp_port))
        for _ in range(VISITS):
            html = fetcher.fetch(f"{site.url}/attack").html
            if "nosocket" in html:
                break
    assert SENTENCE in html
    assert "said:" in html
    assert "nosocket" in html
    for gained in (" SOCKET", " TRANSPORT", " CANDIDATE"):
        assert gained not in html.partition("said:")[2].partition("</p>")[0]
    assert secret.asked == []
    assert heard == []


def test_the_same_page_reaches_a_server_that_is_allowed(
    fetcher: BrowserFetcher, site: Loopback, friend: Loopback
) -> None:
    """So that the test above proves something."""
    with hearing() as (udp_port, heard):
        site.routes["/attack"] = Reply(attacks("127.0.0.1", friend.port, udp_port))
        wanted = {"/prefetch", "/style.css", "/script.js", "/font", "/frame", "/fetch", "/post", "/form", "/socket"}
        wanted |= {"/beacon", "/worker", "/events", "/video"}
        # A page is left once its text stands still, which on a busy machine is before all was asked for.
        for _ in range(VISITS):
            html = fetcher.fetch(f"{site.url}/attack").html
            if wanted <= {request.path for request in friend.asked}:
                break
    assert wanted <= {request.path for request in friend.asked}
    assert SENTENCE in html
    assert heard == []  # UDP goes nowhere, not even there


def to(address: str) -> dict[str, Reply]:
    return {
        "by-status": Reply("", 302, {"Location": address}),
        "by-meta": Reply(f"<p>hello<meta http-equiv=refresh content='0; url={address}'>"),
        "by-script": Reply(f"<p>hello<script>location.href = '{address}'</script>"),
        "by-form": Reply(f"<form id=f action='{address}'><input name=a></form><script>f.submit()</script>"),
    }


@pytest.mark.parametrize(
    ("way", "host"), [*((way, "127.0.0.1") for way in sorted(to(""))), ("by-status", "evil.example")]
)
def test_no_redirect_leads_to_a_private_server(
    way: str, host: str, fetcher: BrowserFetcher, site: Loopback, secret: Loopback
) -> None:
    site.routes["/redirect"] = to(f"http://{host}:{secret.port}/secret")[way]
    with pytest.raises(FetchRefused, match="127.0.0.1,? .*not a public address"):
        fetcher.fetch(f"{site.url}/redirect")
    assert secret.asked == []


def test_a_name_that_leads_to_a_private_address_is_refused(
    fetcher: BrowserFetcher, secret: Loopback, resolved: list[str]
) -> None:
    with pytest.raises(FetchRefused, match="evil.example leads to 127.0.0.1"):
        fetcher.fetch(f"http://evil.example:{secret.port}/")
    assert "evil.example" in resolved
    assert secret.asked == []


def test_files_of_this_machine_are_not_shown(fetcher: BrowserFetcher, site: Loopback) -> None:
    assert "root:" not in fetcher.fetch(f"{site.url}/file").html
    with pytest.raises(CollectError, match="UNSAFE_REDIRECT"):
        fetcher.fetch(f"{site.url}/to-file")
    with pytest.raises(FetchRefused, match="neither http nor https"):
        fetcher.fetch(f"{site.url}/to-data")


@contextmanager
def serving_tls(certificate: Path, key: Path) -> Iterator[tuple[int, list[bytes]]]:
    """A port where TLS is spoken, and what was asked there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    asked: list[bytes] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with suppress(ssl.SSLError), context.wrap_socket(connection, server_side=True) as encrypted:
                    asked.append(encrypted.recv(1000))
                    encrypted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1], asked
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl to make a certificate")
def test_a_certificate_that_nobody_vouches_for_is_refused(fetcher: BrowserFetcher, tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=tls.example"]
    subprocess.run(
        [*command, "-addext", "subjectAltName=DNS:tls.example", "-out", certificate, "-keyout", key],
        check=True,
        capture_output=True,
    )
    with serving_tls(certificate, key) as (port, asked):
        with pytest.raises(CollectError, match="no connection .*ERR_CERT_AUTHORITY_INVALID"):
            fetcher.fetch(f"https://tls.example:{port}/")
        assert [request for request in asked if request] == []


# ------------------------------------------------------------------------------ time and size


def test_whatever_does_not_end_is_ended_in_time(own_room: Path) -> None:
    def hang(request: BaseHTTPRequestHandler) -> None:
        next(process for process in browsers_in(own_room) if process.name() == "chromedriver").suspend()
        send(request, SENTENCE)

    busy = f"<p>{SENTENCE}<script>setTimeout(() => {{ while (true); }}, 100)</script>"
    with serving({"/drip": drip, "/busy": busy, "/hang": hang}) as site, fetching(site, page_seconds=1.5) as fetcher:
        for path in ("/drip", "/busy", "/hang"):
            started = time.monotonic()
            with pytest.raises(CollectError, match="no complete page in time"):
                fetcher.fetch(f"{site.url}{path}")
            assert time.monotonic() - started < 15  # starting a browser is not counted in the 1.5 seconds
            assert_nothing_is_left(own_room)


def test_a_page_that_is_too_large_is_refused_and_so_is_one_that_grows_too_large(
    fetcher: BrowserFetcher, site: Loopback
) -> None:
    with pytest.raises(CollectError, match="loads more than 250,000 bytes, which is the limit"):
        fetcher.fetch(f"{site.url}/flood")
    with pytest.raises(CollectError, match="longer than 50,000 characters, which is the limit"):
        fetcher.fetch(f"{site.url}/grows")


# ------------------------------------------------------------------------------ nothing is left


def kill(name: str, place: Path) -> int:
    """Kill the program of that name that runs there; its process id."""
    found = min((p for p in browsers_in(place) if p.name() == name), key=lambda process: process.create_time())
    found.kill()
    return found.pid


def test_a_browser_that_crashes_is_replaced_once(fetcher: BrowserFetcher, site: Loopback, room: Path) -> None:
    killed: list[int] = []
    name = Path(found_programs().browser).name

    def kill_the_browser_once(request: BaseHTTPRequestHandler) -> None:
        if not killed:
            killed.append(kill(name, room))
        else:
            send(request, SENTENCE)

    def kill_the_driver(request: BaseHTTPRequestHandler) -> None:
        with suppress(ValueError, psutil.Error):  # Chromium asks a second time before it notices
            killed.append(kill("chromedriver", room))

    site.routes.update({"/once": kill_the_browser_once, "/always": kill_the_driver})
    assert SENTENCE in fetcher.fetch(f"{site.url}/once").html
    with pytest.raises(CollectError, match="the browser broke off"):
        fetcher.fetch(f"{site.url}/always")
    assert len(set(killed)) == 3
    assert_nothing_is_left(room)


def driver_of(place: Path) -> int:
    (driver,) = [process.pid for process in browsers_in(place) if process.name() == "chromedriver"]
    return driver


def test_a_browser_is_renewed_after_so_many_pages(
    fetcher: BrowserFetcher, site: Loopback, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetcher.fetch(f"{site.url}/text")
    first = driver_of(room)
    monkeypatch.setattr(browser, "PAGES_PER_BROWSER", 1)
    fetcher.fetch(f"{site.url}/text")
    assert driver_of(room) != first


def test_several_threads_may_fetch_at_once(fetcher: BrowserFetcher, site: Loopback, room: Path) -> None:
    read: dict[str, str] = {}
    paths = ["/later", "/agent"]
    threads = [
        threading.Thread(target=lambda path=path: read.update({path: fetcher.fetch(f"{site.url}{path}").html}))
        for path in paths
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert SENTENCE in read["/later"]
    assert "LLMTwin" in read["/agent"]
    assert driver_of(room)


def test_ctrl_c_leaves_nothing(fetcher: BrowserFetcher, site: Loopback, room: Path) -> None:
    def interrupt(request: BaseHTTPRequestHandler) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)

    site.routes["/interrupt"] = interrupt
    with pytest.raises(KeyboardInterrupt):
        fetcher.fetch(f"{site.url}/interrupt")
    assert_nothing_is_left(room)


def test_closing_ends_a_page_that_is_being_rendered(own_room: Path) -> None:
    def close(request: BaseHTTPRequestHandler) -> None:
        fetcher.close()

    with serving({"/": close}) as site, fetching(site) as fetcher:
        started = time.monotonic()
        with pytest.raises(CollectError, match="the browser broke off"):
            fetcher.fetch(f"{site.url}/")
        assert time.monotonic() - started < 15
        assert_nothing_is_left(own_room)
        fetcher.close()
        with pytest.raises(CollectError, match="was closed"):
            fetcher.fetch(f"{site.url}/")


RENDERING = """
import sys
from llm_engineering.infrastructure.sources.browser import BrowserFetcher
BrowserFetcher(allowed_private_hosts=[sys.argv[1]]).fetch(f"http://{sys.argv[1]}/drip")
"""


def test_nothing_is_left_when_the_program_is_told_to_end_while_it_renders(own_room: Path) -> None:
    with serving({"/drip": drip}) as site:
        with subprocess.Popen([sys.executable, "-c", RENDERING, site.host], stderr=subprocess.DEVNULL) as program:
            while not site.paths() and program.poll() is None:
                time.sleep(0.05)
            assert driver_of(own_room)
            program.terminate()
        assert program.returncode == -signal.SIGTERM
        assert_nothing_is_left(own_room, seconds=8)
