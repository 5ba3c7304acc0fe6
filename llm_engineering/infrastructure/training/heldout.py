"""The loss on held-out samples: before, every so many steps and after; stopping early, and the best adapter."""

import math
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_engineering.domain.twins import FinetuningType, TrainingPlan
from llm_engineering.infrastructure.training.adapter import save_adapter
from llm_engineering.infrastructure.training.watch import History

if TYPE_CHECKING:
    from transformers import TrainerCallback

BEST = "best-"
ACCURACY = "rewards/accuracies"


def look(trainer: Any, kind: FinetuningType) -> None:
    """Measure the held-out samples and have the trainer log it, as eval_loss.

    The loss is a mean per completion token (SFT), pair (DPO) or answer (KTO). Random numbers go on
    afterwards as if nobody had looked, so that looking more often does not change what is learned.
    """
    import torch

    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    weights: list[float] = []
    losses: list[float] = []
    trainer.model.eval()
    try:
        with torch.random.fork_rng(devices=devices):
            for batch in trainer.get_eval_dataloader():
                inputs = trainer._prepare_inputs(batch)
                with torch.no_grad(), trainer.compute_loss_context_manager():
                    losses.append(trainer.compute_loss(trainer.model, inputs).item())
                weights.append(_weight(inputs, kind))
        measured = trainer._metrics["eval"]
        figures = {"eval_loss": _mean(trainer, losses, weights)}
        if accuracies := measured.get(ACCURACY):
            figures[f"eval_{ACCURACY}"] = _mean(trainer, accuracies, weights)
        measured.clear()
        trainer.log(figures)
    finally:
        trainer.model.train()


def _weight(inputs: dict[str, Any], kind: FinetuningType) -> float:
    match kind:
        case FinetuningType.SFT:
            return float((inputs["labels"][:, 1:] != -100).sum().item())
        case FinetuningType.DPO:
            return len(inputs["input_ids"]) / 2  # chosen and rejected answers, one above the other
        case FinetuningType.KTO:
            return float(len(inputs["input_ids"]))


def _mean(trainer: Any, values: Sequence[float], weights: Sequence[float]) -> float:
    """Over the batches of all processes."""
    import torch

    summed = sum(value * weight for value, weight in zip(values, weights, strict=True))
    both = torch.tensor([summed, sum(weights)], device=trainer.accelerator.device)
    total, weight = trainer.accelerator.reduce(both, reduction="sum").tolist()
    return float(total / weight)


def interval(plan: TrainingPlan, steps: int) -> int:
    """Optimiser steps between two looks: the plan's, or a quarter of the run."""
    return plan.eval_steps or max(1, math.ceil(steps / 4))


def best_look(history: History, plan: TrainingPlan) -> dict[str, float] | None:
    """The look at the adapter that is kept: with the lowest loss where the plan stops early, else the last."""
    trained = [seen for seen in history.looks if seen["step"] > 0]
    if plan.early_stopping_patience is None or not trained:
        return trained[-1] if trained else None
    return min(trained, key=lambda seen: seen["heldout_loss"])


def looking(trainer: Any, plan: TrainingPlan, history: History, base_model: str, steps: int) -> "TrainerCallback":
    """A callback that looks at the beginning, at every interval and at the end, and stops a run that no longer gains.

    With early stopping, the adapter of the best look is kept in best-STEP beside the checkpoints. An older
    one goes when a checkpoint is written and not before, because a run that is killed goes on from there.
    """
    from transformers import TrainerCallback

    directory, every, patience = Path(trainer.args.output_dir), interval(plan, steps), plan.early_stopping_patience

    class Looking(TrainerCallback):
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            if not history.looks:  # a resumed run has looked before
                look(trainer, plan.finetuning_type)

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
            step = state.global_step
            if not logs or "loss" not in logs or (step % every and step != steps):
                return
            look(trainer, plan.finetuning_type)
            if patience is None:
                return
            best = best_look(history, plan)
            since = sum(seen["step"] > best["step"] for seen in history.looks) if best else 0
            if since == 0 and trainer.is_world_process_zero():
                save_adapter(trainer.model, best_dir(directory, step), base_model=base_model)
            control.should_training_stop |= since >= patience

        def on_save(self, *_: Any, **__: Any) -> None:
            if trainer.is_world_process_zero() and (best := best_look(history, plan)):
                remove_bests(directory, except_for=best["step"])

    return Looking()


def best_dir(directory: Path, step: float) -> Path:
    """Where the adapter of that step is kept."""
    return directory / f"{BEST}{step:.0f}"


def remove_bests(directory: Path, except_for: float | None = None) -> None:
    """Away with the kept adapters, but for that of one step."""
    for entry in directory.glob(f"{BEST}*"):
        with suppress(ValueError):
            if float(entry.name.removeprefix(BEST)) != except_for:
                shutil.rmtree(entry, ignore_errors=True)
