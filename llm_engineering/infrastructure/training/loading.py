"""The model that a stage trains: the base model, with the adapter to continue where there is one."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_engineering.domain.backends import Backend
from llm_engineering.domain.errors import ModelError, TrainingError
from llm_engineering.domain.twins import TrainingPlan
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.adapter import require_adapter_of, with_adapter
from llm_engineering.infrastructure.training.arguments import (
    loading_arguments,
    unsloth_loading_arguments,
    unsloth_lora_arguments,
)
from llm_engineering.infrastructure.training.base_model import load_base_model, require_chat

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Loaded:
    """A model on its device, with its tokenizer."""

    model: Any
    """A PreTrainedModel, or a PeftModel where `has_adapter`."""
    tokenizer: "PreTrainedTokenizerBase"
    has_adapter: bool


def loaded(
    base_model: str, adapter_dir: Path | None, plan: TrainingPlan, backend: Backend, models: ModelStore
) -> Loaded:
    """The base model; with the adapter of that directory, if one is to be continued, trainable.

    Raises ModelError when either is not to be had, TrainingError for a plan of another rank than the adapter's.
    """
    if backend.name == "unsloth":
        return _by_unsloth(base_model, adapter_dir, plan, backend)
    from accelerate import PartialState

    # Also makes this process's own GPU the one that "cuda" means.
    local_rank = PartialState(cpu=backend.device == "cpu").local_process_index if backend.processes > 1 else 0
    arguments = loading_arguments(backend, local_rank=local_rank)
    base = load_base_model(base_model, models, device=backend.device, **arguments)
    if adapter_dir is None:
        return Loaded(base.model, base.tokenizer, has_adapter=False)
    model = with_adapter(base.model, adapter_dir, base_model=base_model, trainable=True)
    _require_same_lora(plan, model.peft_config["default"], adapter_dir)
    return Loaded(model, base.tokenizer, has_adapter=True)


def _by_unsloth(base_model: str, adapter_dir: Path | None, plan: TrainingPlan, backend: Backend) -> Loaded:
    """By Unsloth 2026.10.7, whose loader reads an adapter's base model from the adapter."""
    from unsloth import FastLanguageModel

    if adapter_dir is not None:
        require_adapter_of(adapter_dir, base_model)
    name = str(adapter_dir or base_model)
    try:
        model, tokenizer = FastLanguageModel.from_pretrained(**unsloth_loading_arguments(plan, backend, name))
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(
            f"Unsloth cannot load {name!r} ({reason}); check HF_MODEL_ID, or set backend to trl."
        ) from error
    require_chat(tokenizer, base_model)
    if adapter_dir is None:
        model = FastLanguageModel.get_peft_model(model, **unsloth_lora_arguments(plan, backend))
    else:
        _require_same_lora(plan, model.peft_config["default"], adapter_dir)
    return Loaded(model, tokenizer, has_adapter=True)


def _require_same_lora(plan: TrainingPlan, adapter: Any, adapter_dir: Path) -> None:
    if (plan.lora_rank, plan.lora_alpha) != (adapter.r, adapter.lora_alpha):
        raise TrainingError(
            f"The {plan.finetuning_type} plan has lora_rank {plan.lora_rank} and lora_alpha {plan.lora_alpha}, but the "
            f"adapter in {adapter_dir}, which it continues, has {adapter.r} and {adapter.lora_alpha}; "
            "give it the same values."
        )
