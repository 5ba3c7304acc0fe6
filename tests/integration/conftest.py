"""A ZenML store of the tests' own, made once, because that takes ZenML some fifteen seconds."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.loopback import serving
from tests.tiny_models import tiny_embedder
from tests.writing import prose


@dataclass(frozen=True)
class Workplace:
    """Where the pipelines of a test session keep their things."""

    root: Path

    @property
    def output(self) -> Path:
        return self.root / "output"

    @property
    def zenml(self) -> Path:
        return self.root / "zenml"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment that names this session's stores, models and ZenML directory; they last as long as it.

    ZenML's directory is as a process leaves it that was killed while it made the database.
    """
    root = tmp_path_factory.mktemp("workplace")
    database = root / "zenml" / "local_stores" / "default_zen_store"
    database.mkdir(parents=True)
    (database / "zenml.db").write_bytes(b"half a database")
    (database / "incomplete").touch()
    with serving({"/v1/chat/completions": answer}) as site:
        yield {
            "ZENML_CONFIG_PATH": str(root / "zenml"),
            "DATA_DIR": str(root / "data"),
            "OUTPUT_DIR": str(root / "output"),
            "TEXT_EMBEDDING_MODEL_ID": str(tiny_embedder(root)),
            "CHAT_MODEL": f"{site.url}/v1#some-model",
            "HF_HUB_OFFLINE": "1",
        }


@pytest.fixture(scope="module")
def workplace(made: dict[str, str]) -> Iterator[Workplace]:
    """That environment, for the length of a module, so that other tests find theirs."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("ZENML_", "QDRANT_", "DATABASE_"))]:
            patch.delenv(name)
        for name, value in made.items():
            patch.setenv(name, value)
        yield Workplace(Path(made["ZENML_CONFIG_PATH"]).parent)


def answer(request: BaseHTTPRequestHandler) -> None:
    """What an OpenAI-compatible server says: as many words as it may, others for another prompt."""
    asked = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
    prompt = asked["messages"][-1]["content"]
    most = int(asked.get("max_tokens") or asked.get("max_completion_tokens") or 60)
    text = " ".join(prose(sum(prompt.encode())).split()[: max(5, int(most / 1.5))]).rstrip(",.")
    message = {"role": "assistant", "content": f"{text}."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    body = json.dumps(
        {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    ).encode()
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
