"""Measure a twin; the name of a module or pipeline cannot be `eval`."""

from pipelines.parameters import (
    AuthorName,
    ChatModels,
    GroundedPrompts,
    Judge,
    MaxPrompts,
    Promotion,
    Seed,
    StyleCard,
    TwinVersions,
)


def evaluating(
    author_full_name: AuthorName,
    twin_versions: TwinVersions = None,
    chat_models: ChatModels = None,
    style_card: StyleCard = True,
    max_prompts: MaxPrompts = 10,
    grounded_prompts: GroundedPrompts = 8,
    judge: Judge = None,
    promotion: Promotion = None,
    seed: Seed = 17,
) -> str:
    """Measure twins: do they write like the author, are they true to the sources, do they copy?"""
    from steps.artifacts import dataset_of_twin
    from steps.evaluating import evaluate
    from steps.generate_datasets import query_feature_store

    documents = query_feature_store(author_full_name)
    report = evaluate(
        author_full_name,
        dataset_of_twin(author_full_name, twin_versions[0] if twin_versions else None),
        documents,
        twin_versions=twin_versions,
        chat_models=chat_models,
        style_card=style_card,
        max_prompts=max_prompts,
        grounded_prompts=grounded_prompts,
        judge=judge,
        promotion=promotion,
        seed=seed,
    )
    return str(report.invocation_id)
