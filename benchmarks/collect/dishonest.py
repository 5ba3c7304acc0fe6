"""Answers that no honest server would give."""

import asyncio
from collections.abc import Callable, Iterable

from benchmarks.collect.connection import HTML, Answer, Finished, Request

FOREVER = 3600.0
DRIP_SECONDS = 0.2
ENDLESS_TEXT = b"<p>" + b"There is no end to this. " * 2500 + b"</p>\n"
ENDLESS_FIELD = b"X-Filler: " + b"a" * 8000 + b"\r\n"


def broken_off(body: bytes) -> Answer:
    """The whole body arrives, and yet less than was announced."""

    async def answer(request: Request) -> None:
        await request.whole(200, body, {"Content-Length": 2 * len(body)})
        await asyncio.sleep(0.05)  # a reset also throws away what the other side has not read yet
        request.reset()
        raise Finished

    return answer


def broken_off_chunks(body: bytes) -> Answer:
    """The whole body arrives, but not the empty chunk that ends it."""

    async def answer(request: Request) -> None:
        await request.head(200, {"Content-Type": HTML, "Transfer-Encoding": "chunked"})
        await request.send(_chunk(body))
        raise Finished

    return answer


def bomb(encoding: str, pieces: Callable[[], Iterable[bytes]]) -> Answer:
    """A body that is small until it is unpacked."""

    async def answer(request: Request) -> None:
        headers = {"Content-Type": HTML, "Content-Encoding": encoding, "Transfer-Encoding": "chunked"}
        await request.head(200, headers)
        for piece in pieces():
            if piece:
                await request.send(_chunk(piece))
            await asyncio.sleep(0)  # making the pieces must not hold up the other hosts
        await request.send(b"0\r\n\r\n")

    return answer


async def hang(request: Request) -> None:
    """Nothing at all."""
    await request.has_left(within=FOREVER)
    raise Finished


async def drip(request: Request) -> None:
    """A byte, and after a while another one."""
    await request.head(200, {"Content-Type": HTML, "Content-Length": 1_000_000})
    while not await request.has_left(within=DRIP_SECONDS):
        await request.send(b"a")
    raise Finished


async def reset(request: Request) -> None:
    """The connection is gone before the first byte."""
    request.reset()
    raise Finished


async def huge(request: Request) -> None:
    """Text without an end, as fast as it is taken."""
    await request.head(200, {"Content-Type": HTML, "Transfer-Encoding": "chunked"})
    while True:
        await request.send(_chunk(ENDLESS_TEXT))


async def endless_header(request: Request) -> None:
    """Header fields without an end, as fast as they are taken."""
    await request.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        await request.send(ENDLESS_FIELD)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)
