"""The service's pages in a real Chromium, as a visitor uses them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llm_engineering.domain.errors import BrowserMissing
from llm_engineering.infrastructure.sources.browser_process import found_programs
from tests.fake_service import PATIENCE

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    # Without it, what a test points at may still be gliding past.
    "--force-prefers-reduced-motion",
    "--window-size=1280,1000",
)


def missing() -> str:
    """Why there is no browser; "" where there is one."""
    try:
        found_programs(driver="chromedriver")
    except BrowserMissing as error:
        return str(error)
    return ""


@contextmanager
def chromium() -> Iterator[Any]:
    """Headless Chromium, gone with its profile afterwards."""
    from selenium import webdriver

    found = found_programs(driver="chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = found.browser
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(found.driver))
    try:
        yield driver
    finally:
        driver.quit()


class Page:
    """The page, as a visitor uses it."""

    def __init__(self, browser: Any, address: str) -> None:
        self.browser = browser
        self.address = address

    def open(self) -> None:
        """Load it, as in a new tab, and wait until somebody can be asked."""
        self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        self.browser.get(self.address)
        self.run("sessionStorage.clear()")
        self.browser.get_log("browser")
        self.browser.get(self.address)
        self.until(lambda: self.all("#author:enabled"))

    def run(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def all(self, selector: str) -> list[Any]:
        return list(self.browser.find_elements("css selector", selector))

    def text(self, selector: str) -> str:
        return "\n".join(one.text for one in self.all(selector))

    def until(self, true: Callable[[], Any]) -> Any:
        from selenium.webdriver.support.ui import WebDriverWait

        return WebDriverWait(self.browser, PATIENCE, 0.05).until(lambda _: true())

    def click(self, selector: str) -> None:
        """Press what is there; `selector` may name a control that its label covers."""
        self.until(lambda: self.all(selector))
        self.run("document.querySelector(arguments[0]).click()", selector)

    def type(self, *keys: str) -> None:
        field = self.all("#message")[0]
        self.until(field.is_enabled)
        field.send_keys(*keys)

    def ask(self, text: str) -> None:
        from selenium.webdriver.common.keys import Keys

        self.type(text, Keys.ENTER)

    def settled(self) -> None:
        self.until(lambda: self.all(".lane") and not self.all('.lane[aria-busy="true"]'))

    def choose(self, name: str, value: str) -> None:
        self.click(f'input[name="{name}"][value="{value}"]')

    def screen(self, width: int, scheme: str) -> None:
        """From now on it is so wide, and light or dark; `open` goes back to a desktop's."""
        screen = {"width": width, "height": 860, "deviceScaleFactor": 1, "mobile": width < 500}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def complaints(self) -> list[str]:
        """What the console says, without statuses that a test provoked."""
        said = [entry["message"] for entry in self.browser.get_log("browser")]
        return [one for one in said if "the server responded with a status of" not in one]
