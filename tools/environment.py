"""What every command finds in its environment unless the user set it otherwise. Nothing is set on import."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent

DEFAULTS = {
    # Nobody is counted who did not ask for it.
    "ZENML_ANALYTICS_OPT_IN": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    # Threads that spin while they wait take the core from the ones that work.
    "OMP_WAIT_POLICY": "PASSIVE",
    "TOKENIZERS_PARALLELISM": "false",
    # A command that is piped into a file or a CI log shows what it does as it does it.
    "PYTHONUNBUFFERED": "1",
    "ZENML_LOGGING_COLORS_DISABLED": "true",
    "ZENML_AUTO_OPEN_DASHBOARD": "false",
}
"""The same table stands under `[tool.poe.env]`, for commands that are not ours; a test holds the two together."""


def prepare() -> None:
    """Set the defaults of this process. To be called before ZenML or a model library is imported."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    # ZenML records steps by their path below this directory, so a run works from any directory.
    os.environ.setdefault("ZENML_CUSTOM_SOURCE_ROOT", str(REPOSITORY))
