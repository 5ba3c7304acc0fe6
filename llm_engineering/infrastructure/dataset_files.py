"""Artifacts as files: JSON, JSON Lines, and what `datasets.load_from_disk` reads."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from llm_engineering.application.ports import Record

Rows = Mapping[str, list[Record]]
"""Split (train, test) → its rows."""


class ArtifactFiles:
    """Writes below one directory. Each file or folder appears whole or not at all, in place of the one before."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def json(self, name: str, data: Any) -> Path:
        """NAME.json, indented for people."""
        file = self._directory / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
        temporary.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(temporary, file)
        return file

    def json_lines(self, name: str, rows: Rows, card: str) -> Path:
        """NAME.jsonl/SPLIT.jsonl of each split, and the card as README.md."""
        with _replaced(self._directory / f"{name}.jsonl") as building:
            for split, some in rows.items():
                (building / f"{split}.jsonl").write_text(json_lines(some), encoding="utf-8")
            (building / "README.md").write_text(card, encoding="utf-8")
        return self._directory / f"{name}.jsonl"

    def dataset_dict(self, name: str, rows: Rows, card: str) -> Path:
        """NAME.hf/, a `DatasetDict` for `datasets.load_from_disk`, and the card as README.md."""
        from datasets import Dataset, DatasetDict, disable_progress_bars

        disable_progress_bars()
        with _replaced(self._directory / f"{name}.hf") as building:
            DatasetDict({split: Dataset.from_list(some) for split, some in rows.items()}).save_to_disk(str(building))
            (building / "README.md").write_text(card, encoding="utf-8")
        return self._directory / f"{name}.hf"


def json_lines(rows: list[Record]) -> str:
    """A row a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@contextmanager
def _replaced(directory: Path) -> Iterator[Path]:
    """An empty folder that takes the place of `directory` at the end, unless an error comes before."""
    building = directory.with_name(f".{directory.name}.{os.getpid()}.tmp")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        yield building
        old = directory.with_name(f".{directory.name}.{os.getpid()}.old")
        if directory.exists():
            os.replace(directory, old)
        os.replace(building, directory)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(building, ignore_errors=True)
