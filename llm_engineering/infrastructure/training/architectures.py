"""Reads how a base model is built: from a GGUF file's header, or from a config in Hugging Face's format."""

import json
from pathlib import Path
from typing import Any

from llm_engineering.domain.architecture import Architecture
from llm_engineering.domain.errors import ModelError
from llm_engineering.infrastructure.models.embedded import MODEL_PREFIX
from llm_engineering.infrastructure.models.store import ModelStore

QK_NORMS = frozenset({"qwen3", "gemma3", "gemma3_text"})
FOUR_NORMS = frozenset({"gemma2", "gemma3", "gemma3_text"})


def architecture_of(base_model: str, models: ModelStore) -> Architecture | None:
    """The architecture of "embedded:NAME", a GGUF file, a directory, or a hub id whose config is in the hub's cache.

    None when nothing about it is on this machine. Raises ModelError for what is there and cannot be read.
    """
    if base_model.startswith(MODEL_PREFIX):
        return _from_gguf(models.path(base_model))
    path = Path(base_model)
    if path.suffix == ".gguf" and path.is_file():
        return _from_gguf(path)
    if path.is_dir():
        return _from_config(path / "config.json")
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        cached = try_to_load_from_cache(base_model, "config.json")
    except HFValidationError:
        return None
    return _from_config(Path(cached)) if isinstance(cached, str) else None


def from_config(config: dict[str, Any]) -> Architecture:
    """What a config.json says. Raises KeyError for a number that it lacks."""
    text = config.get("text_config") or config
    kind = str(config["model_type"])
    heads = text["num_attention_heads"]
    return Architecture(
        model_type=kind,
        hidden_size=text["hidden_size"],
        intermediate_size=text["intermediate_size"],
        num_hidden_layers=text["num_hidden_layers"],
        num_attention_heads=heads,
        num_key_value_heads=text.get("num_key_value_heads") or heads,
        vocab_size=text["vocab_size"],
        # Gemma 3's configs do not say it, because it is so in the whole family.
        tie_word_embeddings=bool(config.get("tie_word_embeddings", text.get("tie_word_embeddings", "gemma" in kind))),
        head_dim=text.get("head_dim") or 0,
        norms_per_layer=4 if kind in FOUR_NORMS else 2,
        qk_norms=kind in QK_NORMS,
    )


def _from_config(file: Path) -> Architecture:
    try:
        return from_config(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{file} does not say how the model is built ({error!r}); take another directory.") from error


def _from_gguf(file: Path) -> Architecture:
    from gguf import GGUFReader

    reader = GGUFReader(file)
    kind = str(reader.fields["general.architecture"].contents())

    def number(name: str) -> int:
        field = reader.fields.get(f"{kind}.{name}")
        if field is None:
            raise ModelError(f"The GGUF file {file} lacks {kind}.{name}; take another one.")
        return int(field.contents())

    heads = number("attention.head_count")
    has_key_length = f"{kind}.attention.key_length" in reader.fields
    return Architecture(
        model_type=kind,
        hidden_size=number("embedding_length"),
        intermediate_size=number("feed_forward_length"),
        num_hidden_layers=number("block_count"),
        num_attention_heads=heads,
        num_key_value_heads=number("attention.head_count_kv"),
        vocab_size=len(reader.fields["tokenizer.ggml.tokens"].data),
        tie_word_embeddings=not any(tensor.name == "output.weight" for tensor in reader.tensors),
        head_dim=number("attention.key_length") if has_key_length else 0,
        norms_per_layer=4 if kind in FOUR_NORMS else 2,
        qk_norms=kind in QK_NORMS,
    )
