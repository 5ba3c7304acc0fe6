"""Steps of `export_artifact_to_json`."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel
from zenml import step

from steps.context import log_step, opened_twin


@step(enable_cache=False)
def serialize_artifact(artifact: Any, artifact_name: str) -> Annotated[dict[str, Any], "serialized_artifact"]:
    """The artifact as plain JSON under "artifact_data", whatever its type."""
    log_step(artifact=artifact_name)
    return {"artifact_name": artifact_name, "artifact_data": _plain(artifact)}


@step(enable_cache=False)
def to_json(data: dict[str, Any], file_name: str) -> Annotated[str, "exported_file"]:
    """Write the data to OUTPUT_DIR/artifacts/`file_name`, in one step."""
    with opened_twin() as twin:
        file = Path(twin.settings.OUTPUT_DIR) / "artifacts" / file_name
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.tmp")
    temporary.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(temporary, file)
    log_step(file=str(file), summary=str(file))
    return str(file)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
