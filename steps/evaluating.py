"""Steps of `evaluating`."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Annotated
from uuid import UUID

from zenml import step

from llm_engineering.application import evaluating, promoting
from llm_engineering.application.contenders import Contender, base_contender, twin_contender
from llm_engineering.application.evaluating import Extent
from llm_engineering.application.features import impostor_texts
from llm_engineering.application.judging import Judge
from llm_engineering.application.style_card import style_card_contender
from llm_engineering.application.twins import twin_version as chosen_version
from llm_engineering.application.weights import Weights
from llm_engineering.bootstrap import Twin
from llm_engineering.domain.datasets import InstructDataset
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.errors import BadInput
from llm_engineering.domain.evaluation import EvaluationReport, PromotionRule
from llm_engineering.domain.twins import TwinManifest
from steps import control_plane, previews
from steps.artifacts import dataset_of_twin
from steps.context import log_step, opened_twin, patient

PASSAGES = 10
"""Found for an instruction; answers are given as many of them as fit."""


@step(enable_cache=False)
@patient
def evaluate(
    author_full_name: str,
    dataset: InstructDataset,
    documents: list[CleanedDocument],
    twin_versions: list[int] | None,
    chat_models: list[str] | None,
    style_card: bool,
    max_prompts: int,
    grounded_prompts: int,
    judge: str | None,
    promotion: PromotionRule | None,
    seed: int,
) -> Annotated[EvaluationReport, "evaluation_report"]:
    """Measure the twins against their base model and the author's held-out text; one that passes may be `latest`."""
    with opened_twin() as twin:
        author = twin.warehouse.author(author_full_name)
        manifests = [chosen_version(twin.warehouse, author, version) for version in twin_versions or (None,)]
        also_read = _read_by_others(manifests, dataset, author_full_name)
        texts = impostor_texts(author, twin.warehouse)
        impostors = evaluating.impostor_pool(author, texts, twin.sample_documents)
        with ExitStack() as open_models:
            contenders = _contenders(twin, manifests, chat_models or [], open_models)
            if style_card:
                contenders.insert(
                    1, style_card_contender(author, contenders[0], dataset, documents, impostors, twin.embedder)
                )
            report = evaluating.evaluate(
                author,
                contenders,
                dataset=dataset,
                documents=documents,
                impostors=impostors,
                search=lambda question: twin.asking.passages(question, author=author_full_name, k=PASSAGES),
                embedder=twin.embedder,
                store=twin.documents,
                progress=twin.progress,
                rule=promotion,
                meter=twin.loss_meter,
                also_read=also_read,
                extent=Extent(max_prompts, grounded_prompts, seed),
                judge=Judge(judge, open_models.enter_context(twin.chat_models.opened(judge))) if judge else None,
            )
        # Read again: somebody may have promoted one by hand in the meantime.
        scored = [
            promoting.promote(chosen_version(twin.warehouse, author, one.version), report, twin.warehouse)
            for one in manifests
        ]
        latest = twin.warehouse.latest_twin(author)
    log_step(author_full_name, **previews.metadata(report))
    for manifest in scored:
        control_plane.show(manifest, latest)
    return report


def _read_by_others(manifests: Sequence[TwinManifest], dataset: InstructDataset, author: str) -> set[UUID]:
    """Documents that the other twins were trained on; refuses twins that cannot be compared with the first."""
    held_out = set(dataset.metadata.test_documents)
    read: set[UUID] = set()
    for manifest in manifests[1:]:
        name, first = f"{manifest.name}/{manifest.version}", f"{manifests[0].name}/{manifests[0].version}"
        if manifest.base_model != manifests[0].base_model:
            raise BadInput(f"{name} has another base model than {first}, so there is no one gain; measure it alone.")
        own = InstructDataset.model_validate(dataset_of_twin(author, manifest.version).load())
        if held_out & set(own.metadata.train_documents):
            raise BadInput(
                f"{name} was trained on documents that were held out from {first}; name it first: --twin "
                f"{manifest.version} --twin {manifests[0].version}, or measure it alone."
            )
        read |= set(own.metadata.train_documents)
    return read


def _contenders(
    twin: Twin, manifests: Sequence[TwinManifest], chat_models: Sequence[str], open_models: ExitStack
) -> list[Contender]:
    """The base model, the twins and the other models, opened; "embedded:" models one after the other need little."""
    base = manifests[0].base_model
    chat = open_models.enter_context(twin.chat_models.opened(base))
    found = [base_contender(base, chat)]
    weights = Weights(twin.settings.twins_dir)
    for manifest in manifests:
        own = open_models.enter_context(twin.chat_models.opened(str(weights.file(manifest))))
        found.append(twin_contender(manifest, own, weights.file(manifest).parent))
    for model in chat_models:
        other = open_models.enter_context(twin.chat_models.opened(model))
        found.append(Contender(model, f"Chat model {model}", model, other))
    return found
