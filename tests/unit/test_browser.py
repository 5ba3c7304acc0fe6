"""What the browser's parts do without a browser: which addresses are opened, where it is found, what its log says."""

import json
import os
import stat
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from llm_engineering.domain.errors import BrowserMissing, FetchRefused
from llm_engineering.infrastructure.sources import browser_process
from llm_engineering.infrastructure.sources.browser import BrowserFetcher
from llm_engineering.infrastructure.sources.browser_events import NetworkLog
from llm_engineering.infrastructure.sources.browser_process import Programs, found_programs
from llm_engineering.infrastructure.sources.browser_session import arguments

HOW_TO_INSTALL = "apt install chromium chromium-driver.*brew install --cask google-chrome"


# ------------------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "data:text/html,<p>hello",
        "view-source:http://example.org/",
        "chrome://version",
        "javascript:alert(1)",
        "blob:http://example.org/1",
        "about:blank",
        "ftp://example.org/",
        "http://someone@example.org/",
        "http:///nowhere",
    ],
)
def test_only_web_addresses_are_opened_and_nothing_is_started_for_others(url: str, tmp_path: Path) -> None:
    fetcher = BrowserFetcher(binary=str(tmp_path / "no-browser"))
    with pytest.raises(FetchRefused):
        fetcher.fetch(url)
    fetcher.close()


# ------------------------------------------------------------------------------ programs


def program(path: Path, script: str = "exit 0") -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_the_programs_on_path_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, driver = program(tmp_path / "google-chrome"), program(tmp_path / "chromedriver")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert found_programs() == Programs(browser, driver)


def test_programs_that_are_named_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "chromium")
    program(tmp_path / "chromedriver")
    mine, my_driver = program(tmp_path / "my-chromium"), program(tmp_path / "my-driver")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert found_programs(mine, my_driver) == Programs(mine, my_driver)


def test_without_a_browser_every_page_fails_with_the_way_to_install_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser_process, "BROWSERS", ("chromium", "google-chrome"))  # not the places of macOS
    fetcher = BrowserFetcher()
    for _ in range(2):
        with pytest.raises(BrowserMissing, match=f"needs a browser, but neither .*{HOW_TO_INSTALL}"):
            fetcher.fetch("https://medium.com/p/1")
    fetcher.close()


def test_a_named_browser_or_driver_that_is_not_there_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(BrowserMissing, match="needs a browser, but there is no /nowhere/chromium; install"):
        found_programs("/nowhere/chromium")
    with pytest.raises(BrowserMissing, match="needs a browser, but there is no /nowhere/driver; install"):
        found_programs(program(tmp_path / "chromium"), "/nowhere/driver")


def test_a_driver_that_is_missing_is_asked_of_selenium_manager_which_reports_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, driver = program(tmp_path / "chromium"), program(tmp_path / "its-driver")
    answer = json.dumps({"logs": [], "result": {"driver_path": driver, "browser_path": browser, "code": 0}})
    told = tmp_path / "told"
    manager = program(tmp_path / "manager", f"echo \"$SE_AVOID_STATS $*\" > '{told}'\necho '{answer}'")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("SE_MANAGER_PATH", manager)
    assert found_programs() == Programs(browser, driver)
    assert told.read_text().startswith("true --browser chrome")
    assert f"--browser-path {browser}" in told.read_text()
    assert "--avoid-browser-download" in told.read_text()


@pytest.mark.parametrize("script", ["exec sleep 60", "exit 65", "echo nonsense"])
def test_selenium_manager_that_hangs_or_fails_ends_in_the_same_sentence(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = program(tmp_path / "chromium")
    monkeypatch.setenv("SE_MANAGER_PATH", program(tmp_path / "manager", f"PATH=/usr/bin:/bin; {script}"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser_process, "MANAGER_SECONDS", 2.0)
    started = time.monotonic()
    with pytest.raises(BrowserMissing, match=f"needs a browser, but {browser} has no driver.*{HOW_TO_INSTALL}"):
        found_programs()
    assert time.monotonic() - started < 6


def test_a_driver_that_does_not_start_ends_in_that_sentence_too(tmp_path: Path) -> None:
    fetcher = BrowserFetcher(binary=program(tmp_path / "chromium"), driver=program(tmp_path / "driver", "exit 1"))
    with pytest.raises(BrowserMissing, match=f"needs a browser, but its driver does not start; .*{HOW_TO_INSTALL}"):
        fetcher.fetch("https://medium.com/p/1")
    fetcher.close()


def test_the_sandbox_is_off_for_root_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for user, sandboxed in ((0, False), (1000, True)):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        assert ("--no-sandbox" not in arguments(Path("/tmp/x"), 1234)) is sandboxed


# ------------------------------------------------------------------------------ the log


def entry(method: str, **params: Any) -> Mapping[str, str]:
    return {"message": json.dumps({"message": {"method": method, "params": params}, "webview": "1"})}


def asked(id: str, url: str, kind: str = "Document", frame: str = "main") -> Mapping[str, str]:
    return entry("Network.requestWillBeSent", requestId=id, type=kind, frameId=frame, request={"url": url})


def answered(id: str, status: int, kind: str = "text/html") -> Mapping[str, str]:
    return entry("Network.responseReceived", requestId=id, response={"status": status, "mimeType": kind})


def test_the_log_knows_the_status_of_the_page_itself_and_not_of_what_is_in_it() -> None:
    log = NetworkLog("main")
    log.read([asked("1", "http://a.example/"), answered("1", 404), entry("Network.loadingFinished", requestId="1")])
    log.read([asked("2", "http://a.example/x.js", "Script"), answered("2", 200, "text/javascript")])
    log.read([asked("3", "http://b.example/", frame="inner"), answered("3", 500)])
    document = log.document("1")
    assert document is not None
    assert (document.url, document.status, document.kind, document.error) == (
        "http://a.example/",
        404,
        "text/html",
        "",
    )


def test_a_redirect_changes_the_address_of_the_page() -> None:
    log = NetworkLog("main")
    log.read([asked("1", "http://a.example/"), asked("1", "http://b.example/")])
    assert log.document("1") == log.document("not loaded by a request")
    document = log.document("1")
    assert document is not None
    assert (document.url, document.status) == ("http://b.example/", None)


def test_the_log_is_quiet_when_nothing_that_may_bring_text_is_on_its_way() -> None:
    log = NetworkLog("main")
    log.read([asked("1", "http://a.example/events", "EventSource"), asked("2", "http://a.example/v", "Media")])
    log.read([asked("3", "http://ads.example/", frame="inner"), asked("4", "blob:http://a.example/1", "Script")])
    assert log.is_quiet
    log.read([asked("5", "http://a.example/api", "Fetch"), asked("6", "http://a.example/x.js", "Script")])
    assert not log.is_quiet
    log.read([entry("Network.loadingFailed", requestId="5", errorText="net::ERR_FAILED")])
    assert not log.is_quiet
    log.read([entry("Network.loadingFinished", requestId="6")])
    assert log.is_quiet
