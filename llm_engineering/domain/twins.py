"""A twin: author + base model + adapter + templates + the data and scores behind it."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class FinetuningType(StrEnum):
    """The two training stages; DPO continues the SFT adapter."""

    SFT = "sft"
    DPO = "dpo"


class TrainingPlan(BaseModel):
    """Everything that decides one training stage. Validated before a weight is loaded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    finetuning_type: FinetuningType
    num_train_epochs: float = Field(default=1.0, gt=0)
    max_steps: int | None = Field(default=None, gt=0)
    """Stop after so many optimiser steps even when epochs are left."""
    per_device_train_batch_size: int = Field(default=2, gt=0)
    gradient_accumulation_steps: int = Field(default=1, gt=0)
    learning_rate: float = Field(default=2e-4, gt=0)
    max_seq_length: int = Field(default=512, ge=32)
    """In tokens, prompt and answer together; longer samples are cut at the end."""
    lora_rank: int = Field(default=16, gt=0)
    lora_alpha: int = Field(default=32, gt=0)
    lora_dropout: float = Field(default=0.0, ge=0, lt=1)
    beta: float = Field(default=0.1, gt=0)
    """DPO only: how strongly the policy is held to the reference (arXiv:2305.18290)."""
    seed: int = 17


class TrainingResult(BaseModel):
    """What a training stage measured."""

    model_config = ConfigDict(frozen=True)

    finetuning_type: FinetuningType
    adapter_dir: Path
    steps: int
    seconds: float
    loss_first: float
    loss_last: float
    """Mean over the last tenth of the logged steps (at least one), as loss_first is over the first."""
    heldout_loss_before: float | None = None
    heldout_loss_after: float | None = None
    """Mean loss per completion token (SFT) or per pair (DPO) on the test split."""
    tokens_per_second: float
    """Trained tokens (prompt and answer) per second of wall time."""
    reward_margin_last: float | None = None
    """DPO only: mean reward(chosen) - reward(rejected) at the end."""
    history: list[dict[str, float]] = Field(default_factory=list)
    """One entry a logged step: step, loss, learning_rate, and what the stage adds."""


class DatasetSummary(BaseModel):
    """What a twin's manifest keeps of a dataset that it was trained on."""

    model_config = ConfigDict(frozen=True)

    fingerprint: str
    """sha256 over every sample."""
    max_samples: int | None
    model_ids: dict[str, str]
    """Role (instruction, rejected) → the model that filled it."""
    train: int
    test: int
    verbatim_answer_share: float
    dropped: dict[str, int]


class TwinManifest(BaseModel):
    """One version of a twin, as kept in the warehouse and beside the weights."""

    id: UUID
    name: str
    """Slug of the author's name, e.g. "mara-lindqvist"."""
    version: int
    author_id: UUID
    author_full_name: str
    base_model: str
    stages: list[str]
    """Training stages in order, e.g. ["sft", "dpo"]."""
    directory: Path
    """Holds adapter/, model.gguf and manifest.json."""
    files: dict[str, str]
    """Path below `directory` → sha256."""
    template_fingerprint: str
    corpus_fingerprint: str
    """sha256 over the documents behind the datasets; tells whether training again would learn anything new."""
    datasets: dict[str, DatasetSummary]
    """Dataset type (instruction, preference) → its summary."""
    training: list[dict[str, Any]]
    """The plan and result of each stage."""
    scores: dict[str, Any] = Field(default_factory=dict)
    passed_evaluation: bool = False
    created_at: datetime
    versions: dict[str, str] = Field(default_factory=dict)
    """Library → version."""
