"""Who is let in, how often, and what is told of it; with a fake behind it."""

import json
import logging
from threading import Event
from typing import Any

import pytest

from llm_engineering.application.api_keys import hash_of, new_key
from llm_engineering.domain.errors import PromptTooLong, StoreUnreachable
from llm_engineering.infrastructure.api.keys import Rates
from llm_engineering.infrastructure.api.service import Access, Limits
from tests.services import Oracle, client_of

PATIENCE = 60.0
KEY, HASH = new_key()
QUESTION = {"query": "Why?"}
CHAT = {"model": "base", "messages": [{"role": "user", "content": "Why?"}]}


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
    rates = Rates(lambda *_: None, per_minute=60)
    assert [rates._wait("me", 0.0) for _ in range(60)] == [0.0] * 60
    assert rates._wait("me", 0.0) == 1.0
    assert rates._wait("you", 0.0) == 0.0
    assert rates._wait("me", 1.1) == 0.0
    assert rates._wait("me", 1.1) == 1.0


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
