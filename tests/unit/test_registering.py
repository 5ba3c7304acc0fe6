"""A twin's version appears whole or not at all, whatever happens to the export."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from llm_engineering.application.ports import Progress
from llm_engineering.application.registering import slug
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.errors import TrainingError
from llm_engineering.domain.twins import BaseModelFacts
from llm_engineering.infrastructure.stores.sqlite_documents import SqliteDocuments
from tests.samples import ADA
from tests.unit.test_training import WritingExporter, trained

REPOSITORY = Path(__file__).resolve().parents[2]
KILLED_IN_THE_MIDDLE = """
import os, signal, sys
from pathlib import Path
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.infrastructure.stores.sqlite_documents import SqliteDocuments
from tests.unit.test_training import WritingExporter, trained

class Killed(WritingExporter):
    def export(self, *, output_dir, **more):
        (output_dir / "model.gguf").write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)

place = Path(sys.argv[1])
trained(place, Warehouse(SqliteDocuments(place / "twin.sqlite3")), Killed())
"""


class FullDisk(WritingExporter):
    """An Exporter that finds no room for its second file."""

    def export(self, *, output_dir: Path, **more: Any) -> BaseModelFacts:
        super().export(output_dir=output_dir, **more)
        raise OSError(errno.ENOSPC, "No space left on device", str(output_dir / "model-f16.gguf"))


@pytest.fixture
def warehouse(tmp_path: Path) -> Any:
    store = SqliteDocuments(tmp_path / "twin.sqlite3")
    yield Warehouse(store)
    store.close()


def on_disk(tmp_path: Path) -> list[str]:
    directory = tmp_path / "twins" / slug(ADA.full_name)
    return sorted(entry.name for entry in directory.iterdir()) if directory.is_dir() else []


def test_an_export_that_is_killed_leaves_no_half_twin_and_is_made_up_for(tmp_path: Path, warehouse: Warehouse) -> None:
    command = [sys.executable, "-c", KILLED_IN_THE_MIDDLE, str(tmp_path)]
    killed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert on_disk(tmp_path) == [".building-v1"]
    assert warehouse.twins() == []
    manifest = trained(tmp_path, warehouse)
    assert manifest.version == 1
    assert on_disk(tmp_path) == ["v1"]
    assert warehouse.twins() == [manifest]


def test_a_full_disk_is_one_sentence_and_gives_its_room_back(tmp_path: Path, warehouse: Warehouse) -> None:
    with pytest.raises(TrainingError, match=r"cannot be written to .*v1 \(No space left on device\); make room"):
        trained(tmp_path, warehouse, FullDisk())
    assert on_disk(tmp_path) == []
    assert warehouse.twins() == []
    assert trained(tmp_path, warehouse).version == 1


def test_ctrl_c_in_the_middle_leaves_nothing(tmp_path: Path, warehouse: Warehouse) -> None:
    class Interrupted(WritingExporter):
        def export(self, **more: Any) -> BaseModelFacts:
            super().export(**more)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path, warehouse, Interrupted())
    assert on_disk(tmp_path) == []


def test_whoever_may_read_a_new_file_may_read_all_of_a_twin(tmp_path: Path, warehouse: Warehouse) -> None:
    class ForItsOwner(WritingExporter):
        def export(self, *, adapter_dir: Path, output_dir: Path, **more: Any) -> BaseModelFacts:
            (output_dir / "merged").mkdir()
            (output_dir / "merged" / "model.safetensors").write_bytes(b"m")
            for file in (output_dir / "merged" / "model.safetensors", adapter_dir / "adapter_model.safetensors"):
                file.chmod(0o600)
            return super().export(adapter_dir=adapter_dir, output_dir=output_dir, **more)

    before = os.umask(0o027)
    try:
        directory = trained(tmp_path, warehouse, ForItsOwner()).directory
    finally:
        os.umask(before)
    files = [file for file in directory.rglob("*") if file.is_file()]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o640}
    assert {"adapter_model.safetensors", "model.safetensors", "manifest.json"} <= {file.name for file in files}
    assert ".mode" not in {file.name for file in files}


def test_the_manifest_has_the_hash_of_every_file_and_of_no_other(tmp_path: Path, warehouse: Warehouse) -> None:
    class WithMerged(WritingExporter):
        def export(self, *, output_dir: Path, progress: Progress, **more: Any) -> BaseModelFacts:
            (output_dir / "merged").mkdir()
            (output_dir / "merged" / "model.safetensors").write_bytes(b"m")
            return super().export(output_dir=output_dir, progress=progress, **more)

    manifest = trained(tmp_path, warehouse, WithMerged())
    files = [file for file in manifest.directory.rglob("*") if file.is_file() and file.name != "manifest.json"]
    assert manifest.files == {
        file.relative_to(manifest.directory).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files
    }
    assert "merged/model.safetensors" in manifest.files
    assert manifest.base == BaseModelFacts(hub_id="someone/b", licence="mit")
    assert 'base_model: "someone/b"' in (manifest.directory / "README.md").read_text()
