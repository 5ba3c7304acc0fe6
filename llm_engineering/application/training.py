"""From datasets to a registered twin: SFT, then DPO on top, then one directory with everything in it."""

import hashlib
import json
import os
import re
import shutil
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from uuid import uuid5

from pydantic import ValidationError

from llm_engineering.application import prompting
from llm_engineering.application.ports import Exporter, Progress, Trainer
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import InstructDataset, PreferenceDataset
from llm_engineering.domain.errors import BadConfig, DatasetError, TrainingError
from llm_engineering.domain.identity import NAMESPACE, author_id
from llm_engineering.domain.twins import DatasetSummary, FinetuningType, TrainingPlan, TrainingResult, TwinManifest

SFT_DEFAULTS: dict[str, Any] = {"num_train_epochs": 2.0, "learning_rate": 3e-4}
DPO_DEFAULTS: dict[str, Any] = {"num_train_epochs": 1.0, "learning_rate": 2e-5}
LIBRARIES = ("torch", "transformers", "trl", "peft", "zenml", "qdrant-edge-py", "sentence-transformers", "xllamacpp")


def plan(stage: FinetuningType, overrides: Mapping[str, Any] | None = None) -> TrainingPlan:
    """The stage's plan: defaults, then what is given. Raises BadConfig naming the first wrong field."""
    defaults = SFT_DEFAULTS if stage is FinetuningType.SFT else DPO_DEFAULTS
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    try:
        return TrainingPlan(finetuning_type=stage, **{**defaults, **given})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        known = ", ".join(sorted(TrainingPlan.model_fields))
        raise BadConfig(f'{stage} plan, "{name}": {first["msg"]} (got {first["input"]!r}). Fields: {known}.') from None


def run_sft(
    author: Author,
    plan: TrainingPlan,
    dataset: InstructDataset,
    *,
    base_model: str,
    trainer: Trainer,
    work_dir: Path,
    progress: Progress,
) -> TrainingResult:
    """Teach the base model the author's passages as answers to their instructions."""
    _require_current_templates(dataset)
    return trainer.train_sft(
        plan,
        base_model=base_model,
        conversations=lambda sample: prompting.conversation(author.full_name, sample.instruction),
        train=dataset.train,
        test=dataset.test,
        output_dir=work_dir / "sft",
        progress=progress,
    )


def run_dpo(
    author: Author,
    plan: TrainingPlan,
    dataset: PreferenceDataset,
    *,
    base_model: str,
    adapter_dir: Path,
    trainer: Trainer,
    work_dir: Path,
    progress: Progress,
) -> TrainingResult:
    """Continue the SFT adapter: prefer the author's passage to the model's own answer."""
    _require_current_templates(dataset)
    return trainer.train_dpo(
        plan,
        base_model=base_model,
        adapter_dir=adapter_dir,
        prompts=lambda pair: prompting.conversation(author.full_name, pair.instruction),
        train=dataset.train,
        test=dataset.test,
        output_dir=work_dir / "dpo",
        progress=progress,
    )


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
    as this one's too. The version's directory (adapter/, model.gguf, manifest.json) appears
    whole or not at all; one that a killed run left without its record is taken up again.
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
    building = twins_dir / name / f".building-v{number}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    shutil.copytree(results[-1].adapter_dir, building / "adapter")
    progress.note("  merging the adapter and writing model.gguf")
    exporter.export(base_model=base_model, adapter_dir=building / "adapter", output_file=building / "model.gguf")
    manifest = TwinManifest(
        id=uuid5(NAMESPACE, f"twin\x00{author.id}\x00{number}"),
        name=name,
        version=number,
        author_id=author.id,
        author_full_name=author.full_name,
        base_model=base_model,
        stages=[*(parent.stages if parent else []), *(str(result.finetuning_type) for result in results)],
        directory=directory.resolve(),
        files={
            str(file.relative_to(building)): _sha256(file) for file in sorted(building.rglob("*")) if file.is_file()
        },
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
    write_manifest_file(manifest, building)
    os.replace(building, directory)
    warehouse.save_twin(manifest)
    return manifest


def training_record(plans: Sequence[TrainingPlan], results: Sequence[TrainingResult]) -> list[dict[str, Any]]:
    """The plan and result of each stage, as a manifest keeps them."""
    return [
        {"plan": plan.model_dump(mode="json"), "result": result.model_dump(mode="json", exclude={"adapter_dir"})}
        for plan, result in zip(plans, results, strict=True)
    ]


def write_manifest_file(manifest: TwinManifest, directory: Path) -> None:
    """Put manifest.json beside the weights, in one step."""
    temporary = directory / ".manifest.json.tmp"
    temporary.write_text(json.dumps(manifest.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n", "utf-8")
    os.replace(temporary, directory / "manifest.json")


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
            and (twin.directory / "model.gguf").is_file()
        ):
            return twin
    return None


def require_same_split(instruct_fingerprint: str, preference_made_from: str | None, author_full_name: str) -> None:
    """Raises DatasetError when SFT's held-out documents may be among those that DPO trains on."""
    if instruct_fingerprint != preference_made_from:
        raise DatasetError(
            f"The preference dataset of {author_full_name} was not made from the instruction dataset, so a document "
            "held out in one may be trained on in the other; make it again: "
            f"./poe run-generate-preference-datasets-pipeline --set author_full_name='{author_full_name}'."
        )


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
    for file in sorted((twins_dir / name).glob("v*/manifest.json")):
        found = TwinManifest.model_validate_json(file.read_text("utf-8"))
        if found.version not in known and found.author_id == author.id and found.training == training:
            return found
    return None


def _versions(name: str, warehouse: Warehouse, author: Author, twins_dir: Path) -> list[int]:
    on_disk = [int(entry.name[1:]) for entry in (twins_dir / name).glob("v*") if entry.name[1:].isdigit()]
    return on_disk + [twin.version for twin in warehouse.twins(author)]


def _require_current_templates(dataset: InstructDataset | PreferenceDataset) -> None:
    if dataset.metadata.template_fingerprint != prompting.template_fingerprint():
        raise TrainingError(
            f"The {kind(dataset)} dataset of {dataset.metadata.author_full_name} was made with other prompt templates; "
            "make it again with ./poe run-generate-instruct-datasets-pipeline and "
            "./poe run-generate-preference-datasets-pipeline."
        )


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
