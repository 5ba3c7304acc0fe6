"""One training stage from its plan to an adapter, by TRL. Reads from top to bottom in `run`."""

import math
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from llm_engineering.application.ports import Progress
from llm_engineering.domain.backends import Backend
from llm_engineering.domain.errors import ModelError, TrainingError
from llm_engineering.domain.room import bytes_needed, require_room
from llm_engineering.domain.twins import FinetuningType, TrainingPlan, TrainingResult
from llm_engineering.infrastructure.models.quiet import quiet_transformers
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training import checkpoints
from llm_engineering.infrastructure.training.adapter import put_in_place, save_adapter
from llm_engineering.infrastructure.training.arguments import lora_arguments, trl_arguments
from llm_engineering.infrastructure.training.cpu_lm_head import trl_without_triton
from llm_engineering.infrastructure.training.heldout import best_dir, best_look, looking, remove_bests
from llm_engineering.infrastructure.training.loading import Loaded, loaded
from llm_engineering.infrastructure.training.rows import Fitted, Row, dataset, fitted
from llm_engineering.infrastructure.training.tracking import Tracking, reporting
from llm_engineering.infrastructure.training.trainers import adapted
from llm_engineering.infrastructure.training.watch import History, bar, watch

TransformersTrainer = Any
"""An SFTTrainer, DPOTrainer or KTOTrainer. Its own types say "or None" of all that it always has."""


class Job(BaseModel):
    """What a stage works on, in plain values, so that another process can be given it."""

    model_config = ConfigDict(frozen=True)

    plan: TrainingPlan
    base_model: str
    adapter_dir: Path | None
    """The adapter that DPO and KTO continue; None for SFT, which makes one."""
    train: list[Row]
    test: list[Row]
    output_dir: Path


def run(job: Job, backend: Backend, models: ModelStore, tracking: Tracking, progress: Progress) -> TrainingResult:
    """Train, go on where a killed run left off, and write the adapter to `output_dir`/adapter.

    Raises TrainingError when there is nothing to learn from, no room on the disk, too little memory, or
    the loss diverges; ModelError when the base model or the adapter is not to be had.
    """
    plan, directory = job.plan, job.output_dir
    directory.mkdir(parents=True, exist_ok=True)
    with (
        _quietly(),
        reporting(tracking),
        trl_without_triton(backend.device),
        _out_of_memory_advice(plan, backend),
    ):
        progress.note(f"Loading {job.base_model}: {backend}")
        base = loaded(job.base_model, job.adapter_dir, plan, backend, models)
        train = fitted(job.train, base.tokenizer, plan.max_seq_length)
        test = fitted(job.test, base.tokenizer, plan.max_seq_length)
        _tell(train, plan, progress)
        _require_heldout(test, plan)
        trainer = _trainer(base, train, test, plan, backend, tracking, directory)
        steps = trainer.args.max_steps = steps_of(plan, len(trainer.train_dataset), backend.processes)
        _require_room(trainer, directory)
        checkpoint = checkpoints.last_whole(directory)
        if checkpoint:
            progress.note(f"Going on from step {checkpoints.step_of(checkpoint)}, where a run was interrupted")
        history = History()
        with bar(progress, f"Training ({plan.finetuning_type})", steps) as advance:
            trainer.add_callback(watch(history, progress, advance, steps))
            if test.rows:
                trainer.add_callback(looking(trainer, plan, history, job.base_model, steps))
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        kept = best_look(history, plan)
        if trainer.is_world_process_zero():
            _write(trainer, directory, plan, kept, job.base_model)
    return _result(history, kept, job, backend, (train, test), checkpoint)


def _tell(train: Fitted, plan: TrainingPlan, progress: Progress) -> None:
    if train.unused:
        progress.note(
            f"{train.unused} of {train.unused + len(train.rows)} samples teach nothing: "
            f"their prompt alone fills max_seq_length ({plan.max_seq_length} tokens)"
        )
    if train.cut:
        progress.note(
            f"{train.cut} of {len(train.rows)} samples are longer than max_seq_length ({plan.max_seq_length} tokens); "
            "their end is not learned from"
        )
    if not train.rows:
        raise TrainingError(f"Every prompt is longer than max_seq_length ({plan.max_seq_length} tokens); raise it.")


def _require_heldout(test: Fitted, plan: TrainingPlan) -> None:
    if plan.early_stopping_patience is not None and not test.rows:
        raise TrainingError(
            "Early stopping needs held-out samples and the test split has none; "
            "raise test_split_size, or leave early_stopping_patience out."
        )


def _trainer(
    base: Loaded, train: Fitted, test: Fitted, plan: TrainingPlan, backend: Backend, tracking: Tracking, directory: Path
) -> TransformersTrainer:
    """TRL's trainer of the stage, ready to train."""
    from peft import LoraConfig
    from transformers import PrinterCallback, set_seed
    from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer, SFTConfig, SFTTrainer

    config, trainer_class = {
        FinetuningType.SFT: (SFTConfig, SFTTrainer),
        FinetuningType.DPO: (DPOConfig, DPOTrainer),
        FinetuningType.KTO: (KTOConfig, KTOTrainer),
    }[plan.finetuning_type]
    set_seed(plan.seed)  # a new adapter begins with random numbers
    new_adapter = {} if base.has_adapter else {"peft_config": LoraConfig(**lora_arguments(plan))}
    # Its number of steps is set when it is known how many rows the trainer has made of the samples.
    arguments = trl_arguments(plan, backend, output_dir=directory, steps=1, report_to=tracking.report_to)
    trainer: TransformersTrainer = adapted(trainer_class, plan)(
        model=base.model,
        args=config(**arguments),
        train_dataset=dataset(train.rows),
        eval_dataset=dataset(test.rows),
        processing_class=base.tokenizer,
        **new_adapter,
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def steps_of(plan: TrainingPlan, rows: int, processes: int = 1) -> int:
    """Optimiser steps of the whole run: TRL's own `max_steps` would go on beyond the epochs."""
    batches = math.ceil(rows / (plan.per_device_train_batch_size * processes))
    by_epochs = math.ceil(plan.num_train_epochs * math.ceil(batches / plan.gradient_accumulation_steps))
    return min(by_epochs, plan.max_steps or by_epochs)


def _require_room(trainer: TransformersTrainer, directory: Path) -> None:
    trained = sum(weights.numel() for weights in trainer.model.parameters() if weights.requires_grad)
    needed = bytes_needed(parameters=trainer.model.num_parameters(), trained=trained)
    require_room(directory, needed=needed, free=shutil.disk_usage(directory).free)


def _write(
    trainer: TransformersTrainer, directory: Path, plan: TrainingPlan, kept: dict[str, float] | None, base_model: str
) -> None:
    """The adapter that is kept, in place of one of an earlier run; what was needed to go on is removed."""
    if plan.early_stopping_patience is not None and kept:
        put_in_place(best_dir(directory, kept["step"]), directory / "adapter")
    else:
        save_adapter(trainer.model, directory / "adapter", base_model=base_model)
    checkpoints.remove_all(directory)
    remove_bests(directory)


def _result(
    history: History,
    kept: dict[str, float] | None,
    job: Job,
    backend: Backend,
    split: tuple[Fitted, Fitted],
    checkpoint: Path | None,
) -> TrainingResult:
    train, _ = split
    seconds = history.total("seconds")
    margins = any("rewards/margins" in entry for entry in history.steps)
    stopped_early = job.plan.early_stopping_patience is not None and kept
    return TrainingResult(
        finetuning_type=job.plan.finetuning_type,
        adapter_dir=job.output_dir / "adapter",
        steps=len(history.steps),
        kept_step=int(kept["step"]) if stopped_early and kept else None,
        seconds=seconds,
        loss_first=history.first("loss"),
        loss_last=history.last("loss"),
        heldout_loss_before=history.looks[0]["heldout_loss"] if kept else None,
        heldout_loss_after=kept["heldout_loss"] if kept else None,
        heldout_accuracy=kept.get("heldout_accuracy") if kept else None,
        tokens_per_second=history.total("tokens") / seconds,
        reward_margin_last=history.last("rewards/margins") if margins else None,
        cut_samples=train.cut,
        unused_samples=train.unused,
        backend=str(backend),
        resumed_at=checkpoints.step_of(checkpoint) if checkpoint else None,
        history=history.steps,
        heldout=history.looks,
    )


@contextmanager
def _quietly() -> Iterator[None]:
    """Without the warnings of the libraries, and without their telling their makers of the run.

    What matters to a person is said by Progress or raised.
    """
    from huggingface_hub import constants

    telemetry = constants.HF_HUB_DISABLE_TELEMETRY
    constants.HF_HUB_DISABLE_TELEMETRY = True
    quiet_transformers()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        constants.HF_HUB_DISABLE_TELEMETRY = telemetry


@contextmanager
def _out_of_memory_advice(plan: TrainingPlan, backend: Backend) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ModelError) as error:  # what an adapter's loading raises comes as a ModelError
        if "out of memory" not in str(error) and "can't allocate memory" not in str(error):
            raise
        four_bit = "set quantization to 4bit, " if backend.device == "cuda" and not backend.four_bit else ""
        batch = f"{plan.per_device_train_batch_size} x {plan.max_seq_length} tokens"
        raise TrainingError(
            f"The memory does not hold the model and batches of {batch}; {four_bit}"
            "lower per_device_train_batch_size (and raise gradient_accumulation_steps) or max_seq_length."
        ) from error
