"""Trackers are named by one setting; their keys are in the environment while a stage trains, and nowhere else."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from llm_engineering.bootstrap import opened
from llm_engineering.domain.errors import BadSettings, MissingDependency, TrainingError
from llm_engineering.infrastructure.training.tracking import PACKAGES, Tracking, reporting, tracking_by
from llm_engineering.settings import TRACKERS, load_settings
from tests.packages import importable

KEY = SecretStr("secret-of-comet")


def test_the_setting_and_the_trackers_know_the_same_names() -> None:
    assert tuple(PACKAGES) == TRACKERS


def test_the_setting_is_read_in_any_case_and_once_each() -> None:
    assert load_settings(TRACKING=" MLflow, trackio,mlflow,").TRACKING == "mlflow,trackio"
    with pytest.raises(BadSettings, match="TRACKING is wrong: has no tracker tensorbord; known are tensorboard"):
        load_settings(TRACKING="tensorbord")


def test_by_default_nobody_is_reported_to() -> None:
    with opened(load_settings()) as twin:
        assert twin.tracking == Tracking()


def test_a_tracker_without_its_package_is_one_sentence_before_any_work() -> None:
    sentence = r"takes the package comet_ml; install it .*or take comet out"
    settings = load_settings(TRACKING="comet", COMET_API_KEY="k")
    with opened(settings) as twin, pytest.raises(MissingDependency, match=sentence):
        _ = twin.trainer


def test_comet_without_a_key_is_refused(tmp_path: Path) -> None:
    with importable(tmp_path, "comet_ml"), pytest.raises(BadSettings, match="COMET_API_KEY is empty"):
        tracking_by(["comet"], comet_api_key=None, comet_project="twin", directory=tmp_path)


def test_keys_are_in_the_environment_while_reporting_and_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMET_PROJECT_NAME", "mine")
    with importable(tmp_path, "comet_ml", "tensorboard"):
        tracking = tracking_by(["comet", "tensorboard"], comet_api_key=KEY, comet_project="twin", directory=tmp_path)
    assert tracking.report_to == ("comet_ml", "tensorboard"), "as TRL calls them"
    assert "secret-of-comet" not in repr(tracking)
    seen = {}

    def fails() -> None:
        with reporting(tracking):
            seen.update(os.environ)
            raise TrainingError("It failed.")

    with pytest.raises(TrainingError):
        fails()
    assert (seen["COMET_API_KEY"], seen["COMET_PROJECT_NAME"]) == ("secret-of-comet", "twin")
    assert seen["TENSORBOARD_LOGGING_DIR"] == str(tmp_path / "tensorboard")
    assert "COMET_API_KEY" not in os.environ
    assert os.environ["COMET_PROJECT_NAME"] == "mine"
