"""One table says what trains, on what and in which formats; a wish that cannot be granted is one sentence."""

from dataclasses import asdict
from typing import Any

import pytest

from llm_engineering.domain.backends import Machine, choose
from llm_engineering.domain.errors import BadConfig, MissingDependency
from llm_engineering.domain.twins import FinetuningType, TrainingPlan

ALL = frozenset({"bitsandbytes", "flash_attn", "unsloth"})
LAPTOP = Machine(cpu_bfloat16=True)
OLD_LAPTOP = Machine()
MAC = Machine(mps=True)
BARE_GPU = Machine(cuda_devices=1, cuda_bfloat16=True, cpu_bfloat16=True)
GPU = Machine(cuda_devices=1, cuda_bfloat16=True, packages=frozenset({"bitsandbytes"}))
FULL_GPU = Machine(cuda_devices=1, cuda_bfloat16=True, packages=ALL)
OLD_GPU = Machine(cuda_devices=1, packages=ALL)
FOUR_GPUS = Machine(cuda_devices=4, cuda_bfloat16=True, packages=frozenset({"flash_attn"}))


def wishes(**fields: Any) -> TrainingPlan:
    return TrainingPlan(finetuning_type=FinetuningType.SFT, **fields)


CPU = {
    "name": "trl",
    "device": "cpu",
    "processes": 1,
    "weights": "float32",
    "products": "bfloat16",
    "four_bit": False,
    "attention": "sdpa",
    "gradient_checkpointing": False,
}
CUDA = CPU | {"device": "cuda", "weights": "bfloat16", "gradient_checkpointing": True}


@pytest.mark.parametrize(
    ("wished", "machine", "model_type", "expected"),
    [
        ({}, LAPTOP, None, CPU),
        ({}, OLD_LAPTOP, None, CPU | {"products": "float32"}),
        ({"precision": "float32"}, LAPTOP, None, CPU | {"products": "float32"}),
        ({"precision": "bfloat16"}, OLD_LAPTOP, None, CPU),
        ({"gradient_checkpointing": True}, LAPTOP, None, CPU | {"gradient_checkpointing": True}),
        ({"attention": "eager"}, LAPTOP, None, CPU | {"attention": "eager"}),
        ({"processes": 2}, LAPTOP, None, CPU | {"processes": 2}),
        ({}, MAC, None, CPU | {"device": "mps", "products": "float32", "gradient_checkpointing": True}),
        ({"device": "cpu"}, MAC, None, CPU | {"products": "float32"}),
        ({}, BARE_GPU, "llama", CUDA),
        ({"device": "cpu"}, BARE_GPU, "llama", CPU),
        ({}, BARE_GPU, None, CUDA),
        ({"gradient_checkpointing": False}, BARE_GPU, "llama", CUDA | {"gradient_checkpointing": False}),
        ({"precision": "float32"}, BARE_GPU, "llama", CUDA | {"weights": "float32", "products": "float32"}),
        ({"quantization": "4bit"}, GPU, "llama", CUDA | {"four_bit": True}),
        ({}, FULL_GPU, "llama", CUDA | {"name": "unsloth", "attention": "flash_attention_2"}),
        ({"backend": "trl"}, FULL_GPU, "llama", CUDA | {"attention": "flash_attention_2"}),
        ({"attention": "sdpa"}, FULL_GPU, "llama", CUDA),
        ({"use_dora": True}, FULL_GPU, "llama", CUDA | {"attention": "flash_attention_2"}),
        ({}, FULL_GPU, "phi3", CUDA | {"attention": "flash_attention_2"}),
        ({}, FULL_GPU, None, CUDA | {"attention": "flash_attention_2"}),
        (
            {"backend": "unsloth", "quantization": "4bit"},
            FULL_GPU,
            "qwen3",
            CUDA | {"name": "unsloth", "four_bit": True, "attention": "flash_attention_2"},
        ),
        (
            {"backend": "trl"},
            OLD_GPU,
            "llama",
            CUDA | {"weights": "float16", "products": "float16", "attention": "flash_attention_2"},
        ),
        ({}, FOUR_GPUS, "llama", CUDA | {"processes": 4, "attention": "flash_attention_2"}),
        ({"processes": 2}, FOUR_GPUS, "llama", CUDA | {"processes": 2, "attention": "flash_attention_2"}),
    ],
)
def test_a_plan_and_a_machine_make_one_backend(
    wished: dict[str, Any], machine: Machine, model_type: str | None, expected: dict[str, Any]
) -> None:
    assert asdict(choose(wishes(**wished), machine, model_type)) == expected


@pytest.mark.parametrize(
    ("wished", "machine", "model_type", "error", "sentence"),
    [
        ({"device": "cuda"}, LAPTOP, None, BadConfig, "device is cuda, but PyTorch finds none here"),
        ({"device": "mps"}, BARE_GPU, None, BadConfig, "device is mps, but PyTorch finds none here"),
        ({"quantization": "4bit"}, LAPTOP, "llama", BadConfig, "4-bit training needs a CUDA device, and this is cpu"),
        ({"quantization": "4bit"}, GPU, None, BadConfig, "cannot start from a GGUF file; set HF_MODEL_ID"),
        ({"quantization": "4bit"}, OLD_GPU, "phi3", BadConfig, "needs a GPU that computes in bfloat16"),
        ({"quantization": "4bit"}, BARE_GPU, "llama", MissingDependency, "needs bitsandbytes.*group gpu"),
        ({"backend": "unsloth"}, LAPTOP, None, BadConfig, "unsloth, which trains on CUDA devices only"),
        ({"backend": "unsloth"}, GPU, "llama", MissingDependency, "not installed; install the optional group gpu"),
        ({"backend": "unsloth"}, FULL_GPU, "phi3", BadConfig, "does not know phi3 models"),
        ({"backend": "unsloth"}, FULL_GPU, None, BadConfig, "does not know GGUF models"),
        ({"backend": "unsloth", "use_dora": True}, FULL_GPU, "llama", BadConfig, "no DoRA"),
        ({"backend": "unsloth", "attention": "sdpa"}, FULL_GPU, "llama", BadConfig, "chooses the attention itself"),
        ({"attention": "flash_attention_2"}, LAPTOP, None, BadConfig, "needs a CUDA device and half precision"),
        (
            {"attention": "flash_attention_2"},
            BARE_GPU,
            "llama",
            MissingDependency,
            "flash-attn, which is not installed",
        ),
        ({"precision": "bfloat16"}, OLD_GPU, "phi3", BadConfig, "does not compute in bfloat16"),
        ({"precision": "bfloat16"}, MAC, None, BadConfig, "mps training is in float32"),
        ({"processes": 5}, FOUR_GPUS, "llama", BadConfig, "5 processes and there are 4 cuda devices"),
        ({"processes": 2}, MAC, None, BadConfig, "2 processes and there are 1 mps devices"),
    ],
)
def test_what_cannot_be_granted_is_said_in_one_sentence(
    wished: dict[str, Any], machine: Machine, model_type: str | None, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        choose(wishes(**wished), machine, model_type)


def test_a_backend_says_what_it_is() -> None:
    assert str(choose(wishes(), LAPTOP, None)) == "trl on cpu, weights in float32, products in bfloat16, sdpa attention"
    assert (
        str(choose(wishes(quantization="4bit", backend="trl"), FULL_GPU, "llama"))
        == "trl on cuda, weights in 4 bits, products in bfloat16, flash_attention_2 attention, gradient checkpointing"
    )
