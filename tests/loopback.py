"""A web server on 127.0.0.1 that answers as a test says, and remembers what it was asked."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

Raw = Callable[[BaseHTTPRequestHandler], None]
"""Answers by itself, for what no honest server would send."""


@dataclass
class Reply:
    """A status, a body and headers."""

    body: str | bytes = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """A request as it arrived."""

    path: str
    headers: Mapping[str, str]


@dataclass
class Loopback:
    """A running server."""

    port: int
    routes: dict[str, Reply | Raw | list[Reply]]
    asked: list[Asked] = field(default_factory=list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def paths(self) -> list[str]:
        return [request.path for request in self.asked if request.path != "/robots.txt"]


@contextmanager
def serving(routes: Mapping[str, Reply | Raw | list[Reply] | str]) -> Iterator[Loopback]:
    """Serve the routes; a list is answered one after the other, its last one for good. Others are 404."""
    replies = {path: Reply(reply) if isinstance(reply, str) else reply for path, reply in routes.items()}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append(Asked(self.path, {name.lower(): value for name, value in self.headers.items()}))
            reply = site.routes.get(self.path, Reply("nothing here", 404))
            if isinstance(reply, list):
                reply = reply.pop(0) if len(reply) > 1 else reply[0]
            if not isinstance(reply, Reply):
                self.close_connection = True
                reply(self)
                return
            body = reply.body.encode() if isinstance(reply.body, str) else reply.body
            headers = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body)), **reply.headers}
            self.send_response(reply.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = Loopback(server.server_address[1], replies)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
