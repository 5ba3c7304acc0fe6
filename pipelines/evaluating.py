"""Measure a twin; the name of a module or pipeline cannot be `eval`."""

from pipelines.parameters import AuthorName, MaxPrompts, Seed, TwinVersion


def evaluating(
    author_full_name: AuthorName, max_prompts: MaxPrompts = 10, twin_version: TwinVersion = None, seed: Seed = 17
) -> str:
    """Measure a twin's style and copying against its base model and the author's held-out text."""
    from steps.artifacts import dataset_of_twin
    from steps.evaluating import evaluate
    from steps.generate_datasets import query_feature_store

    documents = query_feature_store(author_full_name)
    report = evaluate(
        author_full_name, dataset_of_twin(author_full_name, twin_version), documents, twin_version, max_prompts, seed
    )
    return str(report.invocation_id)
