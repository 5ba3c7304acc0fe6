"""Checkpoints of a training run: adapter, optimiser, schedule and random numbers, so that a killed run goes on."""

import json
import shutil
import zipfile
from pathlib import Path

PREFIX = "checkpoint-"
STATE = "trainer_state.json"
ADAPTER = "adapter_model.safetensors"
ZIPPED = ("optimizer.pt", "scheduler.pt")


def last_whole(directory: Path) -> Path | None:
    """The newest checkpoint below the directory that was written to its end, or None."""
    found = [entry for entry in directory.glob(f"{PREFIX}*") if entry.name.removeprefix(PREFIX).isdigit()]
    newest_first = sorted(found, key=step_of, reverse=True)
    return next((entry for entry in newest_first if _is_whole(entry)), None)


def step_of(checkpoint: Path) -> int:
    """After how many optimiser steps it was written."""
    return int(checkpoint.name.removeprefix(PREFIX))


def remove_all(directory: Path) -> None:
    """Away with every checkpoint below the directory, whole or not."""
    for entry in directory.glob(f"{PREFIX}*"):
        shutil.rmtree(entry, ignore_errors=True)


def _is_whole(checkpoint: Path) -> bool:
    """Transformers writes the state last. The other files are looked into too, for a disk that lost their ends."""
    try:
        state = json.loads((checkpoint / STATE).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    random_numbers = list(checkpoint.glob("rng_state*.pth"))
    zipped = [*(checkpoint / name for name in ZIPPED), *random_numbers]
    return (
        state.get("global_step") == step_of(checkpoint)
        and _opens(checkpoint / ADAPTER)
        and bool(random_numbers)
        and all(zipfile.is_zipfile(file) for file in zipped)
    )


def _opens(weights: Path) -> bool:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(weights, framework="pt"):
            return True
    except (OSError, SafetensorError):
        return False
