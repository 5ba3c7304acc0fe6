"""Finds what there is to train with, and which architecture a base model has."""

from importlib.util import find_spec

from llm_engineering.domain.backends import Machine
from llm_engineering.infrastructure.models.embedded import MODEL_PREFIX
from llm_engineering.infrastructure.models.precision import cpu_prefers_bfloat16
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.base_model import base_config

OPTIONAL_PACKAGES = ("bitsandbytes", "flash_attn", "unsloth")


def this_machine() -> Machine:
    """The devices that PyTorch finds, and the optional packages that are installed."""
    import torch

    cuda_devices = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return Machine(
        cuda_devices=cuda_devices,
        cuda_bfloat16=cuda_devices > 0
        and all(torch.cuda.get_device_capability(device) >= (8, 0) for device in range(cuda_devices)),
        mps=torch.backends.mps.is_available(),
        cpu_bfloat16=cpu_prefers_bfloat16(),
        packages=frozenset(package for package in OPTIONAL_PACKAGES if find_spec(package)),
    )


def model_type(base_model: str, models: ModelStore) -> str | None:
    """What the config of a directory or a hub id names as its architecture, such as "llama"; None for a GGUF file.

    Raises ModelError when there is no such model.
    """
    return None if base_model.startswith(MODEL_PREFIX) else str(base_config(base_model, models).model_type)
