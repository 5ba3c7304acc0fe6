"""The GGUF file of a twin, found and verified."""

import hashlib
from pathlib import Path

from llm_engineering.domain.errors import CorruptModel, ModelError
from llm_engineering.domain.twins import GGUF, TwinManifest


class Weights:
    """Hands out GGUF files whose sha256 is the manifest's.

    A file is hashed when it is first asked for, and again when its size or time has changed.
    """

    def __init__(self, twins_dir: Path) -> None:
        self._twins_dir = twins_dir
        self._verified: dict[Path, tuple[int, int, str]] = {}

    def file(self, manifest: TwinManifest) -> Path:
        """The twin's file, where it was trained or below `twins_dir` (another machine, a container).

        Raises ModelError when it is in neither place, CorruptModel when it is another file.
        """
        twin = f"{manifest.name}/{manifest.version}"
        expected = manifest.files.get(GGUF)
        if expected is None:
            raise ModelError(
                f"The twin {twin} has no {GGUF} on record; train it again with ./poe run-training-pipeline."
            )
        places = (manifest.directory, self._twins_dir / manifest.name / f"v{manifest.version}")
        file = next((place / GGUF for place in places if (place / GGUF).is_file()), None)
        if file is None:
            raise ModelError(
                f"The twin {twin} cannot be loaded: there is no {places[0] / GGUF}; "
                "copy it back, correct TWINS_DIR, or train the twin again with ./poe run-training-pipeline."
            )
        self._verify(file, expected, twin)
        return file

    def _verify(self, file: Path, expected: str, twin: str) -> None:
        try:
            stat = file.stat()
            seen = (stat.st_size, stat.st_mtime_ns, expected)
            if self._verified.get(file) == seen:
                return
            with file.open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise ModelError(f"The twin {twin} cannot be loaded: {file}: {error.strerror}; correct that.") from error
        if found != expected:
            raise CorruptModel(
                f"The twin {twin} cannot be loaded: {file} is not the file on record (its sha256 differs); "
                "copy it back or train the twin again with ./poe run-training-pipeline."
            )
        self._verified[file] = seen
