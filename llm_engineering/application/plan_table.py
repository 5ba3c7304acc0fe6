"""A training plan as a table to read before it runs."""

from typing import Any

from llm_engineering.domain.twins import FinetuningType, TrainingPlan

GROUPS: dict[str, tuple[str, ...]] = {
    "how long": ("num_train_epochs", "max_steps", "early_stopping_patience"),
    "a step": ("per_device_train_batch_size", "gradient_accumulation_steps", "max_seq_length", "packing"),
    "learning": (
        "learning_rate",
        "lr_scheduler_type",
        "warmup_ratio",
        "weight_decay",
        "neftune_noise_alpha",
        "beta",
        "seed",
    ),
    "adapter": ("lora_rank", "lora_alpha", "lora_dropout", "lora_targets", "use_dora"),
    "on the way": ("heldout_samples", "eval_steps", "save_steps"),
    "machine": (
        "backend",
        "device",
        "processes",
        "precision",
        "quantization",
        "attention",
        "gradient_checkpointing",
    ),
}
UNSET = {
    "max_steps": "to the end of the epochs",
    "early_stopping_patience": "off: the last adapter is kept",
    "neftune_noise_alpha": "off",
    "eval_steps": "a quarter of the run",
    "processes": "one for each GPU, or one",
}
"""What it means that a field is left out."""
UNITS = {
    "early_stopping_patience": "looks at the held-out loss without a gain",
    "max_seq_length": "tokens",
    "warmup_ratio": "of the steps",
    "eval_steps": "steps between two looks at the held-out loss",
    "save_steps": "steps between two checkpoints",
}
WIDTH = max(len(name) for names in GROUPS.values() for name in names)
HEADING = max(len(group) for group in GROUPS)


def table(plan: TrainingPlan) -> str:
    """Every field that has a meaning in the plan's stage, a line each, in groups."""
    lines = [f"Plan of {plan.finetuning_type.upper()}:"]
    for group, names in GROUPS.items():
        shown = [name for name in names if name not in _meaningless(plan)]
        for place, name in enumerate(shown):
            heading = group if place == 0 else ""
            lines.append(f"  {heading:<{HEADING}}  {name:<{WIDTH}}  {_said(name, getattr(plan, name))}")
    return "\n".join(lines)


def _meaningless(plan: TrainingPlan) -> tuple[str, ...]:
    if plan.finetuning_type is FinetuningType.SFT:
        return ("beta",)
    return ("packing", "lora_dropout", "lora_targets", "use_dora")


def _said(name: str, value: Any) -> str:
    if value is None:
        return UNSET[name]
    if isinstance(value, bool):
        return "on" if value else "off"
    text = ", ".join(value) if isinstance(value, tuple) else f"{value:g}" if isinstance(value, float) else str(value)
    return f"{text} {UNITS[name]}" if name in UNITS else text
