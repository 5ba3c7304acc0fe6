"""Settings come from the environment, and a wrong one is named without its value."""

import time
from pathlib import Path

import pytest
from pydantic import ValidationError

from llm_engineering.bootstrap import opened
from llm_engineering.domain.errors import BadSettings, CorruptModel, StoreUnreachable
from llm_engineering.infrastructure.models.embedded import EMBEDDED_MODELS
from llm_engineering.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _no_dotenv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name, raising=False)


def test_with_nothing_set_everything_is_embedded() -> None:
    settings = load_settings()
    assert settings.mongodb_url is None
    assert settings.qdrant_url is None
    assert settings.sqlite_path == Path(".llm-twin/twin.sqlite3")


def test_the_references_env_file_keeps_working(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "DATABASE_HOST=mongodb://u:p@127.0.0.1:27017\nUSE_QDRANT_CLOUD=false\nQDRANT_DATABASE_HOST=localhost\n"
        "QDRANT_DATABASE_PORT=6333\nOPENAI_API_KEY=sk-secret\nCOMET_PROJECT=x\nAWS_REGION=eu\n"
    )
    settings = load_settings()
    assert settings.mongodb_url == "mongodb://u:p@127.0.0.1:27017"
    assert settings.qdrant_url == "http://localhost:6333"
    assert "sk-secret" not in repr(settings)


def test_the_environment_wins_over_the_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DATABASE_NAME=from_file\n")
    monkeypatch.setenv("DATABASE_NAME", "from_environment")
    assert load_settings().DATABASE_NAME == "from_environment"


def test_an_empty_value_means_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QDRANT_DATABASE_PORT", "")
    assert load_settings().QDRANT_DATABASE_PORT == 6333


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QDRANT_DATABASE_PORT", "many"),
        ("DATABASE_HOST", "postgres://x"),
        ("RAG_MODEL_DEVICE", "toaster"),
        ("DATABASE_NAME", "no spaces"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=name):
        load_settings()


def test_the_cloud_without_its_address_says_which_setting_is_missing() -> None:
    with pytest.raises(BadSettings, match="QDRANT_CLOUD_URL"):
        _ = load_settings(USE_QDRANT_CLOUD=True).qdrant_url


def test_openai_alone_means_the_model_that_the_reference_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_MODEL", "openai")
    assert load_settings().CHAT_MODEL == "openai:gpt-4o-mini"
    monkeypatch.setenv("OPENAI_MODEL_ID", "gpt-4.1-nano")
    assert load_settings().CHAT_MODEL == "openai:gpt-4.1-nano"


@pytest.mark.parametrize(
    "url",
    ["http://me:hunter2@host/v1#m", " HTTPS://hunter2@host/v1#m", "http://me:hun/ter2@host/v1#m"],
)
def test_a_server_with_a_password_in_its_url_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(BadSettings, match=r"CHAT_MODEL is wrong: must not .* CHAT_API_KEY\.") as refused:
        load_settings(CHAT_MODEL=url)
    assert "ter2" not in str(refused.value)
    with pytest.raises(ValidationError) as raw:
        Settings(CHAT_MODEL=url)
    assert "ter2" not in str(raw.value)


def test_a_served_model_may_have_an_at_sign_in_its_name() -> None:
    assert load_settings(CHAT_MODEL="http://host/v1#@cf/some-model").CHAT_MODEL == "http://host/v1#@cf/some-model"


def test_models_come_from_the_source_directory_first(tmp_path: Path) -> None:
    (tmp_path / "source" / "smollm2-135m-instruct").mkdir(parents=True)
    [name] = EMBEDDED_MODELS["smollm2-135m-instruct"].files
    (tmp_path / "source" / "smollm2-135m-instruct" / name).write_text("not the model")
    settings = load_settings(MODELS_SOURCE_DIR=tmp_path / "source")
    with opened(settings) as twin, pytest.raises(CorruptModel, match=str(tmp_path / "source")):
        twin.models.path(settings.CHAT_MODEL)


@pytest.mark.parametrize("keys", ["secret", "a" * 63, "G" * 64, f"{'a' * 64},hunter2"])
def test_api_keys_that_are_no_hashes_are_refused_without_being_shown(keys: str) -> None:
    with pytest.raises(BadSettings, match="API_KEYS") as refused:
        load_settings(API_KEYS=keys)
    assert keys not in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_api_keys_and_names_are_separated_by_commas() -> None:
    settings = load_settings(API_KEYS=f"{'a' * 64}, {'B' * 64},", SERVICE_NAMES="Twin.example, other.example")
    assert settings.api_key_hashes == {"a" * 64, "b" * 64}
    assert settings.service_names == ["twin.example", "other.example"]
    assert load_settings().api_key_hashes == frozenset()


def test_a_service_that_waits_for_a_database_that_is_down_gives_up_sooner_than_a_pipeline() -> None:
    settings = load_settings(DATABASE_HOST="mongodb://127.0.0.1:9")
    with opened(settings, store_seconds=0.2) as twin:
        with pytest.raises(StoreUnreachable):
            twin.warehouse.authors()
        before = time.monotonic()
        with pytest.raises(StoreUnreachable):
            twin.warehouse.authors()
        assert time.monotonic() - before < 4.0  # a pipeline waits for five seconds
