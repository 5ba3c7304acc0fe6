"""Runs a browser's driver and sees to its end, whatever becomes of the process that wanted it.

A script, started as `python -I -S browser_guard.py PARENT COMMAND…` in a session of its own, so
that neither Ctrl-C nor a signal to the parent's group reaches it. It makes a directory, writes its
name as one line to standard output, and starts COMMAND in it. As soon as anything arrives on
standard input, or COMMAND has ended, or the process PARENT is gone (by SIGTERM, SIGKILL or a
crash: nothing else could clean up after those), or it is told to end itself, it kills COMMAND
with all that came of it, removes the directory and ends.
"""

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LOG = "driver.log"
LOOK_SECONDS = 0.25
KILL_SECONDS = 5.0
PR_SET_CHILD_SUBREAPER = 36


def main(parent: int, command: list[str]) -> None:
    """See above."""
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        # Only noted: an exception at any moment could come between starting the driver and knowing it.
        signal.signal(number, lambda number, frame: told.append(number))
    _adopt_orphans()
    place = Path(tempfile.mkdtemp(prefix="twin-"))
    try:
        os.write(1, f"{place}\n".encode())
        _run(parent, command, place, told)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _run(parent: int, command: list[str], place: Path, told: list[int]) -> None:
    environment = {**os.environ, "HOME": str(place)}
    if sys.platform == "linux":  # elsewhere the name would grow too long for the browser's socket in it
        environment["TMPDIR"] = str(place)
    with (place / LOG).open("wb") as log:
        driver = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd=place,
            start_new_session=True,
        )
    try:
        while driver.poll() is None and os.getppid() == parent and not told:
            if select.select([0], [], [], LOOK_SECONDS)[0]:
                return
    finally:
        _kill(driver)


def _kill(driver: "subprocess.Popen[bytes]") -> None:
    """Kill the driver's group and what left it (the crash handler makes a session of its own)."""
    end = time.monotonic() + KILL_SECONDS
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(driver.pid, signal.SIGKILL)
    while time.monotonic() < end:
        for orphan in _children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(orphan, signal.SIGKILL)
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not ended:
            time.sleep(0.01)


def _children() -> list[int]:
    """Our children, on Linux with every orphan that they left."""
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:
        return []


def _adopt_orphans() -> None:
    """Let orphaned grandchildren become our children (Linux), so that none is missed and all are waited for."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
