"""python -m tools.twins list|show: the twins in the warehouse."""

import json
from typing import Any

import click

from llm_engineering.application.choosing import twin_name
from llm_engineering.application.twins import twin_version
from llm_engineering.bootstrap import opened
from llm_engineering.domain.twins import TwinManifest
from tools import console


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def twins() -> None:
    """List the twins, or show one of them."""


@twins.command("list")
@click.option("--author", help="Only this author's.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifests as JSON, for programs.")
def list_(author: str | None, as_json: bool) -> None:
    """Every twin: author, version, base model, stages, style score, and whether it passed evaluation."""
    with opened() as twin:
        found = twin.warehouse.twins(twin.warehouse.author(author) if author else None)
    if as_json:
        click.echo(json.dumps([manifest.model_dump(mode="json") for manifest in found], indent=2, ensure_ascii=False))
    elif found:
        _table(found)
    else:
        click.echo("There are no twins yet; train one: ./poe quickstart, or ./poe run-training-pipeline.")


@twins.command("show")
@click.argument("author")
@click.option("--version", type=click.IntRange(min=1), help="Which one.  [default: the newest]")
def show(author: str, version: int | None) -> None:
    """The manifest of AUTHOR's twin, as JSON."""
    with opened() as twin:
        manifest = twin_version(twin.warehouse, twin.warehouse.author(author), version)
    click.echo(json.dumps(manifest.model_dump(mode="json"), indent=2, ensure_ascii=False))


def style_score(manifest: TwinManifest) -> str:
    """The twin's style score (0 = other authors, 1 = the author), or a dash before evaluation."""
    style: dict[str, Any] = manifest.scores.get("style") or {}
    return f"{style['twin']['value']:.2f}" if "twin" in style else "—"


def _table(found: list[TwinManifest]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for column in ("twin", "author", "stages", "style", "evaluation"):
        table.add_column(column, no_wrap=True)
    table.add_column("base model", overflow="fold")
    for manifest in found:
        table.add_row(
            twin_name(manifest),
            manifest.author_full_name,
            "+".join(manifest.stages),
            style_score(manifest),
            "passed" if manifest.passed_evaluation else ("not passed" if manifest.scores else "not yet"),
            manifest.base_model,
        )
    Console(highlight=False).print(table)


if __name__ == "__main__":
    console.main(twins)
