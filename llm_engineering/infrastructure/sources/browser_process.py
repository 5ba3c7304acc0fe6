"""The browser's programs: found on this machine, started, and ended with everything that belongs to them."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import weakref
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from llm_engineering.domain.errors import BrowserMissing
from llm_engineering.infrastructure.sources import browser_guard

START_SECONDS = 60.0
STOP_SECONDS = 15.0
MANAGER_SECONDS = 60.0

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
DRIVER = "chromedriver"
INSTALL = (
    "install Chromium and its driver (Debian, Ubuntu: apt install chromium chromium-driver; "
    "macOS: brew install --cask google-chrome)."
)
PASSED_ON = (
    "PATH",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "LD_LIBRARY_PATH",
    "FONTCONFIG_FILE",
    "FONTCONFIG_PATH",
)
"""Of the environment. A browser that runs strangers' scripts needs no API keys, and no proxy but ours."""

ASK_MANAGER = """
import json, sys
from selenium.webdriver.common.selenium_manager import SeleniumManager
print(json.dumps(SeleniumManager().binary_paths(sys.argv[1:])["driver_path"]))
"""
STARTED = re.compile(rb"started successfully on port (\d+)")


@dataclass(frozen=True)
class Programs:
    """Paths of the browser and its driver."""

    browser: str
    driver: str


def found_programs(browser: str | None = None, driver: str | None = None) -> Programs:
    """Those given, else those on PATH; a driver that is not there is asked of Selenium Manager, which may fetch it.

    Raises BrowserMissing that says how to install them.
    """
    place = _first(browser) if browser else _first(*BROWSERS)
    if not place:
        raise needs_a_browser(f"there is no {browser}" if browser else "neither Chromium nor Chrome is installed")
    if driver and not _first(driver):
        raise needs_a_browser(f"there is no {driver}")
    return Programs(place, _first(driver or DRIVER) or _managed_driver(place))


def _first(*names: str) -> str | None:
    found = next(filter(None, map(shutil.which, names)), None)
    return os.path.abspath(found) if found else None


def _managed_driver(browser: str) -> str:
    # A process of its own, because Selenium Manager has no limit for the time that it takes in all.
    manager = subprocess.Popen(
        [
            sys.executable,
            "-c",
            ASK_MANAGER,
            "--browser",
            "chrome",
            "--browser-path",
            browser,
            "--avoid-browser-download",
        ],
        env={**os.environ, "SE_AVOID_STATS": "true"},  # it reports to its makers otherwise
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with manager:
        try:
            said, _ = manager.communicate(timeout=MANAGER_SECONDS)
            return cast(str, json.loads(said))
        except (subprocess.TimeoutExpired, ValueError) as error:
            raise needs_a_browser(f"{browser} has no driver, and Selenium Manager found none") from error
        finally:
            with suppress(ProcessLookupError):
                os.killpg(manager.pid, signal.SIGKILL)


def needs_a_browser(why: str) -> BrowserMissing:
    """The error that says what is missing and how to install it."""
    return BrowserMissing(f"This page needs a browser, but {why}; {INSTALL}")


class DriverProcess:
    """A driver that runs under `browser_guard`, and the directory that it and its browser write to."""

    def __init__(self, driver: str) -> None:
        command = [sys.executable, "-I", "-S", browser_guard.__file__, str(os.getpid()), driver, "--port=0"]
        self._guard = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
            start_new_session=True,
        )
        # Also when nobody calls stop(): at the end of the program, or when this object is forgotten.
        weakref.finalize(self, _stop, self._guard)
        try:
            self.directory, self.port = self._started(time.monotonic() + START_SECONDS)
        except BaseException:
            self.stop()
            raise

    def _started(self, end: float) -> tuple[Path, int]:
        directory = Path(cast(Any, self._guard.stdout).readline().decode().strip())
        log = directory / browser_guard.LOG
        while self._guard.poll() is None and time.monotonic() < end:
            if log.exists() and (said := STARTED.search(log.read_bytes())):
                return directory, int(said[1])
            time.sleep(0.01)
        raise needs_a_browser("its driver does not start")

    @property
    def is_running(self) -> bool:
        """Whether the driver has not ended."""
        return self._guard.poll() is None

    def stop(self) -> None:
        """End the driver and the browser, by force, and remove their directory; calling it twice is no error."""
        _stop(self._guard)


def _stop(guard: "subprocess.Popen[bytes]") -> None:
    with suppress(OSError, ValueError):  # it has ended, or another thread is stopping it too
        cast(Any, guard.stdin).write(b"\n")
        cast(Any, guard.stdin).close()
    try:
        guard.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        guard.kill()
        guard.wait()
    cast(Any, guard.stdout).close()
