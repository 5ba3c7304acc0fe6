"""Brings a warehouse in from files, in whichever of the two formats they are, and writes it to files."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from llm_engineering.application import warehouse_json, warehouse_lines
from llm_engineering.application.ports import Progress
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.application.warehouse_files import ExportReport
from llm_engineering.application.warehouse_intake import ImportReport, Intake
from llm_engineering.domain.errors import BadInput


class Format(StrEnum):
    """What a warehouse is written as."""

    JSON = "json"
    """The reference's files: texts and links, for tools that know the reference."""
    JSONL = "jsonl"
    """Every field of every document, tombstone and quarantined page."""


def import_warehouse(directory: Path, warehouse: Warehouse, progress: Progress) -> ImportReport:
    """Take every file of either format that is there; doing so twice changes nothing.

    A document that both formats hold comes from the JSON Lines, which know more. What was taken
    is stored at once and stays, whatever ends the import. Raises BadInput when the directory is
    missing or holds no such file, and StoreError.
    """
    if not directory.is_dir():
        raise BadInput(f"There is no directory {directory} to import from.")
    lines = _any(directory, [*warehouse_lines.NAMES, *(f"{name}.gz" for name in warehouse_lines.NAMES)])
    arrays = _any(directory, warehouse_json.NAMES)
    if not lines and not arrays:
        raise BadInput(
            f"{directory} holds none of {', '.join([*warehouse_json.NAMES, *warehouse_lines.NAMES])}; "
            "export a warehouse first, or correct the path."
        )
    intake = Intake(warehouse, remember=lines and arrays)
    warehouse_lines.read_lines(directory, intake, progress)
    warehouse_json.read_json(directory, intake, progress)
    return intake.finished()


def export_warehouse(
    directory: Path, warehouse: Warehouse, progress: Progress, *, form: Format = Format.JSON, names: Sequence[str] = ()
) -> ExportReport:
    """Write the authors of these full names, or everybody when none is given.

    Raises UnknownAuthor for a name that is not in the warehouse, before anything is written, and StoreError.
    """
    authors = list({author.id: author for author in map(warehouse.author, names)}.values()) or warehouse.authors()
    if form is Format.JSON:
        return warehouse_json.export_json(directory, warehouse, authors, progress)
    # Of somebody of whom all was held back, there is nothing but quarantined pages.
    theirs = (page for author in authors for page in warehouse.quarantined(author))
    return warehouse_lines.export_lines(
        directory, warehouse, authors, theirs if names else warehouse.quarantined(), progress
    )


def _any(directory: Path, names: Sequence[str]) -> bool:
    return any((directory / name).is_file() for name in names)
