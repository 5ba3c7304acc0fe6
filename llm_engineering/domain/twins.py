"""A twin: author + base model + adapter + templates + the data and scores behind it."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

ADAPTER = "adapter"
"""Directory of the LoRA adapter, in PEFT's format."""
MERGED = "merged"
"""Directory of base model and adapter in one, in Hugging Face's format; may be left out."""
GGUF = "model.gguf"
"""The same quantised to q8_0, which is what the service loads."""
GGUF_F16 = "model-f16.gguf"
CARD = "README.md"
MANIFEST = "manifest.json"


class FinetuningType(StrEnum):
    """The training stages. SFT makes an adapter; the others continue it, on pairs of answers."""

    SFT = "sft"
    DPO = "dpo"
    """Direct preference optimisation (arXiv:2305.18290)."""
    KTO = "kto"
    """Kahneman-Tversky optimisation (arXiv:2402.01306): each answer of a pair on its own, wanted or not."""


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
    lr_scheduler_type: Literal["linear", "cosine", "constant"] = "linear"
    """How the learning rate goes from its peak to the end; linear and cosine reach 0."""
    warmup_ratio: float = Field(default=0.0, ge=0, lt=1)
    """Share of the steps in which the learning rate rises from 0 to its peak."""
    weight_decay: float = Field(default=0.0, ge=0)
    neftune_noise_alpha: float | None = Field(default=None, gt=0)
    """Noise on the embeddings while training (arXiv:2310.05914); none unless a value is given."""
    seed: int = Field(default=17, ge=0)

    max_seq_length: int = Field(default=768, ge=32)
    """In tokens, prompt and answer together; longer samples are cut at the end, counted and reported."""
    packing: bool = False
    """SFT: put whole samples one behind the other in rows of `max_seq_length` tokens, so that nothing is
    padded. Faithful, because only TRL's best-fit strategy is used: it never splits a sample, and
    attention and positions begin anew with each one, so that every token's loss is what it would be
    alone. (TRL's "wrapped" strategy cuts through samples and lets them see each other: not offered.)
    A step then sees more samples than `per_device_train_batch_size` says. Off by default: batches are of
    samples of like length, which leaves little padding to save, and a row costs attention over all of it."""

    lora_rank: int = Field(default=16, gt=0)
    lora_alpha: int = Field(default=32, gt=0)
    lora_dropout: float = Field(default=0.0, ge=0, lt=1)
    lora_targets: Literal["all-linear"] | tuple[str, ...] = Field(default="all-linear", min_length=1)
    """Names of the layers that are adapted, such as q_proj; or every linear layer but the last."""
    use_dora: bool = False
    """Learn the length of each weight vector apart from its direction (arXiv:2402.09353); slower."""
    beta: float = Field(default=0.1, gt=0)
    """DPO and KTO: how strongly the policy is held to the reference."""

    heldout_samples: int = Field(default=32, gt=0)
    """Of the test split, for the loss on held-out documents."""
    eval_steps: int | None = Field(default=None, gt=0)
    """Optimiser steps between two looks at the held-out loss; left out, a quarter of the run."""
    early_stopping_patience: int | None = Field(default=None, gt=0)
    """Stop when so many looks in a row brought no lower held-out loss, and keep the best adapter;
    left out, the run goes to its end and the last adapter is kept."""
    save_steps: int = Field(default=50, gt=0)
    """Optimiser steps between two checkpoints; a run that was killed goes on from the last whole one."""

    backend: Literal["auto", "trl", "unsloth"] = "auto"
    device: Literal["auto", "cpu", "mps", "cuda"] = "auto"
    processes: int | None = Field(default=None, gt=0)
    """Processes that train together, one for each GPU; left out, as many as there are GPUs."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the matrix products. The adapter itself is always kept in float32."""
    quantization: Literal["none", "4bit"] = "none"
    """Of the frozen base model: 4bit is QLoRA (arXiv:2305.14314) and needs a CUDA device."""
    attention: Literal["auto", "eager", "sdpa", "flash_attention_2"] = "auto"
    gradient_checkpointing: bool | Literal["auto"] = "auto"
    """Compute activations twice instead of keeping them: less memory, about a fifth slower."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "TrainingPlan":
        if self.finetuning_type is not FinetuningType.SFT:
            if self.packing:
                raise ValueError("packing is for SFT only, because pairs of answers cannot be packed; leave it out")
            if self.lora_dropout or self.use_dora or self.lora_targets != "all-linear":
                raise ValueError(
                    "lora_dropout, lora_targets and use_dora are given to SFT, whose adapter this stage continues"
                )
        if self.finetuning_type is FinetuningType.KTO and self.per_device_train_batch_size < 2:
            raise ValueError("KTO compares the samples of a batch; set per_device_train_batch_size to 2 or more")
        return self


class TrainingResult(BaseModel):
    """What a training stage measured."""

    model_config = ConfigDict(frozen=True)

    finetuning_type: FinetuningType
    adapter_dir: Path
    steps: int
    """Optimiser steps that were made."""
    kept_step: int | None = None
    """The step whose adapter was kept, when early stopping chose an earlier one than the last."""
    seconds: float
    """Wall time of the steps, without measuring held-out losses and writing checkpoints; in one that
    was resumed, of all its parts together."""
    loss_first: float
    loss_last: float
    """Mean over the last tenth of the logged steps (at least one), as loss_first is over the first."""
    heldout_loss_before: float | None = None
    heldout_loss_after: float | None = None
    """Mean loss per completion token (SFT), per pair (DPO) or per answer (KTO) on the test split, of the
    adapter that was kept."""
    heldout_accuracy: float | None = None
    """DPO: share of the held-out pairs whose chosen answer has the higher reward, with the kept adapter."""
    tokens_per_second: float
    """Trained tokens (prompt and answer) per second of wall time."""
    reward_margin_last: float | None = None
    """DPO and KTO: mean reward(chosen) - reward(rejected) at the end."""
    cut_samples: int = 0
    """Training samples longer than max_seq_length, whose end was not learned from."""
    unused_samples: int = 0
    """Training samples whose prompt alone fills max_seq_length, so that they taught nothing."""
    backend: str = ""
    """What trained, e.g. "trl on cpu, bfloat16 products, sdpa attention"."""
    resumed_at: int | None = None
    """The step of the checkpoint that the run went on from, when it had been interrupted."""
    history: list[dict[str, float]] = Field(default_factory=list)
    """One entry a step: step, loss, learning_rate, tokens, seconds, and what the stage adds."""
    heldout: list[dict[str, float]] = Field(default_factory=list)
    """One entry a look at the held-out samples: step (0 is before training), heldout_loss, heldout_accuracy."""


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


class BaseModelFacts(BaseModel):
    """What is known of a base model for those who get the twin from somebody else."""

    model_config = ConfigDict(frozen=True)

    hub_id: str | None = None
    """Where the original is on the Hugging Face hub; None for a directory of one's own."""
    licence: str | None = None


class Promotion(BaseModel):
    """Why a version may answer as `latest`."""

    model_config = ConfigDict(frozen=True)

    by: Literal["evaluation", "hand"]
    who: str
    """The account of the computer that did it."""
    at: datetime
    why: str


class TwinManifest(BaseModel):
    """One version of a twin, as kept in the warehouse and beside the weights."""

    id: UUID
    name: str
    """Slug of the author's name, e.g. "mara-lindqvist"."""
    version: int
    author_id: UUID
    author_full_name: str
    base_model: str
    base: BaseModelFacts = Field(default_factory=BaseModelFacts)
    stages: list[str]
    """Training stages in order, e.g. ["sft", "dpo"]."""
    directory: Path
    """Holds adapter/, merged/, model.gguf, model-f16.gguf, README.md and manifest.json."""
    files: dict[str, str]
    """Path below `directory` → sha256, of every file but manifest.json itself."""
    template_fingerprint: str
    corpus_fingerprint: str
    """sha256 over the documents behind the datasets; tells whether training again would learn anything new."""
    datasets: dict[str, DatasetSummary]
    """Dataset type (instruction, preference) → its summary."""
    training: list[dict[str, Any]]
    """The plan and result of each stage."""
    scores: dict[str, Any] = Field(default_factory=dict)
    passed_evaluation: bool = False
    promotion: Promotion | None = None
    created_at: datetime
    versions: dict[str, str] = Field(default_factory=dict)
    """Library → version."""


def latest_of(twins: Sequence[TwinManifest]) -> TwinManifest | None:
    """The version of one author that answers unless another one is asked for, or None.

    The newest one that passed evaluation; but one that was promoted by hand stays `latest` until
    a version that was made after that passes.
    """
    chosen: TwinManifest | None = None
    since: datetime | None = None
    for twin in twins:
        if twin.promotion and twin.promotion.by == "hand" and (since is None or twin.promotion.at > since):
            chosen, since = twin, twin.promotion.at
    passed = [twin for twin in twins if twin.passed_evaluation and (since is None or twin.created_at > since)]
    return max(passed, key=lambda twin: twin.version, default=chosen)
