"""The loopback web, in a process of its own, so that neither its time nor its memory is taken for the reader's.

`python -m benchmarks.collect.server SEED PAGES HOSTS trouble|calm` says its ports and serves until its input ends.
"""

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.collect.answers import Routes, routes
from benchmarks.collect.connection import Finished, Request
from benchmarks.collect.plan import Kind, Page, expected, planned
from benchmarks.collect.prose import Text
from llm_engineering.domain.documents import Outcome

REPOSITORY = Path(__file__).resolve().parents[2]
MODULE = "benchmarks.collect.server"
LOOPBACK = "127.0.0.1"
BACKLOG = 512
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class Wanted:
    """An address, and what must become of it."""

    url: str
    kind: Kind
    outcome: Outcome | None
    """In the first collection; None where the page is reported under another of its addresses."""
    link: str
    """Under which a good page is stored."""
    text: Text

    @property
    def is_good(self) -> bool:
        """Whether the page is to be stored, by this address."""
        return self.outcome is Outcome.NEW


@dataclass(frozen=True)
class Web:
    """A running loopback web."""

    pages: list[Page]
    port: int
    closed_port: int
    """Where nobody listens."""
    pid: int

    @property
    def wanted(self) -> list[Wanted]:
        """All addresses, in the order in which they are to be asked for."""
        return [self._wanted(page) for page in self.pages]

    @property
    def hosts(self) -> list[str]:
        """Every host with its port, as an allowance for private hosts names them."""
        names = sorted({page.host for page in self.pages})
        return [f"{name}:{port}" for name in names for port in (self.port, self.closed_port)]

    def resolve(self, host: str, port: int) -> list[str]:
        """Stands in for DNS: every name of this web is at 127.0.0.1; an address is itself."""
        return [LOOPBACK] if host.endswith(".example") else [host]

    def _wanted(self, page: Page) -> Wanted:
        port = self.closed_port if page.kind is Kind.REFUSED else self.port
        return Wanted(
            url=f"http://{page.host}:{port}{page.path}",
            kind=page.kind,
            outcome=expected(page.kind),
            link=f"http://{page.host}:{port}{page.canonical}",
            text=page.text,
        )


@contextmanager
def serving(seed: int, pages: int, hosts: int, *, trouble: bool = True) -> Iterator[Web]:
    """Start the server process, and stop it in the end."""
    command = [sys.executable, "-m", MODULE, str(seed), str(pages), str(hosts), "trouble" if trouble else "calm"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPOSITORY, text=True) as process:
        try:
            plan = planned(seed, pages, hosts, trouble=trouble)  # the other process plans the same meanwhile
            yield Web(plan, **json.loads(_line(process)), pid=process.pid)
        finally:
            _stop(process)


def _line(process: "subprocess.Popen[str]") -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise RuntimeError(f"The server process ended with {process.wait()} before it served.")
    return line


def _stop(process: "subprocess.Popen[str]") -> None:
    """The end of its input ends the server; a server that does not hear is killed."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


async def _serve(pages: list[Page]) -> None:
    """Serve until nobody holds our input any more."""
    closed = socket.socket()
    closed.bind((LOOPBACK, 0))  # bound, so that nobody else takes the port; not listening, so that it refuses
    found: Routes = {}
    server = await asyncio.start_server(_Connection(found).serve, LOOPBACK, 0, backlog=BACKLOG)
    port = server.sockets[0].getsockname()[1]
    found.update(routes(pages, port))
    print(json.dumps({"port": port, "closed_port": closed.getsockname()[1]}), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


class _Connection:
    """Answers the requests of a connection, one after the other."""

    def __init__(self, routes: Routes) -> None:
        self._routes = routes

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the client leaves or the page ends the connection."""
        try:
            with suppress(Finished, ConnectionError, asyncio.IncompleteReadError):
                while True:
                    await self._answer(reader, writer)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in head[1:] if line)
        request = Request({name.strip().lower(): value.strip() for name, _, value in fields}, reader, writer)
        path = head[0].split(" ")[1]
        answer = self._routes.get((request.headers.get("host", "").rsplit(":", 1)[0], path))
        await (answer(request) if answer else request.whole(404, b"nothing here"))


def _main(seed: str, pages: str, hosts: str, mood: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the reader, which then ends our input
    asyncio.run(_serve(planned(int(seed), int(pages), int(hosts), trouble=mood == "trouble")))


if __name__ == "__main__":
    _main(*sys.argv[1:])
