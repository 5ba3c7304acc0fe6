"""From the last stage's adapter to a registered version: one directory with everything in it."""

import hashlib
import json
import os
import re
import shutil
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from uuid import uuid5

from llm_engineering.application import prompting
from llm_engineering.application.model_card import model_card
from llm_engineering.application.ports import Exporter, Progress
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import InstructDataset, PreferenceDataset
from llm_engineering.domain.errors import TrainingError
from llm_engineering.domain.identity import NAMESPACE, author_id
from llm_engineering.domain.twins import (
    ADAPTER,
    CARD,
    GGUF,
    MANIFEST,
    DatasetSummary,
    TrainingPlan,
    TrainingResult,
    TwinManifest,
)

LIBRARIES = ("torch", "transformers", "trl", "peft", "zenml", "qdrant-edge-py", "sentence-transformers", "xllamacpp")


def register(
    author: Author,
    *,
    base_model: str,
    plans: Sequence[TrainingPlan],
    results: Sequence[TrainingResult],
    datasets: Sequence[InstructDataset | PreferenceDataset],
    exporter: Exporter,
    warehouse: Warehouse,
    twins_dir: Path,
    progress: Progress,
    parent: TwinManifest | None = None,
) -> TwinManifest:
    """Make the next version of the author's twin from the last stage's adapter.

    `parent` is the twin that the first of these stages continues; what it was trained on counts
    as this one's too. The version's directory (`TwinManifest.directory` says what it holds) appears
    whole or not at all; one that a killed run left without its record is taken up again. Raises
    TrainingError when there is nothing to register or the disk refuses, and what the exporter raises.
    """
    if not results or not datasets:
        raise TrainingError("Nothing was trained; name at least one stage (sft or dpo).")
    name = slug(author.full_name)
    training = [*(parent.training if parent else []), *training_record(plans, results)]
    if left := _unrecorded(name, training, warehouse, author, twins_dir):
        warehouse.save_twin(left)
        return left
    number = 1 + max(_versions(name, warehouse, author, twins_dir), default=0)
    directory = twins_dir / name / f"v{number}"
    with _built_in_one_move(directory) as building:
        shutil.copytree(results[-1].adapter_dir, building / ADAPTER)
        (building / ADAPTER / CARD).unlink(missing_ok=True)  # PEFT's empty form
        facts = exporter.export(
            base_model=base_model, adapter_dir=building / ADAPTER, output_dir=building, progress=progress
        )
        _let_others_read(building)
        manifest = TwinManifest(
            id=uuid5(NAMESPACE, f"twin\x00{author.id}\x00{number}"),
            name=name,
            version=number,
            author_id=author.id,
            author_full_name=author.full_name,
            base_model=base_model,
            base=facts,
            stages=[*(parent.stages if parent else []), *(str(result.finetuning_type) for result in results)],
            directory=directory.resolve(),
            files=_hashes(building),
            template_fingerprint=prompting.template_fingerprint(),
            corpus_fingerprint=datasets[0].metadata.corpus_fingerprint,
            datasets={
                **(parent.datasets if parent else {}),
                **{kind(dataset): _summary(dataset) for dataset in datasets},
            },
            training=training,
            created_at=datetime.now(UTC),
            versions=library_versions(),
        )
        manifest = described(manifest, building)
    warehouse.save_twin(manifest)
    return manifest


def described(manifest: TwinManifest, directory: Path) -> TwinManifest:
    """Write the model card and manifest.json beside the weights; returns the manifest with the card's hash."""
    _write(directory / CARD, model_card(manifest))
    manifest = manifest.model_copy(update={"files": {**manifest.files, CARD: _sha256(directory / CARD)}})
    _write(directory / MANIFEST, json.dumps(manifest.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n")
    return manifest


def save_described(manifest: TwinManifest, warehouse: Warehouse) -> TwinManifest:
    """Keep a manifest whose scores or promotion changed: in its directory, where it is on this machine, and

    in the warehouse.
    """
    if manifest.directory.is_dir():
        manifest = described(manifest, manifest.directory)
    warehouse.save_twin(manifest)
    return manifest


def training_record(plans: Sequence[TrainingPlan], results: Sequence[TrainingResult]) -> list[dict[str, Any]]:
    """The plan and result of each stage, as a manifest keeps them."""
    return [
        {"plan": plan.model_dump(mode="json"), "result": result.model_dump(mode="json", exclude={"adapter_dir"})}
        for plan, result in zip(plans, results, strict=True)
    ]


def kind(dataset: InstructDataset | PreferenceDataset) -> str:
    """ "instruction" or "preference"."""
    return "instruction" if isinstance(dataset, InstructDataset) else "preference"


def slug(full_name: str) -> str:
    """The name as a directory and a twin are called: lower-case ASCII letters, digits and dashes.

    Where letters have no ASCII form, six characters of the author's id keep two names apart.
    """
    bare = "".join(char for char in unicodedata.normalize("NFKD", full_name) if not unicodedata.combining(char))
    plain = re.sub(r"[^a-z0-9]+", "-", bare.encode("ascii", "ignore").decode().lower()).strip("-")
    if all(char.isascii() for char in bare if char.isalnum()):
        return plain
    return f"{plain}-{author_id(full_name).hex[:6]}".lstrip("-")


def library_versions() -> dict[str, str]:
    """Library → installed version, of those that decide a twin's weights and answers."""
    found = {}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def trained_on(
    warehouse: Warehouse,
    author: Author,
    *,
    corpus_fingerprint: str,
    base_model: str,
    plans: Sequence[TrainingPlan],
    max_samples: int | None,
    instruction_model: str,
) -> TwinManifest | None:
    """The author's newest twin that training in this way would make again, or None."""
    wanted = [plan.model_dump(mode="json") for plan in plans]
    for twin in reversed(warehouse.twins(author)):
        data = twin.datasets.get("instruction")
        if (
            data is not None
            and (data.max_samples, data.model_ids.get("instruction")) == (max_samples, instruction_model)
            and twin.corpus_fingerprint == corpus_fingerprint
            and twin.template_fingerprint == prompting.template_fingerprint()
            and twin.base_model == base_model
            and [stage["plan"] for stage in twin.training] == wanted
            and (twin.directory / GGUF).is_file()
        ):
            return twin
    return None


def _summary(dataset: InstructDataset | PreferenceDataset) -> DatasetSummary:
    return DatasetSummary(
        fingerprint=dataset.fingerprint,
        max_samples=dataset.metadata.max_samples,
        model_ids=dataset.metadata.model_ids,
        train=len(dataset.train),
        test=len(dataset.test),
        verbatim_answer_share=dataset.metadata.verbatim_answer_share,
        dropped=dataset.metadata.dropped,
    )


def _unrecorded(
    name: str, training: list[dict[str, Any]], warehouse: Warehouse, author: Author, twins_dir: Path
) -> TwinManifest | None:
    """A version made from this very training that is whole on disk and unknown to the warehouse."""
    known = {twin.version for twin in warehouse.twins(author)}
    for file in sorted((twins_dir / name).glob(f"v*/{MANIFEST}")):
        found = TwinManifest.model_validate_json(file.read_text("utf-8"))
        if found.version not in known and found.author_id == author.id and found.training == training:
            return found
    return None


def _versions(name: str, warehouse: Warehouse, author: Author, twins_dir: Path) -> list[int]:
    on_disk = [int(entry.name[1:]) for entry in (twins_dir / name).glob("v*") if entry.name[1:].isdigit()]
    return on_disk + [twin.version for twin in warehouse.twins(author)]


@contextmanager
def _built_in_one_move(directory: Path) -> Iterator[Path]:
    """A directory to fill, which becomes `directory` when the context ends well, and else goes away.

    What a killed run left half built or half removed goes first: nobody else is at work here, because
    training holds a lock on the author.
    """
    building = directory.with_name(f".building-{directory.name}")
    try:
        for left in [*directory.parent.glob(".building-*"), *directory.parent.glob(".removed-*")]:
            shutil.rmtree(left)
        building.mkdir(parents=True)
        try:
            yield building
            os.replace(building, directory)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    except OSError as error:
        raise TrainingError(
            f"The twin cannot be written to {directory} ({error.strerror or error}); make room or grant the "
            "permission, and run the same command again: what is trained is kept."
        ) from error


def _let_others_read(directory: Path) -> None:
    """Give every file the mode of a new one: safetensors lets only the owner read, and a copy keeps that."""
    probe = directory / ".mode"
    probe.touch()  # asking for the umask itself would change it for the other threads
    mode = stat.S_IMODE(probe.stat().st_mode)
    probe.unlink()
    for file in directory.rglob("*"):
        if file.is_file():
            file.chmod(mode)


def _hashes(directory: Path) -> dict[str, str]:
    files = sorted(file for file in directory.rglob("*") if file.is_file())
    return {file.relative_to(directory).as_posix(): _sha256(file) for file in files}


def _write(file: Path, text: str) -> None:
    """In one step."""
    temporary = file.with_name(f".{file.name}.tmp")
    temporary.write_text(text, "utf-8")
    os.replace(temporary, file)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        # On the disk before the directory takes its name, or a power cut could leave it with empty files.
        os.fsync(stream.fileno())
        return hashlib.file_digest(stream, "sha256").hexdigest()
