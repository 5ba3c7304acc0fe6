"""Make training samples whose targets are the author's own words."""

from llm_engineering.domain.errors import BadConfig
from pipelines.parameters import (
    AuthorName,
    AuthorNames,
    DatasetId,
    DatasetKind,
    MaxSamples,
    Push,
    RejectedBy,
    Seed,
    TestShare,
    WithFeedback,
)


def generate_datasets(
    dataset_type: DatasetKind = "instruction",
    author_full_name: AuthorName | None = None,
    author_full_names: AuthorNames | None = None,
    test_split_size: TestShare = 0.2,
    max_samples: MaxSamples = None,
    rejected_by: RejectedBy = "base",
    with_feedback: WithFeedback = False,
    push_to_huggingface: Push = False,
    dataset_id: DatasetId = None,
    seed: Seed = 17,
    wait_for: str | list[str] | None = None,
) -> list[str]:
    """Make the instruction or the preference dataset of one author, or of several, split by document."""
    from steps.generate_datasets import (
        create_prompts,
        generate_instruction_dataset,
        generate_preference_dataset,
        query_feature_store,
    )
    from steps.generate_datasets import (
        push_to_huggingface as push,
    )

    made = []
    for author in authors_of(author_full_name, author_full_names):
        documents = query_feature_store(author, after=wait_for)
        if dataset_type == "instruction":
            dataset = generate_instruction_dataset(author, documents, test_split_size, max_samples, seed)
        else:
            prompts = create_prompts(author, documents, test_split_size, max_samples, seed)
            dataset = generate_preference_dataset(author, prompts, max_samples, seed, rejected_by, with_feedback)
        if push_to_huggingface:
            push(dataset, dataset_id, author)
        # One author after the other: the embedded stores have one writer at a time.
        wait_for = dataset.invocation_id
        made.append(dataset.invocation_id)
    return made


def authors_of(author_full_name: str | None, author_full_names: list[str] | None) -> list[str]:
    """The authors meant. Raises BadConfig when none or both are given."""
    if author_full_name and author_full_names:
        raise BadConfig("Give author_full_name or author_full_names, not both.")
    names = [author_full_name] if author_full_name else (author_full_names or [])
    if not names:
        raise BadConfig("Whose dataset? Give author_full_name, or author_full_names for several.")
    return list(dict.fromkeys(names))
