"""How well a base model, with or without an adapter, predicts answers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from llm_engineering.application.ports import Progress
from llm_engineering.infrastructure.models.precision import cpu_prefers_bfloat16
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.adapter import with_adapter
from llm_engineering.infrastructure.training.base_model import load_base_model

MAX_TOKENS = 768
"""Of prompt and answer together, as training has it by default; what is longer is cut at the end."""


class TorchLossMeter:
    """Measures on the first CUDA device, or on the CPU in the format that it is faster in."""

    def __init__(self, models: ModelStore, max_tokens: int = MAX_TOKENS) -> None:
        self._models = models
        self._max_tokens = max_tokens

    def losses(
        self,
        base_model: str,
        adapter_dir: Path | None,
        conversations: Sequence[Sequence[Mapping[str, str]]],
        progress: Progress,
    ) -> list[tuple[float, int]]:
        """Summed negative log-likelihood in nats, and tokens, of each conversation's last message.

        What ends a message in the model's chat template counts as part of it, as in training. One
        conversation at a time: there is no padding to pay for, and a CPU gains nothing from batches.
        Raises ModelError when the base model or the adapter is not to be had.
        """
        import torch

        device = "cuda" if torch.cuda.is_available() else "cpu"
        dtype = torch.bfloat16 if device == "cuda" or cpu_prefers_bfloat16() else torch.float32
        base = load_base_model(base_model, self._models, device=device, dtype=dtype)
        model: Any = with_adapter(base.model, adapter_dir, base_model=base_model) if adapter_dir else base.model
        model.eval()
        with torch.inference_mode():
            return [
                self._loss(model, base.tokenizer, [dict(message) for message in talk])
                for talk in progress.track(conversations, "Measuring the held-out loss", total=len(conversations))
            ]

    def _loss(self, model: Any, tokenizer: Any, talk: list[dict[str, str]]) -> tuple[float, int]:
        import torch

        prompt = len(tokenizer.apply_chat_template(talk[:-1], add_generation_prompt=True)["input_ids"])
        tokens = tokenizer.apply_chat_template(talk)["input_ids"][: self._max_tokens]
        if len(tokens) <= prompt:
            return 0.0, 0
        ids = torch.tensor([tokens], device=model.device)
        predicted: torch.Tensor = model(ids, use_cache=False).logits[0, prompt - 1 : -1].float()
        nats = torch.nn.functional.cross_entropy(predicted, ids[0, prompt:], reduction="sum")
        return float(nats), len(tokens) - prompt
