"""The plan of a training stage, and the stages themselves: SFT, then DPO or KTO on top."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from llm_engineering.application import prompting
from llm_engineering.application.ports import Progress, Trainer
from llm_engineering.application.registering import kind
from llm_engineering.application.sampling import spread
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import InstructDataset, PreferenceDataset
from llm_engineering.domain.errors import BadConfig, DatasetError, TrainingError
from llm_engineering.domain.twins import FinetuningType, TrainingPlan, TrainingResult

DEFAULTS: dict[FinetuningType, dict[str, Any]] = {
    FinetuningType.SFT: {"num_train_epochs": 2.0, "learning_rate": 3e-4},
    FinetuningType.DPO: {"num_train_epochs": 1.0, "learning_rate": 2e-5},
    FinetuningType.KTO: {"num_train_epochs": 1.0, "learning_rate": 2e-5},
}


def plan(stage: FinetuningType, overrides: Mapping[str, Any] | None = None) -> TrainingPlan:
    """The stage's plan: defaults, then what is given. Raises BadConfig naming the first wrong field."""
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    try:
        return TrainingPlan(finetuning_type=stage, **{**DEFAULTS[stage], **given})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if not first["loc"]:  # a rule about several fields
            raise BadConfig(f"{stage} plan: {first['msg'].removeprefix('Value error, ')}.") from None
        known = ", ".join(sorted(TrainingPlan.model_fields))
        raise BadConfig(
            f'{stage} plan, "{first["loc"][0]}": {first["msg"]} (got {first["input"]!r}). Fields: {known}.'
        ) from None


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
        test=spread(dataset.test, plan.heldout_samples),
        output_dir=work_dir / plan.finetuning_type,
        progress=progress,
    )


def run_preferences(
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
    """Continue the SFT adapter by DPO or KTO: prefer the author's passage to the model's own answer."""
    _require_current_templates(dataset)
    return trainer.train_preferences(
        plan,
        base_model=base_model,
        adapter_dir=adapter_dir,
        prompts=lambda pair: prompting.conversation(author.full_name, pair.instruction),
        train=dataset.train,
        test=spread(dataset.test, plan.heldout_samples),
        output_dir=work_dir / plan.finetuning_type,
        progress=progress,
    )


def require_same_split(instruct_fingerprint: str, preference_made_from: str | None, author_full_name: str) -> None:
    """Raises DatasetError when SFT's held-out documents may be among those that DPO trains on."""
    if instruct_fingerprint != preference_made_from:
        raise DatasetError(
            f"The preference dataset of {author_full_name} was not made from the instruction dataset, so a document "
            "held out in one may be trained on in the other; make it again: "
            f"./poe run-generate-preference-datasets-pipeline --set author_full_name='{author_full_name}'."
        )


def _require_current_templates(dataset: InstructDataset | PreferenceDataset) -> None:
    if dataset.metadata.template_fingerprint != prompting.template_fingerprint():
        raise TrainingError(
            f"The {kind(dataset)} dataset of {dataset.metadata.author_full_name} was made with other prompt templates; "
            "make it again with ./poe run-generate-instruct-datasets-pipeline and "
            "./poe run-generate-preference-datasets-pipeline."
        )
