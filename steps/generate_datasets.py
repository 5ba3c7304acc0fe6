"""Steps of `generate_datasets`. Never cached by ZenML: the newest dataset is the one that training takes.

What costs time, the model's answers, is kept in the warehouse, so making a dataset again is quick.
"""

from typing import Annotated

from zenml import step

from llm_engineering.application.features import cleaned_documents
from llm_engineering.application.generating import instruct_dataset, preference_dataset
from llm_engineering.application.training import kind, slug
from llm_engineering.domain.datasets import InstructDataset, PreferenceDataset
from llm_engineering.domain.documents import CleanedDocument
from steps.artifacts import same_instruct_dataset
from steps.context import log_step, opened_stores, opened_twin, patient
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
) -> Annotated[InstructDataset, "prompts"]:
    """Instructions with the author's passages: those of the newest instruction dataset if it still holds.

    So the preference samples are split exactly as the instruction samples, and nothing is written twice.
    """
    with opened_stores() as twin:
        model = twin.settings.CHAT_MODEL
    if known := same_instruct_dataset(author_full_name, documents, test_split_size, seed, model):
        return known
    return _instruct(author_full_name, documents, test_split_size, max_samples, seed)


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
    author_full_name: str, prompts: InstructDataset, max_samples: int | None, seed: int
) -> Annotated[PreferenceDataset, "preference_datasets"]:
    """The author's words against what the current model writes for the same instruction."""
    with opened_twin() as twin, twin.chat_models.opened(twin.settings.CHAT_MODEL) as chat:
        dataset = preference_dataset(
            prompts,
            chat=chat,
            model_name=twin.settings.CHAT_MODEL,
            store=twin.documents,
            max_samples=max_samples,
            seed=seed,
            progress=twin.progress,
        )
    log_step(author_full_name, train=len(dataset.train), test=len(dataset.test))
    return dataset


@step(enable_cache=False)
def push_to_huggingface(
    dataset: InstructDataset | PreferenceDataset, dataset_id: str, author_full_name: str
) -> Annotated[str, "dataset_url"]:
    """Upload the dataset to a private repository of the hub."""
    with opened_twin() as twin:
        splits = {"train": dataset.train, "test": dataset.test}
        rows = {name: [sample.model_dump(mode="json") for sample in samples] for name, samples in splits.items()}
        url = twin.dataset_hub.push(rows, dataset_id, subset=f"{slug(author_full_name)}-{kind(dataset)}")
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
            test_split_size=test_split_size,
            max_samples=max_samples,
            seed=seed,
            progress=twin.progress,
        )
    log_step(author_full_name, train=len(dataset.train), test=len(dataset.test))
    return dataset
