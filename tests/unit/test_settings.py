"""Settings come from the environment, and a wrong one is named without its value."""

from pathlib import Path

import pytest

from llm_engineering.domain.errors import BadSettings
from llm_engineering.settings import load_settings


@pytest.fixture(autouse=True)
def _no_dotenv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_HOST", "QDRANT_DATABASE_HOST", "USE_QDRANT_CLOUD", "DATA_DIR", "MODELS_DIR"):
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
