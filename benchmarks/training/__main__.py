"""./poe benchmark training: how fast a twin is trained, what it learns, and whether it is the same when exported."""

from contextlib import closing
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.report import SHARED, surroundings, write_json
from benchmarks.training import authors, made, profiling
from benchmarks.training.bench import Bench
from llm_engineering.bootstrap import opened
from llm_engineering.infrastructure.progress import TerminalProgress
from tools import console
from tools.environment import REPOSITORY
from tools.paths import UserPath

PARTS = ("speed", "generation", "gguf", "learning", "dpo")
PACKAGES = ("torch", "transformers", "trl", "peft", "xllamacpp", "sentence-transformers")
OUTPUT = REPOSITORY / "output" / "benchmarks" / "training.json"
CACHE = REPOSITORY / "output" / "benchmarks" / "cache" / "training"
BARS = {
    "sft_speedup": (">=", 1.5),
    "tokens_per_second": ("", 0.0),
    "heldout_loss_drop": (">=", 0.05),
    "other_author_loss_drop": ("< heldout_loss_drop", 0.0),
    "dpo_heldout_accuracy": (">=", 0.75),
    "dpo_sft_loss_rise": ("<=", 0.03),
    "gguf_agreement": (">=", 0.95),
    "generation_speedup": (">=", 2.0),
}
"""Figure → the bar it is to reach."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--text",
    type=UserPath(file_okay=False),
    default=SHARED / "corpora" / "text",
    show_default="../shared/corpora/text",
    help="Folder of a folder of Markdown files an author.",
)
@click.option(
    "--author",
    "named",
    multiple=True,
    help="Name of an author's folder; may be repeated. [default: the first three of 15 documents or more]",
)
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="Measure this part only; may be repeated.")
@click.option("--seed", "seeds", type=int, multiple=True, default=(17, 18, 19), show_default=True, help="Of training.")
@click.option("--most", type=click.IntRange(min=16), default=48, show_default=True, help="Training samples an author.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Of which the median counts.")
@click.option("--speed-samples", type=click.IntRange(min=4), default=24, show_default=True, help="Speed: per round.")
@click.option("--written", type=click.IntRange(min=8), default=24, show_default=True, help="Generation: per round.")
@click.option("--prompts", type=click.IntRange(min=1), default=50, show_default=True, help="Export: prompts.")
@click.option("--profile", is_flag=True, help="Show where the time of SFT goes, too.")
@click.option(
    "--json", "file", type=UserPath(output=True), default=OUTPUT, show_default="output/benchmarks/training.json"
)
def main(
    text: Path,
    named: tuple[str, ...],
    only: tuple[str, ...],
    seeds: tuple[int, ...],
    most: int,
    rounds: int,
    speed_samples: int,
    written: int,
    prompts: int,
    profile: bool,
    file: Path,
) -> None:
    """Measure training; prints a table and writes the figures as JSON.

    Datasets, adapters and scores are kept in output/benchmarks/cache/training, so a run that was
    stopped goes on; remove that directory to measure what the trainer does now.
    """
    out = Console(highlight=False)
    chosen = authors.chosen(text, named)
    figures: dict[str, Any] = surroundings(PACKAGES) | {"authors": chosen, "seeds": list(seeds), "most": most}
    with opened(progress=TerminalProgress()) as twin, closing(made.store(CACHE)) as store:
        bench = Bench(twin, store, CACHE, {name: text / name for name in chosen}, most)
        for part in (part for part in PARTS if not only or part in only):
            console.say(f"Measuring {part} …")
            first = chosen[0]
            match part:
                case "speed":
                    figures |= bench.speed(first, speed_samples, rounds)
                    if profile:
                        figures["profile"] = bench.profile(first, speed_samples)
                        out.print(profiling.table(figures["profile"]))
                case "generation":
                    figures |= bench.generation(first, written, rounds)
                case "gguf":
                    figures |= bench.fidelity(first, seeds[0], prompts)
                case "learning" | "dpo":
                    for figures_so_far in bench.runs(seeds, dpo=part == "dpo"):
                        figures |= figures_so_far
                        write_json(figures, file)
            write_json(figures, file)
    out.print(_table(figures))
    out.print(f"Written to {file}.", soft_wrap=True)


def _table(figures: dict[str, Any]) -> Table:
    table = Table(title="Training", title_justify="left")
    for column in ("figure", "measured", "bar"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for name, (sign, bar) in BARS.items():
        if name in figures:
            table.add_row(name, f"{figures[name]:,.4g}", f"{sign} {bar:g}" if bar else sign)
    return table


if __name__ == "__main__":
    console.main(main)
