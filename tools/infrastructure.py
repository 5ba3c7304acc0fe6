"""python -m tools.infrastructure up|down: MongoDB and Qdrant by docker compose, and ZenML's dashboard."""

import shutil
import subprocess

import click

from llm_engineering.domain.errors import MissingDependency, ServiceError
from tools import console, dashboard
from tools.environment import REPOSITORY
from tools.pipeline_runs import DASHBOARD_PORT


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def infrastructure() -> None:
    """Start or stop the servers of a development machine."""


@infrastructure.command()
def up() -> None:
    """Start MongoDB and Qdrant, wait until they are healthy, then start the dashboard."""
    compose("up", "--detach", "--wait")
    dashboard.start(DASHBOARD_PORT)
    click.echo("To use them, set DATABASE_HOST and QDRANT_DATABASE_HOST in .env (see .env.example).")


@infrastructure.command()
def down() -> None:
    """Stop the dashboard, MongoDB and Qdrant; their data stay."""
    dashboard.stop()
    compose("down")


def compose(*arguments: str) -> None:
    """Run docker compose on docker-compose.yml.

    Raises MissingDependency when Docker or its compose plugin is not there, and ServiceError
    with Docker's last line when it fails, for example because its daemon is not running.
    """
    if shutil.which("docker") is None:
        raise MissingDependency(
            "Docker is not installed; install it (https://docs.docker.com/get-docker/), or go without: "
            "the embedded stores need no server."
        )
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode != 0:
        raise MissingDependency(
            "Docker has no compose plugin; install it (for example: apt install docker-compose-v2)."
        )
    done = subprocess.run(
        ["docker", "compose", *arguments], cwd=REPOSITORY, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise ServiceError(f"docker compose {arguments[0]} failed: {lines[-1] if lines else 'it gave no reason'}")


if __name__ == "__main__":
    console.main(infrastructure)
