"""The types of the pipelines' parameters, with the words that --help shows."""

from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

AuthorName: TypeAlias = Annotated[str, Field(min_length=1, description="The author's first and last name.")]
AuthorNames: TypeAlias = Annotated[list[str], Field(min_length=1, description="First and last names of authors.")]
Links: TypeAlias = Annotated[
    list[str] | None, Field(description="Addresses of single articles, posts or repositories.")
]
Sources: TypeAlias = Annotated[
    list[str | dict[str, Any]] | None,
    Field(description="Feeds, sitemaps, whole sites, folders and exports (configs/digital_data_etl_example.yaml)."),
]
FailureShare: TypeAlias = Annotated[
    float, Field(ge=0, le=1, description="Share of items that may fail before the run counts as failed.")
]
Language: TypeAlias = Annotated[
    str | None,
    Field(pattern=r"^[a-z]{2}$", description="Keep documents in this language only (ISO 639-1, such as en)."),
]
Since: TypeAlias = Annotated[
    str | None,
    BeforeValidator(lambda value: value.isoformat() if isinstance(value, date) else value),  # YAML reads a date
    AfterValidator(lambda value: value and date.fromisoformat(value).isoformat()),
    Field(description="Leave out what is dated before that day, such as 2024-01-31."),
]
MaxMinutes: TypeAlias = Annotated[
    float | None, Field(gt=0, description="End the run after so many minutes; the next one goes on from there.")
]
Browser: TypeAlias = Annotated[
    Literal["auto", "always", "never"],
    Field(description="Render pages in headless Chromium: those that need it, all, or none."),
]
Limit: TypeAlias = Annotated[int | None, Field(gt=0, description="Stop after so many items.")]

DatasetKind: TypeAlias = Annotated[Literal["instruction", "preference"], Field(description="Which dataset to make.")]
TestShare: TypeAlias = Annotated[
    float, Field(gt=0, lt=1, description="Share of the documents, the newest ones, that is held out.")
]
MaxSamples: TypeAlias = Annotated[
    int | None, Field(gt=0, description="At most so many training samples, spread over all documents.")
]
Push: TypeAlias = Annotated[bool, Field(description="Upload the dataset to a private repository on Hugging Face.")]
DatasetId: TypeAlias = Annotated[str | None, Field(description="That repository, such as your-name/llmtwin.")]
Seed: TypeAlias = Annotated[int, Field(ge=0, description="The same seed gives the same result.")]

Stage: TypeAlias = Annotated[
    Literal["sft", "dpo"] | None, Field(description="Train this stage only; left out, SFT and then DPO.")
]
MaxPrompts: TypeAlias = Annotated[int, Field(gt=0, description="Held-out instructions that base and twin answer.")]
TwinVersion: TypeAlias = Annotated[int | None, Field(gt=0, description="Which version; left out, the newest.")]
ArtifactNames: TypeAlias = Annotated[
    list[str], Field(min_length=1, description="Names of artifacts, such as instruct_datasets.")
]


class StageOverrides(BaseModel):
    """Fields of one stage's training plan (domain/twins.py: TrainingPlan says what each means)."""

    model_config = ConfigDict(extra="forbid")

    num_train_epochs: Annotated[float | None, Field(gt=0, description="Passes over the training samples.")] = None
    max_steps: Annotated[int | None, Field(gt=0, description="Optimiser steps at most.")] = None
    per_device_train_batch_size: Annotated[int | None, Field(gt=0, description="Samples at once.")] = None
    gradient_accumulation_steps: Annotated[int | None, Field(gt=0, description="Batches a step.")] = None
    learning_rate: Annotated[float | None, Field(gt=0, description="At the start; it falls to 0.")] = None
    max_seq_length: Annotated[int | None, Field(ge=32, description="Tokens of a sample at most.")] = None
    lora_rank: Annotated[int | None, Field(gt=0, description="Rank of the adapter.")] = None
    lora_alpha: Annotated[int | None, Field(gt=0, description="Scale of the adapter.")] = None
    lora_dropout: Annotated[float | None, Field(ge=0, lt=1, description="Dropout in the adapter.")] = None
    beta: Annotated[float | None, Field(gt=0, description="DPO: how closely to keep to the SFT model.")] = None
    seed: Annotated[int | None, Field(ge=0, description="The same seed gives the same result.")] = None


class AuthorLinks(BaseModel):
    """One author of `end_to_end_data`, and where their words are."""

    model_config = ConfigDict(extra="forbid")

    user_full_name: AuthorName
    links: Links = None
    sources: Sources = None
