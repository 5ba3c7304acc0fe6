"""Samples as TRL reads them: prompt and answer, both as messages."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llm_engineering.domain.datasets import InstructSample, PreferenceSample
from llm_engineering.domain.twins import FinetuningType

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Messages = list[dict[str, str]]
Row = dict[str, Any]
ANSWERS = ("completion", "chosen", "rejected")


def instruct_rows(samples: Sequence[InstructSample], conversations: Callable[[InstructSample], Messages]) -> list[Row]:
    """For SFT: what comes before the answer, and the answer."""
    return [{"prompt": conversations(sample), "completion": _said(sample.answer)} for sample in samples]


def preference_rows(
    samples: Sequence[PreferenceSample],
    prompts: Callable[[PreferenceSample], Messages],
    kind: FinetuningType,
    seed: int,
) -> list[Row]:
    """For DPO one row a pair, for KTO one row an answer.

    KTO estimates how far the policy has moved by giving each prompt the answer of the batch's row before
    it, and reads its rows in their order. So the pairs are shuffled here, and each wanted answer is
    followed by the unwanted one of another prompt: a batch has both kinds, and no prompt gets its own.
    """
    pairs = [(prompts(sample), _said(sample.chosen), _said(sample.rejected)) for sample in samples]
    if kind is not FinetuningType.KTO:
        return [{"prompt": prompt, "chosen": chosen, "rejected": rejected} for prompt, chosen, rejected in pairs]
    random.Random(seed).shuffle(pairs)
    rows: list[Row] = []
    for (prompt, chosen, _), (other_prompt, _, rejected) in zip(pairs, [*pairs[1:], *pairs[:1]], strict=True):
        rows.append({"prompt": prompt, "completion": chosen, "label": True})
        rows.append({"prompt": other_prompt, "completion": rejected, "label": False})
    return rows


def _said(text: str) -> Messages:
    return [{"role": "assistant", "content": text}]


@dataclass(frozen=True)
class Fitted:
    """Rows that teach something within `max_length` tokens."""

    rows: list[Row]
    cut: int
    """Rows among them whose answer, or one of whose answers, does not fit to its end."""
    unused: int
    """Rows that were left out, because their prompt alone fills the length."""


def fitted(rows: Sequence[Row], tokenizer: "PreTrainedTokenizerBase", max_length: int) -> Fitted:
    """Sort out which rows fit; TRL would cut and drop them without a word."""

    def tokens(messages: Messages, *, answered: bool) -> int:
        return len(tokenizer.apply_chat_template(messages, add_generation_prompt=not answered)["input_ids"])

    kept = [row for row in rows if tokens(row["prompt"], answered=False) < max_length]
    cut = sum(
        any(tokens(row["prompt"] + row[answer], answered=True) > max_length for answer in ANSWERS if answer in row)
        for row in kept
    )
    return Fitted(kept, cut, len(rows) - len(kept))


def dataset(rows: Sequence[Row]) -> Any:
    """A `datasets.Dataset`, or None for no rows."""
    from datasets import Dataset, disable_progress_bars

    disable_progress_bars()
    return Dataset.from_list(list(rows)) if rows else None
