"""Who is let in, how often, and how many at once; with a fake behind it."""

import json
import logging
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
from llm_engineering.application.api_keys import hash_of, new_key
from llm_engineering.application.inquiry import Inquiry, Patience
from llm_engineering.application.telling import Event as Told
from llm_engineering.domain.errors import PromptTooLong, StoreUnreachable
from llm_engineering.infrastructure.api.app import create_app
from llm_engineering.infrastructure.api.keys import Rates
from llm_engineering.infrastructure.api.service import Access, Limits
from tests.services import Oracle, client_of

PATIENCE = 60.0
KEY, HASH = new_key()
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


# ------------------------------------------------------------------------------ keys


@pytest.mark.parametrize("path", ["/authors", "/metrics", "/v1/models", "/v1/twins"])
@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", f"Bearer {KEY}x", f"Basic {KEY}", f"Bearer {HASH}"],
    ids=["none", "empty", "no key", "another key", "another scheme", "the hash"],  # the same in every process
)
def test_without_a_valid_key_nothing_is_told(path: str, header: str | None) -> None:
    with client_of(Oracle(), Access(keys=frozenset({HASH}))) as client:
        response = client.get(path, headers={} if header is None else {"Authorization": header})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert "Ada" not in response.text


def test_any_of_the_keys_lets_in() -> None:
    other, hashed = new_key()
    with client_of(Oracle(), Access(keys=frozenset({HASH, hashed}))) as client:
        for key in (KEY, other):
            assert client.get("/authors", headers={"Authorization": f"Bearer {key}"}).status_code == 200
        assert client.post("/v1/chat/completions", json=CHAT).json()["error"]["code"] == "invalid_api_key"


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/health", "/ready"])
def test_the_page_and_what_a_load_balancer_asks_need_no_key(path: str) -> None:
    with client_of(Oracle(), Access(keys=frozenset({HASH}))) as client:
        assert client.get(path).status_code == 200


def test_a_key_is_long_and_its_hash_tells_nothing_of_it() -> None:
    first, second = new_key(), new_key()
    assert first[0] != second[0]
    assert len(first[0]) > 40
    assert hash_of(first[0]) == first[1]
    assert first[0] not in first[1]


# ------------------------------------------------------------------------------ rates


def test_a_client_that_asks_too_often_is_told_when_to_come_again() -> None:
    with client_of(Oracle(), limits=Limits(rate_per_minute=3)) as client:
        statuses = [client.post("/rag", json=QUESTION).status_code for _ in range(4)]
        refused = client.post("/v1/chat/completions", json=CHAT)
        assert client.get("/health").status_code == 200
    assert statuses == [200, 200, 200, 429]
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"


def test_each_key_has_a_rate_of_its_own() -> None:
    other, hashed = new_key()
    with client_of(Oracle(), Access(keys=frozenset({HASH, hashed})), Limits(rate_per_minute=1)) as client:
        got = [client.get("/authors", headers={"Authorization": f"Bearer {key}"}) for key in (KEY, KEY, other)]
    assert [response.status_code for response in got] == [200, 429, 200]


def test_what_was_used_up_comes_back_with_time() -> None:
    rates = Rates(lambda *_: None, per_minute=60)  # type: ignore[arg-type,return-value]
    assert [rates._wait("me", 0.0) for _ in range(60)] == [0.0] * 60
    assert rates._wait("me", 0.0) == 1.0
    assert rates._wait("you", 0.0) == 0.0
    assert rates._wait("me", 1.1) == 0.0
    assert rates._wait("me", 1.1) == 1.0


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


# ------------------------------------------------------------------------------ readiness, feedback, reload, logs


def test_a_service_whose_store_is_down_is_not_ready_and_says_which_one() -> None:
    class Down(Oracle):
        def check_vectors(self) -> None:
            raise StoreUnreachable("http://user:hunter2@host gives no answer; start it.")

    with client_of(Down()) as client:
        response = client.get("/ready")
        assert client.get("/health").status_code == 200
    assert response.status_code == 503
    assert response.json() == {
        "status": "not ready",
        "parts": [
            {"name": "warehouse", "ok": True, "problem": None},
            {"name": "feature store", "ok": False, "problem": "StoreUnreachable"},
            {"name": "models", "ok": True, "problem": None},
        ],
    }


def test_a_store_that_hangs_makes_it_not_ready_in_time() -> None:
    hanging = Event()

    class Hanging(Oracle):
        def check_documents(self) -> None:
            hanging.wait(PATIENCE)

    with client_of(Hanging()) as client:
        response = client.get("/ready")
        hanging.set()
    assert response.status_code == 503
    assert "no answer within" in response.json()["parts"][0]["problem"]


def test_feedback_reaches_the_warehouse_and_gets_an_id() -> None:
    oracle = Oracle()
    given = {"author": "Ada Example", "twin": "ada-example/1", "question": "Why?", "answer": "So.", "rating": -1}
    with client_of(oracle) as client:
        kept = client.post("/v1/feedback", json={**given, "edited_answer": "Because."})
        wrong = client.post("/v1/feedback", json={**given, "rating": 5})
    assert kept.json() == {"id": "00000000-0000-0000-0000-000000000005"}
    assert oracle.feedback == [{**given, "mode": "answer", "edited_answer": "Because.", "comment": None}]
    assert wrong.status_code == 400


def test_passages_can_be_found_without_an_answer() -> None:
    oracle = Oracle()
    with client_of(oracle) as client:
        found = client.post("/v1/retrieve", json={"query": "Why?", "author": "Ada Example", "k": 3}).json()
    assert oracle.searched == [("Why?", "Ada Example", 3)]
    assert (found["author"], found["passages"], found["is_answerable"]) == ("Ada Example", [], False)


def test_the_twins_are_told_of_as_their_manifests_have_them() -> None:
    with client_of(Oracle()) as client:
        (twin,) = client.get("/v1/twins").json()["twins"]
        assert client.get("/v1/authors").json() == client.get("/authors").json()
    assert (twin["twin"], twin["is_latest"], twin["verdict"]) == ("ada-example/1", True, "It passes.")


def test_reloading_is_for_those_with_a_key_and_not_for_pages_of_other_sites() -> None:
    oracle = Oracle()
    with client_of(oracle, Access(keys=frozenset({HASH}))) as client:
        key = {"Authorization": f"Bearer {KEY}"}
        assert client.post("/admin/reload").status_code == 401
        assert client.post("/admin/reload", headers={**key, "Origin": "https://evil.example"}).status_code == 403
        assert oracle.reloaded == 0
        assert client.post("/admin/reload", headers=key).json()["authors"][0]["full_name"] == "Ada Example"
    assert oracle.reloaded == 1


def test_other_sites_may_read_only_when_they_are_named() -> None:
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    with client_of(Oracle(), Access(origins=("https://app.example",))) as client:
        ours = client.options("/rag", headers={"Origin": "https://app.example", **asks})
        others = client.options("/rag", headers={"Origin": "https://evil.example", **asks})
    assert ours.headers["access-control-allow-origin"] == "https://app.example"
    assert "access-control-allow-origin" not in others.headers


def test_a_request_is_logged_with_its_twin_and_tokens_and_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="llm_twin.access"), client_of(Oracle()) as client:
        client.post("/rag", json={"query": "A secret question?"})
        client.get("/nowhere")
    lines: list[dict[str, Any]] = [json.loads(r.message) for r in caplog.records if r.name == "llm_twin.access"]
    assert [(line["path"], line["status"]) for line in lines] == [("/rag", 200), ("other", 404)]
    assert (lines[0]["twin"], lines[0]["completion_tokens"]) == ("ada-example/1", 2)
    assert "secret" not in caplog.text
    assert "Because" not in caplog.text


def test_the_metrics_count_requests_tokens_and_those_who_wait() -> None:
    with client_of(Oracle()) as client:
        client.post("/rag", json=QUESTION)
        client.post("/v1/chat/completions", json={**CHAT, "stream": True})
        client.get("/" + "x" * 50)
        text = client.get("/metrics").text
    assert 'llm_twin_requests_total{method="POST",path="/rag",status="200"} 1' in text
    assert 'llm_twin_requests_total{method="GET",path="other",status="404"} 1' in text
    assert 'llm_twin_tokens_total{kind="completion"} 4' in text
    assert "llm_twin_first_token_seconds_count 1" in text
    assert 'llm_twin_request_seconds_bucket{le="+Inf"} 3' in text
    assert "llm_twin_requests_waiting 0" in text


@pytest.mark.parametrize(
    ("access", "host", "status"),
    [
        (Access(hosts=("twin.example",)), "twin.example:8000", 200),
        (Access(), "10.0.0.7", 400),
        (Access(any_address=True), "10.0.0.7:8000", 200),
        (Access(any_address=True), "evil.example", 400),
        (Access(any_host=True), "evil.example", 200),
    ],
)
def test_the_service_is_reached_under_the_names_that_it_was_given(access: Access, host: str, status: int) -> None:
    with client_of(Oracle(), access) as client:
        assert client.get("/health", headers={"Host": host}).status_code == status


def test_no_answer_is_longer_than_the_service_allows_whatever_its_length() -> None:
    oracle = Oracle()
    with client_of(oracle, limits=Limits(most_tokens=32)) as client:
        client.post("/rag", json={**QUESTION, "length": "long"})
        client.post("/v1/chat/completions", json={**CHAT, "twin": {"length": "long"}})
        client.post("/v1/chat/completions", json={**CHAT, "max_tokens": 9000})
    assert [inquiry.max_tokens for inquiry in oracle.asked] == [32, 32, 32]


def test_a_prompt_that_the_model_cannot_hold_is_the_clients_to_shorten() -> None:
    full = Oracle(PromptTooLong("The prompt has 9,000 tokens, but /home/me/model.gguf has a context of 2,048."))
    with client_of(full) as client:
        plain = client.post("/rag", json=QUESTION)
        in_openais_shape = client.post("/v1/chat/completions", json=CHAT)
    assert (plain.status_code, in_openais_shape.status_code) == (422, 400)
    assert in_openais_shape.json()["error"]["code"] == "context_length_exceeded"
    assert "/home" not in plain.text + in_openais_shape.text
