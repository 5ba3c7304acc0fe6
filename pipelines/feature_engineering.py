"""Make the feature store agree with the warehouse."""

from pipelines.parameters import AuthorNames


def feature_engineering(author_full_names: AuthorNames, wait_for: str | list[str] | None = None) -> list[str]:
    """Clean the authors' documents in two lanes, chunk and embed them, and load the feature store."""
    from llm_engineering.application.cleaning import CLEANER
    from steps.feature_engineering import chunk_and_embed, clean_documents, load_to_vector_db, query_data_warehouse

    raw = query_data_warehouse(author_full_names, after=wait_for)
    cleaned = clean_documents(raw, cleaner=CLEANER)
    loaded = load_to_vector_db(cleaned, author_full_names)
    # One after the other: the embedded vector store has one writer at a time.
    indexed = chunk_and_embed(cleaned, author_full_names, after=loaded)
    return [loaded.invocation_id, indexed.invocation_id]
