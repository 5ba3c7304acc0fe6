"""Fine-tune a twin: SFT, then DPO on top."""

from typing import Annotated, Any

from pydantic import Field

from llm_engineering.domain.errors import BadConfig
from pipelines.parameters import AuthorName, Stage, StageOverrides


def training(
    author_full_name: AuthorName,
    finetuning_type: Stage = None,
    num_train_epochs: Annotated[float | None, Field(gt=0, description="Passes over the training samples.")] = None,
    per_device_train_batch_size: Annotated[int | None, Field(gt=0, description="Samples at once.")] = None,
    learning_rate: Annotated[
        float | None, Field(gt=0, description="Of the one stage that finetuning_type names.")
    ] = None,
    max_steps: Annotated[int | None, Field(gt=0, description="Optimiser steps at most, in each stage.")] = None,
    sft: Annotated[StageOverrides | None, Field(description="What is different for SFT:")] = None,
    dpo: Annotated[StageOverrides | None, Field(description="What is different for DPO:")] = None,
) -> str:
    """Train the author's newest datasets into an adapter, and register it as the next version of the twin."""
    from llm_engineering.application.training import plan
    from llm_engineering.domain.twins import FinetuningType, TrainingPlan
    from steps.artifacts import INSTRUCT_DATASETS, PREFERENCE_DATASETS, newest_dataset, newest_datasets
    from steps.training import register_twin, train

    common = {
        "num_train_epochs": num_train_epochs,
        "per_device_train_batch_size": per_device_train_batch_size,
        "learning_rate": learning_rate,
        "max_steps": max_steps,
    }
    check_learning_rate(finetuning_type, learning_rate)
    sft_plan = plan(FinetuningType.SFT, common | given(sft))
    # DPO continues SFT's adapter, whose shape is then a given.
    shape = {"lora_rank": sft_plan.lora_rank, "lora_alpha": sft_plan.lora_alpha} if finetuning_type is None else {}
    dpo_plan = plan(FinetuningType.DPO, common | shape | given(dpo))
    instruct = preference = None
    match finetuning_type:
        case "sft":
            instruct = newest_dataset(INSTRUCT_DATASETS, author_full_name)
        case "dpo":
            preference = newest_dataset(PREFERENCE_DATASETS, author_full_name)
        case _:
            instruct, preference = newest_datasets(author_full_name)
    plans: list[TrainingPlan] = []
    results: list[Any] = []
    if instruct:
        plans.append(sft_plan)
        results.append(train(author_full_name, sft_plan, instruct, id="train_sft"))
    if preference:
        plans.append(dpo_plan)
        previous = results[-1] if results else None
        results.append(train(author_full_name, dpo_plan, preference, previous, id="train_dpo"))
    return str(register_twin(author_full_name, plans, results, instruct, preference).invocation_id)


def check_learning_rate(finetuning_type: str | None, learning_rate: float | None) -> None:
    """Raises BadConfig for one rate for both stages: what is right for SFT destroys the adapter in DPO."""
    if finetuning_type is None and learning_rate is not None:
        raise BadConfig(
            "learning_rate would apply to SFT and DPO alike, and DPO needs about a tenth of it; give each its own: "
            f"sft: {{learning_rate: {learning_rate}}}, dpo: {{learning_rate: {learning_rate / 10:g}}}."
        )


def given(overrides: StageOverrides | None) -> dict[str, Any]:
    """The fields that were set."""
    return overrides.model_dump(exclude_none=True) if overrides else {}
