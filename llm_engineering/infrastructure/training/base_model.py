"""Loads the model that is fine-tuned: an embedded GGUF, a directory, or a model of the hub."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llm_engineering.domain.errors import ModelError
from llm_engineering.infrastructure.models.embedded import MODEL_PREFIX
from llm_engineering.infrastructure.models.precision import let_threads_wait_passively
from llm_engineering.infrastructure.models.quiet import quiet_transformers
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.gguf_llama import (
    config_of,
    hugging_face_name,
    rows_from_gguf,
    tokenizer_of,
)

if TYPE_CHECKING:
    import torch
    from transformers import PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class BaseModel:
    """A causal language model with its tokenizer, whose chat template and pad token are set."""

    model: "PreTrainedModel"
    tokenizer: "PreTrainedTokenizerBase"


def load_base_model(name: str, models: ModelStore, *, device: str, dtype: "torch.dtype", **loading: Any) -> BaseModel:
    """The model called "embedded:NAME", a directory in Hugging Face's format, or a hub id.

    `loading` is what `from_pretrained` is told besides. With a `device_map` among it, the model stays where
    that puts it. Raises ModelError when it is not to be had, is no causal language model, or cannot chat.
    """
    let_threads_wait_passively()
    quiet_transformers()
    if name.startswith(MODEL_PREFIX):
        return _from_gguf(models.path(name), device=device, dtype=dtype, **loading)
    from transformers import AutoModelForCausalLM, AutoTokenizer

    is_directory = Path(name).is_dir()
    try:
        where: dict[str, Any] = {"local_files_only": is_directory, "token": models.hub_token}
        tokenizer = AutoTokenizer.from_pretrained(name, **where)
        model = AutoModelForCausalLM.from_pretrained(name, dtype=dtype, **where, **loading)
    except (OSError, ValueError, KeyError) as error:
        raise _not_to_be_had(name, error) from error
    require_chat(tokenizer, name)
    return BaseModel(model if "device_map" in loading else model.to(device), tokenizer)


def base_config(name: str, models: ModelStore) -> "PretrainedConfig":
    """The config of a directory or a hub id. Raises ModelError when there is no such model."""
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(name, local_files_only=Path(name).is_dir(), token=models.hub_token)
    except (OSError, ValueError, KeyError) as error:
        raise _not_to_be_had(name, error) from error


def _not_to_be_had(name: str, error: Exception) -> ModelError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return ModelError(
        f"The base model {name!r} cannot be loaded ({reason}); check HF_MODEL_ID, and HUGGINGFACE_ACCESS_TOKEN "
        "where the hub asks who you are."
    )


def require_chat(tokenizer: "PreTrainedTokenizerBase", name: str) -> None:
    """Make sure that the tokenizer can render chats and pad them. Raises ModelError when it has no chat template."""
    if not tokenizer.chat_template:
        raise ModelError(f"The base model {name!r} has no chat template; set HF_MODEL_ID to an instruction-tuned one.")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token


def _from_gguf(file: Path, *, device: str, dtype: "torch.dtype", **loading: Any) -> BaseModel:
    """Unpacks the weights itself: `from_pretrained(gguf_file=…)` takes four times as long, and its
    tokenizer is not llama.cpp's."""
    import torch
    from gguf import GGUFReader
    from gguf.quants import dequantize
    from transformers import LlamaForCausalLM

    reader = GGUFReader(file)
    config = config_of(reader)
    weights = {}
    for tensor in reader.tensors:
        name = hugging_face_name(tensor.name)
        unpacked = rows_from_gguf(name, dequantize(tensor.data, tensor.tensor_type), config)
        weights[name] = torch.tensor(unpacked, dtype=dtype)
    model = LlamaForCausalLM.from_pretrained(None, config=config, state_dict=weights, dtype=dtype, **loading)
    return BaseModel(model.to(device), tokenizer_of(reader))
