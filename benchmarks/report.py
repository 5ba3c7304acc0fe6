"""What every benchmark shares: where it ran, and how its figures are written."""

import json
import os
import platform
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tools.environment import REPOSITORY

SHARED = REPOSITORY.parent / "shared"
"""Corpora to measure on, beside the checkout; they are no part of the repository."""


def surroundings(packages: Iterable[str], **seeds: int) -> dict[str, Any]:
    """Machine, versions, seeds and date, which belong to figures."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip() or None,
        "machine": {
            "system": f"{platform.system()} {platform.release()}",
            "processor": _processor(),
            "cores": os.cpu_count(),
        },
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "seeds": seeds,
    }


def write_json(figures: dict[str, Any], file: Path) -> None:
    """The figures as a JSON file; its directory is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
