"""python -m tools.feedback list|export: what readers said of answers, and the pairs that they make."""

import json
from collections import Counter
from pathlib import Path

import click

from llm_engineering.application.feedback import pairs
from llm_engineering.bootstrap import opened
from tools import console
from tools.paths import UserPath


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def feedback() -> None:
    """See what readers said of answers, and export what they put right."""


@feedback.command("list")
@click.option("--author", help="Only of this author's answers.")
def list_(author: str | None) -> None:
    """How each twin was rated, and how many of its answers were put right."""
    ratings: Counter[tuple[str, str]] = Counter()
    with opened() as twin:
        for one in twin.warehouse.feedback(twin.warehouse.author(author) if author else None):
            ratings[one.twin, "good" if one.rating > 0 else "bad"] += 1
            ratings[one.twin, "edited"] += one.edited_answer is not None
    if not ratings:
        click.echo("Nobody has said anything of an answer yet; the page of the service has the buttons.")
    for name in sorted({name for name, _ in ratings}):
        click.echo(f"{name}: {', '.join(f'{ratings[name, kind]} {kind}' for kind in ('good', 'bad', 'edited'))}")


@feedback.command("export")
@click.option("--author", help="Only of this author's answers.")
@click.option("--output", required=True, type=UserPath(output=True, dir_okay=False), help="JSON Lines file.")
def export(author: str | None, output: Path) -> None:
    """Write a preference sample for each answer that was put right: chosen is the edit, rejected the answer."""
    with opened() as twin:
        found = list(pairs(twin.warehouse.feedback(twin.warehouse.author(author) if author else None)))
    output.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(pair.model_dump(mode="json"), ensure_ascii=False) for pair in found]
    output.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    click.echo(f"{len(found)} preference samples are in {output}.")


if __name__ == "__main__":
    console.main(feedback)
