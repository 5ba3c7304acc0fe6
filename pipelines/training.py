"""Fine-tune a twin: SFT, then DPO or KTO on top."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from llm_engineering.domain.errors import BadConfig
from pipelines.parameters import AuthorName, Hardware, Stage, StageOverrides

if TYPE_CHECKING:
    from llm_engineering.domain.twins import TrainingPlan


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
    dpo: Annotated[StageOverrides | None, Field(description="What is different for DPO, or KTO:")] = None,
    hardware: Annotated[Hardware | None, Field(description="What to train with; left out, what there is:")] = None,
) -> str:
    """Train the author's newest datasets into an adapter, and register it as the next version of the twin."""
    from steps.artifacts import INSTRUCT_DATASETS, PREFERENCE_DATASETS, newest_dataset, newest_datasets
    from steps.training import register_twin, train

    common = {
        "num_train_epochs": num_train_epochs,
        "per_device_train_batch_size": per_device_train_batch_size,
        "learning_rate": learning_rate,
        "max_steps": max_steps,
    }
    sft_plan, preference_plan = stage_plans(finetuning_type, common, sft, dpo, hardware)
    instruct = preference = None
    match finetuning_type:
        case "sft":
            instruct = newest_dataset(INSTRUCT_DATASETS, author_full_name)
        case "dpo" | "kto":
            preference = newest_dataset(PREFERENCE_DATASETS, author_full_name)
        case _:
            instruct, preference = newest_datasets(author_full_name)
    plans: list[TrainingPlan] = []
    results: list[Any] = []
    if instruct:
        plans.append(sft_plan)
        results.append(train(author_full_name, sft_plan, instruct, id="train_sft"))
    if preference:
        plans.append(preference_plan)
        previous = results[-1] if results else None
        step = f"train_{preference_plan.finetuning_type}"
        results.append(train(author_full_name, preference_plan, preference, previous, id=step))
    return str(register_twin(author_full_name, plans, results, instruct, preference).invocation_id)


def stage_plans(
    finetuning_type: str | None,
    common: Mapping[str, Any],
    sft: StageOverrides | None,
    dpo: StageOverrides | None,
    hardware: Hardware | None = None,
) -> tuple["TrainingPlan", "TrainingPlan"]:
    """The plans of SFT, and of DPO or KTO; `common` is what holds for both where a stage says nothing else.

    Raises BadConfig for values that make no plan.
    """
    from llm_engineering.application.training import plan
    from llm_engineering.domain.twins import FinetuningType

    check_learning_rate(finetuning_type, common.get("learning_rate"))
    common = {**common, **given(hardware)}
    sft_plan = plan(FinetuningType.SFT, {**common, **given(sft)})
    # DPO and KTO continue SFT's adapter, of this run or of a former one, whose shape is then a given.
    shape = {"lora_rank": sft_plan.lora_rank, "lora_alpha": sft_plan.lora_alpha}
    kind = FinetuningType.KTO if finetuning_type == "kto" else FinetuningType.DPO
    return sft_plan, plan(kind, {**common, **shape, **given(dpo)})


def check_learning_rate(finetuning_type: str | None, learning_rate: float | None) -> None:
    """Raises BadConfig for one rate for both stages: what is right for SFT destroys the adapter in DPO."""
    if finetuning_type is None and learning_rate is not None:
        raise BadConfig(
            "learning_rate would apply to SFT and DPO alike, and DPO needs about a tenth of it; give each its own: "
            f"sft: {{learning_rate: {learning_rate}}}, dpo: {{learning_rate: {learning_rate / 10:g}}}."
        )


def given(overrides: StageOverrides | Hardware | None) -> dict[str, Any]:
    """The fields that were set."""
    return overrides.model_dump(exclude_none=True) if overrides else {}
