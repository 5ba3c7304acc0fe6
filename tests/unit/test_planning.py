"""What a training will take is computed from the model's numbers and the plan, and the configurations say the same."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from llm_engineering.application.planning import (
    activation_bytes,
    assumed_speed,
    flops_per_token,
    forecast,
    measured_speed,
    memory,
)
from llm_engineering.bootstrap import opened
from llm_engineering.domain.architecture import Architecture
from llm_engineering.domain.backends import Backend, Machine, choose
from llm_engineering.domain.errors import BadConfig, ModelError
from llm_engineering.domain.twins import FinetuningType, TrainingPlan
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.architectures import architecture_of, from_config
from tests.made_twins import manifest
from tools.plan_training import as_json_object, plan, plan_training

REPOSITORY = Path(__file__).resolve().parents[2]
LARGE = sorted((REPOSITORY / "configs" / "training").glob("*.yaml"))
SMALL = Architecture("llama", 64, 128, 2, 4, 2, 256, tie_word_embeddings=True)
CPU = choose(TrainingPlan(finetuning_type="sft"), Machine(cpu_bfloat16=True), None)
GPU = Machine(cuda_devices=1, cuda_bfloat16=True, packages=frozenset({"bitsandbytes"}))


def sft(**fields: Any) -> TrainingPlan:
    return TrainingPlan(finetuning_type=FinetuningType.SFT, **fields)


def on_gpu(**fields: Any) -> Backend:
    return choose(sft(**fields), GPU, "llama")


# ------------------------------------------------------------------------------ parameters


def test_parameters_are_those_of_the_model_itself(embedded_models: ModelStore) -> None:
    from gguf import GGUFReader

    architecture = architecture_of("embedded:smollm2-135m-instruct", embedded_models)
    assert architecture is not None
    tensors = GGUFReader(embedded_models.path("smollm2-135m-instruct")).tensors
    assert architecture.parameters == sum(int(tensor.n_elements) for tensor in tensors)


@pytest.mark.parametrize("file", LARGE, ids=lambda file: file.stem)
def test_a_config_json_gives_the_same_architecture(file: Path, tmp_path: Path) -> None:
    numbers = yaml.safe_load(file.read_text())["extra"]["architecture"]
    text = {key: value for key, value in numbers.items() if key not in ("norms_per_layer", "qk_norms")}
    other = text.pop("other_parameters", 0)
    nested = {"model_type": text["model_type"], "text_config": text} if other else text
    read = from_config(nested)
    assert read == Architecture(**(numbers | {"other_parameters": 0}))


def test_an_adapter_has_what_peft_makes_of_it() -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=256,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=True,
    )
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    assert SMALL.parameters == model.num_parameters()
    for targets, dora in (("all-linear", False), (("q_proj", "v_proj"), False), (("q_proj", "down_proj"), True)):
        with torch.device("meta"):
            wanted = LoraConfig(
                r=4, target_modules=targets if isinstance(targets, str) else list(targets), use_dora=dora
            )
            adapted = get_peft_model(LlamaForCausalLM(config), wanted)
        trained, _ = adapted.get_nb_trainable_parameters()
        assert SMALL.lora_parameters(4, targets, dora=dora) == trained


def test_a_target_that_is_no_layer_is_named() -> None:
    with pytest.raises(BadConfig, match='"query" is no layer of llama models; there are q_proj'):
        SMALL.lora_parameters(4, ("query",))


def test_nothing_is_read_of_a_model_that_is_not_here(tmp_path: Path, embedded_models: ModelStore) -> None:
    assert architecture_of("nobody/has-this", embedded_models) is None
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(ModelError, match="does not say how the model is built"):
        architecture_of(str(tmp_path), embedded_models)


# ------------------------------------------------------------------------------ memory and time


def test_four_bits_checkpointing_and_smaller_batches_each_save_memory() -> None:
    plain = memory(SMALL, sft(gradient_checkpointing=False), on_gpu(gradient_checkpointing=False))
    four_bit = memory(
        SMALL, sft(gradient_checkpointing=False), on_gpu(quantization="4bit", gradient_checkpointing=False)
    )
    checkpointed = memory(SMALL, sft(), on_gpu(gradient_checkpointing=True))
    smaller = memory(SMALL, sft(per_device_train_batch_size=1), on_gpu(gradient_checkpointing=False))
    assert four_bit.weights < plain.weights
    assert checkpointed.activations < plain.activations
    assert smaller.activations == pytest.approx(plain.activations / 2)
    assert all(other.total < plain.total for other in (four_bit, checkpointed, smaller))


SMOLLM2 = Architecture("llama", 576, 1536, 30, 9, 3, 49152, tie_word_embeddings=True)


@pytest.mark.parametrize(
    ("batch", "length", "checkpointing", "measured"),
    [(2, 512, False, 3.743e9), (1, 768, False, 3.355e9), (4, 512, True, 3.189e9)],
)
def test_the_planned_peak_is_within_a_tenth_of_what_a_cpu_was_seen_to_take(
    batch: int, length: int, checkpointing: bool, measured: float
) -> None:
    """Peak resident memory of two steps of SFT, every sample `length` tokens long (docs/training.md)."""
    wanted = sft(per_device_train_batch_size=batch, max_seq_length=length, gradient_checkpointing=checkpointing)
    planned = memory(SMOLLM2, wanted, choose(wanted, Machine(cpu_bfloat16=True), None))
    assert planned.total == pytest.approx(measured, rel=0.1)


def test_dpo_holds_both_answers_and_a_frozen_copy_of_the_adapter() -> None:
    one, pair = memory(SMALL, sft(), CPU), memory(SMALL, TrainingPlan(finetuning_type="dpo"), CPU)
    assert pair.activations == 2 * one.activations
    assert pair.adapter == 2 * one.adapter
    assert pair.optimizer == one.optimizer


def test_only_eager_attention_grows_with_the_square_of_the_length() -> None:
    eager = on_gpu(attention="eager", gradient_checkpointing=False)
    sdpa = on_gpu(attention="sdpa", gradient_checkpointing=False)
    assert activation_bytes(SMALL, sdpa, 2048, 2048) == 2 * activation_bytes(SMALL, sdpa, 1024, 1024)
    assert activation_bytes(SMALL, eager, 2048, 2048) > 2 * activation_bytes(SMALL, eager, 1024, 1024)


def test_time_is_tokens_over_speed_and_ends_with_max_steps() -> None:
    whole = forecast(SMALL, sft(num_train_epochs=2), CPU, samples=100)
    short = forecast(SMALL, sft(num_train_epochs=2, max_steps=10), CPU, samples=100)
    assert (whole.steps, short.steps) == (100, 10)
    assert whole.seconds == pytest.approx(200 * whole.speed.tokens_per_sample / whole.speed.tokens_per_second)
    assert short.seconds == pytest.approx(whole.seconds / 10)


def test_a_token_of_lora_takes_four_operations_a_parameter_and_two_more_with_checkpointing() -> None:
    assert flops_per_token(SMALL, sft(), CPU) == 4 * SMALL.parameters
    assert flops_per_token(SMALL, sft(), on_gpu(gradient_checkpointing=True)) == 6 * SMALL.parameters
    assert assumed_speed(SMALL, sft(), CPU, 1e12).tokens_per_second == 1e12 / (4 * SMALL.parameters)


def test_a_former_run_of_the_same_kind_is_believed_more_than_an_assumption(tmp_path: Path) -> None:
    def trained(version: int, backend: str, speed: float, base_model: str = "b") -> Any:
        then = {"finetuning_type": "sft", "per_device_train_batch_size": 2, "gradient_accumulation_steps": 2}
        result = {"steps": 10, "seconds": 60.0, "tokens_per_second": speed, "backend": backend}
        stage = {"plan": then, "result": result}
        return manifest(tmp_path, version, training=[stage], base_model=base_model)

    here = "trl on cpu, weights in float32"
    twins = [
        trained(1, here, 100.0),
        trained(2, here, 200.0),
        trained(3, "trl on cuda, weights in bfloat16", 9.0),
        trained(4, here, 8.0, base_model="other"),
    ]
    speed = measured_speed(twins, "b", sft(), CPU)
    assert speed is not None
    assert (speed.tokens_per_second, speed.tokens_per_sample) == (200.0, 300.0)
    assert "ada-example/2" in speed.known_from
    assert measured_speed(twins, "b", TrainingPlan(finetuning_type="dpo"), CPU) is None


# ------------------------------------------------------------------------------ the configurations and the command


@pytest.fixture
def nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty warehouse, so that no former run of this machine counts."""
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))


@pytest.mark.usefixtures("nothing_here")
@pytest.mark.parametrize("file", LARGE, ids=lambda file: file.stem)
def test_a_configuration_for_a_gpu_says_what_the_planner_computes(file: Path) -> None:
    extra = yaml.safe_load(file.read_text())["extra"]
    [gigabytes] = [line.split()[-1] for line in file.read_text().splitlines() if "--gpu-memory" in line]
    with opened() as twin:
        planned = plan(twin, file, gpus=1, gpu_memory=float(gigabytes))
    stages = {stage.stage.value: stage for stage in planned.forecasts}
    assert extra["planned"] == {
        "parameters": stages["sft"].parameters,
        "trainable": stages["sft"].trainable,
        "sft_gpu_memory_gb": round(stages["sft"].memory.total / 1e9, 1),
        "dpo_gpu_memory_gb": round(stages["dpo"].memory.total / 1e9, 1),
        "disk_gb": round(stages["sft"].disk / 1e9, 1),
    }
    assert planned.fits


@pytest.mark.usefixtures("nothing_here")
def test_the_command_says_whether_it_fits_and_what_would_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    arguments = ["--config", str(LARGE[1]), "--gpus", "1", "--gpu-memory"]
    small = CliRunner().invoke(plan_training, [*arguments, "4"])
    assert "It does not fit:" in small.output
    assert "quantization: 4bit" in small.output
    large = CliRunner().invoke(plan_training, [*arguments, "80"])
    assert "It fits:" in large.output
    assert "assumed: 60 TFLOPS a device" in large.output
    assert all(len(line) <= 100 for line in large.output.splitlines())


@pytest.mark.usefixtures("nothing_here")
def test_a_configuration_for_a_gpu_says_on_a_laptop_how_to_plan_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_engineering.bootstrap.Twin.machine", Machine())
    with opened() as twin, pytest.raises(BadConfig, match=r"set quantization to none, or add --gpus 1 to plan for a"):
        plan(twin, LARGE[1])


@pytest.mark.usefixtures("nothing_here")
def test_what_no_gpu_would_help_is_not_told_to_add_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_engineering.bootstrap.Twin.machine", Machine())
    on_cpu = tmp_path / "cpu.yaml"
    on_cpu.write_text(LARGE[1].read_text().replace("  hardware:\n", "  hardware:\n    device: cpu\n"))
    with opened() as twin, pytest.raises(BadConfig, match=r"set quantization to none\.$"):
        plan(twin, on_cpu)


@pytest.mark.usefixtures("nothing_here")
def test_json_has_the_same_figures() -> None:
    result = CliRunner().invoke(plan_training, ["--config", str(LARGE[0]), "--gpus", "2", "--json"])
    with opened() as twin:
        planned = plan(twin, LARGE[0], gpus=2)
    assert json.loads(result.output) == json.loads(json.dumps(as_json_object(planned)))
    assert json.loads(result.output)["fits"] is None


@pytest.mark.usefixtures("nothing_here")
def test_a_model_that_is_nowhere_described_is_one_sentence() -> None:
    with opened() as twin, pytest.raises(BadConfig, match="Nothing on this machine says how nobody/has-this is built"):
        plan(twin, REPOSITORY / "configs" / "training.yaml", "nobody/has-this")
