"""./poe benchmark collect: how well articles are found, what trouble does, and how fast pages come in."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.collect import extraction, robustness, throughput
from benchmarks.report import SHARED, surroundings, write_json
from tools import console
from tools.environment import REPOSITORY
from tools.paths import UserPath

PARTS = ("extraction", "robustness", "throughput")
PACKAGES = ("trafilatura", "lxml", "httpx", "pebble", "datasketch")
OUTPUT = REPOSITORY / "output" / "benchmarks" / "collect.json"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--html",
    type=UserPath(file_okay=False),
    default=SHARED / "corpora" / "html",
    show_default="../shared/corpora/html",
    help="Directory of pages with their true texts.",
)
@click.option("--predictions", type=UserPath(output=True), help="Write what was extracted to this file, as JSON Lines.")
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="Measure this part only; may be repeated.")
@click.option("--limit", type=click.IntRange(min=1), help="Extraction: the first pages of each author only.")
@click.option("--pages", type=click.IntRange(min=20), default=500, show_default=True, help="Robustness: pages in all.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Throughput: rounds.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the pages that are made up.")
@click.option(
    "--json", "file", type=UserPath(output=True), default=OUTPUT, show_default="output/benchmarks/collect.json"
)
def main(
    html: Path,
    predictions: Path | None,
    only: tuple[str, ...],
    limit: int | None,
    pages: int,
    rounds: int,
    seed: int,
    file: Path,
) -> None:
    """Measure the collection; prints tables and writes the figures as JSON."""
    out, parts = Console(highlight=False), only or PARTS
    figures: dict[str, Any] = surroundings(PACKAGES, pages=seed)
    if "extraction" in parts and not html.is_dir():
        console.say(f"Extraction is not measured: there is no directory {html}; name one with --html.")
        parts = tuple(part for part in parts if part != "extraction")
    for part in parts:
        console.say(f"Measuring {part} …")
        match part:
            case "extraction":
                figures[part] = extraction.measure(html, predictions, limit)
                out.print(_extraction_table(figures[part]))
            case "robustness":
                figures[part] = robustness.measure(pages=pages, seed=seed)
                out.print(robustness.table(figures[part]))
            case "throughput":
                figures[part] = throughput.measure(rounds=rounds, seed=seed)
                out.print(throughput.table(figures[part]))
        write_json(figures, file)
    out.print(f"Written to {file}.", soft_wrap=True)


def _extraction_table(figures: dict[str, Any]) -> Table:
    table = Table(title="Extraction", title_justify="left")
    for column in ("author", "pages", "f1", "leak", "loss", "title", "date", "ms a page"):
        table.add_column(column, justify="left" if column == "author" else "right")
    for name, row in figures["authors"].items():
        table.add_row(name, str(row["pages"]), *_shown(row[key] for key in extraction.MEASURES), _ms(row["seconds"]))
    table.add_section()
    means = _shown(figures[key] for key in extraction.MEASURES)
    table.add_row("mean", "", *means, _ms(figures["seconds_per_page"]))
    table.add_row("worst", "", *_shown([figures["worst_f1"]]))
    if news := figures.get("news"):
        table.add_row("news", "", *_shown([news["f1"]]))
        table.add_row("news, plain trafilatura", "", *_shown([news["trafilatura_f1"]]))
    return table


def _shown(values: Iterable[float | None]) -> list[str]:
    return ["—" if value is None else f"{value:.3f}" for value in values]


def _ms(seconds: float | None) -> str:
    return "—" if seconds is None else f"{1000 * seconds:.0f}"


if __name__ == "__main__":
    console.main(main)
