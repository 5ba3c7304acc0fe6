"""What the service takes and answers, with a fake behind it."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient

from llm_engineering.application.inquiry import Inquiry
from llm_engineering.domain.errors import (
    BadInput,
    BadSettings,
    CorruptModel,
    EmptyCorpus,
    MissingDependency,
    StoreLocked,
    StoreUnreachable,
    TemplateMismatch,
    TwinError,
    UnknownAuthor,
)
from llm_engineering.infrastructure.api.app import create_app
from tests.services import Oracle, client_of


@pytest.fixture
def oracle() -> Oracle:
    return Oracle()


@pytest.fixture
def client(oracle: Oracle) -> Iterator[TestClient]:
    with client_of(oracle) as client:
        yield client


def test_a_question_is_answered_with_its_sources(client: TestClient, oracle: Oracle) -> None:
    response = client.post("/rag", json={"query": "Why?"})
    assert response.status_code == 200
    assert response.json() == {
        "answer": "Because of it.",
        "sources": [
            {
                "document_id": "00000000-0000-0000-0000-000000000001",
                "link": "https://a.example/p",
                "title": "A title",
                "published_at": "2026-01-01T00:00:00Z",
                "start": 10,
                "end": 40,
                "text": "One sentence. And another one.",
                "quote": "One sentence.",
                "quote_start": 10,
                "quote_end": 23,
                "score": 0.5,
            }
        ],
        "author": "Ada Example",
        "twin": "ada-example/1",
        "timings": {"retrieve_ms": 1.0, "generate_ms": 2.0, "total_ms": 3.0},
        "support": None,
        "withheld": None,
        "usage": {"prompt_tokens": 7, "completion_tokens": 2, "cached_tokens": 3},
    }
    assert oracle.asked == [Inquiry("Why?", most_tokens=512)]


def test_author_twin_and_k_reach_the_one_who_answers(client: TestClient, oracle: Oracle) -> None:
    client.post("/rag", json={"query": "Why?", "author": "Ada Example", "twin": 2, "k": 3})
    client.post("/rag", json={"query": "Why?", "twin": "ada-example/2"})
    assert [(asked.author, asked.twin, asked.k) for asked in oracle.asked] == [
        ("Ada Example", 2, 3),
        (None, "ada-example/2", 5),
    ]


def test_the_authors_are_listed_with_their_twins(client: TestClient) -> None:
    (author,) = client.get("/authors").json()["authors"]
    assert (author["full_name"], author["chunks"], author["latest"]) == ("Ada Example", 3, "ada-example/1")
    assert author["twins"][0]["passed_evaluation"] is True


def test_health_is_ok(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok"}


def test_the_api_describes_itself(client: TestClient) -> None:
    description = client.get("/openapi.json").json()
    assert set(description["paths"]) >= {"/rag", "/authors", "/health", "/v1/chat/completions", "/v1/models"}
    assert description["paths"]["/rag"]["post"]["responses"]["404"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Failed"
    }
    assert client.get("/docs").status_code == 200


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"quer": "Why?"}', '"query" is missing'),
        ('{"query": "Why?", "writer": "Ada"}', 'no field "writer"'),
        ('{"query": ""}', '"query" is wrong: it is empty'),
        ('{"query": " \\n "}', '"query" is wrong: it is empty'),
        ('{"query": "%s"}' % ("x" * 2001), "at most 2000 characters"),
        ('{"query": 5}', '"query" is wrong'),
        ('{"query": "\\ud800"}', '"query" is wrong'),
        ('{"query": "Why?", "k": 0}', '"k" is wrong'),
        ('{"query": "Why?", "k": 11}', '"k" is wrong'),
        ('{"query": "Why?", "k": true}', '"k" is wrong'),
        ('{"query": "Why?", "twin": true}', '"twin" is wrong'),
        ('{"query": "Why?", "twin": 1.5}', '"twin" is wrong'),
        ('{"query": "Why?", "author": ""}', '"author" is wrong: it is empty'),
        ('["Why?"]', "no JSON object"),
        ("null", "no JSON object"),
        ("", "no JSON object"),
        ("Why?", "not JSON"),
    ],
)
def test_a_wrong_question_is_refused_in_one_sentence(client: TestClient, oracle: Oracle, body: str, words: str) -> None:
    response = client.post("/rag", content=body, headers={"Content-Type": "application/json"})
    error = response.json()["error"]
    assert (response.status_code, error["type"]) == (422, "BadInput")
    assert words in error["message"]
    assert oracle.asked == []


@pytest.mark.parametrize("body", [b"\xff\xfe{", b"[" * 30_000, b'{"query":' + b"[" * 20_000 + b"]" * 20_000 + b"}"])
def test_a_body_that_nobody_can_read_is_refused(client: TestClient, body: bytes) -> None:
    response = client.post("/rag", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["error"]["type"]) == (400, "RequestError")


def test_a_question_from_a_web_form_is_refused(client: TestClient, oracle: Oracle) -> None:
    response = client.post("/rag", content='{"query": "Why?"}', headers={"Content-Type": "text/plain"})
    assert response.status_code == 422
    assert "Content-Type: application/json" in response.json()["error"]["message"]
    assert oracle.asked == []


def test_a_body_that_announces_too_much_is_refused(client: TestClient) -> None:
    response = client.post("/rag", content=b" " * 65_537, headers={"Content-Type": "application/json"})
    assert (response.status_code, "64 KB" in response.json()["error"]["message"]) == (413, True)


def test_a_body_that_turns_out_too_large_is_refused(client: TestClient, oracle: Oracle) -> None:
    pieces = (b'{"query": "Why?"}' + b" " * 9_000 for _ in range(8))
    response = client.post("/rag", content=pieces, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["error"]["type"]) == (413, "RequestError")
    assert oracle.asked == []


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (UnknownAuthor("No such author; name another."), 404),
        (BadInput("Whose answer is wanted?"), 422),
        (EmptyCorpus("Nothing is indexed; index it."), 409),
        (TemplateMismatch("Other templates; train again."), 409),
        (MissingDependency("Not installed; install it."), 500),
        (TwinError("Something; do something."), 500),
    ],
)
def test_an_error_is_its_sentence_with_a_fitting_status(failure: TwinError, status: int) -> None:
    with client_of(Oracle(failure)) as client:
        response = client.post("/rag", json={"query": "Why?"})
    assert response.status_code == status
    assert response.json() == {"error": {"message": str(failure), "type": type(failure).__name__}}


@pytest.mark.parametrize(
    "failure",
    [
        StoreUnreachable("mongodb://hunter2@there gives no answer; start it."),
        StoreLocked("Another process has /home/hunter2; stop it."),
        CorruptModel("/home/hunter2/model.gguf is another file; copy it back."),
    ],
)
@pytest.mark.parametrize("path", ["/rag", "/v1/retrieve"])
def test_trouble_of_a_store_or_a_model_is_told_without_its_files_and_servers_which_are_in_the_log(
    failure: TwinError, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with client_of(Oracle(failure)) as client:
        response = client.post(path, json={"query": "Why?"})
    message = response.json()["error"]["message"]
    assert (response.status_code, "hunter2" in response.text) == (503, False)
    assert "cannot be used now; ask again later" in message
    request_id = response.headers["x-request-id"]
    assert request_id in message
    assert any(request_id in line and "hunter2" in line for line in caplog.messages)


@pytest.mark.parametrize("failure", [ValueError("secret=hunter2"), BadSettings("OPENAI_API_KEY is 'hunter2'.")])
def test_what_nobody_foresaw_is_logged_under_the_requests_id_and_not_shown(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), client_of(Oracle(failure)) as client:
        response = client.post("/rag", json={"query": "Why?"})
    request_id = response.headers["x-request-id"]
    assert response.status_code == 500
    assert "hunter2" not in response.text
    assert request_id in response.json()["error"]["message"]
    assert f"request {request_id}" in caplog.text
    assert "hunter2" in caplog.text


def test_the_service_goes_on_after_an_error() -> None:
    with client_of(Oracle(RuntimeError("once"))) as client:
        assert client.post("/rag", json={"query": "Why?"}).status_code == 500
        assert client.get("/health").status_code == 200


def test_every_response_has_an_id_of_its_own(client: TestClient) -> None:
    ids = {client.get(path).headers["x-request-id"] for path in ("/health", "/health", "/nowhere", "/rag")}
    assert len(ids) == 4


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/rag", 405)])
def test_a_wrong_address_is_answered_in_the_same_shape(client: TestClient, method: str, path: str, status: int) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.json()["error"]["type"]) == (status, "RequestError")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8000", "127.0.0.1@evil", ""])
def test_a_request_under_another_hosts_name_is_refused(client: TestClient, oracle: Oracle, host: str) -> None:
    response = client.post("/rag", json={"query": "Why?"}, headers={"Host": host})
    assert response.status_code == 400
    assert oracle.asked == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "LOCALHOST:80", "[::1]:8000"])
def test_a_request_under_this_machines_own_names_is_taken(client: TestClient, host: str) -> None:
    assert client.get("/health", headers={"Host": host}).status_code == 200


def test_no_other_site_is_allowed_to_read_the_answers(client: TestClient) -> None:
    response = client.options(
        "/rag", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert response.status_code == 405
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_what_was_opened_is_closed_when_the_server_stops() -> None:
    events = []

    @contextmanager
    def opening() -> Iterator[Oracle]:
        events.append("opened")
        yield Oracle()
        events.append("closed")

    with TestClient(create_app(opening), base_url="http://127.0.0.1") as client:
        client.get("/health")
        assert events == ["opened"]
    assert events == ["opened", "closed"]


def test_a_server_whose_models_cannot_be_opened_does_not_start_and_keeps_the_reason() -> None:
    failure = StoreLocked("Another process has it; stop it.")

    @contextmanager
    def opening() -> Iterator[Oracle]:
        raise failure
        yield Oracle()

    app = create_app(opening)
    with pytest.raises(StoreLocked), TestClient(app):
        pass
    assert app.state.failure is failure


def test_json_is_answered_as_text_that_people_can_read() -> None:
    with client_of(Oracle(BadInput("Wähle einen Namen …"))) as client:
        body = client.post("/rag", json={"query": "Warum?"}).content
    assert "Wähle einen Namen …" in body.decode()
    assert json.loads(body)["error"]["type"] == "BadInput"
