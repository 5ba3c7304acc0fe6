"""How many are answered at once, who is sent away, and what comes of those who go away; with a fake behind it."""

import json
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from threading import Event, Semaphore, Thread
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient

from llm_engineering.application.answering import Answer
from llm_engineering.application.inquiry import Inquiry, Patience
from llm_engineering.application.telling import Event as Told
from llm_engineering.infrastructure.api.app import create_app
from llm_engineering.infrastructure.api.service import Limits
from tests.services import Oracle, client_of

PATIENCE = 60.0
QUESTION = {"query": "Why?"}
CHAT = {"model": "base", "messages": [{"role": "user", "content": "Why?"}]}


class Slow(Oracle):
    """Answers once it is allowed to, or when nobody waits any more; counts how many it writes at once."""

    def __init__(self) -> None:
        super().__init__()
        self.free = Event()
        self.begun = Semaphore(0)
        self.given_up = Event()

    def answer(self, inquiry: Inquiry, patience: Patience | None = None) -> Answer:
        self.begun.release()
        self._wait(patience)
        return super().answer(inquiry)

    def tell(self, inquiry: Inquiry, patience: Patience | None = None) -> Iterator[Told]:
        first, *others = super().tell(inquiry)
        yield first
        self.begun.release()
        self._wait(patience)
        yield from others

    def _wait(self, patience: Patience | None) -> None:
        assert patience is not None
        while not self.free.wait(0.01):
            if patience.gone.is_set():
                self.given_up.set()
                return


def asked_by(pool: ThreadPoolExecutor, client: TestClient, times: int) -> list["Future[httpx.Response]"]:
    return [pool.submit(client.post, "/rag", json=QUESTION) for _ in range(times)]


# ------------------------------------------------------------------------------ overload


def test_when_the_queue_is_full_the_next_one_is_sent_away_and_told_when_to_come_again() -> None:
    slow = Slow()
    with client_of(slow, limits=Limits(workers=2, queue=1)) as client, ThreadPoolExecutor(4) as pool:
        waiting = asked_by(pool, client, 2)
        for _ in waiting:
            assert slow.begun.acquire(timeout=PATIENCE)
        waiting += asked_by(pool, client, 1)
        until(lambda: "llm_twin_requests_present 3" in client.get("/metrics").text)
        refused = client.post("/rag", json=QUESTION)
        in_openais_shape = client.post("/v1/chat/completions", json={**CHAT, "stream": True})
        searched = client.post("/v1/retrieve", json=QUESTION)
        slow.free.set()
        assert [one.result().status_code for one in waiting] == [200, 200, 200]
        assert client.post("/rag", json=QUESTION).status_code == 200
    assert (refused.status_code, refused.json()["error"]["type"]) == (429, "ServiceBusy")
    assert int(refused.headers["retry-after"]) >= 1
    assert (in_openais_shape.status_code, in_openais_shape.json()["error"]["type"]) == (429, "rate_limit_error")
    assert searched.status_code == 200


def test_a_request_that_takes_too_long_is_504_and_its_worker_is_told() -> None:
    slow = Slow()
    with client_of(slow, limits=Limits(workers=1, queue=0, seconds=2.0)) as client:
        response = client.post("/rag", json=QUESTION)
        assert slow.given_up.wait(PATIENCE)
    assert (response.status_code, response.json()["error"]["type"]) == (504, "TimeLimitReached")


def test_a_stream_that_takes_too_long_ends_with_an_error_event() -> None:
    slow = Slow()
    with client_of(slow, limits=Limits(workers=1, queue=0, seconds=2.0)) as client:
        text = client.post("/v1/chat/completions", json={**CHAT, "stream": True}).text
        assert slow.given_up.wait(PATIENCE)
    assert json.loads(text.split("data: ")[-1])["error"]["status"] == 504


def until(holds: Callable[[], bool]) -> None:
    """Wait for it."""
    for _ in range(int(PATIENCE * 20)):
        if holds():
            return
        Event().wait(0.05)
    raise AssertionError("it never came to hold")


# ------------------------------------------------------------------------------ who goes away


@contextmanager
def listening(oracle: Oracle, limits: Limits) -> Iterator[str]:
    """The address of the API on a real socket, which can be closed as the test client's cannot."""
    server = uvicorn.Server(
        uvicorn.Config(create_app(lambda: nullcontext(oracle), limits=limits), port=0, log_config=None)
    )
    thread = Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("path", ["/rag", "/v1/chat/completions"])
def test_a_client_that_goes_away_stops_the_work_and_frees_the_place(path: str) -> None:
    slow = Slow()
    asked = QUESTION if path == "/rag" else {**CHAT, "stream": True}
    with listening(slow, Limits(workers=1, queue=0)) as address:
        with sent(address, path, asked):
            assert slow.begun.acquire(timeout=PATIENCE)
            assert httpx.post(f"{address}/rag", json=QUESTION).status_code == 429
        assert slow.given_up.wait(PATIENCE)
        slow.free.set()
        until(lambda: httpx.post(f"{address}/rag", json=QUESTION).status_code == 200)


@contextmanager
def sent(address: str, path: str, asked: dict[str, Any]) -> Iterator[None]:
    """A request whose connection is closed when the context ends, whatever has come of it."""
    body = json.dumps(asked)
    host, _, port = address.removeprefix("http://").partition(":")
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{head}\r\n\r\n{body}".encode())
        yield


@pytest.mark.parametrize("path", ["/rag", "/v1/chat/completions"])
def test_a_body_that_never_ends_is_answered_in_time_and_loses_its_connection(path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    with listening(Oracle(), Limits(body_seconds=0.5)) as address:
        host, _, port = address.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
            connection.sendall(f"{head}{{".encode())
            received = b"".join(iter(lambda: connection.recv(65_536), b""))
        assert received.startswith(b"HTTP/1.1 408 ")
        assert b"did not arrive in time" in received
        assert httpx.post(f"{address}/rag", json=QUESTION).status_code == 200


def test_who_goes_away_while_waiting_is_never_answered() -> None:
    slow = Slow()
    with listening(slow, Limits(workers=1, queue=1)) as address, ThreadPoolExecutor(1) as pool:
        first = pool.submit(httpx.post, f"{address}/rag", json=QUESTION, timeout=PATIENCE)
        assert slow.begun.acquire(timeout=PATIENCE)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{address}/rag", json={"query": "Never mind."}, timeout=0.2)
        until(lambda: "llm_twin_requests_present 1" in httpx.get(f"{address}/metrics").text)
        slow.free.set()
        assert first.result().status_code == 200
    assert [asked.query for asked in slow.asked] == ["Why?"]
