"""Everything from the web to the datasets, for several authors, in one run."""

from typing import Annotated

from pydantic import Field

from pipelines.digital_data_etl import digital_data_etl
from pipelines.feature_engineering import feature_engineering
from pipelines.generate_datasets import generate_datasets
from pipelines.parameters import (
    AuthorLinks,
    Browser,
    DatasetId,
    FailureShare,
    Language,
    Limit,
    MaxMinutes,
    MaxSamples,
    Push,
    RejectedBy,
    Seed,
    Since,
    TestShare,
    WithFeedback,
)


def end_to_end_data(
    author_links: Annotated[
        list[AuthorLinks], Field(min_length=1, description="Each author, and where their words are:")
    ],
    max_failure_share: FailureShare = 0.5,
    language: Language = None,
    since: Since = None,
    limit: Limit = None,
    max_minutes: MaxMinutes = 360.0,
    browser: Browser = "auto",
    test_split_size: TestShare = 0.2,
    max_samples: MaxSamples = None,
    rejected_by: RejectedBy = "base",
    with_feedback: WithFeedback = False,
    push_to_huggingface: Push = False,
    dataset_id: DatasetId = None,
    seed: Seed = 17,
) -> list[str]:
    """Collect several authors, make their features, and generate both datasets of each."""
    collected: list[str] = []
    for author in author_links:
        # One author after the other: the embedded warehouse has one writer at a time.
        collected.append(
            digital_data_etl(
                author.user_full_name,
                links=author.links,
                sources=author.sources,
                max_failure_share=max_failure_share,
                language=language,
                since=since,
                limit=limit,
                max_minutes=max_minutes,
                browser=browser,
                wait_for=collected[-1:],
            )
        )
    names = [author.user_full_name for author in author_links]
    ready = feature_engineering(names, wait_for=collected)
    for dataset_type in ("instruction", "preference"):
        ready = generate_datasets(
            dataset_type,
            author_full_names=names,
            test_split_size=test_split_size,
            max_samples=max_samples,
            rejected_by=rejected_by,
            with_feedback=with_feedback,
            push_to_huggingface=push_to_huggingface,
            dataset_id=dataset_id,
            seed=seed,
            wait_for=ready,
        )
    return ready
