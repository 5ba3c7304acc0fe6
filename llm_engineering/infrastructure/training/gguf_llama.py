"""Llama models in GGUF: which tensor is which, and in what order of rows, both ways.

GGUF stores the rows of the query and key projections for rotary embeddings of neighbouring
pairs, Hugging Face for pairs half a head apart (`permute` in llama.cpp's conversion script).
"""

import re
from typing import TYPE_CHECKING, Any

from llm_engineering.domain.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from gguf import GGUFReader
    from transformers import LlamaConfig, PreTrainedTokenizerBase

WHOLE = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
IN_BLOCK = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
CONTROL_TOKEN = 3  # GGUF's token type of <|im_start|> and its like


def hugging_face_name(tensor: str) -> str:
    """E.g. "blk.3.attn_q.weight" → "model.layers.3.self_attn.q_proj.weight". Raises ModelError for an unknown one."""
    block = re.fullmatch(r"blk\.(\d+)\.(\w+)\.weight", tensor)
    if block and block[2] in IN_BLOCK:
        return f"model.layers.{block[1]}.{IN_BLOCK[block[2]]}.weight"
    whole = tensor.removesuffix(".weight")
    if whole not in WHOLE:
        raise ModelError(f"The GGUF tensor {tensor} is not one of a Llama model; use an embedded model or a directory.")
    return f"{WHOLE[whole]}.weight"


def rows_to_gguf(name: str, weight: "np.ndarray", config: "LlamaConfig") -> "np.ndarray":
    """The weight (out, in) called `name` by Hugging Face, rows in GGUF's order."""
    heads = _rotary_heads(name, config)
    return (
        weight if heads is None else weight.reshape(heads, 2, -1, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)
    )


def rows_from_gguf(name: str, weight: "np.ndarray", config: "LlamaConfig") -> "np.ndarray":
    """The inverse of `rows_to_gguf`."""
    heads = _rotary_heads(name, config)
    return (
        weight if heads is None else weight.reshape(heads, -1, 2, weight.shape[1]).swapaxes(1, 2).reshape(weight.shape)
    )


def _rotary_heads(name: str, config: "LlamaConfig") -> int | None:
    if name.endswith("q_proj.weight"):
        return int(config.num_attention_heads)
    if name.endswith("k_proj.weight"):
        return int(config.num_key_value_heads or config.num_attention_heads)
    return None


def config_of(reader: "GGUFReader") -> "LlamaConfig":
    """The architecture that the file's metadata describe. Raises ModelError for any but Llama's."""
    from transformers import LlamaConfig

    architecture = _field(reader, "general.architecture")
    if architecture != "llama":
        raise ModelError(f"The GGUF file holds a {architecture} model, but only Llama models can be trained from GGUF.")
    tensors = {tensor.name for tensor in reader.tensors}
    return LlamaConfig(
        vocab_size=_field(reader, "llama.vocab_size"),
        hidden_size=_field(reader, "llama.embedding_length"),
        intermediate_size=_field(reader, "llama.feed_forward_length"),
        num_hidden_layers=_field(reader, "llama.block_count"),
        num_attention_heads=_field(reader, "llama.attention.head_count"),
        num_key_value_heads=_field(reader, "llama.attention.head_count_kv"),
        max_position_embeddings=_field(reader, "llama.context_length"),
        rms_norm_eps=_field(reader, "llama.attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": _field(reader, "llama.rope.freq_base")},
        tie_word_embeddings="output.weight" not in tensors,
        bos_token_id=_field(reader, "tokenizer.ggml.bos_token_id"),
        eos_token_id=_field(reader, "tokenizer.ggml.eos_token_id"),
        pad_token_id=_field(reader, "tokenizer.ggml.padding_token_id"),
    )


def tokenizer_of(reader: "GGUFReader") -> "PreTrainedTokenizerBase":
    """The tokenizer that llama.cpp uses for this file, token for token, with its chat template.

    Not by `AutoTokenizer`, which leaves out the splitting at digits and takes another token for
    the end of a turn. Raises ModelError for a kind of tokenizer that no embedded model has.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    kind = (_field(reader, "tokenizer.ggml.model"), _field(reader, "tokenizer.ggml.pre"))
    if kind != ("gpt2", "smollm"):
        raise ModelError(f"The GGUF file has a tokenizer of kind {kind}, which is not known here; use a directory.")
    texts: list[str] = _field(reader, "tokenizer.ggml.tokens")
    merges = [tuple(merge.split(" ")) for merge in _field(reader, "tokenizer.ggml.merges")]
    backend = Tokenizer(models.BPE({text: place for place, text in enumerate(texts)}, merges))
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    backend.decoder = decoders.ByteLevel()
    types = _field(reader, "tokenizer.ggml.token_type")
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=texts[_field(reader, "tokenizer.ggml.bos_token_id")],
        eos_token=texts[_field(reader, "tokenizer.ggml.eos_token_id")],
        unk_token=texts[_field(reader, "tokenizer.ggml.unknown_token_id")],
        pad_token=texts[_field(reader, "tokenizer.ggml.padding_token_id")],
        additional_special_tokens=[text for text, type_ in zip(texts, types, strict=True) if type_ == CONTROL_TOKEN],
        chat_template=_field(reader, "tokenizer.chat_template"),
        clean_up_tokenization_spaces=False,
    )


def _field(reader: "GGUFReader", name: str) -> Any:
    if name not in reader.fields:
        raise ModelError(f"The GGUF file lacks {name}; use another base model.")
    return reader.fields[name].contents()
