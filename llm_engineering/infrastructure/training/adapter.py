"""LoRA adapters on disk: written all or not at all, and only put on the base model they were trained on."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from llm_engineering.domain.errors import ModelError

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel


def save_adapter(model: "PeftModel", directory: Path, *, base_model: str) -> None:
    """Write the adapter called "default" to the directory, in place of one that is there, in one move."""
    model.peft_config["default"].base_model_name_or_path = base_model
    partial = directory.with_name(f".{directory.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    # "auto" would look the base model up on the hub to see whether its vocabulary has grown.
    model.save_pretrained(str(partial), selected_adapters=["default"], save_embedding_layers=False)
    put_in_place(partial, directory)


def put_in_place(written: Path, directory: Path) -> None:
    """Move what was written whole to the directory, in place of what is there."""
    replaced = directory.with_name(f".{directory.name}.replaced")
    shutil.rmtree(replaced, ignore_errors=True)
    if directory.exists():
        directory.rename(replaced)
    written.rename(directory)
    shutil.rmtree(replaced, ignore_errors=True)


def with_adapter(model: "PreTrainedModel", directory: Path, *, base_model: str, trainable: bool = False) -> "PeftModel":
    """The base model, called `base_model`, with the adapter of that directory on it.

    Raises ModelError when there is no adapter, it was trained on another base model, or it does not fit.
    """
    from peft import PeftModel

    require_adapter_of(directory, base_model)
    try:
        return PeftModel.from_pretrained(model, str(directory), is_trainable=trainable)
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(
            f"The adapter in {directory} cannot be put on {base_model} ({reason}); train again."
        ) from error


def require_adapter_of(directory: Path, base_model: str) -> None:
    """Raises ModelError when there is no adapter in the directory, or it was trained on another base model."""
    from peft import PeftConfig

    if not (directory / "adapter_config.json").is_file():
        raise ModelError(f"There is no adapter in {directory}; run the training pipeline first.")
    trained_on = PeftConfig.from_pretrained(str(directory)).base_model_name_or_path or base_model
    # Only the last part of the name, because a directory may have moved since.
    if Path(trained_on).name != Path(base_model).name:
        raise ModelError(
            f"The adapter in {directory} was trained on {trained_on}, not on {base_model}; set HF_MODEL_ID to it."
        )
