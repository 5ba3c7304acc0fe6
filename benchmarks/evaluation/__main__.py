"""./poe benchmark evaluation: whether the score of style can be believed, and what an evaluation costs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.evaluation import base_model, corpus, cost, sanity, topics, verifying
from benchmarks.report import SHARED, surroundings, write_json
from llm_engineering.bootstrap import opened
from llm_engineering.infrastructure.progress import TerminalProgress
from llm_engineering.settings import EMBEDDED_CHAT_MODEL
from tools import console
from tools.environment import REPOSITORY
from tools.paths import UserPath

PARTS = ("verifier", "unseen", "sanity", "cost")
LENGTHS = (500, 150)
"""Words a piece."""
SANITY_WORDS = 150
"""About the length of an answer."""
COST_AUTHORS = 4
"""One author and three impostors."""
PACKAGES = ("numpy", "scikit-learn", "xllamacpp")
OUTPUT = REPOSITORY / "output" / "benchmarks" / "evaluation.json"
CACHE = REPOSITORY / "output" / "benchmarks" / "cache" / "evaluation"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--text",
    type=UserPath(file_okay=False),
    default=SHARED / "corpora" / "text",
    show_default="../shared/corpora/text",
    help="Folder of a folder of Markdown files an author.",
)
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="Measure this part only; may be repeated.")
@click.option(
    "--most",
    type=click.IntRange(min=8),
    default=40,
    show_default=True,
    help="Training pieces an author; half held out.",
)
@click.option("--prompts", type=click.IntRange(min=0), default=6, show_default=True, help="Base model: an author.")
@click.option("--seed", type=int, default=17, show_default=True)
@click.option(
    "--json", "file", type=UserPath(output=True), default=OUTPUT, show_default="output/benchmarks/evaluation.json"
)
def main(text: Path, only: tuple[str, ...], most: int, prompts: int, seed: int, file: Path) -> None:
    """Measure the evaluation; prints tables and writes the figures as JSON.

    What the base model wrote is kept in output/benchmarks/cache/evaluation.
    """
    out = Console(highlight=False)
    progress = TerminalProgress()
    figures: dict[str, Any] = surroundings(PACKAGES, benchmark=seed)
    parts = [part for part in PARTS if not only or part in only]
    authors = corpus.read(text) if {"verifier", "unseen", "sanity"} & set(parts) else {}
    for part in parts:
        console.say(f"Measuring {part} …")
        match part:
            case "verifier" | "unseen":
                figures |= _verified(part, authors, most, seed, progress)
            case "sanity":
                figures |= _sane(authors, most, prompts, seed, progress)
            case "cost":
                with opened(progress=progress) as twin:
                    figures |= cost.measure(twin, text, _longest_first(text))
        write_json(figures, file)
    for table in _tables(figures):
        out.print(table)
    out.print(f"Written to {file}.", soft_wrap=True)


def _longest_first(text: Path) -> list[str]:
    """Authors by the number of their documents, since forty prompts take many held-out passages."""
    counts = {folder.name: len(list(folder.glob("*.md"))) for folder in text.iterdir() if folder.is_dir()}
    return sorted(counts, key=lambda name: (-counts[name], name))[:COST_AUTHORS]


def _verified(
    part: str, authors: Mapping[str, corpus.Texts], most: int, seed: int, progress: TerminalProgress
) -> dict[str, Any]:
    like = topics.neighbours({name: [one.text for one in some.training] for name, some in authors.items()})
    found: dict[str, Any] = {"same_topic_authors": like}
    for words in LENGTHS:
        pieces = {name: corpus.cut(some, words, most) for name, some in authors.items()}
        if part == "unseen":
            by_author = verifying.unseen(pieces, like, seed, progress)
            found[f"auc_{words}_unseen"] = verifying.summary(by_author) | {"by_author": by_author}
        else:
            by_author = verifying.known(pieces, like, seed, progress)
            found[f"auc_{words}"] = verifying.summary(by_author)
            found[f"by_author_{words}"] = by_author
            found["topic_drop" if words == LENGTHS[0] else f"topic_drop_{words}"] = verifying.summary(
                by_author, "topic_drop"
            )["mean"]
    return found


def _sane(
    authors: Mapping[str, corpus.Texts], most: int, prompts: int, seed: int, progress: TerminalProgress
) -> dict[str, Any]:
    pieces = {name: corpus.cut(some, SANITY_WORDS, most) for name, some in authors.items()}
    written = {}
    if prompts:
        with opened(progress=progress) as twin:
            written = base_model.texts(twin, EMBEDDED_CHAT_MODEL, authors, prompts, CACHE, seed)
    summary, by_author = sanity.checked(pieces, written, seed, progress)
    return {"sanity": summary, "sanity_by_author": by_author}


def _tables(figures: Mapping[str, Any]) -> list[Table]:
    tables = [_summary(figures)]
    if rows := figures.get("by_author_500"):
        tables.append(_authors(figures, rows))
    return tables


def _summary(figures: Mapping[str, Any]) -> Table:
    table = Table(title="Evaluation", title_justify="left")
    for column in ("figure", "measured", "bar"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    bars = {
        "auc_500": (">= 0.95", ">= 0.88"),
        "auc_150": (">= 0.88", ""),
        "auc_500_unseen": ("", ""),
        "auc_150_unseen": ("", ""),
    }
    for name, (mean, worst) in bars.items():
        if name in figures:
            table.add_row(f"{name} mean", _figure(figures[name]["mean"]), mean)
            table.add_row(f"{name} worst", _figure(figures[name]["worst"]), worst)
    for name, bar in (("topic_drop", "< 0.05"), ("topic_drop_150", ""), ("seconds_three_candidates", "< 360")):
        if name in figures:
            table.add_row(name, _figure(figures[name]), bar)
    for name, value in figures.get("sanity", {}).items():
        if isinstance(value, bool | float):
            table.add_row(
                f"sanity: {name.replace('_', ' ')}", str(value) if isinstance(value, bool) else _figure(value)
            )
    return table


def _authors(figures: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(title="By author (AUC)", title_justify="left")
    for column in ("author", "500 words", "same topic", "150 words", "strangers, 500", "pieces, held out"):
        table.add_column(column, justify="left" if column == "author" else "right")
    short = figures.get("by_author_150", {})
    strange = figures.get("auc_500_unseen", {}).get("by_author", {})
    for name, one in rows.items():
        pieces = one.get("pieces", {})
        table.add_row(
            name,
            _figure(one.get("auc")),
            _figure(one.get("same_topic")),
            _figure(short.get(name, {}).get("auc")),
            _figure(strange.get(name, {}).get("auc")),
            f"{pieces.get('training', 0)}, {pieces.get('held_out', 0)}" if pieces else "refused",
        )
    return table


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    console.main(main)
