"""What every kind of test may ask for."""

import os
from pathlib import Path

import pytest

from llm_engineering.application.ports import Silent
from llm_engineering.domain.errors import TwinError
from llm_engineering.infrastructure.models.store import ModelStore
from tools import environment

environment.prepare()  # before any test loads torch, whose idle threads would spin otherwise

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """Where the embedded models are: TEST_MODELS_DIR, else where the quickstart of this checkout keeps them.

    They are fetched when missing; without a network the tests that need them are skipped.
    """
    return Path(os.environ.get("TEST_MODELS_DIR") or REPOSITORY / ".llm-twin" / "models")


@pytest.fixture(scope="session")
def embedded_models(models_dir: Path) -> ModelStore:
    """The store of the embedded models, all of them there."""
    models = ModelStore(models_dir, Silent())
    try:
        models.path("smollm2-135m-instruct")
        models.path("all-minilm-l6-v2")
    except TwinError as error:
        pytest.skip(str(error))
    return models
