"""Attention by plain matrix products, for CPUs that have instructions for products in bfloat16."""

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

NAME = "bfloat16_products"
"""What a model is told as its `attn_implementation`."""


@cache
def register() -> str:
    """Make transformers know this attention; returns its name.

    PyTorch's fused attention computes in float32 on a CPU, and takes twice as long there as the products
    themselves in bfloat16 (AMX) with their softmax, in the lengths that samples have.
    """
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    return NAME


def attention(
    module: "torch.nn.Module",
    query: "torch.Tensor",
    key: "torch.Tensor",
    value: "torch.Tensor",
    attention_mask: "torch.Tensor | None",
    dropout: float = 0.0,
    scaling: float | None = None,
    **more: Any,
) -> "tuple[torch.Tensor, None]":
    """Queries (B, H, T, D) to what they attend to (B, T, H, D), with keys and values (B, G, S, D); G divides H.

    As transformers calls it: `attention_mask` (B or 1, 1, T, S) is true where a query may look, None for
    causal attention. What this does not know (dropout, soft caps, sinks) goes to PyTorch's attention.
    """
    import torch
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    unknown = [name for name in ("softcap", "s_aux", "position_bias") if more.get(name) is not None]
    if value.dtype is not torch.bfloat16 or dropout or unknown or query.shape[2] != key.shape[2]:
        given = {"dropout": dropout, "scaling": scaling, **more}
        attended, _ = sdpa_attention_forward(module, query, key, value, attention_mask, **given)
        return attended, None
    batch, heads, length, width = query.shape
    groups = key.shape[1]
    # Heads that share their keys stand below one another, so that keys need not be copied for each.
    together = (query * (scaling or width**-0.5)).to(value.dtype).reshape(batch, groups, -1, width)
    scores = (together @ key.to(value.dtype).transpose(-1, -2)).view(batch, groups, heads // groups, length, length)
    if attention_mask is None:
        attention_mask = torch.ones(length, length, dtype=torch.bool).tril()[None, None]
    hidden = torch.zeros(attention_mask.shape, dtype=scores.dtype).masked_fill_(
        ~attention_mask, torch.finfo(scores.dtype).min
    )
    weights = torch.softmax(scores + hidden.unsqueeze(1), dim=-1).view(batch, groups, -1, length)
    attended = (weights @ value).view(batch, heads, length, width)
    return attended.transpose(1, 2).contiguous(), None
