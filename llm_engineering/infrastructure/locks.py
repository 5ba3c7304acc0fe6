"""One process at a time, or many that read."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from llm_engineering.domain.errors import StoreLocked, TrainingError


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


@contextmanager
def in_use(file: Path) -> Iterator[None]:
    """Others may use the file as well meanwhile, on this machine; nobody can hold it by `unused`.

    A file that is not there, or on a disk without locks, is no error here.
    """
    try:
        stream = file.open("rb")
    except OSError:
        yield
        return
    with stream:
        with suppress(OSError):
            fcntl.flock(stream, fcntl.LOCK_SH)
        yield


@contextmanager
def unused(file: Path) -> Iterator[None]:
    """Raises StoreLocked when somebody on this machine uses the file; nobody begins to while the context lasts."""
    try:
        stream = file.open("rb")
    except OSError:
        yield
        return
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreLocked(
                f"{file} is open in another process, the service perhaps; stop that one, then try again."
            ) from None
        except OSError:  # a disk without locks
            pass
        yield
