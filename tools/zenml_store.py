"""ZenML's own store: where it is, and that it is made whole.

Importing this is quick; ZenML is imported by the functions that need it.
"""

import os
import time
from pathlib import Path

import click
import psutil
import yaml

from llm_engineering.domain.errors import StoreError
from tools.console import say

LONGEST_CREATION = 180.0
"""Seconds after which a process that still claims to create the store is taken to hang."""


def steps_may_run_elsewhere() -> bool:
    """Whether ZenML is connected to a server, told without importing it.

    Only a server can be reached from where a remote orchestrator runs steps; with the default,
    a local database, every step runs on this machine.
    """
    if os.environ.get("ZENML_STORE_URL", "").startswith("http"):
        return True
    directory = os.environ.get("ZENML_CONFIG_PATH") or click.get_app_dir("zenml")
    try:
        config = yaml.safe_load((Path(directory) / "config.yaml").read_text(encoding="utf-8"))
        return bool(config["store"]["type"] == "rest")
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return False


def ensure_store() -> None:
    """Make ZenML's local database unless it is there.

    ZenML never recovers from being stopped while it makes its tables: every later run fails. So
    a marker stands beside the database until it is whole, and what a stopped process left is
    made anew. Raises StoreError when ZenML's directory cannot be written.
    """
    database = local_database()
    if database is None:
        return
    marker = database.with_name("being-created-by")
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        while marker.exists() or not database.exists():
            if _claimed(marker):
                _discard(database)
                _create()
                marker.unlink()
    except OSError as error:
        raise StoreError(
            f"ZenML cannot keep its database in {database.parent} ({error.strerror}); make room or grant the "
            "permission, or name another directory in ZENML_CONFIG_PATH."
        ) from error


def local_database() -> Path | None:
    """The SQLite file of ZenML's store, or None when it is a server's or a MySQL one."""
    from zenml.config.global_config import GlobalConfiguration

    url = str(GlobalConfiguration().store_configuration.url)
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def _create() -> None:
    from zenml.client import Client

    say("Preparing ZenML's database, once on this machine (about 15 seconds) …")
    _ = Client().active_stack_model


def _claimed(marker: Path) -> bool:
    """Whether this process is the one to create the store; if another one is at it, waits a moment first."""
    try:
        with marker.open("x") as file:
            file.write(str(os.getpid()))
        return True
    except FileExistsError:
        if _is_being_created(marker):
            time.sleep(0.5)
        else:
            marker.unlink(missing_ok=True)
        return False


def _is_being_created(marker: Path) -> bool:
    try:
        pid, age = marker.read_text(), time.time() - marker.stat().st_mtime
    except FileNotFoundError:
        return False
    # Empty: its owner is just about to write its number.
    alive = psutil.pid_exists(int(pid)) if pid.isdigit() else age < 1
    return alive and age < LONGEST_CREATION


def _discard(database: Path) -> None:
    for file in database.parent.glob(f"{database.name}*"):
        file.unlink()
