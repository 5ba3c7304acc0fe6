"""python -m tools.benchmark [NAME …]: run benchmarks/NAME.py (or benchmarks/NAME/), or list them."""

import subprocess
import sys
from pathlib import Path

import click

from llm_engineering.domain.errors import BadInput
from tools import console
from tools.environment import REPOSITORY

BENCHMARKS = REPOSITORY / "benchmarks"


@click.command(
    context_settings={"help_option_names": ["-h", "--help"], "ignore_unknown_options": True},
)
@click.argument("name", required=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def benchmark(name: str | None, arguments: tuple[str, ...]) -> int:
    """Run the benchmark NAME with its ARGUMENTS; without a name, list what there is.

    A benchmark prints a table and writes JSON below output/benchmarks.
    """
    known = benchmarks(BENCHMARKS)
    if name is None:
        click.echo("\n".join(f"  {found}" for found in known) or "There are no benchmarks yet.")
        return 0
    if name not in known:
        raise BadInput(f'There is no benchmark "{name}"; known are: {", ".join(known) or "none yet"}.')
    return subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments], cwd=REPOSITORY, check=False
    ).returncode


def benchmarks(directory: Path) -> list[str]:
    """The names of the modules and runnable packages there."""
    modules = [file.stem for file in directory.glob("*.py") if not file.stem.startswith("_")]
    return sorted(modules + [file.parent.name for file in directory.glob("*/__main__.py")])


if __name__ == "__main__":
    console.main(benchmark)
