"""Steps of `export_artifact_to_json`."""

from typing import Annotated, Any

from pydantic import BaseModel
from zenml import step

from llm_engineering.application.dataset_card import card_of
from llm_engineering.application.dataset_rows import rows_of
from llm_engineering.domain.datasets import InstructDataset, PreferenceDataset
from steps.context import log_step, opened_twin

DATASETS = (InstructDataset, PreferenceDataset)


@step(enable_cache=False)
def serialize_artifact(artifact: Any, artifact_name: str) -> Annotated[dict[str, Any], "serialized_artifact"]:
    """The artifact as plain JSON under "artifact_data", whatever its type."""
    log_step(artifact=artifact_name)
    return {"artifact_name": artifact_name, "artifact_data": _plain(artifact)}


@step(enable_cache=False)
def to_json(data: dict[str, Any], file_name: str) -> Annotated[str, "exported_file"]:
    """Write the data to OUTPUT_DIR/artifacts/`file_name`.json, in one step."""
    with opened_twin() as twin:
        file = twin.artifact_files.json(file_name, data)
    log_step(file=str(file), summary=str(file))
    return str(file)


@step(enable_cache=False)
def to_dataset_files(artifact: Any, name: str, formats: list[str]) -> Annotated[list[str], "exported_folders"]:
    """Write a dataset's rows to OUTPUT_DIR/artifacts/NAME.jsonl/ and NAME.hf/; of another artifact nothing."""
    written: list[str] = []
    if isinstance(artifact, DATASETS):
        rows, card = rows_of(artifact), card_of(artifact)
        with opened_twin() as twin:
            files = twin.artifact_files
            written += [str(files.json_lines(name, rows, card))] if "jsonl" in formats else []
            written += [str(files.dataset_dict(name, rows, card))] if "hf" in formats else []
    log_step(summary=", ".join(written) or f"{name} is no dataset: only JSON is written of it")
    return written


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
