"""The service as a user starts it: a process of its own, over real HTTP, on real stores.

Its chat model is a server in this process, so that a test decides how long an answer takes.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event

import httpx
import pytest

from llm_engineering.application.api_keys import new_key
from llm_engineering.application.indexing import index, load_cleaned
from llm_engineering.application.ports import Silent
from llm_engineering.bootstrap import opened
from llm_engineering.domain.authors import Author
from llm_engineering.settings import Settings, load_settings
from tests.loopback import serving
from tests.samples import raw_document
from tests.tiny_models import tiny_embedder

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE = 120.0
"""Seconds for what takes long on a busy machine, such as importing torch."""
MARA = Author.named("Mara Lindqvist")
EDMUND = Author.named("Edmund Achterberg")
TEXTS = {
    MARA: "I crawl the feed before the sitemap. The feed knows which post is new, and it costs one request.",
    EDMUND: "Burrows's Delta compares the frequencies of small words, which no author chooses with care.",
}
ANSWER = "Because the feed knows what is new."

pytestmark = pytest.mark.slow


@dataclass
class ChatServer:
    """An OpenAI-compatible server; `free` lets it answer, `reached` says that a question has arrived."""

    free: Event = field(default_factory=Event)
    reached: Event = field(default_factory=Event)
    prompts: list[str] = field(default_factory=list)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        asked = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        self.prompts.append(asked["messages"][-1]["content"])
        self.reached.set()
        assert self.free.wait(PATIENCE)
        assert asked["stream"]
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.end_headers()
        for delta, reason in (({"role": "assistant", "content": ANSWER}, None), ({}, "stop")):
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
            request.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
        request.wfile.write(b"data: [DONE]\n\n")


@dataclass
class Service:
    """A running `python -m tools.serve`."""

    process: "subprocess.Popen[str]"
    address: str
    said: list[str]


def filled(home: Path, embedder: Path, texts: Mapping[Author, str]) -> Path:
    """A data directory with these authors, a text of each indexed, and no twin."""
    with opened(settings_of(home, embedder)) as twin:
        for author in texts:
            twin.warehouse.add_author(author)
        documents = [
            raw_document(text, f"https://{author.last_name.lower()}.example/a", author)
            for author, text in texts.items()
        ]
        authors, vectors = list(texts), twin.vectors
        load_cleaned(documents, authors=authors, vectors=vectors, progress=Silent())
        index(authors=authors, vectors=vectors, embedder=twin.embedder, sparse=twin.sparse, progress=Silent())
    return home


def settings_of(home: Path, embedder: Path) -> Settings:
    return load_settings(_env_file=None, DATA_DIR=home / "data", TEXT_EMBEDDING_MODEL_ID=str(embedder))


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_embedder(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, embedder: Path) -> Path:
    return filled(tmp_path_factory.mktemp("home"), embedder, TEXTS)


@contextmanager
def chat_server() -> Iterator[tuple[ChatServer, str]]:
    """The server and the CHAT_MODEL string that names it."""
    server = ChatServer()
    with serving({"/v1/chat/completions": server.answer}) as site:
        yield server, f"{site.url}/v1#some-model"


def command(home: Path, embedder: Path, chat_model: str, *arguments: str, **settings: str) -> "subprocess.Popen[str]":
    """Start the service, away from any `.env`."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(REPOSITORY),
        "HOME": str(home),
        "HF_HUB_OFFLINE": "1",
        "DATA_DIR": "data",
        "TEXT_EMBEDDING_MODEL_ID": str(embedder),
        "CHAT_MODEL": chat_model,
        **settings,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tools.serve", *arguments],
        cwd=home,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@contextmanager
def started(home: Path, embedder: Path, chat_model: str, *arguments: str, **settings: str) -> Iterator[Service]:
    """A running service on a free port."""
    process = command(home, embedder, chat_model, "--port", "0", *arguments, **settings)
    said: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line.rstrip("\n"))
            if line.startswith("Listening on "):
                yield Service(process, line.split()[2], said)
                break
        else:
            pytest.fail(f"The service did not start: {process.communicate()[1]}")
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def running(home: Path, embedder: Path) -> Iterator[tuple[Service, ChatServer]]:
    """The service of most tests, and the chat server behind it."""
    with chat_server() as (chat, model), started(home, embedder, model) as service:
        yield service, chat


@pytest.fixture
def service(running: tuple[Service, ChatServer]) -> Service:
    return running[0]


@pytest.fixture
def chat(running: tuple[Service, ChatServer]) -> ChatServer:
    """The chat server, answering at once unless the test says otherwise."""
    running[1].free.set()
    running[1].reached.clear()
    running[1].prompts.clear()
    return running[1]


def ask(service: Service, **question: object) -> httpx.Response:
    return httpx.post(f"{service.address}/rag", json=question, timeout=PATIENCE)


def ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def test_a_question_is_answered_from_what_the_author_wrote(service: Service, chat: ChatServer) -> None:
    response = ask(service, query="Why do you crawl the feed first?", author="Mara Lindqvist", twin="base")
    assert response.status_code == 200
    answered = response.json()
    assert (answered["answer"], answered["author"], answered["twin"]) == (ANSWER, "Mara Lindqvist", "base (some-model)")
    assert [source["link"] for source in answered["sources"]] == ["https://lindqvist.example/a"]
    assert "The feed knows which post is new" in chat.prompts[-1]
    assert "Burrows" not in chat.prompts[-1]


def test_the_service_says_whom_it_serves_and_its_example_works(service: Service, chat: ChatServer) -> None:
    said = "\n".join(service.said)
    assert "Edmund Achterberg: 1 chunks; no twin has passed evaluation" in said
    example = next(line for line in service.said if line.startswith("Try: curl "))
    _, _, address, *_, header, _, body = shlex.split(example)
    name, _, value = header.partition(": ")
    response = httpx.post(address, content=body, headers={name: value}, timeout=PATIENCE)
    assert response.json()["answer"] == ANSWER


def test_an_unknown_author_is_404_and_a_missing_twin_says_what_to_do(service: Service, chat: ChatServer) -> None:
    unknown = ask(service, query="Why?", author="Mara Lindquist")
    assert (unknown.status_code, unknown.json()["error"]["type"]) == (404, "UnknownAuthor")
    untrained = ask(service, query="Why?", author="Mara Lindqvist")
    assert untrained.status_code == 422
    assert "run-training-pipeline" in untrained.json()["error"]["message"]
    assert chat.prompts == []


def test_health_answers_within_a_second_while_questions_are_being_answered(service: Service, chat: ChatServer) -> None:
    chat.free.clear()
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ask, service, query="Why?", author="Mara Lindqvist", twin="base") for _ in range(8)]
        try:
            assert chat.reached.wait(PATIENCE)
            for path, seconds in (("/health", 1.0), ("/health", 1.0), ("/authors", PATIENCE)):
                before = time.monotonic()
                assert httpx.get(service.address + path, timeout=PATIENCE).status_code == 200
                assert time.monotonic() - before < seconds
            assert not any(one.done() for one in asked)
        finally:
            chat.free.set()
        assert [one.result().json()["answer"] for one in asked] == [ANSWER] * 8


def test_a_taken_port_is_one_sentence_before_any_model_is_loaded(home: Path, embedder: Path, service: Service) -> None:
    port = service.address.rsplit(":", 1)[1]
    code, out, err = ended(command(home, embedder, "openai:unused", "--port", port))
    assert (code, out) == (1, "")
    assert err == (
        f"Error: Port {port} is taken; stop the program that uses it, or choose another with --port or SERVICE_PORT.\n"
    )


def test_stores_that_another_process_has_open_are_one_sentence(home: Path, embedder: Path, service: Service) -> None:
    code, out, err = ended(command(home, embedder, "openai:unused", "--port", "0"))
    assert code == 1
    assert "Listening" not in out
    assert err.startswith("Error: ")
    assert str(service.process.pid) in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("chat_model", ["embedded:nope", "cut off.gguf"])
def test_a_chat_model_that_cannot_work_is_one_sentence_at_the_start(
    tmp_path: Path, embedder: Path, chat_model: str
) -> None:
    (tmp_path / "cut off.gguf").write_bytes(b"GGUF\x03\x00")
    code, out, err = ended(command(tmp_path, embedder, chat_model, "--port", "0"))
    assert code == 1
    assert "Listening" not in out
    assert err.startswith(f"Error: CHAT_MODEL is {chat_model}, which cannot be used: ")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5"])
def test_without_keys_the_service_listens_to_no_other_machine(home: Path, embedder: Path, host: str) -> None:
    code, out, err = ended(command(home, embedder, "openai:unused", "--host", host))
    assert (code, out) == (1, "")
    assert f'"{host}" is no loopback address, and there are no API keys' in err
    assert "./poe api-key" in err


def test_a_name_is_no_address_to_listen_on(home: Path, embedder: Path) -> None:
    code, out, err = ended(command(home, embedder, "openai:unused", "--host", "example.com"))
    assert (code, out) == (1, "")
    assert '"example.com" is no IP address' in err


def test_with_a_key_others_are_let_in_and_nobody_without_it(tmp_path: Path, embedder: Path) -> None:
    home, (key, hashed) = filled(tmp_path, embedder, {MARA: TEXTS[MARA]}), new_key()
    with chat_server() as (chat, model), started(home, embedder, model, "--host", "0.0.0.0", API_KEYS=hashed) as open_:
        chat.free.set()
        address = open_.address.replace("0.0.0.0", "127.0.0.1")
        assert httpx.get(f"{address}/authors").status_code == 401
        with_key = {"Authorization": f"Bearer {key}", "Host": "twin.example"}
        assert httpx.get(f"{address}/authors", headers=with_key).status_code == 200
        assert key not in "".join(open_.said)


def test_a_hangup_reloads_and_the_service_goes_on(service: Service, chat: ChatServer) -> None:
    service.process.send_signal(signal.SIGHUP)
    assert service.process.stdout is not None
    assert service.process.stdout.readline() == "Reloaded: 2 authors.\n"
    assert ask(service, query="Why?", author="Mara Lindqvist", twin="base").json()["answer"] == ANSWER


def test_the_service_told_to_stop_finishes_its_answer_and_lets_go_of_the_stores(tmp_path: Path, embedder: Path) -> None:
    home = filled(tmp_path, embedder, {MARA: TEXTS[MARA]})
    with chat_server() as (chat, model), started(home, embedder, model) as stopping, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, stopping, query="Why?", twin="base")
        assert chat.reached.wait(PATIENCE)
        stopping.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert stopping.process.poll() is None
        chat.free.set()
        assert asked.result().json()["answer"] == ANSWER
        assert ended(stopping.process) == (0, "Stopped.\n", "")
    with opened(settings_of(home, embedder)) as twin:
        assert [author.chunks for author in twin.asking.authors()] == [1]


def test_a_second_ctrl_c_waits_for_no_answer_and_its_client_is_told(tmp_path: Path, embedder: Path) -> None:
    home = filled(tmp_path, embedder, {MARA: TEXTS[MARA]})
    with chat_server() as (chat, model), started(home, embedder, model) as stopping, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, stopping, query="Why?", twin="base")
        assert chat.reached.wait(PATIENCE)
        stopping.process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        stopping.process.send_signal(signal.SIGINT)
        response = asked.result()
        chat.free.set()
        assert (response.status_code, response.json()["error"]["type"]) == (503, "ServiceError")
        assert ended(stopping.process) == (0, "Stopped.\n", "")
