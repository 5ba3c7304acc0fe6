"""Training in the usual way: TRL's SFTTrainer with its own defaults, on the CPU.

TRL 1.15 computes token probabilities by Triton, which no CPU runs. What stands in for that here is the
same arithmetic in plain PyTorch, written without an eye to speed and without our trainer's code, so that
nothing which makes ours fast makes this fast too.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llm_engineering.domain.twins import TrainingPlan
from llm_engineering.infrastructure.training.base_model import BaseModel

Row = dict[str, list[dict[str, str]]]
"""{"prompt": messages, "completion": [the answer]}, as TRL has it."""


def tokens_per_second(base: BaseModel, rows: Sequence[Row], plan: TrainingPlan, batch_size: int) -> float:
    """Trained tokens (prompt and answer, without padding) a second of one pass over the rows.

    Batch size, learning rate and LoRA are given, all else is as SFTConfig has it.
    """
    from datasets import Dataset, disable_progress_bars
    from peft import LoraConfig
    from transformers import PrinterCallback
    from trl import SFTConfig, SFTTrainer

    disable_progress_bars()
    lora = LoraConfig(
        task_type="CAUSAL_LM",
        r=plan.lora_rank,
        lora_alpha=plan.lora_alpha,
        lora_dropout=plan.lora_dropout,
        target_modules="all-linear",
    )
    with tempfile.TemporaryDirectory() as directory, _plain_head():
        arguments = SFTConfig(
            output_dir=directory,
            use_cpu=True,
            num_train_epochs=1,
            per_device_train_batch_size=batch_size,
            learning_rate=plan.learning_rate,
            seed=plan.seed,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        trainer = SFTTrainer(
            model=base.model,
            args=arguments,
            train_dataset=Dataset.from_list(list(rows)),
            processing_class=base.tokenizer,
            peft_config=lora,
        )
        trainer.remove_callback(PrinterCallback)
        started = time.monotonic()
        trainer.train()
        seconds = time.monotonic() - started
    return float(trainer._total_train_tokens) / seconds


class _PlainHead:
    """As TRL's `ChunkedLogProbFunction` is called."""

    @staticmethod
    def apply(
        hidden: Any,
        weight: Any,
        bias: Any,
        targets: Any,
        temperature: float,
        chunk_size: int,
        softcap: float | None,
        scale: float,
        outputs: tuple[str, ...],
    ) -> tuple[Any, ...]:
        import torch

        logits = torch.nn.functional.linear(hidden, weight, bias) * (scale / temperature)
        every = torch.log_softmax(logits.float(), dim=-1)
        log_probs = every.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
        with torch.no_grad():
            entropy = -(every.exp() * every).sum(-1) if "entropy" in outputs else None
            mean_logits = logits.float().mean(-1) if "mean_logits" in outputs else None
            is_top1 = every.argmax(-1) == targets if "is_top1" in outputs else None
        return log_probs, entropy, None, mean_logits, is_top1


@contextmanager
def _plain_head() -> Iterator[None]:
    from trl.trainer import utils

    original = utils._ChunkedLogProbFunction
    utils._ChunkedLogProbFunction = _PlainHead
    try:
        yield
    finally:
        utils._ChunkedLogProbFunction = original
