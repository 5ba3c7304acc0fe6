"""Steps of `feature_engineering`."""

from typing import Annotated

from zenml import step

from llm_engineering.application import indexing
from llm_engineering.application.cleaning import clean
from llm_engineering.application.features import raw_documents
from llm_engineering.application.indexing import IndexReport
from llm_engineering.domain.documents import CleanedDocument, RawDocument
from steps.context import log_step, opened_twin, patient
from steps.materializers import CleanedDocumentsMaterializer, RawDocumentsMaterializer
from steps.previews import plural


@step(enable_cache=False, output_materializers=RawDocumentsMaterializer)
@patient
def query_data_warehouse(author_full_names: list[str]) -> Annotated[list[RawDocument], "raw_documents"]:
    """Read the authors' documents, of every category."""
    with opened_twin() as twin:
        authors = [twin.warehouse.author(name) for name in author_full_names]
        documents = raw_documents(authors, twin.warehouse)
    log_step(documents=len(documents))
    return documents


@step(output_materializers=CleanedDocumentsMaterializer)
def clean_documents(
    documents: list[RawDocument], cleaner: str
) -> Annotated[list[CleanedDocument], "cleaned_documents"]:
    """Clean in two lanes. Cached: the documents and the version of the rules (`cleaner`) decide the output."""
    cleaned = [clean(document) for document in documents]
    log_step(documents=len(cleaned), cleaner=cleaner)
    return cleaned


@step(enable_cache=False)
@patient
def load_to_vector_db(
    documents: list[CleanedDocument], author_full_names: list[str]
) -> Annotated[int, "loaded_documents"]:
    """Make the cleaned_* collections hold exactly these documents of these authors."""
    with opened_twin() as twin:
        authors = [twin.warehouse.author(name) for name in author_full_names]
        loaded = indexing.load_cleaned(documents, authors=authors, vectors=twin.vectors, progress=twin.progress)
    log_step(
        documents=len(documents), loaded=loaded, summary=f"{loaded} of {plural(len(documents), 'document')} written"
    )
    return loaded


@step(enable_cache=False)
@patient
def chunk_and_embed(
    documents: list[CleanedDocument], author_full_names: list[str]
) -> Annotated[IndexReport, "index_report"]:
    """Make the embedded_* collections hold exactly these documents' chunks; unchanged ones are left alone."""
    with opened_twin() as twin:
        report = indexing.index(
            documents,
            authors=[twin.warehouse.author(name) for name in author_full_names],
            vectors=twin.vectors,
            embedder=twin.embedder,
            sparse=twin.sparse,
            progress=twin.progress,
        )
    log_step(**report.model_dump())
    return report
