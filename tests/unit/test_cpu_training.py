"""What makes training fast on a CPU computes what PyTorch computes."""

import pytest
import torch

from llm_engineering.infrastructure.training.cpu_attention import attention
from llm_engineering.infrastructure.training.cpu_lm_head import ROWS, TorchLogProbs

BATCH, HEADS, GROUPS, LENGTH, WIDTH = 2, 6, 2, 24, 16


def tensors(dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    shapes = [(BATCH, HEADS, LENGTH, WIDTH), (BATCH, GROUPS, LENGTH, WIDTH), (BATCH, GROUPS, LENGTH, WIDTH)]
    query, key, value = (torch.randn(shape).to(dtype).requires_grad_() for shape in shapes)
    return query, key, value


def usual(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    """PyTorch's own, in float32."""
    key, value = (part.float().repeat_interleave(HEADS // GROUPS, dim=1) for part in (key, value))
    attended = torch.nn.functional.scaled_dot_product_attention(
        query.float(), key, value, attn_mask=mask, is_causal=mask is None
    )
    return attended.transpose(1, 2)


def two_documents() -> torch.Tensor:
    """Causal, and nobody looks into the other half."""
    half = torch.arange(LENGTH) < LENGTH // 2
    return (torch.ones(LENGTH, LENGTH).tril().bool() & (half[:, None] == half[None, :]))[None, None]


@pytest.mark.parametrize("mask", [None, two_documents()], ids=["causal", "two documents in a row"])
def test_attention_by_products_is_attention(mask: torch.Tensor | None) -> None:
    inputs = tensors(torch.bfloat16)
    attended, _ = attention(torch.nn.Module(), *inputs, mask)
    expected = usual(*inputs, mask)
    assert attended.shape == (BATCH, LENGTH, HEADS, WIDTH)
    assert torch.allclose(attended.float(), expected, atol=3e-2)
    outwards = torch.randn_like(expected)
    ours = torch.autograd.grad((attended.float() * outwards).sum(), inputs)
    theirs = torch.autograd.grad((expected * outwards).sum(), inputs)
    assert all(torch.allclose(a.float(), b.float(), atol=8e-2) for a, b in zip(ours, theirs, strict=True))


def test_a_query_that_may_look_nowhere_is_no_number_that_spreads() -> None:
    mask = two_documents().clone()
    mask[..., 0, :] = False
    attended, _ = attention(torch.nn.Module(), *tensors(torch.bfloat16), mask)
    assert attended.isfinite().all()


def test_attention_in_float32_is_pytorchs() -> None:
    class Grouped(torch.nn.Module):
        num_key_value_groups = HEADS // GROUPS
        is_causal = True

    inputs = tensors(torch.float32)
    attended, _ = attention(Grouped(), *inputs, None)
    assert torch.allclose(attended, usual(*inputs, None), atol=1e-5)


@pytest.mark.parametrize("rows", [1, ROWS, 2 * ROWS + 3])
def test_log_probs_their_gradient_and_the_measures_are_those_of_a_softmax(rows: int) -> None:
    torch.manual_seed(1)
    hidden, weight = torch.randn(rows, 8, requires_grad=True), torch.randn(50, 8, requires_grad=True)
    targets = torch.randint(0, 50, (rows,))
    measures = ("log_probs", "entropy", "mean_logits", "is_top1")
    log_probs, entropy, _, mean_logits, is_top1 = TorchLogProbs.apply(
        hidden, weight, None, targets, 1.0, 0, None, 1.0, measures
    )
    every = torch.log_softmax(hidden @ weight.T, -1)
    expected = every[torch.arange(rows), targets]
    assert torch.allclose(log_probs, expected, atol=1e-5)
    assert entropy is not None
    assert torch.allclose(entropy, -(every.exp() * every).sum(-1), atol=1e-5)
    assert mean_logits is not None
    assert torch.allclose(mean_logits, (hidden @ weight.T).mean(-1), atol=1e-5)
    assert is_top1 is not None
    assert is_top1.tolist() == (every.argmax(-1) == targets).tolist()
    outwards = torch.randn(rows)
    ours = torch.autograd.grad((log_probs * outwards).sum(), (hidden, weight))
    theirs = torch.autograd.grad((expected * outwards).sum(), (hidden, weight))
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(ours, theirs, strict=True))


def test_what_nobody_asks_for_is_not_given() -> None:
    hidden, weight = torch.randn(3, 8), torch.randn(50, 8)
    _, entropy, _, mean_logits, is_top1 = TorchLogProbs.apply(
        hidden, weight, None, torch.tensor([1, 2, 3]), 1.0, 0, None, 1.0, ("log_probs",)
    )
    assert (entropy, mean_logits, is_top1) == (None, None, None)


def test_a_capped_and_scaled_head_is_capped_and_scaled() -> None:
    torch.manual_seed(2)
    hidden, weight, targets = torch.randn(5, 8), torch.randn(50, 8), torch.randint(0, 50, (5,))
    log_probs, *_ = TorchLogProbs.apply(hidden, weight, None, targets, 2.0, 0, 3.0, 0.5, ("log_probs",))
    logits = 3.0 * torch.tanh(hidden @ weight.T * 0.5 / 3.0) / 2.0
    assert torch.allclose(log_probs, torch.log_softmax(logits, -1)[torch.arange(5), targets], atol=1e-5)
