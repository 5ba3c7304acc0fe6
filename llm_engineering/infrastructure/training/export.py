"""Turns a base model and its adapter into what can be served: one merged model, and two GGUF files of it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from llm_engineering.application.ports import Progress
from llm_engineering.domain.errors import ModelError
from llm_engineering.domain.twins import GGUF, GGUF_F16, MERGED, BaseModelFacts
from llm_engineering.infrastructure.models.embedded import EMBEDDED_MODELS, MODEL_PREFIX
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.adapter import with_adapter
from llm_engineering.infrastructure.training.base_model import BaseModel, base_config, load_base_model
from llm_engineering.infrastructure.training.gguf_export import (
    BYTES_PER_WEIGHT,
    Precision,
    convert,
    found_converter,
    write_gguf,
)

if TYPE_CHECKING:
    import torch

MOST_MERGED_BYTES = 4e9
"""A merged model larger than this is left out unless it is asked for: base and adapter make it again."""
GGUF_FILES: dict[str, Precision] = {GGUF: "q8_0", GGUF_F16: "f16"}


class TwinExporter:
    """Merges an adapter into its base model, and writes the sum in each format.

    merged/ and model-f16.gguf hold the same numbers; model.gguf is half as large. Each carries the
    tokenizer and its chat template.
    """

    def __init__(self, models: ModelStore, *, keep_merged: bool | None = None) -> None:
        """`keep_merged`: whether merged/ stays; None decides by its size."""
        self._models = models
        self._keep_merged = keep_merged

    def require(self, base_model: str) -> None:
        """Raises MissingDependency when an export of this base model would lack a program."""
        if not base_model.startswith(MODEL_PREFIX):
            found_converter(base_model)

    def export(self, *, base_model: str, adapter_dir: Path, output_dir: Path, progress: Progress) -> BaseModelFacts:
        """Write model.gguf, model-f16.gguf and, where it is kept, merged/ into the directory.

        An embedded base model's tokenizer and other metadata are copied from its own GGUF file. For
        others llama.cpp's converter does the work, from the PATH. What an interruption leaves is the
        caller's to remove. Raises ModelError when the adapter does not fit, the merged weights are no
        numbers, or the disk has no room or refuses; MissingDependency as `require`.
        """
        self.require(base_model)
        progress.note("  merging the adapter into the base model")
        with _disk_trouble_told(output_dir):
            output_dir.mkdir(parents=True, exist_ok=True)
            merged = self._merged(base_model, adapter_dir)
            weights = sum(parameter.numel() for parameter in merged.model.parameters())
            keep = 2 * weights <= MOST_MERGED_BYTES if self._keep_merged is None else self._keep_merged
            embedded = base_model.startswith(MODEL_PREFIX)
            _require_room(weights, output_dir, with_merged=keep or not embedded)
            if embedded:
                for name, precision in GGUF_FILES.items():
                    progress.note(f"  writing {name} ({precision})")
                    write_gguf(merged.model, self._models.path(base_model), output_dir / name, precision)
            if keep or not embedded:
                progress.note(f"  writing {MERGED}/")
                _save(merged, output_dir / MERGED)
            if not embedded:
                for name, precision in GGUF_FILES.items():
                    progress.note(f"  writing {name} ({precision})")
                    convert(output_dir / MERGED, found_converter(base_model), output_dir / name, precision)
                if not keep:
                    shutil.rmtree(output_dir / MERGED)
        return base_model_facts(base_model, self._models.hub_token)

    def _merged(self, base_model: str, adapter_dir: Path) -> BaseModel:
        base = load_base_model(base_model, self._models, device="cpu", dtype=_stored_dtype(base_model, self._models))
        adapted = with_adapter(base.model, adapter_dir, base_model=base_model)
        try:
            return BaseModel(adapted.merge_and_unload(safe_merge=True), base.tokenizer)
        except ValueError as error:
            raise ModelError(f"The adapter in {adapter_dir} holds numbers that are none; train again.") from error


def base_model_facts(base_model: str, hub_token: str | None = None) -> BaseModelFacts:
    """Where the base model is from, and under which licence, as far as its card can be read."""
    if base_model.startswith(MODEL_PREFIX):
        known = EMBEDDED_MODELS[base_model.removeprefix(MODEL_PREFIX)]
        return BaseModelFacts(hub_id=known.original, licence=known.licence.lower())
    from huggingface_hub import ModelCard

    is_directory = Path(base_model).is_dir()
    try:
        card = ModelCard.load(Path(base_model) / "README.md" if is_directory else base_model, token=hub_token)
    except (OSError, ValueError):  # none there, no network, or one that is none
        return BaseModelFacts(hub_id=None if is_directory else base_model)
    return BaseModelFacts(hub_id=None if is_directory else base_model, licence=card.data.license)


def _stored_dtype(base_model: str, models: ModelStore) -> "torch.dtype":
    """What the weights are kept in. An adapter is added to them in whole precision and rounded once."""
    import torch

    if base_model.startswith(MODEL_PREFIX):
        return torch.float32
    config = base_config(base_model, models)
    stored = config.get_text_config().dtype or config.dtype
    return stored if isinstance(stored, torch.dtype) else torch.float32


def _save(merged: BaseModel, directory: Path) -> None:
    """In Hugging Face's format. Whole precision, which nobody needs to serve, becomes what model-f16.gguf has."""
    import torch

    model = merged.model.to(torch.float16) if merged.model.dtype == torch.float32 else merged.model
    model.save_pretrained(directory)
    merged.tokenizer.save_pretrained(directory)


def _require_room(weights: int, directory: Path, *, with_merged: bool) -> None:
    needed = weights * (sum(BYTES_PER_WEIGHT[precision] for precision in GGUF_FILES.values()) + 2 * with_merged)
    free = shutil.disk_usage(directory).free
    if needed > free:
        raise ModelError(
            f"The export needs {needed / 1e9:.1f} GB in {directory.parent} and {free / 1e9:.1f} GB are free; make room "
            "and run the same command again: what is trained is kept."
        )


@contextmanager
def _disk_trouble_told(directory: Path) -> Iterator[None]:
    from safetensors import SafetensorError  # what a full disk is called while merged/ is written

    try:
        yield
    except (OSError, SafetensorError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ModelError(
            f"The export cannot be written to {directory.parent} ({reason}); correct that and run the same command "
            "again: what is trained is kept."
        ) from error
