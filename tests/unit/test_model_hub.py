"""A push to the hub, against a stand-in for its client that takes what the installed client takes."""

import inspect
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from llm_engineering.domain.errors import BadInput, StoreError
from llm_engineering.infrastructure.model_hub import HuggingFaceModels

TOKEN = "hf_secret"


class StandIn:
    """Remembers calls, after holding their arguments to the signatures of the installed HfApi."""

    def __init__(self, *, private: bool = True, error: Exception | None = None) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.private = private
        self.error = error

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            bound = inspect.signature(getattr(HfApi, name)).bind(self, *arguments, **named)
            self.calls.append((name, {key: value for key, value in bound.arguments.items() if key != "self"}))
            if self.error:
                raise self.error
            return type("Repository", (), {"private": self.private})()

        return call


def hub(stand_in: StandIn) -> HuggingFaceModels:
    return HuggingFaceModels(TOKEN, api=lambda token: stand_in)


@pytest.mark.parametrize("public", [False, True])
def test_everything_goes_in_one_commit_into_a_repository_that_is_private_unless_asked_otherwise(
    tmp_path: Path, public: bool
) -> None:
    (tmp_path / "weights").write_bytes(b"w")
    client = StandIn(private=not public)
    files = {"b/weights": tmp_path / "weights", "a.json": b"{}"}
    assert hub(client).push(files, "me/twin", public=public, message="m") == "https://huggingface.co/me/twin"
    made = next(arguments for name, arguments in client.calls if name == "create_repo")
    assert (made["repo_id"], made["private"], made["exist_ok"]) == ("me/twin", not public, True)
    [commit] = [arguments for name, arguments in client.calls if name == "create_commit"]
    sent = {operation.path_in_repo: operation.path_or_fileobj for operation in commit["operations"]}
    assert sent == {"b/weights": str(tmp_path / "weights"), "a.json": b"{}"}
    assert all(isinstance(operation, CommitOperationAdd) for operation in commit["operations"])


def test_a_repository_that_is_public_gets_nothing_unasked() -> None:
    client = StandIn(private=False)
    with pytest.raises(BadInput, match="me/twin is public"):
        hub(client).push({"a": b""}, "me/twin", public=False, message="m")
    assert "create_commit" not in [name for name, _ in client.calls]


def test_a_refusal_is_one_sentence_without_the_token() -> None:
    client = StandIn(error=RuntimeError(f"403\nForbidden for {TOKEN}"))
    with pytest.raises(StoreError, match=r"Could not push to me/twin \(RuntimeError: 403 Forbidden for …\)") as caught:
        hub(client).push({"a": b""}, "me/twin", public=False, message="m")
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("model_id", ["twin", "me/", "/twin", "me/twin/x", "https://huggingface.co/me/twin"])
def test_a_malformed_name_is_refused_before_the_hub_is_asked(model_id: str) -> None:
    client = StandIn()
    with pytest.raises(BadInput, match="is no model id"):
        hub(client).push({"a": b""}, model_id, public=False, message="m")
    assert client.calls == []
