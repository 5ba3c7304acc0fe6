"""Experiment trackers besides ZenML, through TRL's `report_to`."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from pydantic import SecretStr

from llm_engineering.domain.errors import BadSettings, MissingDependency

PACKAGES = {
    "tensorboard": "tensorboard",
    "mlflow": "mlflow",
    "comet": "comet_ml",
    "wandb": "wandb",
    "trackio": "trackio",
}
"""What TRACKING may name → the package that it takes. Comet's package is also what TRL calls it."""


@dataclass(frozen=True)
class Tracking:
    """Where a training run reports to, and what the trackers read from the environment meanwhile."""

    report_to: tuple[str, ...] = ()
    """As TRL calls them."""
    environment: Mapping[str, SecretStr] = field(default_factory=dict)


def tracking_by(
    names: Sequence[str], *, comet_api_key: SecretStr | None, comet_project: str, directory: Path
) -> Tracking:
    """The trackers of these names; TensorBoard writes below the directory.

    Raises MissingDependency for one whose package is not installed, BadSettings for Comet without a key.
    """
    for name in names:
        if find_spec(PACKAGES[name]) is None:
            raise MissingDependency(
                f"TRACKING names {name}, which takes the package {PACKAGES[name]}; install it in .venv "
                f"(.venv/bin/python -m pip install {PACKAGES[name]}), or take {name} out of TRACKING."
            )
    environment = {}
    if "comet" in names:
        if comet_api_key is None:
            raise BadSettings("TRACKING names comet, but COMET_API_KEY is empty; set it in .env.")
        environment = {"COMET_API_KEY": comet_api_key, "COMET_PROJECT_NAME": SecretStr(comet_project)}
    if "tensorboard" in names:
        environment["TENSORBOARD_LOGGING_DIR"] = SecretStr(str(directory / "tensorboard"))
    return Tracking(tuple("comet_ml" if name == "comet" else name for name in names), environment)


@contextmanager
def reporting(tracking: Tracking) -> Iterator[None]:
    """Within the context, the environment holds what the trackers need, and nothing of it afterwards."""
    before = {name: os.environ.get(name) for name in tracking.environment}
    os.environ.update({name: value.get_secret_value() for name, value in tracking.environment.items()})
    _look_at_comet_again(tracking)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _look_at_comet_again(tracking: Tracking) -> None:
    """Transformers decides whether there is a key when it is imported, which may have been before there was one."""
    integrations = sys.modules.get("transformers.integrations.integration_utils")
    if integrations is not None and "comet_ml" in tracking.report_to:
        integrations._is_comet_configured = True  # type: ignore[attr-defined]
