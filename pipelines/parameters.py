"""The types of the pipelines' parameters, with the words that --help shows."""

from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from llm_engineering.domain.evaluation import PromotionRule

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
RejectedBy: TypeAlias = Annotated[
    Literal["base", "latest"],
    Field(description="Who writes the rejected answers: CHAT_MODEL, or the author's latest promoted twin."),
]
WithFeedback: TypeAlias = Annotated[
    bool, Field(description="Add a pair for each answer that a reader of the service put right.")
]
Push: TypeAlias = Annotated[bool, Field(description="Upload the dataset to a private repository on Hugging Face.")]
DatasetId: TypeAlias = Annotated[str | None, Field(description="That repository, such as your-name/llmtwin.")]
Seed: TypeAlias = Annotated[int, Field(ge=0, description="The same seed gives the same result.")]

Stage: TypeAlias = Annotated[
    Literal["sft", "dpo", "kto"] | None, Field(description="Train this stage only; left out, SFT and then DPO.")
]
MaxPrompts: TypeAlias = Annotated[int, Field(gt=0, description="Held-out instructions that all of them answer.")]
GroundedPrompts: TypeAlias = Annotated[
    int, Field(ge=0, description="Of these, how many are also answered with sources; 0 leaves truth out.")
]
TwinVersions: TypeAlias = Annotated[
    list[Annotated[int, Field(gt=0)]] | None,
    Field(description="Versions to measure, the first of which the report is about; left out, the newest."),
]
ChatModels: TypeAlias = Annotated[
    list[str] | None, Field(description="Other chat models to measure, named as CHAT_MODEL names them.")
]
StyleCard: TypeAlias = Annotated[
    bool, Field(description="Measure the twin without training, too: habits and passages in the prompt.")
]
Judge: TypeAlias = Annotated[
    str | None, Field(description="A chat model that compares answers in pairs, named as CHAT_MODEL names it.")
]
Promotion: TypeAlias = Annotated[
    PromotionRule | None, Field(description="What makes a twin the author's latest; what is left out keeps its value.")
]
ArtifactNames: TypeAlias = Annotated[
    list[str], Field(min_length=1, description="Names of artifacts, such as instruct_datasets.")
]
ExportFormats: TypeAlias = Annotated[
    list[Literal["json", "jsonl", "hf"]] | None,
    Field(description="json (also when left out); of datasets also jsonl (a sample a line), hf (a DatasetDict)."),
]


class StageOverrides(BaseModel):
    """Fields of one stage's training plan (domain/twins.py: TrainingPlan says more of each)."""

    model_config = ConfigDict(extra="forbid")

    num_train_epochs: Annotated[float | None, Field(gt=0, description="Passes over the training samples.")] = None
    max_steps: Annotated[int | None, Field(gt=0, description="Optimiser steps at most.")] = None
    per_device_train_batch_size: Annotated[int | None, Field(gt=0, description="Samples at once.")] = None
    gradient_accumulation_steps: Annotated[int | None, Field(gt=0, description="Batches a step.")] = None
    learning_rate: Annotated[float | None, Field(gt=0, description="At its peak.")] = None
    lr_scheduler_type: Annotated[
        Literal["linear", "cosine", "constant"] | None, Field(description="How it goes on from there.")
    ] = None
    warmup_ratio: Annotated[float | None, Field(ge=0, lt=1, description="Share of the steps to its peak.")] = None
    weight_decay: Annotated[float | None, Field(ge=0, description="Of AdamW.")] = None
    neftune_noise_alpha: Annotated[float | None, Field(gt=0, description="Noise on the embeddings; off.")] = None
    max_seq_length: Annotated[int | None, Field(ge=32, description="Tokens of a sample at most.")] = None
    packing: Annotated[bool | None, Field(description="SFT: fill rows with whole samples; for GPUs.")] = None
    lora_rank: Annotated[int | None, Field(gt=0, description="Rank of the adapter.")] = None
    lora_alpha: Annotated[int | None, Field(gt=0, description="Scale of the adapter.")] = None
    lora_dropout: Annotated[float | None, Field(ge=0, lt=1, description="SFT: dropout in the adapter.")] = None
    lora_targets: Annotated[
        Literal["all-linear"] | list[str] | None, Field(description="SFT: names of the layers that are adapted.")
    ] = None
    use_dora: Annotated[bool | None, Field(description="SFT: DoRA, a slower kind of adapter.")] = None
    beta: Annotated[float | None, Field(gt=0, description="DPO, KTO: how closely to keep to the SFT model.")] = None
    heldout_samples: Annotated[int | None, Field(gt=0, description="Test samples for the held-out loss.")] = None
    eval_steps: Annotated[int | None, Field(gt=0, description="Steps between two looks at that loss.")] = None
    early_stopping_patience: Annotated[
        int | None, Field(gt=0, description="Looks without a gain that stop the run; the best adapter is kept.")
    ] = None
    save_steps: Annotated[int | None, Field(gt=0, description="Steps between two checkpoints.")] = None
    seed: Annotated[int | None, Field(ge=0, description="The same seed gives the same result.")] = None


class Hardware(BaseModel):
    """What to train with, in all stages: the other fields of a training plan."""

    model_config = ConfigDict(extra="forbid")

    backend: Annotated[Literal["auto", "trl", "unsloth"] | None, Field(description="Which library trains.")] = None
    device: Annotated[Literal["auto", "cpu", "mps", "cuda"] | None, Field(description="Where it trains.")] = None
    processes: Annotated[int | None, Field(gt=0, description="Left out, one for each GPU.")] = None
    precision: Annotated[
        Literal["auto", "float32", "bfloat16"] | None, Field(description="Of the matrix products.")
    ] = None
    quantization: Annotated[
        Literal["none", "4bit"] | None, Field(description="Of the base model: 4bit is QLoRA, on CUDA devices.")
    ] = None
    attention: Annotated[
        Literal["auto", "eager", "sdpa", "flash_attention_2"] | None, Field(description="How attention is computed.")
    ] = None
    gradient_checkpointing: Annotated[
        bool | Literal["auto"] | None, Field(description="Less memory for more time; auto is on for GPUs.")
    ] = None


class AuthorLinks(BaseModel):
    """One author of `end_to_end_data`, and where their words are."""

    model_config = ConfigDict(extra="forbid")

    user_full_name: AuthorName
    links: Links = None
    sources: Sources = None
