"""Run a training stage at most once: what was trained from the same inputs is taken up again."""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from llm_engineering.application import plan_table, prompting
from llm_engineering.application.ports import Progress, Trainer
from llm_engineering.application.registering import slug, training_record
from llm_engineering.application.training import run_preferences, run_sft
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import InstructDataset, PreferenceDataset
from llm_engineering.domain.errors import TrainingError
from llm_engineering.domain.identity import content_hash
from llm_engineering.domain.twins import TrainingPlan, TrainingResult, TwinManifest


def stage(
    author: Author,
    plan: TrainingPlan,
    dataset: InstructDataset | PreferenceDataset,
    *,
    adapter_dir: Path | None,
    base_model: str,
    trainer: Trainer,
    twins_dir: Path,
    progress: Progress,
    again: bool = False,
) -> TrainingResult:
    """SFT on an instruction dataset; DPO or KTO on a preference dataset, continuing `adapter_dir`.

    The result stays in the author's working directory until a stage with other inputs replaces
    it, so a pipeline that was stopped after SFT goes on with DPO, and a stage that was killed goes on
    from its last checkpoint. `again` trains from the beginning in any case.
    Raises TrainingError for DPO or KTO without an adapter to continue.
    """
    work_dir = (twins_dir / slug(author.full_name) / ".work").resolve()
    kept = work_dir / f"{plan.finetuning_type}.json"
    key = _key(plan, dataset, adapter_dir, base_model)
    if not again and (result := _kept(kept, key)):
        progress.note(f"  {plan.finetuning_type} is unchanged: same data, plan and base model; not trained again")
        return result
    kept.unlink(missing_ok=True)
    _prepare(work_dir / plan.finetuning_type, key, again)
    progress.note(plan_table.table(plan))
    result = _trained(author, plan, dataset, adapter_dir, base_model, trainer, work_dir, progress)
    _keep(kept, key, result)
    return result


def sft_twin(warehouse: Warehouse, author: Author, dataset: PreferenceDataset) -> TwinManifest:
    """The newest twin that SFT alone made, on the samples that the preference pairs have.

    Raises TrainingError when there is none: DPO on another split would train on what SFT held out.
    """
    for twin in reversed(warehouse.twins(author)):
        data = twin.datasets.get("instruction")
        if twin.stages == ["sft"] and data and data.fingerprint == dataset.metadata.instruct_fingerprint:
            return twin
    raise TrainingError(
        f"DPO continues an SFT twin of the same samples and {author.full_name} has none; "
        "train both stages by leaving out finetuning_type."
    )


def twin_of(
    warehouse: Warehouse,
    author: Author,
    plans: Sequence[TrainingPlan],
    results: Sequence[TrainingResult],
    parent: TwinManifest | None = None,
) -> TwinManifest | None:
    """The author's newest twin that was made from these very results, if it is there whole; else None."""
    wanted = [*(parent.training if parent else []), *training_record(plans, results)]
    for twin in reversed(warehouse.twins(author)):
        whole = all((twin.directory / name).is_file() for name in twin.files)
        if twin.training == wanted and twin.template_fingerprint == prompting.template_fingerprint() and whole:
            return twin
    return None


def _trained(
    author: Author,
    plan: TrainingPlan,
    dataset: InstructDataset | PreferenceDataset,
    adapter_dir: Path | None,
    base_model: str,
    trainer: Trainer,
    work_dir: Path,
    progress: Progress,
) -> TrainingResult:
    if isinstance(dataset, InstructDataset):
        return run_sft(
            author, plan, dataset, base_model=base_model, trainer=trainer, work_dir=work_dir, progress=progress
        )
    if adapter_dir is None:
        raise TrainingError(
            f"{plan.finetuning_type.upper()} continues an SFT adapter and {author.full_name} has none; "
            "train both stages by leaving out finetuning_type."
        )
    return run_preferences(
        author,
        plan,
        dataset,
        base_model=base_model,
        adapter_dir=adapter_dir,
        trainer=trainer,
        work_dir=work_dir,
        progress=progress,
    )


def _prepare(directory: Path, key: str, again: bool) -> None:
    """An empty directory for the stage, unless an interrupted run of the same inputs left its checkpoints there."""
    mark = directory / "key"
    if not again and mark.is_file() and mark.read_text("utf-8") == key:
        return
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    mark.write_text(key, "utf-8")


def _key(
    plan: TrainingPlan, dataset: InstructDataset | PreferenceDataset, adapter_dir: Path | None, base_model: str
) -> str:
    continued = _files_hash(adapter_dir) if adapter_dir else ""
    fingerprints = (dataset.fingerprint, prompting.template_fingerprint())
    return content_hash(base_model, plan.model_dump_json(), *fingerprints, continued)


def _files_hash(directory: Path) -> str:
    files = sorted(file for file in directory.rglob("*.safetensors") if file.is_file())
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def _kept(file: Path, key: str) -> TrainingResult | None:
    if not file.is_file():
        return None
    record = json.loads(file.read_text("utf-8"))
    result = TrainingResult.model_validate(record["result"])
    return result if record["key"] == key and result.adapter_dir.is_dir() else None


def _keep(file: Path, key: str, result: TrainingResult) -> None:
    temporary = file.with_suffix(".tmp")
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary.write_text(json.dumps({"key": key, "result": result.model_dump(mode="json")}), "utf-8")
    os.replace(temporary, file)
