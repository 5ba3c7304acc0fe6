"""Token probabilities without Triton, so that TRL can train on a CPU."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


ROWS = 16
"""Rows of logits at a time."""


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
        log_probs, entropy, mean_logits, is_top1 = _log_probs_of_targets()(logits, targets)
        return (
            log_probs,
            entropy if "entropy" in outputs else None,
            None,
            mean_logits if "mean_logits" in outputs else None,
            is_top1 if "is_top1" in outputs else None,
        )


@cache
def _log_probs_of_targets() -> "Callable[..., tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]]":
    """A differentiable function of logits (N, V) and targets (N): log-probability, entropy, mean logit, is it the top.

    All in one pass over some rows at a time, which stay in the CPU's cache, and again for the gradient.
    PyTorch's own log-softmax writes a float32 for each word of the vocabulary three times over, which
    takes longer than the matrix product before it. Only the log-probability has a gradient.
    """
    import torch

    class LogProbsOfTargets(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, logits: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, ...]:
            found = []
            for rows, wanted in zip(logits.split(ROWS), targets.split(ROWS), strict=True):
                exact = rows.float()
                top = exact.amax(-1, keepdim=True)
                of_target = exact.gather(-1, wanted.unsqueeze(-1))
                mean = exact.mean(-1)
                powers = (exact - top).exp_()
                summed = powers.sum(-1, keepdim=True)
                normaliser = top + summed.log()
                entropy = normaliser - powers.mul_(exact).sum(-1, keepdim=True) / summed
                found.append((of_target - normaliser, entropy, of_target == top, normaliser, mean.unsqueeze(-1)))
            parts = (torch.cat(part).squeeze(-1) for part in zip(*found, strict=True))
            log_probs, entropy, is_top1, normaliser, mean = parts
            ctx.save_for_backward(logits, targets, normaliser)
            ctx.mark_non_differentiable(entropy, mean, is_top1)
            return log_probs, entropy, mean, is_top1

        @staticmethod
        def backward(ctx: Any, gradient: torch.Tensor, *_: Any) -> tuple[torch.Tensor, None]:
            logits, targets, normaliser = ctx.saved_tensors
            of_logits = torch.empty_like(logits)
            parts = (logits, targets, normaliser, gradient, of_logits)
            for rows, wanted, normal, factor, written in zip(*(part.split(ROWS) for part in parts), strict=True):
                # The derivative of a target's log-probability is 1 at the target, less each word's probability.
                exact = (rows.float() - normal.unsqueeze(-1)).exp_().mul_(-factor.unsqueeze(-1))
                exact.scatter_add_(-1, wanted.unsqueeze(-1), factor.unsqueeze(-1))
                written.copy_(exact)
            return of_logits, None

    return LogProbsOfTargets.apply  # type: ignore[no-any-return]


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
