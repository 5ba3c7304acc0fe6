"""A browser's driver ends with everything that came of it, however its owner ends."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from llm_engineering.domain.errors import BrowserMissing
from llm_engineering.infrastructure.sources.browser_process import DriverProcess

SAYS_ITS_PORT = "echo 'ChromeDriver was started successfully on port 4321.'"
OWNER = """
import os, sys, time
from llm_engineering.infrastructure.sources.browser_process import DriverProcess
process = DriverProcess(sys.argv[1])
print(process.directory, flush=True)
if "fork" in sys.argv and os.fork() == 0:
    os.close(1)
time.sleep(12)
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="process groups are those of POSIX")


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files go, watched: short, because the browser's socket has to fit in a name of 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="room-", dir="/tmp") as place:
        monkeypatch.setenv("TMPDIR", place)
        yield Path(place)


def driver(tmp_path: Path, script: str) -> str:
    path = tmp_path / "chromedriver"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def processes_in(room: Path) -> list[str]:
    """Those that were given a directory below `room` for their temporary files."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.environ().get("HOME", "").startswith(f"{room}/"):
                found.append(process.name())
        except psutil.Error:
            continue
    return found


def wait_until_empty(room: Path, seconds: float = 8.0) -> None:
    end = time.monotonic() + seconds
    while (processes_in(room) or list(room.iterdir())) and time.monotonic() < end:
        time.sleep(0.05)
    assert processes_in(room) == []
    assert list(room.iterdir()) == []


def test_a_driver_tells_its_port_and_runs_until_it_is_stopped(room: Path, tmp_path: Path) -> None:
    process = DriverProcess(driver(tmp_path, f"touch profile; sleep 60 & {SAYS_ITS_PORT}; wait"))
    assert process.port == 4321
    assert process.is_running
    assert process.directory.parent == room
    assert len(processes_in(room)) >= 2
    process.stop()
    process.stop()
    assert not process.is_running
    assert processes_in(room) == []
    assert list(room.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has subreapers")
def test_what_left_the_drivers_group_ends_with_it(room: Path, tmp_path: Path) -> None:
    escape = "(setsid sleep 61 &) ; (setsid sh -c 'sleep 62 & sleep 63' &)"
    process = DriverProcess(driver(tmp_path, f"{escape}\n{SAYS_ITS_PORT}\nsleep 60"))
    time.sleep(0.2)
    assert processes_in(room).count("sleep") >= 4
    process.stop()
    assert processes_in(room) == []


def test_a_driver_that_is_stopped_by_a_signal_and_answers_to_none_is_killed(room: Path, tmp_path: Path) -> None:
    process = DriverProcess(driver(tmp_path, f"trap '' TERM INT HUP; {SAYS_ITS_PORT}; kill -STOP $$"))
    process.stop()
    assert processes_in(room) == []
    assert list(room.iterdir()) == []


def test_a_driver_that_ends_by_itself_leaves_nothing(room: Path, tmp_path: Path) -> None:
    with pytest.raises(BrowserMissing, match="needs a browser, but its driver does not start"):
        DriverProcess(driver(tmp_path, "sleep 60 & exit 3"))
    assert processes_in(room) == []
    assert list(room.iterdir()) == []


def test_a_driver_that_nobody_stopped_ends_when_it_is_forgotten(room: Path, tmp_path: Path) -> None:
    process = DriverProcess(driver(tmp_path, f"{SAYS_ITS_PORT}; sleep 60"))
    del process
    assert processes_in(room) == []
    assert list(room.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "extra"), [(signal.SIGTERM, ""), (signal.SIGKILL, ""), (signal.SIGINT, ""), (signal.SIGKILL, "fork")]
)
def test_nothing_is_left_when_its_owner_is_ended_by_a_signal(
    number: signal.Signals, extra: str, room: Path, tmp_path: Path
) -> None:
    """Also when a fork of the owner, such as a worker of a pool, lives on and holds all its pipes."""
    command = [sys.executable, "-c", OWNER, driver(tmp_path, f"{SAYS_ITS_PORT}; sleep 60 & sleep 60"), extra]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as owner:
        assert owner.stdout is not None
        assert Path(owner.stdout.readline().strip()).is_dir()
        assert processes_in(room)
        owner.send_signal(number)
    wait_until_empty(room)


def test_the_guard_itself_cleans_up_when_it_is_told_to_end(room: Path, tmp_path: Path) -> None:
    process = DriverProcess(driver(tmp_path, f"{SAYS_ITS_PORT}; sleep 60"))
    guard = next(child for child in psutil.Process().children() if "browser_guard" in " ".join(child.cmdline()))
    guard.terminate()
    wait_until_empty(room)
    process.stop()
    assert not process.is_running


def test_a_driver_sees_no_secret_of_the_environment(
    room: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    process = DriverProcess(driver(tmp_path, f"env > seen; {SAYS_ITS_PORT}; sleep 60"))
    seen = (process.directory / "seen").read_text()
    process.stop()
    assert "very-secret" not in seen
    assert "HTTPS_PROXY" not in seen
    assert f"PATH={os.environ['PATH']}\n" in seen
