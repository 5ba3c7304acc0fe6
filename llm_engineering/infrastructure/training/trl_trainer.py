"""Supervised fine-tuning and direct preference optimisation of a LoRA adapter, by TRL."""

import math
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from llm_engineering.application.ports import Progress
from llm_engineering.domain.datasets import InstructSample, PreferenceSample
from llm_engineering.domain.errors import TrainingError
from llm_engineering.domain.twins import FinetuningType, TrainingPlan, TrainingResult
from llm_engineering.infrastructure.models.precision import cpu_prefers_bfloat16, let_threads_wait_passively
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.adapter import save_adapter, with_adapter
from llm_engineering.infrastructure.training.base_model import BaseModel, load_base_model
from llm_engineering.infrastructure.training.cpu_lm_head import trl_without_triton
from llm_engineering.infrastructure.training.watch import History, bar, watch

HELDOUT_SAMPLES = 32  # of the test split, enough for a loss and quick on a CPU
Messages = list[dict[str, str]]
TransformersTrainer = Any
"""An SFTTrainer or DPOTrainer. Its own types say "or None" of all that it always has."""


class TrlTrainer:
    """Trains on a CUDA device, Apple's GPU, or the CPU, in this order of what is there."""

    def __init__(self, models: ModelStore, *, device: str | None = None) -> None:
        """`device` (cpu, mps, cuda) overrides what is found."""
        self._models = models
        self._device = device

    def train_sft(
        self,
        plan: TrainingPlan,
        *,
        base_model: str,
        conversations: Callable[[InstructSample], Messages],
        train: Sequence[InstructSample],
        test: Sequence[InstructSample],
        output_dir: Path,
        progress: Progress,
    ) -> TrainingResult:
        """Train a new adapter on all linear layers (arXiv:2106.09685) to give each sample's answer.

        `conversations` gives the messages that come before the answer; only the answer's tokens count.
        The adapter is written to `output_dir`/adapter. Raises TrainingError when there is nothing to
        learn from or the loss diverges, ModelError when the base model is not to be had.
        """
        _require(train, "instruction")
        device = self._device or _best_device()
        base = self._load(base_model, device, progress)
        from peft import LoraConfig
        from trl import SFTConfig, SFTTrainer

        def rows(samples: Sequence[InstructSample]) -> list[dict[str, Messages]]:
            return [{"prompt": conversations(sample), "completion": _said(sample.answer)} for sample in samples]

        lora = LoraConfig(
            task_type="CAUSAL_LM",
            r=plan.lora_rank,
            lora_alpha=plan.lora_alpha,
            lora_dropout=plan.lora_dropout,
            target_modules="all-linear",
        )
        with _quietly(), trl_without_triton(device):
            trainer = SFTTrainer(
                model=base.model,
                args=SFTConfig(completion_only_loss=True, **_arguments(plan, output_dir, device)),
                train_dataset=_dataset(rows(train)),
                eval_dataset=_dataset(rows(test[:HELDOUT_SAMPLES])),
                processing_class=base.tokenizer,
                peft_config=lora,
            )
            return _run(trainer, plan, FinetuningType.SFT, base_model, len(train), output_dir, progress)

    def train_dpo(
        self,
        plan: TrainingPlan,
        *,
        base_model: str,
        adapter_dir: Path,
        prompts: Callable[[PreferenceSample], Messages],
        train: Sequence[PreferenceSample],
        test: Sequence[PreferenceSample],
        output_dir: Path,
        progress: Progress,
    ) -> TrainingResult:
        """Continue the adapter by direct preference optimisation (arXiv:2305.18290).

        The reference is the adapter as it was, which TRL keeps frozen beside the trained one. The
        adapter's rank and alpha stay, and dropout is off, so that policy and reference are compared
        like with like. Writes and raises as `train_sft`, and TrainingError for a plan of another rank.
        """
        _require(train, "preference")
        device = self._device or _best_device()
        base = self._load(base_model, device, progress)
        from trl import DPOConfig, DPOTrainer

        def rows(samples: Sequence[PreferenceSample]) -> list[dict[str, Messages]]:
            return [
                {"prompt": prompts(sample), "chosen": _said(sample.chosen), "rejected": _said(sample.rejected)}
                for sample in samples
            ]

        model = with_adapter(base.model, adapter_dir, base_model=base_model, trainable=True)
        _require_same_lora(plan, model.peft_config["default"], adapter_dir)
        with _quietly(), trl_without_triton(device):
            trainer = DPOTrainer(
                model=model,
                args=DPOConfig(beta=plan.beta, **_arguments(plan, output_dir, device)),
                train_dataset=_dataset(rows(train)),
                eval_dataset=_dataset(rows(test[:HELDOUT_SAMPLES])),
                processing_class=base.tokenizer,
            )
            return _run(trainer, plan, FinetuningType.DPO, base_model, len(train), output_dir, progress)

    def _load(self, base_model: str, device: str, progress: Progress) -> BaseModel:
        let_threads_wait_passively()
        import torch

        progress.note(f"Loading {base_model} to {device}")
        # Whole precision on a CPU, where autocast makes the products bfloat16; half the memory on a GPU.
        dtype = torch.bfloat16 if device.startswith("cuda") and torch.cuda.is_bf16_supported() else torch.float32
        return load_base_model(base_model, self._models, device=device, dtype=dtype)


def _said(text: str) -> Messages:
    return [{"role": "assistant", "content": text}]


def _best_device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _require(samples: Sequence[object], kind: str) -> None:
    if not samples:
        raise TrainingError(f"The train split has no {kind} samples; generate the {kind} dataset first.")


def _require_same_lora(plan: TrainingPlan, adapter: Any, adapter_dir: Path) -> None:
    if (plan.lora_rank, plan.lora_alpha) != (adapter.r, adapter.lora_alpha):
        raise TrainingError(
            f"The DPO plan has lora_rank {plan.lora_rank} and lora_alpha {plan.lora_alpha}, but the adapter in "
            f"{adapter_dir}, which DPO continues, has {adapter.r} and {adapter.lora_alpha}; give it the same values."
        )


def _dataset(rows: list[dict[str, Messages]]) -> Any:
    """A `datasets.Dataset`, or None for no rows."""
    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    return Dataset.from_list(rows) if rows else None


def _arguments(plan: TrainingPlan, output_dir: Path, device: str) -> dict[str, Any]:
    """What SFT and DPO have in common."""
    import torch

    on_cpu = device == "cpu"
    bf16 = cpu_prefers_bfloat16() if on_cpu else device.startswith("cuda") and torch.cuda.is_bf16_supported()
    return {
        "output_dir": str(output_dir),
        "num_train_epochs": plan.num_train_epochs,
        "per_device_train_batch_size": plan.per_device_train_batch_size,
        "per_device_eval_batch_size": plan.per_device_train_batch_size,
        "gradient_accumulation_steps": plan.gradient_accumulation_steps,
        "learning_rate": plan.learning_rate,
        "lr_scheduler_type": "linear",
        "max_length": plan.max_seq_length,
        "seed": plan.seed,
        "data_seed": plan.seed,
        "use_cpu": on_cpu,
        "bf16": bf16,
        "gradient_checkpointing": not on_cpu,  # saves memory for time; a CPU has more of the former
        "dataloader_pin_memory": not on_cpu,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # so that a loss that is no number is seen
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
    }


def _run(
    trainer: TransformersTrainer,
    plan: TrainingPlan,
    kind: FinetuningType,
    base_model: str,
    samples: int,
    output_dir: Path,
    progress: Progress,
) -> TrainingResult:
    """Measure, train, measure again, and write the adapter."""
    from transformers import PrinterCallback

    if dropped := samples - len(trainer.train_dataset):
        progress.note(f"{dropped} of {samples} samples teach nothing: their prompt alone fills max_seq_length")
    if not len(trainer.train_dataset):
        raise TrainingError(f"Every prompt is longer than max_seq_length ({plan.max_seq_length} tokens); raise it.")
    total = trainer.args.max_steps = _steps(plan, len(trainer.train_dataset))
    history = History()
    trainer.remove_callback(PrinterCallback)
    before = _heldout_loss(trainer, progress, "Held-out loss before")
    started = time.monotonic()
    with bar(progress, f"Training ({kind.value})", total) as advance, _out_of_memory_advice(plan):
        trainer.add_callback(watch(history, progress, advance, total))
        trainer.train()
    seconds = time.monotonic() - started
    after = _heldout_loss(trainer, progress, "Held-out loss after")
    adapter_dir = output_dir / "adapter"
    save_adapter(trainer.model, adapter_dir, base_model=base_model)
    return TrainingResult(
        finetuning_type=kind,
        adapter_dir=adapter_dir,
        steps=len(history.entries),
        seconds=seconds,
        loss_first=history.first("loss"),
        loss_last=history.last("loss"),
        heldout_loss_before=before,
        heldout_loss_after=after,
        tokens_per_second=history.tokens / seconds,
        reward_margin_last=history.last("rewards/margins") if kind is FinetuningType.DPO else None,
        history=history.entries,
    )


def _steps(plan: TrainingPlan, samples: int) -> int:
    """Optimiser steps of the whole run: TRL's own `max_steps` would go on beyond the epochs."""
    batches = math.ceil(samples / plan.per_device_train_batch_size)
    by_epochs = math.ceil(plan.num_train_epochs * math.ceil(batches / plan.gradient_accumulation_steps))
    return min(by_epochs, plan.max_steps or by_epochs)


def _heldout_loss(trainer: TransformersTrainer, progress: Progress, description: str) -> float | None:
    """Mean loss per completion token (SFT) or pair (DPO), or None without held-out samples."""
    import torch

    if not trainer.eval_dataset:
        return None
    trainer.model.eval()
    summed = weighed = 0.0
    for batch in progress.track(trainer.get_eval_dataloader(), description):
        inputs = trainer._prepare_inputs(batch)
        weight = (inputs["labels"][:, 1:] != -100).sum().item() if "labels" in inputs else len(inputs["input_ids"]) / 2
        with torch.no_grad(), trainer.compute_loss_context_manager():
            summed += weight * trainer.compute_loss(trainer.model, inputs).item()
        weighed += weight
    return summed / weighed


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the warnings of the libraries; what matters to a person is said by Progress or raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _out_of_memory_advice(plan: TrainingPlan) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        if "out of memory" not in str(error) and "can't allocate memory" not in str(error):
            raise
        raise TrainingError(
            f"The memory does not hold batches of {plan.per_device_train_batch_size} x {plan.max_seq_length} tokens; "
            "lower per_device_train_batch_size (and raise gradient_accumulation_steps) or max_seq_length."
        ) from error
