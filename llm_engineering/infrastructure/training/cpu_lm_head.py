"""Token probabilities without Triton, so that TRL can train on a CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


class TorchLogProbs:
    """Stands in for TRL's `ChunkedLogProbFunction`, with its interface, on devices that Triton does not know.

    TRL 1.15 runs Triton kernels everywhere and so fails on a CPU; 1.16 has a fallback but cannot be
    installed beside Unsloth. This keeps the logits of a batch's completion tokens (50 MB for 250 of
    them and 49,152 words) instead of computing them again for the gradient, which a CPU does slowly.
    """

    @staticmethod
    def apply(
        hidden: "torch.Tensor",
        weight: "torch.Tensor",
        bias: "torch.Tensor | None",
        targets: "torch.Tensor",
        temperature: float,
        chunk_size: int,
        softcap: float | None,
        scale: float,
        outputs: tuple[str, ...],
    ) -> "tuple[torch.Tensor, torch.Tensor | None, None, torch.Tensor | None, torch.Tensor | None]":
        """Log-probability of each target (N) after its hidden state (N, H), and the measures in `outputs`."""
        import torch

        logits = torch.nn.functional.linear(hidden, weight, bias)
        if softcap is not None or scale != 1 or temperature != 1:
            logits = logits.float() * scale
            logits = (softcap * torch.tanh(logits / softcap) if softcap is not None else logits) / temperature
        every_log_prob = torch.log_softmax(logits, dim=-1, dtype=torch.float32)
        log_probs = every_log_prob.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
        with torch.no_grad():
            entropy = _entropy(every_log_prob) if "entropy" in outputs else None
            mean_logits = logits.mean(-1, dtype=torch.float32) if "mean_logits" in outputs else None
            is_top1 = log_probs == every_log_prob.amax(-1) if "is_top1" in outputs else None
        return log_probs, entropy, None, mean_logits, is_top1


def _entropy(log_probs: "torch.Tensor") -> "torch.Tensor":
    """In nats, of each row. Some rows at a time, which stay in the CPU's cache."""
    import torch

    return torch.cat([-(rows.exp() * rows).sum(-1) for rows in log_probs.split(16)])


@contextmanager
def trl_without_triton(device: str) -> Iterator[None]:
    """Within the context, TRL's loss runs on `device` even if that is a CPU or Apple's GPU."""
    if device.startswith("cuda"):
        yield
        return
    from trl.trainer import utils

    original = utils._ChunkedLogProbFunction
    utils._ChunkedLogProbFunction = TorchLogProbs
    try:
        yield
    finally:
        utils._ChunkedLogProbFunction = original
