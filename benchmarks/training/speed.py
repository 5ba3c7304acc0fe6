"""Trained tokens a second: our trainer against TRL's own defaults, on the same samples, in turn."""

import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.training import reference_way
from llm_engineering.application.ports import Progress, Silent, Trainer
from llm_engineering.domain.datasets import InstructSample
from llm_engineering.domain.twins import TrainingPlan
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.base_model import load_base_model

TRL_BATCH = 8
"""What SFTConfig has for `per_device_train_batch_size`."""
Conversations = Callable[[InstructSample], list[dict[str, str]]]


def measure(
    trainer: Trainer,
    models: ModelStore,
    samples: Sequence[InstructSample],
    conversations: Conversations,
    plan: TrainingPlan,
    *,
    base_model: str,
    rounds: int,
    progress: Progress,
) -> dict[str, Any]:
    """Each way once over all samples in every round; the speed-up is the median of the rounds.

    TRL runs twice: with its own batch size and with ours. The faster of the two is what ours is compared with.
    """
    import torch

    ways = {
        "ours": lambda: ours(trainer, samples, conversations, plan, base_model),
        "trl": lambda: _usual(models, samples, conversations, plan, base_model, TRL_BATCH),
        "trl_our_batch": lambda: _usual(
            models, samples, conversations, plan, base_model, plan.per_device_train_batch_size
        ),
    }
    found: dict[str, list[float]] = {way: [] for way in ways}
    for round_ in range(rounds):
        for way, run in ways.items():
            torch.manual_seed(plan.seed)
            found[way].append(run())
            progress.note(f"  round {round_ + 1} of {rounds}, {way}: {found[way][-1]:.1f} tokens a second")
    usual = [max(pair) for pair in zip(found["trl"], found["trl_our_batch"], strict=True)]
    return {
        "sft_speedup": statistics.median(fast / slow for fast, slow in zip(found["ours"], usual, strict=True)),
        "tokens_per_second": statistics.median(found["ours"]),
        "speed_tokens_per_second": found,
        "speed_samples": len(samples),
        "speed_batch": {"ours": plan.per_device_train_batch_size, "trl": TRL_BATCH},
    }


def ours(
    trainer: Trainer, samples: Sequence[InstructSample], conversations: Conversations, plan: TrainingPlan, base: str
) -> float:
    """Trained tokens a second of one pass."""
    with tempfile.TemporaryDirectory() as directory:
        result = trainer.train_sft(
            plan,
            base_model=base,
            conversations=conversations,
            train=samples,
            test=(),
            output_dir=Path(directory),
            progress=Silent(),
        )
    return result.tokens_per_second


def _usual(
    models: ModelStore,
    samples: Sequence[InstructSample],
    conversations: Conversations,
    plan: TrainingPlan,
    base_model: str,
    batch_size: int,
) -> float:
    import torch

    base = load_base_model(base_model, models, device="cpu", dtype=torch.float32)
    rows = [
        {"prompt": conversations(sample), "completion": [{"role": "assistant", "content": sample.answer}]}
        for sample in samples
    ]
    return reference_way.tokens_per_second(base, rows, plan, batch_size)
