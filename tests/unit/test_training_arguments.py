"""Every field of a plan reaches the library that it is for, by a name that this library has."""

import inspect
from pathlib import Path
from typing import Any

import pytest

from llm_engineering.domain.backends import Backend
from llm_engineering.domain.twins import FinetuningType, TrainingPlan
from llm_engineering.infrastructure.training import arguments

DIRECTORY = Path("somewhere")
GPU = Backend(
    name="trl",
    device="cuda",
    processes=1,
    weights="bfloat16",
    products="bfloat16",
    four_bit=True,
    attention="sdpa",
    gradient_checkpointing=True,
)
CPU = Backend(
    name="trl",
    device="cpu",
    processes=1,
    weights="float32",
    products="float32",
    four_bit=False,
    attention="eager",
    gradient_checkpointing=True,
)
OFF_DEFAULT: dict[str, Any] = {
    "num_train_epochs": 3.5,
    "per_device_train_batch_size": 3,
    "gradient_accumulation_steps": 5,
    "learning_rate": 1.25e-4,
    "lr_scheduler_type": "cosine",
    "warmup_ratio": 0.25,
    "weight_decay": 0.03,
    "neftune_noise_alpha": 5.0,
    "seed": 99,
    "max_seq_length": 333,
    "save_steps": 7,
}
"""What goes to TRL's config in every stage."""
LORA: dict[str, Any] = {
    "lora_rank": 5,
    "lora_alpha": 11,
    "lora_dropout": 0.25,
    "lora_targets": ("q_proj", "v_proj"),
    "use_dora": True,
}
BACKEND = {
    "backend": "trl",
    "device": "cpu",
    "processes": 3,
    "precision": "float32",
    "quantization": "4bit",
    "attention": "eager",
    "gradient_checkpointing": True,
}
"""What `backends.choose` reads; tests/unit/test_backends.py holds what comes of it."""
RUN = {"finetuning_type": "sft", "max_steps": 4, "heldout_samples": 9, "eval_steps": 3, "early_stopping_patience": 2}
"""What run.py and heldout.py read; tests/integration/test_training_resume.py holds what comes of it."""
STAGE = {"packing": True, "beta": 0.7}


def plan(kind: FinetuningType = FinetuningType.SFT, **fields: Any) -> TrainingPlan:
    return TrainingPlan(finetuning_type=kind, **{**OFF_DEFAULT, **fields})


def config(of: TrainingPlan, backend: Backend = CPU, steps: int = 42, **options: Any) -> Any:
    from trl import DPOConfig, KTOConfig, SFTConfig

    kind = {FinetuningType.SFT: SFTConfig, FinetuningType.DPO: DPOConfig, FinetuningType.KTO: KTOConfig}
    given = arguments.trl_arguments(of, backend, output_dir=DIRECTORY, steps=steps, **options)
    return kind[of.finetuning_type](**given)


def test_no_field_of_the_plan_is_forgotten_here() -> None:
    groups = (OFF_DEFAULT, LORA, BACKEND, RUN, STAGE)
    assert sorted(name for group in groups for name in group) == sorted(TrainingPlan.model_fields)
    for name, value in (OFF_DEFAULT | LORA | BACKEND | STAGE).items():
        field = TrainingPlan.model_fields[name]
        assert name in ("backend", "device") or value != field.default, f"{name} is not off its default"


@pytest.mark.parametrize("kind", list(FinetuningType))
def test_what_every_stage_has_in_common_arrives_in_trls_config(kind: FinetuningType) -> None:
    made = config(plan(kind))
    for name, value in OFF_DEFAULT.items():
        match name:
            case "warmup_ratio":
                assert made.get_warmup_steps(100) == 25
            case "max_seq_length":
                assert made.max_length == value
            case "seed":
                assert (made.seed, made.data_seed) == (value, value)
            case _:
                assert getattr(made, name) == value, name
    assert (made.max_steps, made.use_cpu, made.gradient_checkpointing) == (42, True, True)
    assert (made.bf16, made.fp16) == (False, False)


def test_packing_arrives_and_leaves_held_out_samples_alone() -> None:
    made = config(plan(packing=True))
    assert (made.packing, made.packing_strategy, made.eval_packing) == (True, "bfd", False)
    assert config(plan()).packing is False


@pytest.mark.parametrize("kind", [FinetuningType.DPO, FinetuningType.KTO])
def test_beta_arrives_and_dropout_is_off(kind: FinetuningType) -> None:
    made = config(plan(kind, beta=0.7))
    assert (made.beta, made.disable_dropout) == (0.7, True)


def test_a_constant_rate_warms_up_too() -> None:
    assert config(plan(lr_scheduler_type="constant")).lr_scheduler_type == "constant_with_warmup"


def test_the_trackers_arrive() -> None:
    assert arguments.trl_arguments(plan(), CPU, output_dir=DIRECTORY, steps=1)["report_to"] == "none"
    given = arguments.trl_arguments(plan(), CPU, output_dir=DIRECTORY, steps=1, report_to=("mlflow", "trackio"))
    assert given["report_to"] == ["mlflow", "trackio"]


def test_half_precision_on_a_gpu_arrives() -> None:
    assert arguments.trl_arguments(plan(), GPU, output_dir=DIRECTORY, steps=1)["bf16"] is True
    old = Backend(**{**vars(GPU), "products": "float16", "weights": "float16"})
    given = arguments.trl_arguments(plan(), old, output_dir=DIRECTORY, steps=1)
    assert (given["bf16"], given["fp16"], given["use_cpu"]) == (False, True, False)


def test_the_shape_of_the_adapter_arrives_in_peft() -> None:
    from peft import LoraConfig

    made = LoraConfig(**arguments.lora_arguments(plan(**LORA)))
    assert (made.r, made.lora_alpha, made.lora_dropout, made.use_dora) == (5, 11, 0.25, True)
    assert made.target_modules == {"q_proj", "v_proj"}
    assert LoraConfig(**arguments.lora_arguments(plan())).target_modules == "all-linear"


def test_four_bits_are_qloras() -> None:
    import torch
    from transformers import BitsAndBytesConfig

    made = BitsAndBytesConfig(**arguments.four_bit_arguments(GPU))
    assert (made.load_in_4bit, made.bnb_4bit_quant_type, made.bnb_4bit_use_double_quant) == (True, "nf4", True)
    assert made.bnb_4bit_compute_dtype is torch.bfloat16
    unknown = arguments.four_bit_arguments(GPU).keys() - inspect.signature(BitsAndBytesConfig).parameters.keys()
    assert not unknown


def test_the_base_model_is_told_its_format_its_attention_and_its_place() -> None:
    import torch

    loading = arguments.loading_arguments(GPU, local_rank=3)
    assert loading.pop("quantization_config").load_in_4bit
    assert loading == {"dtype": torch.bfloat16, "attn_implementation": "sdpa", "device_map": {"": 3}}
    assert arguments.loading_arguments(CPU) == {"dtype": torch.float32, "attn_implementation": "eager"}


def test_the_attention_that_the_plan_asks_for_is_the_models(tmp_path: Path) -> None:
    from llm_engineering.application.ports import Silent
    from llm_engineering.infrastructure.models.store import ModelStore
    from llm_engineering.infrastructure.training.base_model import load_base_model
    from tests.tiny_models import tiny_llama

    loading = arguments.loading_arguments(CPU)
    base = load_base_model(str(tiny_llama(tmp_path)), ModelStore(tmp_path, Silent()), device="cpu", **loading)
    assert base.model.config._attn_implementation == "eager"


# Unsloth is not installed here. These are the parameters of unsloth 2026.10.7, read from its source:
# unsloth/models/loader.py, class FastLanguageModel, and unsloth/models/llama.py, class FastLlamaModel.
UNSLOTH_FROM_PRETRAINED = """
    model_name max_seq_length dtype load_in_4bit load_in_8bit load_in_16bit full_finetuning token device_map
    device_map_planner_kwargs rope_scaling fix_tokenizer trust_remote_code use_gradient_checkpointing
    resize_model_vocab revision use_exact_model_name offload_embedding float32_mixed_precision fast_inference
    gpu_memory_utilization float8_kv_cache random_state max_lora_rank disable_log_stats qat_scheme load_in_fp8
    unsloth_tiled_mlp text_only
""".split()
UNSLOTH_GET_PEFT_MODEL = """
    model r target_modules lora_alpha lora_dropout bias layers_to_transform layers_pattern finetune_last_n_layers
    use_gradient_checkpointing random_state max_seq_length use_rslora modules_to_save init_lora_weights
    loftq_config temporary_location qat_scheme target_parameters ensure_weight_tying offload_layers
    checkpoint_skip_layers
""".split()


def test_unsloth_is_told_by_names_that_it_has() -> None:
    import torch

    loading = arguments.unsloth_loading_arguments(plan(**LORA), GPU, "some/model")
    assert loading.keys() <= set(UNSLOTH_FROM_PRETRAINED)
    assert (loading["model_name"], loading["max_seq_length"], loading["load_in_4bit"]) == ("some/model", 333, True)
    assert (loading["dtype"], loading["random_state"], loading["max_lora_rank"]) == (torch.bfloat16, 99, 5)
    lora = arguments.unsloth_lora_arguments(plan(**LORA), GPU)
    assert lora.keys() <= set(UNSLOTH_GET_PEFT_MODEL)
    assert (lora["r"], lora["lora_alpha"], lora["lora_dropout"]) == (5, 11, 0.25)
    assert (lora["target_modules"], lora["random_state"]) == (["q_proj", "v_proj"], 99)
    assert lora["use_gradient_checkpointing"] == loading["use_gradient_checkpointing"] == "unsloth"
    without = arguments.unsloth_lora_arguments(plan(), Backend(**{**vars(GPU), "gradient_checkpointing": False}))
    assert without["use_gradient_checkpointing"] is False
