"""python -m tools.quarantine list|show|accept|reject: what was collected and held back, and your word on it."""

import json
from collections.abc import Sequence
from typing import Any

import click

from llm_engineering.application import deciding
from llm_engineering.bootstrap import opened
from llm_engineering.domain.documents import Decision, QuarantinedPage
from tools import console

SHOWN_CHARACTERS = 2000
ID_CHARACTERS = 8


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def quarantine() -> None:
    """See what was held back because it does not look like the author's text, and decide.

    An entry is named by its link or by the start of its id.
    """


@quarantine.command("list")
@click.option("--author", help="Only this author's.")
@click.option("--all", "everything", is_flag=True, help="Also what you have decided already.")
@click.option("--json", "as_json", is_flag=True, help="Print the entries as JSON, for programs.")
def list_(author: str | None, everything: bool, as_json: bool) -> None:
    """What waits for a decision: id, reason, link."""
    with opened() as twin:
        pages = list(twin.warehouse.quarantined(twin.warehouse.author(author) if author else None))
    pages = [page for page in pages if everything or page.decision is Decision.PENDING]
    pages.sort(key=lambda page: (_author(page), page.reason, page.link))
    if as_json:
        click.echo(json.dumps([page.model_dump(mode="json") for page in pages], indent=2, ensure_ascii=False))
    elif pages:
        _table(pages, with_decision=everything)
        click.echo("Look at one: ./poe quarantine show ID. Then: ./poe quarantine accept ID … or reject ID …")
    else:
        click.echo("Nothing in quarantine waits for a decision.")


@quarantine.command("show")
@click.argument("entry", metavar="ID_OR_LINK")
def show(entry: str) -> None:
    """Why an entry was held back, and the start of its text."""
    with opened() as twin:
        page = deciding.chosen(twin.warehouse.quarantined(), entry)
    document = page.document
    facts: dict[str, Any] = {
        "id": page.id,
        "link": page.link,
        "author": _author(page),
        "title": document.title if document else "",
        "published": document.published_at if document else None,
        "reason": page.reason,
        "rules": ", ".join(page.rules),
        "seen": f"{page.seen_at:%Y-%m-%d %H:%M}",
        "decision": page.decision.value,
    }
    for name, value in facts.items():
        if value:
            click.echo(f"{name:>10}  {value}")
    text = document.content if document and document.content else page.evidence
    click.echo(f"\n{text[:SHOWN_CHARACTERS]}{' …' if len(text) > SHOWN_CHARACTERS else ''}")


@quarantine.command("accept")
@click.argument("entries", metavar="ID_OR_LINK...", nargs=-1, required=True)
def accept(entries: tuple[str, ...]) -> None:
    """It is the author's text: store it, and let it pass from now on."""
    with opened() as twin:
        for page in _chosen(twin.warehouse.quarantined(), entries):
            outcome = deciding.accept(page, twin.warehouse)
            click.echo(f"accepted: {page.link} ({outcome} in the warehouse)")
    click.echo("Next: ./poe run-feature-engineering-pipeline, so that features hold it, too.")


@quarantine.command("reject")
@click.argument("entries", metavar="ID_OR_LINK...", nargs=-1, required=True)
def reject(entries: tuple[str, ...]) -> None:
    """It is not: keep it out, and off this list."""
    with opened() as twin:
        for page in _chosen(twin.warehouse.quarantined(), entries):
            left = deciding.reject(page, twin.warehouse)
            click.echo(f"rejected: {page.link}{' (marked as gone in the warehouse)' if left else ''}")


def _chosen(pages: Any, entries: Sequence[str]) -> list[QuarantinedPage]:
    """All of them are found before anything is decided."""
    known = list(pages)
    return [deciding.chosen(known, entry) for entry in entries]


def _author(page: QuarantinedPage) -> str:
    return page.document.author_full_name if page.document else ""


def _table(pages: Sequence[QuarantinedPage], *, with_decision: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    table.add_column("id", no_wrap=True)
    table.add_column("author", no_wrap=True)
    table.add_column("words", justify="right", no_wrap=True)
    table.add_column("reason", overflow="fold", ratio=1)
    table.add_column("link", overflow="fold", ratio=1)
    if with_decision:
        table.add_column("decision", no_wrap=True)
    for page in pages:
        words = len(page.document.content.split()) if page.document else None
        decision = [page.decision.value] if with_decision else []
        count = "" if words is None else str(words)
        table.add_row(str(page.id)[:ID_CHARACTERS], _author(page), count, page.reason, page.link, *decision)
    Console(highlight=False, markup=False).print(table)


if __name__ == "__main__":
    console.main(quarantine)
