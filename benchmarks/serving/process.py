"""The service as a user starts it: a process of its own on a free port, and what memory it takes."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from benchmarks.serving.stock import settings_of
from llm_engineering.domain.errors import ServiceError
from tools.environment import REPOSITORY

SAMPLE_SECONDS = 0.25
START_SECONDS = 300.0


class Service:
    """A running service. `address` begins with http://."""

    def __init__(self, address: str, process: "subprocess.Popen[str]") -> None:
        self.address = address
        self._process = psutil.Process(process.pid)

    @property
    def memory_mb(self) -> float:
        """Resident memory of the process and its children now."""
        total = 0
        for one in (self._process, *self._process.children(recursive=True)):
            with suppress(psutil.Error):
                total += one.memory_info().rss
        return round(total / 2**20, 1)

    @contextmanager
    def watched(self) -> Iterator[list[float]]:
        """The memory in megabytes, again and again until the context ends; filled while it lasts."""
        seen, over = [self.memory_mb], threading.Event()

        def watch() -> None:
            while not over.wait(SAMPLE_SECONDS):
                seen.append(self.memory_mb)

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield seen
        finally:
            over.set()
            thread.join()


@contextmanager
def started(home: Path, **settings: str) -> Iterator[Service]:
    """The service on the data in `home`, away from any `.env`. Raises ServiceError when it does not start."""
    environment = {
        **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
        "HOME": str(home),
        "PYTHONPATH": str(REPOSITORY),
        "HF_HUB_OFFLINE": "1",
        "DATA_DIR": str(home / "data"),
        "MODELS_DIR": str(settings_of(home).models_dir),
        **settings,
    }
    command = [sys.executable, "-m", "tools.serve", "--port", "0"]
    with (home / "service.log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(command, cwd=home, env=environment, text=True, stdout=subprocess.PIPE, stderr=log)
        try:
            yield Service(_address(process, home / "service.log"), process)
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(process: "subprocess.Popen[str]", log: Path) -> str:
    watch = threading.Timer(START_SECONDS, process.kill)
    watch.start()
    try:
        for line in process.stdout or ():
            if line.startswith("Listening on "):
                return line.split()[2]
    finally:
        watch.cancel()
    raise ServiceError(f"The service did not start: {log.read_text(encoding='utf-8')[-500:].strip()}")
