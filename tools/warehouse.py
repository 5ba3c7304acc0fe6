"""python -m tools.warehouse import|export --data-dir DIR: the warehouse as files of JSON or JSON Lines."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import click

from llm_engineering.application.warehouse_files import ExportReport, WrittenFile
from llm_engineering.application.warehouse_intake import ImportReport
from llm_engineering.application.warehouse_transfer import Format, export_warehouse, import_warehouse
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
        help="Directory of the files: UserDocument.json, ArticleDocument.json, PostDocument.json and "
        "RepositoryDocument.json, or users, articles, posts, repositories and quarantine.jsonl.",
    )


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def warehouse() -> None:
    """Bring a warehouse in from files, or write it as such."""


@warehouse.command("import")
@data_dir_option(output=False)
def import_(data_dir: Path) -> int:
    """Read the files into the warehouse, in whichever format is there; doing so twice changes nothing.

    JSON Lines may be compressed (.jsonl.gz). They never replace a document that was fetched later.
    What cannot be read is named by file and line, the rest goes in, and the exit code is 1.
    """
    with opened(progress=TerminalProgress()) as twin:
        report = import_warehouse(data_dir, twin.warehouse, twin.progress)
    click.echo(f"Imported from {data_dir}: {_counts(report)} of {', '.join(report.authors) or 'nobody'}.")
    for line in _remarks(report):
        console.say(line)
    if report.authors:
        names = ", ".join(report.authors)
        click.echo(f"Next: ./poe run-feature-engineering-pipeline --set author_full_names='[{names}]'")
    return 1 if report.not_imported else 0


@warehouse.command("export")
@data_dir_option(output=True)
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Format]),
    default=Format.JSON.value,
    show_default=True,
    help="json: the handbook's files, texts and links only. jsonl: every field, tombstone and quarantined page.",
)
@click.option("--author", "names", multiple=True, metavar="NAME", help="Only this author's; can be repeated.")
def export(data_dir: Path, form: str, names: tuple[str, ...]) -> None:
    """Write the warehouse as files; each is replaced as a whole once it is complete."""
    with opened(progress=TerminalProgress()) as twin:
        report = export_warehouse(data_dir, twin.warehouse, twin.progress, form=Format(form), names=names)
    for line in _manifest(report):
        click.echo(line)


def _counts(report: ImportReport) -> str:
    kept = f" ({report.older} of them differ, but are as new or newer in the warehouse)" if report.older else ""
    pages = f" and {report.pages} pages of quarantine" if report.pages else ""
    return f"{report.new} new, {report.updated} updated, {report.unchanged} unchanged documents{kept}{pages}"


def _remarks(report: ImportReport) -> list[str]:
    remarks = [*report.notes, *(f"Not imported: {problem}" for problem in report.problems[:MOST_SHOWN])]
    if report.not_imported > MOST_SHOWN:
        remarks.append(f"… and {report.not_imported - MOST_SHOWN:,} more.")
    return remarks


def _manifest(report: ExportReport) -> list[str]:
    """What was written, file by file, and in one line."""
    left_out = f" {report.left_out} that are gone at their source stayed out: the format has no place for them."
    return [
        *(f"  {_described(file)}" for file in (report.authors, *report.files)),
        f"Exported {report.authors.records} authors to {report.directory}.{left_out if report.left_out else ''}",
    ]


def _described(file: WrittenFile) -> str:
    gone = f" ({file.gone} of them tombstones)" if file.gone else ""
    return f"{file.name}: {file.records:,} records{gone}, {file.size:,} bytes, sha256 {file.sha256}"


if __name__ == "__main__":
    console.main(warehouse)
