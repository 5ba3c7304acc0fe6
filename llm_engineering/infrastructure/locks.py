"""One process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from llm_engineering.domain.errors import TrainingError


@contextmanager
def training_alone_in(directory: Path) -> Iterator[None]:
    """Holds an author's directory of twins. Raises TrainingError when another training holds it."""
    directory.mkdir(parents=True, exist_ok=True)
    lock = FileLock(directory / ".training")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise TrainingError(f"Another training is at work in {directory}; wait until it ends, or stop it.") from None
    try:
        yield
    finally:
        lock.release()
