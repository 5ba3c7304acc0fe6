"""Make the feature store agree with the warehouse."""

from pipelines.parameters import AuthorNames


def feature_engineering(author_full_names: AuthorNames, wait_for: str | list[str] | None = None) -> list[str]:
    """Clean the authors' documents in two lanes, chunk and embed them, and load the feature store."""
    from steps.feature_engineering import (
        chunk_and_embed,
        clean_documents,
        load_to_vector_db,
        query_data_warehouse,
        rules_in_force,
    )

    # Documents are not handed from step to step, but read from the stores in a stream: a corpus may
    # be larger than memory. So the order is given by `after`.
    raw = query_data_warehouse(author_full_names, after=wait_for)
    cleaned = clean_documents(raw, cleaner=rules_in_force())
    loaded = load_to_vector_db(author_full_names, after=cleaned)
    # One after the other: the embedded vector store has one writer at a time.
    indexed = chunk_and_embed(author_full_names, after=loaded)
    return [loaded.invocation_id, indexed.invocation_id]
