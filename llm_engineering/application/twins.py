"""Choose, promote and remove an author's twins."""

import getpass
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from llm_engineering.application.registering import save_described, slug
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.errors import BadInput, StoreError
from llm_engineering.domain.twins import MANIFEST, Promotion, TwinManifest


def twin_version(warehouse: Warehouse, author: Author, version: int | None = None) -> TwinManifest:
    """The twin of that version, or the newest one, whether it passed evaluation or not.

    Raises BadInput, naming the versions there are.
    """
    twins = warehouse.twins(author)
    if not twins:
        raise BadInput(f"{author.full_name} has no twin yet; train one: ./poe run-training-pipeline.")
    if version is None:
        return twins[-1]
    for twin in twins:
        if twin.version == version:
            return twin
    known = ", ".join(str(twin.version) for twin in twins)
    raise BadInput(f"{author.full_name} has no twin of version {version}; there are: {known}.")


def named_twin(warehouse: Warehouse, words: str, version: int | None = None) -> tuple[Author, TwinManifest]:
    """The twin that somebody means by an author's name, or by the twin's ("mara-lindqvist/3", "mara-lindqvist").

    Without a version it is the newest one. Raises UnknownAuthor, and BadInput when the words and
    `version` disagree or there is no such version.
    """
    name, _, number = words.strip().lower().partition("/")
    author = next((one for one in warehouse.authors() if slug(one.full_name) == name), None)
    if author is None:
        author, number = warehouse.author(words), ""
    if number.removeprefix("v").isdigit():
        said = int(number.removeprefix("v"))
        if version not in (None, said):
            raise BadInput(f"Which version is meant, {said} or {version}? Say it once.")
        version = said
    elif number:
        raise BadInput(f'"{words}" is no twin; write it as {name}/3, or as the author\'s name.')
    return author, twin_version(warehouse, author, version)


def promote_by_hand(manifest: TwinManifest, why: str, warehouse: Warehouse) -> TwinManifest:
    """Make this version the author's `latest`, whatever its scores; manifest and model card say so."""
    promotion = Promotion(by="hand", who=account(), at=datetime.now(UTC), why=why)
    return save_described(manifest.model_copy(update={"promotion": promotion}), warehouse)


def places(manifest: TwinManifest, twins_dir: Path) -> list[Path]:
    """Where the version's directory may be: where it was trained, or below `twins_dir` (another machine)."""
    return [manifest.directory, twins_dir / manifest.name / f"v{manifest.version}"]


def files_of(manifest: TwinManifest, twins_dir: Path) -> Path | None:
    """The version's directory, None when it is not on this machine.

    Raises StoreError when what is there is not this twin.
    """
    directory = next((place for place in places(manifest, twins_dir) if place.is_dir()), None)
    if directory is None:
        return None
    try:
        found = TwinManifest.model_validate_json((directory / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        found = None
    if found is None or (found.id, found.created_at) != (manifest.id, manifest.created_at):
        raise StoreError(
            f"{directory} does not hold the twin {manifest.name}/{manifest.version} (its {MANIFEST} says otherwise); "
            "move what is there out of the way."
        )
    return directory


def remove(manifest: TwinManifest, warehouse: Warehouse, twins_dir: Path) -> Path | None:
    """Delete the version's files and its record; returns where the files were, None if not on this machine.

    The files leave their place in one step before the record goes, so that an interruption leaves
    nothing that could be taken for a twin; the same call then ends what was begun. Raises
    StoreError when the disk refuses, or as `files_of`.
    """
    directory = files_of(manifest, twins_dir)
    removed = [place.with_name(f".removed-{place.name}") for place in places(manifest, twins_dir)]
    try:
        if directory:
            away = directory.with_name(f".removed-{directory.name}")
            shutil.rmtree(away, ignore_errors=True)
            os.replace(directory, away)
        warehouse.remove_twin(manifest)
        for left in removed:
            if left.is_dir():
                shutil.rmtree(left)
    except OSError as error:
        raise StoreError(f"{directory} cannot be removed ({error.strerror}); correct that and try again.") from error
    return directory


def account() -> str:
    """Who is at this computer, as far as it knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "unknown"
