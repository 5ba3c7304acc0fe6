"""What of a twin goes to a model hub, under which names there."""

import hashlib
import json
from pathlib import Path

from llm_engineering.application.ports import ModelHub
from llm_engineering.domain.errors import CorruptModel, ModelError
from llm_engineering.domain.twins import ADAPTER, CARD, GGUF, GGUF_F16, MERGED, TwinManifest

ADAPTER_CONFIG = "adapter_config.json"


def push(
    manifest: TwinManifest,
    directory: Path,
    hub: ModelHub,
    model_id: str,
    *,
    public: bool = False,
    merged: bool = False,
    gguf: bool = False,
) -> str:
    """Publish adapter and model card, and more where it is asked for; returns the address.

    manifest.json stays here: it names directories and accounts of this machine. Raises CorruptModel
    for a file that is not the one on record, ModelError for a part that this twin lacks, and what
    the hub raises.
    """
    files = upload(manifest, merged=merged, gguf=gguf)
    for name in files.values():
        _verify(directory / name, manifest.files[name])
    sent: dict[str, Path | bytes] = {there: directory / here for there, here in files.items()}
    if ADAPTER_CONFIG in sent:
        sent[ADAPTER_CONFIG] = _adapter_config(manifest, directory / ADAPTER / ADAPTER_CONFIG)
    return hub.push(sent, model_id, public=public, message=f"LLM twin {manifest.name}/{manifest.version}")


def upload(manifest: TwinManifest, *, merged: bool = False, gguf: bool = False) -> dict[str, str]:
    """Path on the hub → path below the twin's directory.

    The adapter stands in the root, where PEFT looks for it, and so do card and GGUF files; merged/
    stays a folder. Raises ModelError for a part that is asked for and not there.
    """
    adapter = [name for name in manifest.files if name.startswith(f"{ADAPTER}/")]
    files = {name.removeprefix(f"{ADAPTER}/"): name for name in adapter}
    files.pop(CARD, None)  # PEFT's empty form, in twins of earlier versions
    if CARD in manifest.files:
        files[CARD] = CARD
    if merged:
        found = {name: name for name in manifest.files if name.startswith(f"{MERGED}/")}
        if not found:
            raise ModelError(
                f"The twin {manifest.name}/{manifest.version} has no {MERGED}/; set KEEP_MERGED_MODEL=true and train "
                "again (a stage whose inputs are unchanged is not repeated), or push without --merged."
            )
        files |= found
    if gguf:
        files |= {name: name for name in (GGUF, GGUF_F16) if name in manifest.files}
    return files


def _adapter_config(manifest: TwinManifest, file: Path) -> bytes:
    """With a base model that PEFT finds elsewhere, too, and no directory of this machine."""
    config = json.loads(file.read_text("utf-8"))
    config["base_model_name_or_path"] = manifest.base.hub_id or Path(manifest.base_model).name
    return json.dumps(config, indent=2, ensure_ascii=False).encode()


def _verify(file: Path, expected: str) -> None:
    try:
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{file} cannot be read ({error.strerror}); copy it back or train again.") from error
    if found != expected:
        raise CorruptModel(f"{file} is not the file on record (its sha256 differs); copy it back or train again.")
