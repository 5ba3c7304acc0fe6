"""ZenML's own store: where it is, and that it is made whole.

Importing this is quick; ZenML is imported by the functions that need it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import yaml

from llm_engineering.domain.errors import StoreError
from tools.console import say


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
    directory = Path(os.environ.get("ZENML_CONFIG_PATH") or click.get_app_dir("zenml"))
    try:
        database = local_database()  # makes ZenML's directory and its config file, too
        if database is None:
            return
        directory = database.parent
        marker = database.with_name("incomplete")
        if database.exists() and not marker.exists():
            return
        database.parent.mkdir(parents=True, exist_ok=True)
        with _alone(database.with_name("creation.lock")):
            if marker.exists() or not database.exists():
                marker.touch()
                for file in database.parent.glob(f"{database.name}*"):
                    file.unlink()
                _create()
                marker.unlink()
    except OSError as error:
        raise StoreError(
            f"ZenML cannot keep its database in {directory} ({error.strerror}); make room or grant the "
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


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold the lock, which ends with the process however that ends; waits for whoever holds it."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another command that is preparing ZenML's database …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
