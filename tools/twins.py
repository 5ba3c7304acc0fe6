"""python -m tools.twins list|show|promote|remove|push: the twins in the warehouse, and what becomes of them."""

import json
from typing import Any

import click

from llm_engineering.application import pushing
from llm_engineering.application import twins as keeping
from llm_engineering.application.choosing import twin_name
from llm_engineering.bootstrap import Twin, opened
from llm_engineering.domain.authors import Author
from llm_engineering.domain.errors import BadInput, ModelError
from llm_engineering.domain.twins import TwinManifest, latest_of
from tools import console

VERSION = click.option("--version", type=click.IntRange(min=1), help="Which one.  [default: the newest]")
YES = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def twins() -> None:
    """List the twins, look at one, and decide what becomes of it.

    TWIN is an author's name, with --version for another than the newest, or a twin's own name
    such as mara-lindqvist/3.
    """


@twins.command("list")
@click.option("--author", help="Only this author's.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifests as JSON, for programs.")
def list_(author: str | None, as_json: bool) -> None:
    """Every twin: author, version, stages, style score, how it fared in evaluation, and which is `latest`."""
    with opened() as twin:
        found = twin.warehouse.twins(twin.warehouse.author(author) if author else None)
    if as_json:
        click.echo(json.dumps([manifest.model_dump(mode="json") for manifest in found], indent=2, ensure_ascii=False))
    elif found:
        _table(found)
    else:
        click.echo("There are no twins yet; train one: ./poe quickstart, or ./poe run-training-pipeline.")


@twins.command("show")
@click.argument("name", metavar="TWIN")
@VERSION
def show(name: str, version: int | None) -> None:
    """The manifest of a twin, as JSON."""
    with opened() as twin:
        _, manifest = keeping.named_twin(twin.warehouse, name, version)
    click.echo(json.dumps(manifest.model_dump(mode="json"), indent=2, ensure_ascii=False))


@twins.command("promote")
@click.argument("name", metavar="TWIN")
@VERSION
@click.option("--why", required=True, help="The reason, which manifest and model card will say.")
def promote(name: str, version: int | None, why: str) -> None:
    """Make a version the author's `latest`, whatever evaluation said of it.

    It stays so until a version that is trained later passes evaluation, or until you promote
    another one.
    """
    with opened() as twin:
        author, manifest = _exactly(twin, name, version)
        manifest = keeping.promote_by_hand(manifest, why, twin.warehouse)
        _show_in_control_plane(manifest, twin.warehouse.latest_twin(author))
    scores = "passed" if manifest.passed_evaluation else "did not pass" if manifest.scores else "was not put to"
    click.echo(f"{twin_name(manifest)} is now the latest of {author.full_name} (it {scores} evaluation).")


@twins.command("remove")
@click.argument("name", metavar="TWIN")
@VERSION
@YES
def remove(name: str, version: int | None, yes: bool) -> None:
    """Delete a version: its files and its record. It cannot be had back."""
    with opened() as twin:
        author, manifest = _exactly(twin, name, version)
        directory = keeping.files_of(manifest, twin.settings.twins_dir)
        others = [other for other in twin.warehouse.twins(author) if other.id != manifest.id]
        if not yes and not click.confirm(_question(manifest, directory, others, author)):
            click.echo("Nothing was removed.")
            return
        with twin.training_alone(author), twin.unused(directory or manifest.directory):
            keeping.remove(manifest, twin.warehouse, twin.settings.twins_dir)
        _hide_in_control_plane(manifest, latest_of(others))
    where = f" and {directory}" if directory else "; its files are not on this machine"
    click.echo(f"Removed {twin_name(manifest)}: its record{where}.")


@twins.command("push")
@click.argument("name", metavar="TWIN")
@click.argument("model_id", metavar="ACCOUNT/NAME")
@VERSION
@click.option("--public", is_flag=True, help="Make the repository public.  [default: private]")
@click.option("--merged", is_flag=True, help="Send merged/ too: base model and adapter in one.")
@click.option("--gguf", is_flag=True, help="Send the GGUF files too.")
@YES
def push(name: str, model_id: str, version: int | None, public: bool, merged: bool, gguf: bool, yes: bool) -> None:
    """Upload a twin's adapter and model card to the Hugging Face hub, into a private repository."""
    with opened() as twin:
        hub = twin.model_hub  # without a token this is where it ends
        author, manifest = keeping.named_twin(twin.warehouse, name, version)
        directory = keeping.files_of(manifest, twin.settings.twins_dir)
        if directory is None:
            raise ModelError(f"The files of {twin_name(manifest)} are not here; push it from where it was trained.")
        files = pushing.upload(manifest, merged=merged, gguf=gguf)
        size = sum((directory / file).stat().st_size for file in files.values())
        consent = f"Everybody will be able to write as {author.full_name}. Have they agreed to that?"
        if public and not yes and not click.confirm(consent):
            click.echo("Nothing was pushed.")
            return
        console.say(f"Sending {len(files)} files of {twin_name(manifest)}, {size / 1e6:,.0f} MB …")
        address = pushing.push(manifest, directory, hub, model_id, public=public, merged=merged, gguf=gguf)
    click.echo(address)


def style_score(manifest: TwinManifest) -> str:
    """The twin's style score (0 = other authors, 1 = the author), or a dash before evaluation."""
    style: dict[str, Any] = manifest.scores.get("style") or {}
    return f"{style['twin']['value']:.2f}" if "twin" in style else "—"


def _exactly(twin: Twin, name: str, version: int | None) -> tuple[Author, TwinManifest]:
    """As `named_twin`, but only the version that was said: what is decided here is not for a default."""
    author, manifest = keeping.named_twin(twin.warehouse, name, version)
    if version is None and "/" not in name:
        raise BadInput(f"Which version of {author.full_name}'s twin? Say it, e.g. {twin_name(manifest)}.")
    return author, manifest


def _question(manifest: TwinManifest, directory: Any, others: list[TwinManifest], author: Author) -> str:
    size = sum(file.stat().st_size for file in directory.rglob("*") if file.is_file()) if directory else 0
    what = (
        f"Delete {twin_name(manifest)} and {size / 1e6:,.0f} MB in {directory}"
        if directory
        else (f"Delete the record of {twin_name(manifest)}, whose files are not on this machine")
    )
    before, after = latest_of([*others, manifest]), latest_of(others)
    if before and before.id == manifest.id:
        left = f"{twin_name(after)} will be" if after else "there will be no"
        return f"{what}? It is the latest of {author.full_name}; {left} latest then"
    return f"{what}?"


def _show_in_control_plane(manifest: TwinManifest, latest: TwinManifest | None) -> None:
    from tools.pipeline_runs import zenml_session

    zenml_session()
    from steps import control_plane

    control_plane.show(manifest, latest)


def _hide_in_control_plane(manifest: TwinManifest, latest: TwinManifest | None) -> None:
    from tools.pipeline_runs import zenml_session

    zenml_session()
    from steps import control_plane

    control_plane.hide(manifest, latest)


def _table(found: list[TwinManifest]) -> None:
    from rich.console import Console
    from rich.table import Table

    latest = {
        manifest.id
        for author in {manifest.author_id for manifest in found}
        if (manifest := latest_of([one for one in found if one.author_id == author]))
    }
    table = Table()
    for column in ("twin", "author", "stages", "style", "evaluation", "latest"):
        table.add_column(column, no_wrap=True)
    table.add_column("base model", overflow="fold")
    for manifest in found:
        by_hand = bool(manifest.promotion and manifest.promotion.by == "hand")
        table.add_row(
            twin_name(manifest),
            manifest.author_full_name,
            "+".join(manifest.stages),
            style_score(manifest),
            "passed" if manifest.passed_evaluation else ("not passed" if manifest.scores else "not yet"),
            ("yes, by hand" if by_hand else "yes") if manifest.id in latest else "",
            manifest.base_model,
        )
    Console(highlight=False).print(table)


if __name__ == "__main__":
    console.main(twins)
