"""./poe benchmark serving: how fast the service answers, and what it takes."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from rich.console import Console

from benchmarks.report import surroundings, write_json
from benchmarks.serving import fuzz, load, retrieving, speed
from benchmarks.serving.process import started
from benchmarks.serving.stock import stocked
from tools import console
from tools.environment import REPOSITORY
from tools.paths import UserPath

PARTS = ("speed", "load", "retrieve", "fuzz")
PACKAGES = ("xllamacpp", "fastapi", "uvicorn", "qdrant-edge-py", "httpx")
OUTPUT = REPOSITORY / "output" / "benchmarks" / "serving.json"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="Measure this part only; may be repeated.")
@click.option("--seconds", type=click.FloatRange(min=1), default=60.0, show_default=True, help="Of each level of load.")
@click.option("--clients", default="1,8,32,64", show_default=True, help="Levels of load: clients that ask at once.")
@click.option("--rounds", type=click.IntRange(min=1), default=12, show_default=True, help="Service and engine in turn.")
@click.option("--chunks", type=click.IntRange(min=1), default=10_000, show_default=True, help="For the retrieval.")
@click.option(
    "--json", "file", type=UserPath(output=True), default=OUTPUT, show_default="output/benchmarks/serving.json"
)
def main(only: tuple[str, ...], seconds: float, clients: str, rounds: int, chunks: int, file: Path) -> None:
    """Measure the service over HTTP on the sample data, with the embedded models; prints tables and writes JSON.

    It runs as a process of its own on a free port, on a data directory that is thrown away. Leave the
    machine to it: everything runs on the same processors. Times are in seconds.
    """
    out = Console(highlight=False)
    figures: dict[str, Any] = surroundings(PACKAGES, model=17)
    parts = only or PARTS
    if set(parts) - {"retrieve"}:
        _on_sample_data(parts, seconds, [int(one) for one in clients.split(",")], rounds, figures, out)
        write_json(figures, file)
    if "retrieve" in parts:
        figures["retrieve"] = _retrieved(chunks, seconds)
        out.print(f"Retrieval at {chunks:,} chunks: {figures['retrieve']}")
        write_json(figures, file)
    out.print(f"Written to {file}.", soft_wrap=True)


def _on_sample_data(
    parts: Sequence[str], seconds: float, levels: Sequence[int], rounds: int, figures: dict[str, Any], out: Console
) -> None:
    """All parts but the retrieval, in front of one service; adds to `figures`."""
    with TemporaryDirectory() as place:
        home = Path(place)
        console.say("Filling the stores …")
        questions = stocked(home)
        with started(home) as service:
            if "speed" in parts:
                console.say("Measuring speed …")
                figures |= speed.measure(service, home, questions, rounds)
                out.print(speed.table({name: figures[name] for name in speed.SHOWN}))
            if "load" in parts:
                console.say(f"Measuring load, {seconds:.0f} seconds a level …")
                figures["load"] = load.measure(service, questions, levels, seconds)
                out.print(load.table(figures["load"]))
            if "fuzz" in parts:
                console.say("Sending garbage …")
                figures["fuzz"] = fuzz.measure(service, questions[0])
                figures["fuzz_5xx"] = figures["fuzz"].pop("fuzz_5xx")
                out.print(f"Garbage: {figures['fuzz_5xx']} answers of 5xx; {figures['fuzz']}")


def _retrieved(chunks: int, seconds: float) -> dict[str, Any]:
    with TemporaryDirectory() as place:
        console.say(f"Filling a store with {chunks:,} chunks …")
        questions = stocked(Path(place), chunks)
        with started(Path(place)) as service:
            console.say("Measuring retrieval …")
            return {**retrieving.measure(service, questions, min(seconds, 30.0)), "chunks": chunks}


if __name__ == "__main__":
    console.main(main)
