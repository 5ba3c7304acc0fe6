"""Steps of `training`."""

from typing import Annotated

from zenml import get_step_context, step

from llm_engineering.application.registering import register
from llm_engineering.application.stages import sft_twin, stage, twin_of
from llm_engineering.domain.datasets import InstructDataset, PreferenceDataset
from llm_engineering.domain.twins import TrainingPlan, TrainingResult, TwinManifest
from steps import control_plane, previews
from steps.context import log_step, opened_twin


@step(enable_cache=False)
def train(
    author_full_name: str,
    plan: TrainingPlan,
    dataset: InstructDataset | PreferenceDataset,
    previous: TrainingResult | None = None,
) -> Annotated[TrainingResult, "training_result"]:
    """Run one stage, SFT or DPO; DPO continues `previous`, or the SFT twin of its dataset.

    ZenML's cache is off, because a result is worth nothing without the adapter on this disk;
    the stage itself is not repeated when nothing changed, unless the pipeline runs with --no-cache.
    """
    with opened_twin() as twin, twin.training_alone(author := twin.warehouse.author(author_full_name)):
        twin.exporter.require(twin.settings.HF_MODEL_ID)
        adapter_dir = previous.adapter_dir if previous else None
        if isinstance(dataset, PreferenceDataset) and previous is None:
            adapter_dir = sft_twin(twin.warehouse, author, dataset).directory / "adapter"
        result = stage(
            author,
            plan,
            dataset,
            adapter_dir=adapter_dir,
            base_model=twin.settings.HF_MODEL_ID,
            trainer=twin.trainer,
            twins_dir=twin.settings.twins_dir,
            progress=twin.progress,
            again=get_step_context().pipeline_run.config.enable_cache is False,
        )
    log_step(author_full_name, **previews.metadata(result))
    return result


@step(enable_cache=False)
def register_twin(
    author_full_name: str,
    plans: list[TrainingPlan],
    results: list[TrainingResult],
    instruct: InstructDataset | None = None,
    preference: PreferenceDataset | None = None,
) -> Annotated[TwinManifest, "twin"]:
    """Export the last stage's adapter as the next version of the author's twin, unless there is one of it."""
    with opened_twin() as twin, twin.training_alone(author := twin.warehouse.author(author_full_name)):
        parent = sft_twin(twin.warehouse, author, preference) if preference and not instruct else None
        manifest = twin_of(twin.warehouse, author, plans, results, parent) or register(
            author,
            parent=parent,
            base_model=twin.settings.HF_MODEL_ID,
            plans=plans,
            results=results,
            datasets=[dataset for dataset in (instruct, preference) if dataset],
            exporter=twin.exporter,
            warehouse=twin.warehouse,
            twins_dir=twin.settings.twins_dir,
            progress=twin.progress,
        )
        latest = twin.warehouse.latest_twin(author)
    log_step(author_full_name, twin=f"{manifest.name}/{manifest.version}")
    control_plane.show(manifest, latest)
    return manifest
