"""The clients that people have, against the running service and the embedded model: OpenAI's own, and LangChain's."""

import json
import time
from collections.abc import Iterator

import httpx
import openai
import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from llm_engineering.infrastructure.models.store import ModelStore
from tests.integration.test_service import EDMUND, MARA, PATIENCE, TEXTS, Service, filled, started
from tests.tiny_models import tiny_embedder

pytestmark = pytest.mark.slow

MODEL = "mara-lindqvist/base"
QUESTION = "Why do you crawl the feed first?"
LONG = {"temperature": 0.0, "max_tokens": 400}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, embedded_models: ModelStore) -> Iterator[Service]:
    """One that writes one answer at a time, and lets nobody wait: so a slot that is not free is seen at once."""
    embedder = tiny_embedder(tmp_path_factory.mktemp("models"))
    home = filled(tmp_path_factory.mktemp("home"), embedder, {author: TEXTS[author] for author in (MARA, EDMUND)})
    model = embedded_models.path("embedded:smollm2-135m-instruct")
    with started(home, embedder, str(model), SERVICE_WORKERS="1", SERVICE_QUEUE="0", MOST_COPIED="1") as service:
        yield service


@pytest.fixture
def client(service: Service) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{service.address}/v1", api_key="unused", max_retries=0, timeout=PATIENCE)


def ask(client: openai.OpenAI, **fields: object) -> openai.types.chat.ChatCompletion:
    made: openai.types.chat.ChatCompletion = client.chat.completions.create(
        **{"model": MODEL, "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 24, **fields}
    )
    return made


def test_openais_client_lists_the_models(client: openai.OpenAI) -> None:
    assert "base" in [model.id for model in client.models.list()]


def test_openais_client_gets_an_answer_with_usage_and_sources(client: openai.OpenAI) -> None:
    given = ask(client, seed=1)
    assert given.choices[0].message.content
    assert given.choices[0].finish_reason in ("stop", "length")
    assert given.usage is not None
    assert 0 < given.usage.completion_tokens <= 24
    assert given.usage.prompt_tokens > 40
    assert [source["link"] for source in given.sources] == ["https://lindqvist.example/a"]


def test_openais_client_streams_the_same_answer(client: openai.OpenAI) -> None:
    ask(client)  # now the prompt is in the slot for both
    chunks = list(
        client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "user", "content": QUESTION}],
            max_tokens=24,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == ask(client).choices[0].message.content
    assert len([chunk for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]) > 3
    assert chunks[0].sources
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0


def test_openais_client_goes_on_with_a_conversation_and_stops_where_it_is_told(client: openai.OpenAI) -> None:
    messages = [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": "It is new."},
        {"role": "user", "content": "And the sitemap?"},
    ]
    given = ask(client, messages=messages, extra_body={"twin": {"refuse": False}}, stop=["e"])
    assert "e" not in (given.choices[0].message.content or "")


def test_openais_client_raises_its_own_errors(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="nobody"):
        ask(client, model="nobody/3")
    with pytest.raises(openai.BadRequestError, match="temperature"):
        ask(client, temperature=9)


def test_langchains_client_answers_and_streams(service: Service) -> None:
    chat = ChatOpenAI(
        base_url=f"{service.address}/v1",
        api_key=SecretStr("unused"),
        model=MODEL,
        temperature=0,
        max_completion_tokens=24,
        max_retries=0,
    )
    messages = [SystemMessage("Be short."), HumanMessage(QUESTION)]
    assert chat.invoke(messages).text
    pieces = list(chat.stream(messages))
    assert len([piece for piece in pieces if piece.text]) > 3


def test_a_client_that_goes_away_frees_the_slot(service: Service, client: openai.OpenAI) -> None:
    with client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": QUESTION}], stream=True, **LONG
    ) as stream:
        for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                break
        with pytest.raises(openai.RateLimitError) as busy:
            ask(client)
        assert int(busy.value.response.headers["retry-after"]) >= 1
    assert answered_within(client, 10)


def test_a_client_that_goes_away_before_the_first_word_frees_the_slot(service: Service, client: openai.OpenAI) -> None:
    with pytest.raises(httpx.TimeoutException):
        httpx.post(f"{service.address}/rag", json=long_question("A"), timeout=0.3)
    assert answered_within(client, 10)
    with httpx.stream("POST", f"{service.address}/v1/chat/completions", json=long_chat("B"), timeout=PATIENCE) as one:
        next(one.iter_lines())
    assert answered_within(client, 10)


def test_a_rewrite_looks_nothing_up(client: openai.OpenAI) -> None:
    given = ask(client, extra_body={"twin": {"mode": "rewrite"}})
    assert given.sources == []
    assert given.author == "Mara Lindqvist"


def long_question(mark: str) -> dict[str, object]:
    return {"query": f"{mark} why the feed? " * 100, "author": "Mara Lindqvist", "twin": "base", "refuse": False}


def long_chat(mark: str) -> dict[str, object]:
    messages = [{"role": "user", "content": f"{mark} why the feed? " * 200}]
    return {"model": MODEL, "messages": messages, "stream": True, "twin": {"refuse": False}}


def answered_within(client: openai.OpenAI, seconds: float) -> bool:
    """Whether the only worker becomes free in that time, which is far less than an answer of 400 tokens takes."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            return bool(ask(client, max_tokens=1).choices)
        except openai.RateLimitError:
            time.sleep(0.05)
    return False


def test_the_api_describes_every_endpoint(service: Service) -> None:
    paths = json.loads(httpx.get(f"{service.address}/openapi.json").text)["paths"]
    assert {"/rag", "/v1/models", "/v1/chat/completions", "/v1/retrieve", "/v1/feedback", "/ready", "/metrics"} <= set(
        paths
    )
