"""What the pipelines read: raw documents from the warehouse, cleaned ones from the feature store."""

import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from llm_engineering.application.cleaning import clean
from llm_engineering.application.indexing import cleaned_collection
from llm_engineering.application.ports import VectorStore
from llm_engineering.application.warehouse import COLLECT_COMMAND, Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, CleanedDocument, RawDocument
from llm_engineering.domain.errors import EmptyCorpus

MOST_IMPOSTORS = 10
"""Other authors that style is measured against; more add time, hardly anything else."""

_UNDATED = datetime.min.replace(tzinfo=UTC)


def features_command(author: str) -> str:
    """What a user runs to fill the feature store with the texts of the author of that full name."""
    return f"./poe run-feature-engineering-pipeline --set author_full_names={shlex.quote(f'[{author}]')}"


def raw_documents(authors: Sequence[Author], warehouse: Warehouse) -> list[RawDocument]:
    """All documents of these authors that are not gone, oldest first.

    Raises EmptyCorpus for an author of whom nothing was ever collected. One whose documents are
    all gone has none here, and that is no error: the feature store is to forget them.
    """
    found: list[RawDocument] = []
    for author in authors:
        documents = list(warehouse.documents(author, include_gone=True))
        if not documents:
            raise EmptyCorpus(
                f"The warehouse has no documents of {author.full_name}; collect some first: {COLLECT_COMMAND}."
            )
        found += [document for document in documents if document.tombstoned_at is None]
    return sorted(found, key=_age)


def cleaned_documents(author: Author, vectors: VectorStore) -> list[CleanedDocument]:
    """The author's cleaned documents, oldest first. Raises EmptyCorpus when there are none."""
    found = [
        CleanedDocument.model_validate({"id": point.id, **point.payload})
        for category in Category
        for point in vectors.scroll(cleaned_collection(category), {"author_id": str(author.id)})
    ]
    if not found:
        raise EmptyCorpus(
            f"The feature store has no documents of {author.full_name}; "
            f"fill it first: {features_command(author.full_name)}."
        )
    return sorted(found, key=_age)


def impostor_texts(author: Author, warehouse: Warehouse) -> Mapping[str, list[str]]:
    """Other authors' style texts by name, oldest first; of at most MOST_IMPOSTORS authors.

    Cleaned here rather than read from the feature store, so that authors count whose features
    have not been made.
    """
    others = [other for other in warehouse.authors() if other.id != author.id][:MOST_IMPOSTORS]
    texts = {
        other.full_name: [clean(document).style_text for document in sorted(warehouse.documents(other), key=_age)]
        for other in others
    }
    return {name: found for name, found in texts.items() if found}


def _age(document: RawDocument | CleanedDocument) -> tuple[datetime, str]:
    published = document.published_at or _UNDATED
    return (published if published.tzinfo else published.replace(tzinfo=UTC), str(document.id))
