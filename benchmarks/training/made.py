"""The datasets that everything here is measured on, made as the product makes them."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from llm_engineering.application.generating import instruct_dataset
from llm_engineering.application.ports import DocumentStore
from llm_engineering.application.preferring import preference_dataset
from llm_engineering.bootstrap import Twin
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import InstructDataset, PreferenceDataset
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.infrastructure.stores.sqlite_documents import SqliteDocuments

Opened = Callable[[str], AbstractContextManager[Any]]
"""Opens the chat model of that name."""


def instruct(
    twin: Twin,
    author: Author,
    documents: Sequence[CleanedDocument],
    *,
    chat_model: str,
    store: DocumentStore,
    most: int,
    opened: Opened | None = None,
) -> InstructDataset:
    """At most `most` training samples, spread over the documents, and as large a share of the test samples."""
    with (opened or twin.chat_models.opened)(chat_model) as chat:
        return instruct_dataset(
            author,
            documents,
            chat=chat,
            model_name=chat_model,
            embedder=twin.embedder,
            store=store,
            progress=twin.progress,
            max_samples=most,
        )


def preference(twin: Twin, samples: InstructDataset, *, chat_model: str, store: DocumentStore) -> PreferenceDataset:
    """Pairs of the same samples, in the same splits; the rejected answers are the base model's."""
    with twin.chat_models.opened(chat_model) as chat:
        return preference_dataset(samples, chat=chat, model_name=chat_model, store=store, progress=twin.progress)


def store(directory: Path) -> SqliteDocuments:
    """Where the answers of the chat model are kept, so that datasets which are made again are there at once."""
    directory.mkdir(parents=True, exist_ok=True)
    return SqliteDocuments(directory / "generations.sqlite3")
