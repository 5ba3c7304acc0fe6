"""Serves the sample site over HTTP on loopback."""

import errno
import hashlib
import re
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from llm_engineering.domain.errors import BadInput, TwinError
from tools.sample_site.pages import Response, SampleSite

DEFAULT_PORT = 38417
POLL_SECONDS = 0.05
"""How long a shutdown may take to be noticed."""
IDLE_SECONDS = 10
"""A client that connects and then says nothing is dropped after this time."""
HOST = re.compile(r"[\w.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")


@contextmanager
def served(root: Path, host: str = "127.0.0.1", port: int = DEFAULT_PORT) -> Iterator[str]:
    """Serves the site in `root` while the context lasts; gives its address, without a last slash.

    Port 0 takes any free port. Raises BadInput when the port is taken or the host is not this machine's.
    """
    server = _listening(SampleSite(root), host, port)
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _listening(site: SampleSite, host: str, port: int) -> "_Server":
    try:
        return _Server(site, (host, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise BadInput(
                f"Port {port} is taken; stop the program that uses it or choose another with --port."
            ) from None
        raise BadInput(
            f"The sample site cannot listen on {host}:{port} ({error.strerror}); choose another port with --port."
        ) from None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, site: SampleSite, address: tuple[str, int]) -> None:
        self.site = site
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without the reverse name look-up of HTTPServer, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up early is no news; anything else is."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS

    def do_GET(self) -> None:
        """The page with its validators, or 304 when the client has it already."""
        host = self.headers.get("Host") or f"{self.server.server_name}:{self.server.server_port}"
        if not HOST.fullmatch(host):
            self._send(_plain(400, "The Host header is not a host name."), {})
            return
        try:
            response = self.server.site.respond(unquote(urlsplit(self.path).path), f"http://{host}")
        except TwinError as error:
            self._send(_plain(500, str(error)), {})
            return
        modified = self.server.site.modified_at()
        validators = {"ETag": _etag(response.body), "Last-Modified": format_datetime(modified, usegmt=True)}
        if response.status != 200:
            validators = {}
        elif self._client_has(validators["ETag"], modified):
            response = Response(304, response.content_type, b"")
        self._send(response, validators)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the site runs beside a program whose output matters."""

    def _client_has(self, etag: str, modified: datetime) -> bool:
        """RFC 9110, 13.2.2: If-None-Match decides alone where it is sent."""
        if (known := self.headers.get("If-None-Match")) is not None:
            tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
            return bool(tags & {etag, "*"})
        try:
            return modified <= parsedate_to_datetime(self.headers.get("If-Modified-Since", ""))
        except (ValueError, TypeError):
            return False

    def _send(self, response: Response, headers: dict[str, str]) -> None:
        self.send_response(response.status)
        for name, value in headers.items():
            self.send_header(name, value)
        if response.location:
            self.send_header("Location", response.location)
        if response.status != 304:
            self.send_header("Content-Type", response.content_type)
            self.send_header("Content-Length", str(len(response.body)))
        # One answer a connection: no idle connection outlives the server, so shutdown is immediate.
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _plain(status: int, sentence: str) -> Response:
    return Response(status, "text/plain; charset=utf-8", f"{sentence}\n".encode())
