"""Whether the exported GGUF file on llama.cpp writes what the merged model writes in transformers."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from llm_engineering.application.ports import Progress
from llm_engineering.domain.twins import GGUF_F16, MERGED
from llm_engineering.infrastructure.models.llamacpp import LlamaCppChat
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.base_model import BaseModel, load_base_model
from llm_engineering.infrastructure.training.export import TwinExporter

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

TOKENS = 32
BATCH = 10
Messages = list[dict[str, str]]


def measure(
    models: ModelStore, prompts: Sequence[Messages], *, base_model: str, adapter_dir: Path, progress: Progress
) -> dict[str, Any]:
    """Share of the prompts whose first 32 tokens, decoded greedily, are equal; and whether the chat template is."""
    import torch

    with TemporaryDirectory() as temporary:
        directory = Path(temporary)
        TwinExporter(models, keep_merged=True).export(
            base_model=base_model, adapter_dir=adapter_dir, output_dir=directory, progress=progress
        )
        merged = load_base_model(str(directory / MERGED), models, device="cpu", dtype=torch.float32)
        file = directory / GGUF_F16
        in_file, in_directory = chat_template(file), str(merged.tokenizer.chat_template)
        served = list(progress.track(_on_llama_cpp(file, prompts), "GGUF on llama.cpp", total=len(prompts)))
        batches = [prompts[at : at + BATCH] for at in range(0, len(prompts), BATCH)]
        told = f"merged model in transformers, {BATCH} at a time"
        written = [row for batch in progress.track(batches, told) for row in greedy(merged, batch)]
    equal = [said.text == theirs for said, (theirs, _) in zip(served, written, strict=True)]
    asked = [
        said.usage_metadata is not None and said.usage_metadata["input_tokens"] == tokens
        for said, (_, tokens) in zip(served, written, strict=True)
    ]
    return {
        "gguf_agreement": sum(equal) / len(equal),
        "gguf_prompts": len(prompts),
        "gguf_template_equal": in_file.encode() == in_directory.encode(),
        "gguf_prompt_lengths_equal": sum(asked) / len(asked),
        "gguf_differing": [
            {"prompt": prompt[-1]["content"], "llama.cpp": said.text, "transformers": theirs}
            for prompt, said, (theirs, _), same in zip(prompts, served, written, equal, strict=True)
            if not same
        ],
    }


def chat_template(file: Path) -> str:
    """The template inside a GGUF file."""
    from gguf import GGUFReader

    return str(GGUFReader(file).fields["tokenizer.chat_template"].contents())


def greedy(model: BaseModel, prompts: Sequence[Messages]) -> list[tuple[str, int]]:
    """What the model writes to each, and how many tokens it was asked by."""
    import torch

    tokenizer, generating = model.tokenizer, cast(Any, model.model)
    texts = [tokenizer.apply_chat_template(one, tokenize=False, add_generation_prompt=True) for one in prompts]
    asked = tokenizer(texts, add_special_tokens=False, padding=True, padding_side="left", return_tensors="pt")
    with torch.inference_mode():
        whole = generating.generate(
            asked["input_ids"], attention_mask=asked["attention_mask"], max_new_tokens=TOKENS, do_sample=False
        )
    written = tokenizer.batch_decode(whole[:, asked["input_ids"].shape[1] :], skip_special_tokens=True)
    return [(text, int(mask.sum())) for text, mask in zip(written, asked["attention_mask"], strict=True)]


def _on_llama_cpp(file: Path, prompts: Sequence[Messages]) -> "Iterator[AIMessage]":
    with closing(LlamaCppChat(file, slots=1)) as chat:
        decoding = chat.bind(temperature=0.0, max_tokens=TOKENS, repeat_penalty=1.0)
        for prompt in prompts:
            yield decoding.invoke(prompt)
