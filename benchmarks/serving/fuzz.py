"""Garbage: whatever is sent, nothing is answered with 5xx, and the service goes on serving."""

import itertools
import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx

from benchmarks.serving.process import Service
from benchmarks.serving.stock import Question
from llm_engineering.infrastructure.api.errors import BODY_SECONDS

SLOW_CONNECTIONS = 50
SLOW_SECONDS = BODY_SECONDS + 5.0
"""Long enough for the service to lose its patience."""
DRIP_SECONDS = 0.25
HEALTHY_WITHIN = 2.0
"""Seconds in which /health answers a healthy service's client."""
DEPTH = 10_000
JSON = {"Content-Type": "application/json"}
FIELDS: dict[str, tuple[str, dict[str, Any]]] = {
    "/rag": ("query", {"query": "Why?"}),
    "/v1/retrieve": ("query", {"query": "Why?"}),
    "/v1/chat/completions": ("messages", {"model": "base", "messages": [{"role": "user", "content": "Why?"}]}),
    "/v1/feedback": ("answer", {"author": "A", "twin": "base", "question": "q", "answer": "a", "rating": 1}),
}
WRONG: list[Any] = [
    None, True, 0, -1, 1.5, 1e308, 10**40, "", " ", "\x00", "\ud800", "\u202e", "a" * 60_000, [], {}, [[]], [None],
    {"$ne": 1}, ["a"] * 1000, {"a": {"b": {}}}, "' OR 1=1 --", "../../etc/passwd", "{{7*7}}", "<script>", float("nan"),
]  # fmt: skip


def measure(service: Service, one: Question) -> dict[str, Any]:
    """fuzz_5xx (count), requests, unanswered, and whether the service still answers afterwards and meanwhile."""
    statuses: list[int] = []
    with httpx.Client(base_url=service.address, timeout=120) as client:
        for path, headers, body in requests():
            statuses.append(_status(client, path, headers, body))
        slow_ok, slowest, told = _slow_loris(service.address, client)
        asked = {"query": one.text, "author": one.author, "twin": "base"}
        still = client.post("/rag", json=asked).status_code == 200
    return {
        "fuzz_5xx": sum(status >= 500 for status in [*statuses, *told]),
        "requests": len(statuses),
        "unanswered": sum(status == 0 for status in statuses),
        "statuses": {str(status): statuses.count(status) for status in sorted(set(statuses))},
        "serves_during_slow_loris": slow_ok,
        "slow_ones_told_408": told.count(408),
        "slowest_health_seconds": round(slowest, 3),
        "still_serving": still,
    }


def requests() -> Iterator[tuple[str, dict[str, str], bytes]]:
    """(path, headers, body): wrong types in every field, broken JSON, bad UTF-8, depth and size."""
    for path, (main, good) in FIELDS.items():
        for value in WRONG:
            yield path, JSON, _json({**good, main: value})
            yield path, JSON, _json(value)
        for name, value in itertools.product(
            ("author", "twin", "k", "mode", "stream", "max_tokens", "temperature", "stop", "seed", "rating", "model"),
            (None, "x", -1, 1e9, 10**30, [], {}, "\x00", "a" * 5_000),
        ):
            yield path, JSON, _json({**good, name: value})
        for body in (
            b"", b"{", b"null", b"\xff\xfe\x00", b'{"query": "\xff"}', b'{"query": "\xc3\x28"}', b"[" * DEPTH,
            b'{"a":' * DEPTH, b"{}" * 1000, b'{"query": "Why?", "query": 1}', b"a" * 70_000, b"NaN", b"-", b'"',
        ):  # fmt: skip
            yield path, JSON, body
        for kind in ("text/plain", "application/xml", "multipart/form-data", "application/json; charset=utf-16", "\\"):
            yield path, {"Content-Type": kind}, _json(good)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True).encode()


def _status(client: httpx.Client, path: str, headers: dict[str, str], body: bytes) -> int:
    """The response's status; 0 when there was none."""
    try:
        # Garbage that turns out to be a good question is not waited for: its status is what counts.
        with client.stream("POST", path, headers=headers, content=body) as response:
            return response.status_code
    except httpx.HTTPError:
        return 0


def _slow_loris(address: str, client: httpx.Client) -> tuple[bool, float, list[int]]:
    """Hold connections that send a byte now and then, half of them in the body and half in the head.

    Returns whether /health answers meanwhile, its longest time in seconds, and what the slow ones were told.
    """
    parts = urlsplit(address)
    head = (
        f"POST /rag HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n"
    )
    slow = [socket.create_connection((parts.hostname or "", parts.port or 80)) for _ in range(SLOW_CONNECTIONS)]
    slowest, well = 0.0, True
    try:
        for number, connection in enumerate(slow):
            connection.sendall(head.encode()[: 20 if number % 2 else None])
        until = time.monotonic() + SLOW_SECONDS
        while time.monotonic() < until:
            _drip(slow)
            began = time.monotonic()
            well = well and client.get("/health").status_code == 200
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(DRIP_SECONDS)  # the attack itself: a byte, and then nothing for a while
        told = [status for connection in slow if (status := _heard(connection))]
    finally:
        for connection in slow:
            connection.close()
    return well and slowest < HEALTHY_WITHIN, slowest, told


def _heard(connection: socket.socket) -> int:
    """The status that the service has sent by now; 0 when it has sent none."""
    connection.settimeout(DRIP_SECONDS)
    try:
        words = connection.recv(64).split()
    except OSError:
        return 0
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


def _drip(connections: list[socket.socket]) -> None:
    for connection in connections:
        try:
            connection.sendall(b"x")
        except OSError:
            continue  # the service has hung up, as it may
