"""One Chromium under Selenium, behind our proxy, and the page that is in it."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.browser_events import Document, NetworkLog
from llm_engineering.infrastructure.sources.browser_process import (
    START_SECONDS,
    DriverProcess,
    Programs,
    needs_a_browser,
)
from llm_engineering.infrastructure.sources.browser_proxy import GuardedProxy

if TYPE_CHECKING:
    from selenium.webdriver.remote.webdriver import WebDriver

ARGUMENTS = (
    "--headless=new",
    "--window-size=1280,2000",
    # The network: loopback is proxied too, names are resolved by the proxy alone, no UDP.
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # its name in older versions
    "--disable-quic",
    "--remote-debugging-pipe",  # instead of a port, which others on this machine could open
    # Nothing of its own accord. Port 9 is one that Chromium itself never connects to.
    "--gaia-url=http://127.0.0.1:9",
    "--component-updater=disable-pings,url-source=http://127.0.0.1:9",
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-domain-reliability",
    "--disable-breakpad",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-pings",
    # Text is all that is wanted.
    "--blink-settings=imagesEnabled=false",
    "--autoplay-policy=user-gesture-required",
    "--mute-audio",
    "--deny-permission-prompts",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers have little of it, and a page that runs out of it crashes
)
OFF = (
    "Translate",
    "OptimizationHints",
    "MediaRouter",
    "DialMediaRouteProvider",
    "AutofillServerCommunication",
    "NetworkTimeServiceQuerying",
    "BackForwardCache",  # a page that was left would live on
    "HttpsUpgrades",  # a second request for each page that is asked for by http
)
PREFERENCES = {
    "download_restrictions": 3,  # all are blocked
    "session.restore_on_startup": 4,  # a list of start pages; Debian's would be a search engine
    "session.startup_urls": ["about:blank"],
}
LEAVE_SECONDS = 2.0
NO_DIALOGS = "window.alert = window.confirm = window.prompt = window.print = () => undefined"


class BrowserLost(Exception):
    """The browser or its driver broke off; with another one the page may work."""


class TooSlow(Exception):
    """The page took longer than it may, and the browser was ended."""


class Browser:
    """A running Chromium with one tab.

    Its methods raise Selenium's errors; inside `within` those become BrowserLost or TooSlow.
    """

    def __init__(self, programs: Programs, proxy: GuardedProxy, agent: str) -> None:
        """Start it. Raises BrowserMissing when it does not start.

        `proxy` is its way to the network; `agent` is appended to Chromium's own User-Agent.
        """
        self.proxy = proxy
        self.pages = 0
        """How many it has been used for."""
        self.host = ""
        """Whose page it has shown last."""
        self._process = DriverProcess(programs.driver)
        try:
            self._driver = _session(self._process, programs.browser, proxy.port)
            self.log = NetworkLog(self._driver.current_window_handle)
            own = self._tell("Browser.getVersion")["userAgent"]
            self._tell("Network.setUserAgentOverride", userAgent=f"{own} {agent}")
            self._tell("Page.addScriptToEvaluateOnNewDocument", source=NO_DIALOGS)
            self._tell("Page.setDownloadBehavior", behavior="deny")
        except _selenium_errors() as error:
            self.stop()
            raise needs_a_browser(f"{programs.browser} does not start ({_first_line(error)})") from error
        except BaseException:
            self.stop()
            raise

    @property
    def is_alive(self) -> bool:
        """Whether its driver runs."""
        return self._process.is_running

    @property
    def driver_port(self) -> int:
        """Where its driver listens on this machine."""
        return self._process.port

    def stop(self) -> None:
        """End it, by force, whatever it is doing; calling it twice is no error."""
        self._process.stop()
        self.proxy.close()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """What happens inside ends in time, if need be because the browser is ended.

        After any error but a CollectError the browser is ended too, since nobody knows its state.
        """
        from selenium.common.exceptions import TimeoutException

        over = threading.Event()

        def end() -> None:
            over.set()
            self.stop()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        except CollectError:
            raise
        except _selenium_errors() as error:
            self.stop()
            if over.is_set() or isinstance(error, TimeoutException):
                raise TooSlow from error
            raise BrowserLost(_first_line(error)) from error
        except BaseException:
            self.stop()
            raise
        finally:
            timer.cancel()

    def open(self, url: str, seconds: float) -> None:
        """Load the page until its HTML is read, in at most so long; `document` tells what came of it."""
        from selenium.common.exceptions import TimeoutException, WebDriverException

        self.log.clear()
        self._driver.set_page_load_timeout(seconds)
        try:
            self._driver.get(url)
        except WebDriverException as error:
            if isinstance(error, TimeoutException) or "net::ERR_" not in str(error.msg):
                raise

    def run(self, script: str, *values: Any) -> Any:
        """What the script returns on the page."""
        return self._driver.execute_script(script, *values)

    def document(self) -> Document | None:
        """The page that the tab shows, or the last one that it was to show if that came from no server."""
        frame = self._tell("Page.getFrameTree")["frameTree"]["frame"]
        self.listen()
        return self.log.document(frame["loaderId"])

    def listen(self) -> None:
        """Bring `log` up to date."""
        self.log.read(self._driver.execute("getLog", {"type": "performance"})["value"])

    def leave(self) -> None:
        """Let nothing of the page go on. Whatever does not let go of it at once costs the browser."""
        with suppress(BrowserLost, TooSlow), self.within(LEAVE_SECONDS):
            self._driver.get("about:blank")
            if len(self._driver.window_handles) > 1:
                self.stop()

    def forget(self) -> None:
        """Drop cookies, storage, service workers and the cache of all hosts, or else the browser."""
        with suppress(BrowserLost, TooSlow), self.within(LEAVE_SECONDS):
            self._tell("Network.clearBrowserCookies")
            self._tell("Network.clearBrowserCache")
            self._tell("Storage.clearDataForOrigin", origin="*", storageTypes="all")

    def _tell(self, command: str, **values: Any) -> dict[str, Any]:
        """A command of the DevTools protocol."""
        return cast(dict[str, Any], self._driver.execute_cdp_cmd(command, values))


def _selenium_errors() -> tuple[type[Exception], ...]:
    """What Selenium raises: its own errors, and those of the connection to a driver that has ended."""
    from selenium.common.exceptions import WebDriverException
    from urllib3.exceptions import HTTPError

    return WebDriverException, HTTPError, OSError


def _first_line(error: Exception) -> str:
    """What Selenium says, without its stack of addresses."""
    said = str(getattr(error, "msg", "") or "the driver does not answer").strip()
    return said.splitlines()[0]


def _session(process: DriverProcess, browser: str, proxy_port: int) -> "WebDriver":
    """A Selenium session in a fresh browser."""
    from selenium import webdriver
    from selenium.webdriver.chromium.remote_connection import ChromiumRemoteConnection
    from selenium.webdriver.remote.client_config import ClientConfig

    options = webdriver.ChromeOptions()
    options.binary_location = browser
    options.page_load_strategy = "eager"
    options.unhandled_prompt_behavior = "dismiss"
    for argument in arguments(process.directory, proxy_port):
        options.add_argument(argument)
    # The driver's own wishes that we do not share: a log that a page could fill the disk with; windows opened at will.
    options.add_experimental_option("excludeSwitches", ["enable-logging", "disable-popup-blocking"])
    options.add_experimental_option("prefs", PREFERENCES)
    options.add_experimental_option("perfLoggingPrefs", {"enableNetwork": True, "enablePage": False})
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    server = f"http://127.0.0.1:{process.port}"
    once = {"init_args_for_pool_manager": {"retries": False}}  # a driver that has ended does not come back
    config = ClientConfig(server, timeout=cast(int, START_SECONDS), init_args_for_pool_manager=once)
    connection = ChromiumRemoteConnection(server, "goog", "chrome", ignore_proxy=True, client_config=config)
    return webdriver.Remote(command_executor=connection, options=options)


def arguments(directory: Path, proxy_port: int) -> list[str]:
    """Chromium's command line: everything through the proxy, nothing resolved, nothing in the background."""
    chosen = [
        f"--user-data-dir={directory / 'profile'}",
        f"--proxy-server=http://127.0.0.1:{proxy_port}",
        f"--disable-features={','.join(OFF)}",
        *ARGUMENTS,
    ]
    if os.geteuid() == 0:
        # Chromium does not run as root with its sandbox. For any other user the sandbox stays on.
        chosen.append("--no-sandbox")
    return chosen
