"""Steps of `generate_datasets`. Never cached by ZenML: the newest dataset is the one that training takes.

What costs time or money, the model's answers, is kept in the warehouse, so making a dataset again is quick.
"""

from typing import Annotated

from zenml import step

from llm_engineering.application.dataset_card import card_of, front_matter
from llm_engineering.application.dataset_rows import rows_of
from llm_engineering.application.features import cleaned_documents
from llm_engineering.application.feedback import pairs
from llm_engineering.application.generating import instruct_dataset
from llm_engineering.application.preferring import preference_dataset, rejecting_model
from llm_engineering.application.registering import kind, slug
from llm_engineering.application.weights import Weights
from llm_engineering.domain.datasets import InstructDataset, PreferenceDataset
from llm_engineering.domain.documents import CleanedDocument
from steps.artifacts import same_instruct_dataset
from steps.context import log_step, opened_twin, patient
from steps.materializers import CleanedDocumentsMaterializer


@step(enable_cache=False, output_materializers=CleanedDocumentsMaterializer)
@patient
def query_feature_store(author_full_name: str) -> Annotated[list[CleanedDocument], "author_documents"]:
    """Read the author's cleaned documents."""
    with opened_twin() as twin:
        documents = cleaned_documents(twin.warehouse.author(author_full_name), twin.vectors)
    log_step(author_full_name, documents=len(documents))
    return documents


@step(enable_cache=False)
@patient
def create_prompts(
    author_full_name: str,
    documents: list[CleanedDocument],
    test_split_size: float,
    max_samples: int | None,
    seed: int,
) -> Annotated[InstructDataset, "instruct_datasets"]:
    """Instructions with the author's passages: those of the newest instruction dataset if it still holds.

    So the preference samples are split exactly as the instruction samples, and nothing is written
    twice. It is an instruction dataset like any other: the one that SFT and these pairs share.
    """
    return same_instruct_dataset(author_full_name, documents, test_split_size, seed) or _instruct(
        author_full_name, documents, test_split_size, max_samples, seed
    )


@step(enable_cache=False)
@patient
def generate_instruction_dataset(
    author_full_name: str,
    documents: list[CleanedDocument],
    test_split_size: float,
    max_samples: int | None,
    seed: int,
) -> Annotated[InstructDataset, "instruct_datasets"]:
    """Instruction samples whose answers are the author's own words."""
    return _instruct(author_full_name, documents, test_split_size, max_samples, seed)


@step(enable_cache=False)
@patient
def generate_preference_dataset(
    author_full_name: str,
    prompts: InstructDataset,
    max_samples: int | None,
    seed: int,
    rejected_by: str,
    with_feedback: bool,
) -> Annotated[PreferenceDataset, "preference_datasets"]:
    """The author's words against what the base model, or their latest twin, writes for the same prompt."""
    with opened_twin() as twin:
        author = twin.warehouse.author(author_full_name)
        model, name = rejecting_model(
            rejected_by,
            author,
            base_model=twin.settings.CHAT_MODEL,
            warehouse=twin.warehouse,
            weights=Weights(twin.settings.twins_dir),
        )
        with twin.chat_models.opened(model) as chat:
            dataset = preference_dataset(
                prompts,
                chat=chat,
                model_name=name,
                store=twin.documents,
                progress=twin.progress,
                meter=twin.meter(model),
                max_samples=max_samples,
                seed=seed,
                put_right=list(pairs(twin.warehouse.feedback(author))) if with_feedback else (),
            )
    log_step(author_full_name, train=len(dataset.train), test=len(dataset.test))
    return dataset


@step(enable_cache=False)
def push_to_huggingface(
    dataset: InstructDataset | PreferenceDataset, dataset_id: str, author_full_name: str
) -> Annotated[str, "dataset_url"]:
    """Upload the dataset and its card to a private repository of the hub."""
    with opened_twin() as twin:
        subset = f"{slug(author_full_name)}-{kind(dataset)}"
        url = twin.dataset_hub.push(
            rows_of(dataset), dataset_id, subset=subset, card=card_of(dataset), front_matter=front_matter(dataset)
        )
    log_step(author_full_name, url=url, summary=url)
    return url


def _instruct(
    author_full_name: str,
    documents: list[CleanedDocument],
    test_split_size: float,
    max_samples: int | None,
    seed: int,
) -> InstructDataset:
    with opened_twin() as twin, twin.chat_models.opened(twin.settings.CHAT_MODEL) as chat:
        dataset = instruct_dataset(
            twin.warehouse.author(author_full_name),
            documents,
            chat=chat,
            model_name=twin.settings.CHAT_MODEL,
            embedder=twin.embedder,
            store=twin.documents,
            progress=twin.progress,
            meter=twin.meter(twin.settings.CHAT_MODEL),
            test_split_size=test_split_size,
            max_samples=max_samples,
            seed=seed,
        )
    log_step(author_full_name, train=len(dataset.train), test=len(dataset.test))
    return dataset
