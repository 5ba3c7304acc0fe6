"""python -m tools.warehouse import|export --data-dir DIR: the warehouse as JSON files of the reference's format."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import click

from llm_engineering.application.warehouse_json import export_json, import_json
from llm_engineering.bootstrap import opened
from llm_engineering.infrastructure.progress import TerminalProgress
from tools import console
from tools.environment import REPOSITORY
from tools.paths import UserPath

Command: TypeAlias = Callable[..., Any]

DEFAULT = "data/data_warehouse_raw_data"
MOST_SHOWN = 10


def data_dir_option(*, output: bool) -> Callable[[Command], Command]:
    """`--data-dir`, of a directory that is read or written."""
    return click.option(
        "--data-dir",
        type=UserPath(output=output, file_okay=False),
        default=REPOSITORY / DEFAULT,
        show_default=DEFAULT,
        help="Directory of UserDocument.json, ArticleDocument.json, PostDocument.json and RepositoryDocument.json.",
    )


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def warehouse() -> None:
    """Bring a warehouse in from JSON files, or write it as such."""


@warehouse.command("import")
@data_dir_option(output=False)
def import_(data_dir: Path) -> int:
    """Read the JSON files into the warehouse; doing so twice changes nothing."""
    with opened(progress=TerminalProgress()) as twin:
        report = import_json(data_dir, twin.warehouse, twin.progress)
    counts = f"{report.new} new, {report.updated} updated, {report.unchanged} unchanged documents"
    click.echo(f"Imported from {data_dir}: {counts} of {', '.join(report.authors) or 'nobody'}.")
    for problem in report.problems[:MOST_SHOWN]:
        console.say(f"Not imported: {problem}")
    if len(report.problems) > MOST_SHOWN:
        console.say(f"… and {len(report.problems) - MOST_SHOWN} more records.")
    if report.authors:
        names = ", ".join(report.authors)
        click.echo(f"Next: ./poe run-feature-engineering-pipeline --set author_full_names='[{names}]'")
    return 1 if report.problems else 0


@warehouse.command("export")
@data_dir_option(output=True)
def export(data_dir: Path) -> None:
    """Write the warehouse as JSON files; each file is replaced as a whole."""
    with opened(progress=TerminalProgress()) as twin:
        report = export_json(data_dir, twin.warehouse, twin.progress)
    for name, count in report.documents.items():
        click.echo(f"  {name}: {count} documents")
    click.echo(f"Exported {report.authors} authors to {report.directory}.")


if __name__ == "__main__":
    console.main(warehouse)
