"""What OpenAI's clients send and get, with a fake behind it."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.application.inquiry import Inquiry, Length, Mode, Patience, Sampling
from llm_engineering.application.telling import Event
from llm_engineering.domain.errors import (
    BadInput,
    EmptyCorpus,
    ModelError,
    TwinError,
    UnknownAuthor,
    UnknownTwin,
)
from llm_engineering.infrastructure.api.app import create_app
from llm_engineering.infrastructure.api.openai_schemas import ChatRequest
from llm_engineering.infrastructure.api.service import Limits
from tests.services import ANSWER, Oracle, client_of

PATH = "/v1/chat/completions"


def body(*said: str, **fields: Any) -> dict[str, Any]:
    """A request; the words are the user's and the assistant's in turn."""
    roles = ("user", "assistant")
    messages = [{"role": roles[number % 2], "content": text} for number, text in enumerate(said or ("Why?",))]
    return {"model": "ada-example/1", "messages": messages, **fields}


def events(text: str) -> list[Any]:
    """What stands after `data: `, read as JSON but for the last."""
    assert text.endswith("\n\n")
    lines = [event.removeprefix("data: ") for event in text.split("\n\n")[:-1]]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


SHARED = TestClient(create_app(lambda: nullcontext(Oracle())), base_url="http://127.0.0.1:8000")
"""For property tests, which take no fixtures; entered by `shared`."""


@pytest.fixture(autouse=True, scope="module")
def shared() -> Iterator[None]:
    with SHARED:
        yield


@pytest.fixture
def oracle() -> Oracle:
    return Oracle()


@pytest.fixture
def client(oracle: Oracle) -> Iterator[TestClient]:
    with client_of(oracle) as client:
        yield client


# ------------------------------------------------------------------------------ the answer


def test_a_completion_has_openais_shape_and_the_sources(client: TestClient) -> None:
    given = client.post(PATH, json=body()).json()
    assert given["object"] == "chat.completion"
    assert given["model"] == "ada-example/1"
    assert given["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Because of it.", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ]
    assert given["usage"] == {
        "prompt_tokens": 7,
        "completion_tokens": 2,
        "total_tokens": 9,
        "prompt_tokens_details": {"cached_tokens": 3},
    }
    assert (given["author"], given["twin"], given["withheld"]) == ("Ada Example", "ada-example/1", None)
    assert [source["link"] for source in given["sources"]] == ["https://a.example/p"]


def test_a_stream_begins_with_the_sources_and_ends_with_reason_usage_and_done(client: TestClient) -> None:
    response = client.post(PATH, json=body(stream=True, stream_options={"include_usage": True}))
    assert response.headers["content-type"].startswith("text/event-stream")
    first, *said, last, usage, done = events(response.text)
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert [source["link"] for source in first["sources"]] == ["https://a.example/p"]
    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in said) == "Because of it. "
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["timings"]["total_ms"] == 3.0
    assert (usage["choices"], usage["usage"]["total_tokens"], done) == ([], 9, "[DONE]")
    assert len({chunk["id"] for chunk in (first, *said, last, usage)}) == 1


def test_a_stream_counts_tokens_only_when_it_is_asked_to(client: TestClient) -> None:
    *_, last, done = events(client.post(PATH, json=body(stream=True)).text)
    assert (last["choices"][0]["finish_reason"], done) == ("stop", "[DONE]")


def test_a_withheld_answer_is_a_refusal_with_its_reason() -> None:
    withheld = ANSWER.model_copy(update={"answer": "", "withheld": "It copies.", "finish_reason": "content_filter"})
    with client_of(Oracle(answer=withheld)) as client:
        (choice,) = client.post(PATH, json=body()).json()["choices"]
        *_, last, _ = events(client.post(PATH, json=body(stream=True)).text)
    assert (choice["message"]["content"], choice["message"]["refusal"]) == ("", "It copies.")
    assert choice["finish_reason"] == last["choices"][0]["finish_reason"] == "content_filter"
    assert last["withheld"] == "It copies."


def test_the_models_are_base_latest_and_versions(client: TestClient) -> None:
    listed = client.get("/v1/models").json()
    assert listed["object"] == "list"
    assert [(model["id"], model["author"], model["kind"]) for model in listed["data"]] == [
        ("base", None, "base"),
        ("ada-example", "Ada Example", "latest"),
        ("ada-example/1", "Ada Example", "version"),
    ]


def test_a_model_is_found_by_its_id(client: TestClient) -> None:
    assert client.get("/v1/models/ada-example/1").json()["kind"] == "version"
    missing = client.get("/v1/models/ada-example/9")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "model_not_found")


# ------------------------------------------------------------------------------ what is asked


def test_the_last_message_is_the_question_and_the_others_its_history(client: TestClient, oracle: Oracle) -> None:
    asked = body("Why?", "Because.", "And then?")
    asked["messages"].insert(0, {"role": "system", "content": "Be short."})
    asked["messages"].insert(1, {"role": "developer", "content": "Be kind."})
    client.post(PATH, json=asked)
    assert oracle.asked == [
        Inquiry(
            "And then?",
            twin="ada-example/1",
            history=[{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "Because."}],
            system="Be short.\n\nBe kind.",
            most_tokens=512,
        )
    ]


def test_sampling_and_our_own_options_reach_the_twin(client: TestClient, oracle: Oracle) -> None:
    twin = {"author": "Ada Example", "mode": "draft", "k": 3, "refuse": False, "length": "long", "support": True}
    client.post(
        PATH, json=body(temperature=0.5, top_p=0.9, seed=-3, stop="END", max_completion_tokens=40, n=1, twin=twin)
    )
    (asked,) = oracle.asked
    assert asked.sampling == Sampling(temperature=0.5, seed=2**31 - 3, max_tokens=40, top_p=0.9, stop=("END",))
    assert (asked.author, asked.mode, asked.k, asked.length) == ("Ada Example", Mode.DRAFT, 3, Length.LONG)
    assert (asked.refuse, asked.support, asked.max_tokens) == (False, True, 40)


def test_no_answer_is_longer_than_the_service_allows(oracle: Oracle) -> None:
    with client_of(oracle, limits=Limits(most_tokens=100)) as client:
        client.post(PATH, json=body(max_tokens=100_000))
    assert oracle.asked[0].max_tokens == 100


def test_text_in_parts_is_read_and_fields_of_other_clients_are_ignored(client: TestClient, oracle: Oracle) -> None:
    parts = [{"type": "text", "text": "Why"}, {"type": "text", "text": "not?"}]
    asked = {"model": "base", "messages": [{"role": "user", "content": parts, "name": "me"}]}
    more = {"user": "u", "logit_bias": {}, "tools": [], "presence_penalty": 0, "metadata": {"a": "b"}, "store": None}
    assert client.post(PATH, json={**asked, **more}).status_code == 200
    assert oracle.asked[0].query == "Why\nnot?"


def test_the_users_last_words_are_answered_anew_whatever_was_said_after_them(
    client: TestClient, oracle: Oracle
) -> None:
    said = [("user", "Why?"), ("assistant", "So."), ("user", "And then?"), ("assistant", "No."), ("user", " ")]
    client.post(PATH, json={"model": "base", "messages": [{"role": who, "content": words} for who, words in said]})
    assert oracle.asked[0].query == "And then?"
    assert [turn["content"] for turn in oracle.asked[0].history] == ["Why?", "So."]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"messages": []}, '"messages" is wrong'),
        ({"messages": [{"role": "assistant", "content": "Yes."}]}, "No message of the user's"),
        ({"messages": [{"role": "tool", "content": "x"}]}, '"messages.0.role" is wrong'),
        ({"messages": [{"role": "user", "content": " "}]}, "No message of the user's"),
        ({"messages": [{"role": "user", "content": "x" * 4_001}]}, "4,001 characters"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}, '"image_url"'),
        ({"model": ""}, '"model" is wrong'),
        ({"temperature": 3}, '"temperature" is wrong'),
        ({"max_tokens": 0}, '"max_tokens" is wrong'),
        ({"n": 2}, '"n" is wrong'),
        ({"stop": ["a"] * 5}, '"stop" is wrong'),
        ({"twin": {"mode": "sing"}}, '"twin.mode" is wrong'),
        ({"twin": {"k": 99}}, '"twin.k" is wrong'),
    ],
)
def test_a_wrong_request_is_400_in_openais_shape(
    client: TestClient, oracle: Oracle, changed: dict[str, Any], words: str
) -> None:
    response = client.post(PATH, json={**body(), **changed})
    error = response.json()["error"]
    assert (response.status_code, error["type"], error["param"]) == (400, "invalid_request_error", None)
    assert words in error["message"]
    assert oracle.asked == []


@pytest.mark.parametrize(
    ("failure", "status", "kind", "code"),
    [
        (UnknownTwin("No such twin; name another."), 404, "invalid_request_error", "model_not_found"),
        (UnknownAuthor("No such author; name another."), 404, "invalid_request_error", "author_not_found"),
        (BadInput("Whose answer is wanted?"), 400, "invalid_request_error", None),
        (EmptyCorpus("Nothing is indexed; index it."), 400, "invalid_request_error", None),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_failure_has_openais_shape_and_status_whether_streamed_or_not(
    failure: TwinError, status: int, kind: str, code: str | None, stream: bool
) -> None:
    with client_of(Oracle(failure)) as client:
        response = client.post(PATH, json=body(stream=stream))
    assert response.status_code == status
    assert response.json() == {"error": {"message": str(failure), "type": kind, "param": None, "code": code}}


@pytest.mark.parametrize(
    ("failure", "said"), [(ModelError("/home/hunter2 broke."), "The model cannot"), (ValueError("hunter2"), "log")]
)
def test_a_failure_in_the_middle_of_a_stream_is_an_event_and_the_stream_ends(failure: Exception, said: str) -> None:
    class Breaking(Oracle):
        def tell(self, inquiry: Inquiry, patience: Patience | None = None) -> Iterator[Event]:
            first, second, *_ = super().tell(inquiry)
            yield first
            yield second
            raise failure

    with client_of(Breaking()) as client:
        response = client.post(PATH, json=body(stream=True))
    _, word, last = events(response.text)
    assert word["choices"][0]["delta"]["content"] == "Because "
    assert said in last["error"]["message"]
    assert last["error"]["type"] == "server_error"
    assert "hunter2" not in response.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = [*ChatRequest.model_fields, "tools", "user"]


@given(field=st.sampled_from(FIELDS), value=JSON, path=st.sampled_from([PATH, "/rag", "/v1/retrieve", "/v1/feedback"]))
def test_no_request_is_too_strange_to_be_refused_in_good_order(field: str, value: Any, path: str) -> None:
    for sent in ({**body(), field: value}, {field: value}, value):
        response = SHARED.post(path, content=json.dumps(sent), headers={"Content-Type": "application/json"})
        assert response.status_code in (200, 400, 422)
        assert response.status_code == 200 or response.json()["error"]["message"]


def test_what_is_not_there_is_404_in_openais_shape(client: TestClient) -> None:
    assert client.get("/v1/nothing").json()["error"]["code"] == "not_found"
