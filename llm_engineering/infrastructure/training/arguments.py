"""What each library is told of a plan. Every field of the plan arrives in one of these; tests hold that."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from llm_engineering.domain.backends import Backend
from llm_engineering.domain.twins import FinetuningType, TrainingPlan
from llm_engineering.infrastructure.training import cpu_attention

KEPT_CHECKPOINTS = 2
"""The one before the last is there for the case that the last one is half written."""


def trl_arguments(
    plan: TrainingPlan, backend: Backend, *, output_dir: Path, steps: int, report_to: Sequence[str] = ()
) -> dict[str, Any]:
    """Of trl.SFTConfig, DPOConfig or KTOConfig; `steps` is the length of the whole run."""
    on_cpu = backend.device == "cpu"
    return {
        "output_dir": str(output_dir),
        "num_train_epochs": plan.num_train_epochs,
        "max_steps": steps,
        "per_device_train_batch_size": plan.per_device_train_batch_size,
        "per_device_eval_batch_size": plan.per_device_train_batch_size,
        "gradient_accumulation_steps": plan.gradient_accumulation_steps,
        "learning_rate": plan.learning_rate,
        "lr_scheduler_type": _scheduler(plan),
        "warmup_steps": plan.warmup_ratio,  # a float below 1 is a share of the steps
        "weight_decay": plan.weight_decay,
        "neftune_noise_alpha": plan.neftune_noise_alpha,
        "max_length": plan.max_seq_length,
        "seed": plan.seed,
        "data_seed": plan.seed,
        "use_cpu": on_cpu,
        "bf16": backend.products == "bfloat16",
        "fp16": backend.products == "float16",
        "gradient_checkpointing": backend.gradient_checkpointing,
        "dataloader_pin_memory": not on_cpu,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # so that a loss that is no number is seen
        "eval_strategy": "no",  # heldout.py measures, per token and with the best adapter kept
        "save_strategy": "steps",
        "save_steps": plan.save_steps,
        "save_total_limit": KEPT_CHECKPOINTS,
        "report_to": list(report_to) or "none",
        "disable_tqdm": True,
        **_of_the_stage(plan),
    }


def _of_the_stage(plan: TrainingPlan) -> dict[str, Any]:
    match plan.finetuning_type:
        case FinetuningType.SFT:
            # Held-out samples stay apart, so that their loss is comparable with and without packing.
            packing = {"packing": plan.packing, "packing_strategy": "bfd", "eval_packing": False}
            return {"completion_only_loss": True, **packing}
        case FinetuningType.DPO | FinetuningType.KTO:
            # Reference and policy are compared like with like: without dropout, which is TRL's default.
            return {"beta": plan.beta, "disable_dropout": True}


def _scheduler(plan: TrainingPlan) -> str:
    return "constant_with_warmup" if plan.lr_scheduler_type == "constant" else plan.lr_scheduler_type


def lora_arguments(plan: TrainingPlan) -> dict[str, Any]:
    """Of peft.LoraConfig."""
    return {
        "task_type": "CAUSAL_LM",
        "r": plan.lora_rank,
        "lora_alpha": plan.lora_alpha,
        "lora_dropout": plan.lora_dropout,
        "target_modules": _targets(plan),
        "use_dora": plan.use_dora,
    }


def loading_arguments(backend: Backend, *, local_rank: int = 0) -> dict[str, Any]:
    """Of transformers' from_pretrained. Each process holds the whole model, on its own device."""
    import torch

    arguments = {"dtype": getattr(torch, backend.weights), "attn_implementation": _attention(backend)}
    if backend.four_bit:
        from transformers import BitsAndBytesConfig

        # bitsandbytes quantises while it loads to the device; a quantised model cannot be moved later.
        arguments["quantization_config"] = BitsAndBytesConfig(**four_bit_arguments(backend))
        arguments["device_map"] = {"": local_rank}
    return arguments


def _attention(backend: Backend) -> str:
    """PyTorch's attention, and on a CPU that multiplies in bfloat16 a faster way to the same."""
    if (backend.device, backend.attention, backend.products) == ("cpu", "sdpa", "bfloat16"):
        return cpu_attention.register()
    return backend.attention


def four_bit_arguments(backend: Backend) -> dict[str, Any]:
    """Of transformers.BitsAndBytesConfig: QLoRA as in arXiv:2305.14314, normal floats quantised twice."""
    return {
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_use_double_quant": True,
        "bnb_4bit_compute_dtype": backend.products,
    }


def unsloth_loading_arguments(plan: TrainingPlan, backend: Backend, model_name: str) -> dict[str, Any]:
    """Of unsloth.FastLanguageModel.from_pretrained; `model_name` may be the directory of an adapter to continue."""
    import torch

    return {
        "model_name": model_name,
        "max_seq_length": plan.max_seq_length,
        "dtype": getattr(torch, backend.products),
        "load_in_4bit": backend.four_bit,
        "use_gradient_checkpointing": _unsloth_checkpointing(backend),
        "random_state": plan.seed,
        "max_lora_rank": plan.lora_rank,
        # Its own copies of well-known models may have another chat template than the one that was asked for.
        "use_exact_model_name": True,
    }


def unsloth_lora_arguments(plan: TrainingPlan, backend: Backend) -> dict[str, Any]:
    """Of unsloth.FastLanguageModel.get_peft_model."""
    return {
        "r": plan.lora_rank,
        "lora_alpha": plan.lora_alpha,
        "lora_dropout": plan.lora_dropout,
        "target_modules": _targets(plan),
        "use_gradient_checkpointing": _unsloth_checkpointing(backend),
        "random_state": plan.seed,
    }


def _targets(plan: TrainingPlan) -> str | list[str]:
    return plan.lora_targets if isinstance(plan.lora_targets, str) else list(plan.lora_targets)


def _unsloth_checkpointing(backend: Backend) -> str | bool:
    return "unsloth" if backend.gradient_checkpointing else False
