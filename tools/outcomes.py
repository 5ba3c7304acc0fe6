"""What became of each item of a collection run, for a person at a terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from llm_engineering.domain.documents import CollectionReport, ItemReport, Outcome

MOST_ROWS = 60


def show_outcomes(report: CollectionReport, out: Console) -> None:
    """The items as a table, what went wrong first; unchanged ones are only counted."""
    told = [item for item in report.by_trouble if item.outcome is not Outcome.UNCHANGED]
    if told:
        out.print(_table(told[:MOST_ROWS]))
    if len(told) > MOST_ROWS:
        out.print(f"… and {len(told) - MOST_ROWS} more; the dashboard lists all.")
    if unchanged := report.counts[Outcome.UNCHANGED]:
        out.print(f"{unchanged} unchanged.")
    for note in report.notes:
        out.print(note, markup=False)
    if quarantined := report.counts[Outcome.QUARANTINED]:
        out.print(f"{quarantined} held back; decide with ./poe quarantine list", markup=False)


def _table(items: list[ItemReport]) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("outcome", no_wrap=True)
    table.add_column("words", justify="right", no_wrap=True)
    table.add_column("link", overflow="fold", ratio=3)
    table.add_column("title or reason", overflow="fold", ratio=4)
    for item in items:
        said = item.reason or item.title
        words = f"{item.words:,}" if item.words else ""
        table.add_row(item.outcome.value, words, Text(item.link), Text(said))  # Text: "[…]" in it is no markup
    return table
