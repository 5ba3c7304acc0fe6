"""How likely a model finds given answers to given prompts: the loss, and which of two answers it prefers."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_engineering.application.ports import Progress
from llm_engineering.domain.identity import content_hash
from llm_engineering.infrastructure.models.store import ModelStore

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BATCH = 4
Messages = list[dict[str, str]]


@dataclass(frozen=True)
class Scored:
    """An answer's log-probability (in nats, summed) and how many tokens it has, the end of the turn included."""

    log_prob: float
    tokens: int

    @property
    def per_token(self) -> float:
        """Mean log-probability of a token."""
        return self.log_prob / self.tokens


Answer = tuple[Messages, str]


@dataclass(frozen=True)
class Scorer:
    """Scores answers by the base model with an adapter or without; what it computed once is kept in `directory`."""

    models: ModelStore
    base_model: str
    max_length: int
    directory: Path
    progress: Progress

    def scores(self, answers: Sequence[Answer], adapter: Path | None, what: str) -> list[Scored]:
        """One a pair of prompt and answer, in order; what goes beyond `max_length` tokens is left out, as in training.

        Answers without a token within `max_length` count as nothing and are left out by `loss`.
        """
        weights = content_hash(*_hashes(adapter)) if adapter else "base"
        key = content_hash(self.base_model, weights, str(self.max_length), json.dumps(answers))
        file = self.directory / f"scores-{key[:24]}.json"
        if not file.is_file():
            found = self._computed(answers, adapter, what)
            self.directory.mkdir(parents=True, exist_ok=True)
            part = file.with_suffix(".part")
            part.write_text(json.dumps([(one.log_prob, one.tokens) for one in found]), encoding="utf-8")
            part.replace(file)
        return [Scored(*row) for row in json.loads(file.read_text(encoding="utf-8"))]

    def _computed(self, answers: Sequence[Answer], adapter: Path | None, what: str) -> list[Scored]:
        import torch

        from llm_engineering.infrastructure.training.adapter import with_adapter
        from llm_engineering.infrastructure.training.base_model import load_base_model

        base = load_base_model(self.base_model, self.models, device="cpu", dtype=torch.float32)
        model: Any = with_adapter(base.model, adapter, base_model=self.base_model) if adapter else base.model
        return completion_scores(model.eval(), base.tokenizer, answers, self.max_length, self.progress, what)


def completion_scores(
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerBase",
    answers: Sequence[Answer],
    max_length: int,
    progress: Progress,
    what: str,
) -> list[Scored]:
    """Whole precision, so that a margin of two answers is not the noise of bfloat16."""
    encoded = [_encoded(tokenizer, prompt, answer, max_length) for prompt, answer in answers]
    longest_first = sorted(range(len(answers)), key=lambda at: -len(encoded[at][0]))
    batches = [longest_first[at : at + BATCH] for at in range(0, len(longest_first), BATCH)]
    found: dict[int, Scored] = {}
    for batch in progress.track(batches, what):
        rows = _batch_scores(model, [encoded[at] for at in batch])
        found.update(zip(batch, rows, strict=True))
    return [found[at] for at in range(len(answers))]


def loss(scored: Sequence[Scored]) -> float:
    """Mean negative log-likelihood per token of all answers together, as SFT's loss is."""
    return -sum(one.log_prob for one in scored) / sum(one.tokens for one in scored)


def drop(before: float, after: float) -> float:
    """By what share a loss is lower than it was; negative when it rose."""
    return 1 - after / before


def preferred(chosen: Sequence[Scored], rejected: Sequence[Scored]) -> float:
    """Share of pairs whose chosen answer has the higher log-probability per token."""
    pairs = list(zip(chosen, rejected, strict=True))
    return sum(yes.per_token > no.per_token for yes, no in pairs) / len(pairs)


def rewarded(
    chosen: Sequence[Scored],
    rejected: Sequence[Scored],
    reference_chosen: Sequence[Scored],
    reference_rejected: Sequence[Scored],
) -> float:
    """Share of pairs whose reward margin is positive, as TRL's rewards/accuracies (arXiv:2305.18290, section 4).

    The reward is how much more likely than the reference, which is the model before DPO, a model finds an answer.
    """
    margins = [
        (yes.log_prob - reference_yes.log_prob) - (no.log_prob - reference_no.log_prob)
        for yes, no, reference_yes, reference_no in zip(
            chosen, rejected, reference_chosen, reference_rejected, strict=True
        )
    ]
    return sum(margin > 0 for margin in margins) / len(margins)


def _encoded(
    tokenizer: "PreTrainedTokenizerBase", prompt: Messages, answer: str, max_length: int
) -> tuple[list[int], int]:
    """The ids of prompt and answer, and how many of them are the prompt's."""
    asked = _ids(tokenizer, prompt, add_generation_prompt=True)
    whole = _ids(tokenizer, [*prompt, {"role": "assistant", "content": answer}])
    return whole[:max_length], min(len(asked), max_length)


def _ids(tokenizer: "PreTrainedTokenizerBase", messages: Messages, *, add_generation_prompt: bool = False) -> list[int]:
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=add_generation_prompt)
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _batch_scores(model: "PreTrainedModel", rows: Sequence[tuple[list[int], int]]) -> list[Scored]:
    import torch

    longest = max(len(ids) for ids, _ in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for at, (row, _) in enumerate(rows):
        ids[at, : len(row)] = torch.tensor(row)
        mask[at, : len(row)] = 1
    first = max(1, min(prompt for _, prompt in rows))
    with torch.inference_mode():
        # Only from where the shortest prompt ends: the vocabulary's logits are most of the work.
        logits = model(input_ids=ids, attention_mask=mask, logits_to_keep=longest - first + 1).logits[:, :-1]
        log_probs = torch.log_softmax(logits.float(), dim=-1).gather(-1, ids[:, first:].unsqueeze(-1)).squeeze(-1)
    return [
        Scored(float(log_probs[at, prompt - first : len(row) - first].sum()), len(row) - prompt)
        for at, (row, prompt) in enumerate(rows)
    ]


def _hashes(adapter: Path) -> list[str]:
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(adapter.glob("*.safetensors"))]
