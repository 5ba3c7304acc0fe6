"""Which number format this processor computes fastest in, which devices it has, and how its threads should wait."""

import os
import time
from functools import cache
from typing import TYPE_CHECKING

from llm_engineering.domain.errors import BadSettings

if TYPE_CHECKING:
    import torch


def let_threads_wait_passively() -> None:
    """Make OpenMP threads sleep at a barrier instead of spinning. Works before OpenMP is loaded only.

    With the spinning default, a second busy process on the machine makes llama.cpp and torch up
    to ten times slower. A value that the user has set in the environment is kept.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def require_device(device: str) -> None:
    """Raises BadSettings, naming RAG_MODEL_DEVICE, when PyTorch finds no such device (cpu, mps, cuda, cuda:N)."""
    import torch

    kind, _, number = device.partition(":")
    if kind == "cuda":
        there = torch.cuda.device_count() if torch.cuda.is_available() else 0
        usable = int(number or 0) < there
    else:
        usable = kind != "mps" or torch.backends.mps.is_available()
    if not usable:
        raise BadSettings(f"RAG_MODEL_DEVICE is {device}, but PyTorch finds no such device here; set it to cpu.")


@cache
def cpu_prefers_bfloat16() -> bool:
    """Whether matrix products in bfloat16 are faster than in float32 on this CPU, measured once.

    Only asked of CPUs that have instructions for it (AMX, AVX512-BF16, or Arm's); others emulate it.
    """
    import torch

    abilities = torch.cpu.get_capabilities()
    if not any(abilities.get(name) for name in ("amx_bf16", "avx512_bf16", "bf16")):
        return False
    return _seconds_of_a_product(torch.bfloat16) < _seconds_of_a_product(torch.float32)


def _seconds_of_a_product(dtype: "torch.dtype") -> float:
    """The best of five, so that another process's moment on the CPU does not decide."""
    import torch

    left = torch.ones(1024, 384, dtype=dtype)
    right = torch.ones(384, 1536, dtype=dtype)
    seconds = []
    for _ in range(6):
        start = time.perf_counter()
        left @ right
        seconds.append(time.perf_counter() - start)
    return min(seconds[1:])
