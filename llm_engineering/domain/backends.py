"""What a training plan becomes on a machine: chosen in one place, before a weight is loaded."""

from dataclasses import dataclass
from typing import Literal

from llm_engineering.domain.errors import BadConfig, MissingDependency
from llm_engineering.domain.twins import TrainingPlan

Precision = Literal["float32", "bfloat16", "float16"]

UNSLOTH_MODEL_TYPES = frozenset({"llama", "mistral", "gemma", "gemma2", "qwen2", "qwen3"})
"""Architectures that Unsloth 2026.10.7 has kernels of its own for (unsloth/models/loader.py)."""
GPU_GROUP = "install the optional group gpu (.tooling/poetry/bin/poetry install --with gpu)"


@dataclass(frozen=True)
class Machine:
    """What there is to train with. Found by infrastructure/training/machine.py."""

    cuda_devices: int = 0
    cuda_bfloat16: bool = False
    """All CUDA devices compute in bfloat16 (compute capability 8.0, Ampere, or later)."""
    mps: bool = False
    """Apple's GPU."""
    cpu_bfloat16: bool = False
    """Products in bfloat16 are faster than in float32 on this CPU."""
    packages: frozenset[str] = frozenset()
    """Those of bitsandbytes, flash_attn and unsloth that are installed."""


@dataclass(frozen=True)
class Backend:
    """What trains, on what, and in which number formats."""

    name: Literal["trl", "unsloth"]
    device: Literal["cpu", "mps", "cuda"]
    processes: int
    weights: Precision
    """In which the frozen base model is held, unless `four_bit`."""
    products: Precision
    """Of the matrix products, by autocast where it differs from the weights."""
    four_bit: bool
    attention: Literal["eager", "sdpa", "flash_attention_2"]
    gradient_checkpointing: bool

    def __str__(self) -> str:
        where = f"{self.processes} processes on {self.device}" if self.processes > 1 else self.device
        parts = [f"{self.name} on {where}", f"weights in {'4 bits' if self.four_bit else self.weights}"]
        parts += [f"products in {self.products}", f"{self.attention} attention"]
        return ", ".join([*parts, "gradient checkpointing"] if self.gradient_checkpointing else parts)


def choose(plan: TrainingPlan, machine: Machine, model_type: str | None) -> Backend:
    """The backend that fulfils the plan on the machine.

    `model_type` is the architecture that the base model's config names, None for a GGUF file.
    Raises BadConfig for a wish that this machine or this model cannot grant, MissingDependency for
    one that takes a package which is not installed.
    """
    device = _device(plan, machine)
    four_bit = plan.quantization == "4bit"
    name = _library(plan, machine, device, model_type)
    if four_bit:
        _require_four_bit(machine, device, model_type)
    products = _products(plan, machine, device)
    checkpointing = plan.gradient_checkpointing
    return Backend(
        name=name,
        device=device,
        processes=_processes(plan, machine, device),
        # A CPU keeps float32 weights, which autocast casts a layer at a time; a GPU saves the memory.
        weights=products if device == "cuda" else "float32",
        products=products,
        four_bit=four_bit,
        attention=_attention(plan, machine, device, products),
        # It saves memory for time, and a CPU has more of the former.
        gradient_checkpointing=device != "cpu" if checkpointing == "auto" else checkpointing,
    )


def _device(plan: TrainingPlan, machine: Machine) -> Literal["cpu", "mps", "cuda"]:
    if plan.device == "auto":
        return "cuda" if machine.cuda_devices else "mps" if machine.mps else "cpu"
    if (plan.device == "cuda" and not machine.cuda_devices) or (plan.device == "mps" and not machine.mps):
        raise BadConfig(f"The plan's device is {plan.device}, but PyTorch finds none here; set device to auto or cpu.")
    return plan.device


def _library(plan: TrainingPlan, machine: Machine, device: str, model_type: str | None) -> Literal["trl", "unsloth"]:
    if plan.backend == "trl":
        return "trl"
    reason = _against_unsloth(plan, device, model_type)
    installed = "unsloth" in machine.packages
    if plan.backend == "auto":
        return "unsloth" if installed and reason is None else "trl"
    if reason is not None:
        raise BadConfig(f"The plan's backend is unsloth, which {reason}; set backend to auto or trl.")
    if not installed:
        raise MissingDependency(
            f"The plan's backend is unsloth, which is not installed; {GPU_GROUP}, or set it to trl."
        )
    return "unsloth"


def _against_unsloth(plan: TrainingPlan, device: str, model_type: str | None) -> str | None:
    if device != "cuda":
        return f"trains on CUDA devices only, and this is {device}"
    if model_type not in UNSLOTH_MODEL_TYPES:
        known = ", ".join(sorted(UNSLOTH_MODEL_TYPES))
        return f"does not know {model_type or 'GGUF'} models (but {known})"
    if plan.use_dora:
        return "has no DoRA of its own"
    if plan.attention != "auto":
        return f"chooses the attention itself, and the plan asks for {plan.attention}"
    return None


def _require_four_bit(machine: Machine, device: str, model_type: str | None) -> None:
    if device != "cuda":
        raise BadConfig(f"4-bit training needs a CUDA device, and this is {device}; set quantization to none.")
    if model_type is None:
        raise BadConfig("4-bit training cannot start from a GGUF file; set HF_MODEL_ID to a hub id or a directory.")
    if not machine.cuda_bfloat16:
        raise BadConfig(
            "4-bit training needs a GPU that computes in bfloat16 (Ampere or later); set quantization to none."
        )
    if "bitsandbytes" not in machine.packages:
        raise MissingDependency(f"4-bit training needs bitsandbytes, which is not installed; {GPU_GROUP}.")


def _products(plan: TrainingPlan, machine: Machine, device: str) -> Precision:
    """bfloat16 where it is faster; float16 on CUDA devices that are older than it."""
    if device == "cuda":
        if plan.precision == "bfloat16" and not machine.cuda_bfloat16:
            raise BadConfig("This GPU does not compute in bfloat16 (Ampere or later does); set precision to auto.")
        fastest: Precision = "bfloat16" if machine.cuda_bfloat16 else "float16"
    elif device == "mps":
        if plan.precision == "bfloat16":
            raise BadConfig("On mps training is in float32; set precision to auto.")
        fastest = "float32"
    else:
        fastest = "bfloat16" if machine.cpu_bfloat16 else "float32"
    return fastest if plan.precision == "auto" else plan.precision


def _attention(
    plan: TrainingPlan, machine: Machine, device: str, products: Precision
) -> Literal["eager", "sdpa", "flash_attention_2"]:
    able = device == "cuda" and products != "float32"
    if plan.attention == "flash_attention_2":
        if not able:
            raise BadConfig("flash_attention_2 needs a CUDA device and half precision; set attention to auto.")
        if "flash_attn" not in machine.packages:
            raise MissingDependency(
                "flash_attention_2 needs the package flash-attn, which is not installed; set attention to auto."
            )
        return "flash_attention_2"
    if plan.attention == "auto":
        return "flash_attention_2" if able and "flash_attn" in machine.packages else "sdpa"
    return plan.attention


def _processes(plan: TrainingPlan, machine: Machine, device: str) -> int:
    there = machine.cuda_devices if device == "cuda" else None if device == "cpu" else 1
    wanted = plan.processes or (there or 1)
    if there is not None and wanted > there:
        raise BadConfig(f"The plan asks for {wanted} processes and there are {there} {device} devices; ask for fewer.")
    return wanted
