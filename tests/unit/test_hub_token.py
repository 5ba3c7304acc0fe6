"""The token of the Hugging Face hub goes to the hub, and nowhere else."""

import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from pydantic import SecretStr

from llm_engineering.application.ports import Silent
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.launching import _environment

TOKEN = "hf_known_only_to_this_test"

LOAD = """
import sys
from pathlib import Path
import torch
from pydantic import SecretStr
from llm_engineering.application.ports import Silent
from llm_engineering.domain.errors import ModelError
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.base_model import base_config, load_base_model

models = ModelStore(Path(sys.argv[1]), Silent(), hub_token=SecretStr(sys.argv[2]))
for load in (
    lambda: load_base_model("someone/gated", models, device="cpu", dtype=torch.float32),
    lambda: base_config("someone/gated", models),
):
    try:
        load()
    except ModelError as error:
        print(error)
"""


def test_a_gated_base_model_is_asked_for_with_the_token_which_no_message_repeats(tmp_path: Path) -> None:
    seen: list[str | None] = []

    class Refusing(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            seen.append(self.headers.get("Authorization"))
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as hub:
        Thread(target=hub.serve_forever, daemon=True).start()
        done = subprocess.run(
            [sys.executable, "-c", LOAD, str(tmp_path), TOKEN],
            capture_output=True,
            text=True,
            check=True,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(tmp_path),
                "HF_ENDPOINT": f"http://127.0.0.1:{hub.server_port}",
                "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
            },
        )
        hub.shutdown()
    assert f"Bearer {TOKEN}" in seen
    assert done.stdout.count("HUGGINGFACE_ACCESS_TOKEN") == 2
    assert TOKEN not in done.stdout + done.stderr


def test_processes_of_a_training_get_it_by_their_environment_alone(tmp_path: Path) -> None:
    with_token = ModelStore(tmp_path, Silent(), hub_token=SecretStr(TOKEN))
    assert _environment(1, with_token)["HF_TOKEN"] == TOKEN
    assert TOKEN not in _environment(1, ModelStore(tmp_path, Silent())).values()
