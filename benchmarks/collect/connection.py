"""A request to the loopback web, and the ways to answer it."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

HTML = "text/html; charset=utf-8"
REASONS = {
    200: "OK",
    301: "Moved Permanently",
    302: "Found",
    304: "Not Modified",
    404: "Not Found",
    410: "Gone",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


@dataclass
class Request:
    """A request, and the connection to answer on."""

    headers: Mapping[str, str]
    """Names in lower case."""
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def whole(self, status: int, body: bytes, headers: Mapping[str, str | int] | None = None) -> None:
        """An answer with its length; the connection stays open."""
        given = {"Content-Type": HTML, "Content-Length": len(body), **(headers or {})}
        await self.send(_head(status, given) + body)

    async def head(self, status: int, headers: Mapping[str, str | int]) -> None:
        """The status line and the headers alone."""
        await self.send(_head(status, headers))

    async def send(self, data: bytes) -> None:
        """Send, and wait while the other side takes no more."""
        self.writer.write(data)
        await self.writer.drain()

    async def has_left(self, within: float) -> bool:
        """Wait so many seconds for the other side to leave; True as soon as it has."""
        try:
            return not await asyncio.wait_for(self.reader.read(1), within)
        except TimeoutError:
            return False

    def reset(self) -> None:
        """Reset the connection (RST, not FIN)."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Finished(Exception):
    """Nothing more can be sent on this connection."""


Answer = Callable[[Request], Awaitable[None]]


def fixed(status: int, body: bytes, headers: Mapping[str, str | int] | None = None) -> Answer:
    """Answers every request with the same."""

    async def answer(request: Request) -> None:
        await request.whole(status, body, headers)

    return answer


def _head(status: int, headers: Mapping[str, str | int]) -> bytes:
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
