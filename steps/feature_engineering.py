"""Steps of `feature_engineering`."""

from typing import Annotated

from zenml import step

from llm_engineering.application import indexing
from llm_engineering.application.cleaning import clean, cleaner_version
from llm_engineering.application.features import raw_documents, sample
from llm_engineering.application.indexing import IndexReport
from llm_engineering.domain.documents import CleanedDocument, RawDocument
from steps.context import log_step, opened_stores, opened_twin, patient
from steps.materializers import CleanedDocumentsMaterializer, RawDocumentsMaterializer
from steps.previews import plural


def rules_in_force() -> str:
    """The version of the cleaning rules, what is scrubbed included."""
    with opened_stores() as twin:
        return cleaner_version(twin.pii)


@step(enable_cache=False, output_materializers=RawDocumentsMaterializer)
@patient
def query_data_warehouse(author_full_names: list[str]) -> Annotated[list[RawDocument], "raw_documents"]:
    """Look through the authors' documents, of every category; the artifact has a sample of them."""
    with opened_twin() as twin:
        authors = [twin.warehouse.author(name) for name in author_full_names]
        shown, documents = sample(raw_documents(authors, twin.warehouse))
    log_step(documents=documents, shown=len(shown))
    return shown


@step(output_materializers=CleanedDocumentsMaterializer)
def clean_documents(
    documents: list[RawDocument], cleaner: str
) -> Annotated[list[CleanedDocument], "cleaned_documents"]:
    """Show what cleaning in two lanes makes of the sample.

    The documents themselves are cleaned as they are loaded, so that no step and no artifact holds
    them all. Cached: the sample and the version of the rules (`cleaner`) decide the output.
    """
    with opened_twin() as twin:
        cleaned = [clean(document, twin.pii) for document in documents]
    log_step(documents=len(cleaned), cleaner=cleaner)
    return cleaned


@step(enable_cache=False)
@patient
def load_to_vector_db(author_full_names: list[str]) -> Annotated[int, "loaded_documents"]:
    """Make the cleaned_* collections hold exactly these authors' documents, cleaned; unchanged ones are left alone."""
    with opened_twin() as twin:
        authors = [twin.warehouse.author(name) for name in author_full_names]
        report = indexing.load_cleaned(
            raw_documents(authors, twin.warehouse),
            authors=authors,
            vectors=twin.vectors,
            progress=twin.progress,
            pii=twin.pii,
        )
    log_step(**report.model_dump(), summary=f"{report.written} of {plural(report.documents, 'document')} written")
    return report.written


@step(enable_cache=False)
@patient
def chunk_and_embed(author_full_names: list[str]) -> Annotated[IndexReport, "index_report"]:
    """Make the embedded_* collections hold exactly these authors' chunks; unchanged documents are left alone."""
    with opened_twin() as twin:
        report = indexing.index(
            authors=[twin.warehouse.author(name) for name in author_full_names],
            vectors=twin.vectors,
            embedder=twin.embedder,
            sparse=twin.sparse,
            progress=twin.progress,
        )
    log_step(**report.model_dump())
    return report
