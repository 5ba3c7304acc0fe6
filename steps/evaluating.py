"""Steps of `evaluating`."""

from typing import Annotated

from zenml import step

from llm_engineering.application import evaluating
from llm_engineering.application.features import impostor_texts
from llm_engineering.application.twins import twin_version as chosen_version
from llm_engineering.application.weights import Weights
from llm_engineering.domain.datasets import InstructDataset
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.evaluation import EvaluationReport
from steps import control_plane, previews
from steps.context import log_step, opened_twin, patient


@step(enable_cache=False)
@patient
def evaluate(
    author_full_name: str,
    dataset: InstructDataset,
    documents: list[CleanedDocument],
    twin_version: int | None,
    max_prompts: int,
    seed: int,
) -> Annotated[EvaluationReport, "evaluation_report"]:
    """Measure the twin against its base model and the author's held-out text; a pass makes it `latest`."""
    with opened_twin() as twin:
        author = twin.warehouse.author(author_full_name)
        manifest = chosen_version(twin.warehouse, author, twin_version)
        impostors = impostor_texts(author, twin.warehouse)
        with (
            twin.chat_models.opened(manifest.base_model) as base_chat,
            twin.chat_models.opened(str(Weights(twin.settings.twins_dir).file(manifest))) as twin_chat,
        ):
            report = evaluating.evaluate(
                author,
                manifest,
                dataset=dataset,
                documents=documents,
                impostors=impostors,
                base_chat=base_chat,
                twin_chat=twin_chat,
                store=twin.documents,
                max_prompts=max_prompts,
                seed=seed,
                progress=twin.progress,
            )
        manifest = evaluating.promote(manifest, report, twin.warehouse)
        latest = twin.warehouse.latest_twin(author)
    log_step(author_full_name, **previews.metadata(report))
    control_plane.show(manifest, latest)
    return report
