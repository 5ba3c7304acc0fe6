"""The page in front of the API itself: what the two say to each other fits. Only the models are missing."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest

from llm_engineering.application.api_keys import new_key
from llm_engineering.domain.errors import ServiceBusy, StoreError
from llm_engineering.infrastructure.api.app import create_app
from llm_engineering.infrastructure.api.service import Access
from tests.browsing import Page, chromium, missing
from tests.fake_service import running
from tests.services import ANSWER, Oracle

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(missing()), reason=missing())]


class Moody(Oracle):
    """Raises `failure` when asked, as long as there is one."""

    failure: Exception | None = None

    def tell(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        if self.failure:
            raise self.failure
        return super().tell(*args, **kwargs)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as driver:
        yield driver


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Moody, str]]:
    oracle = Moody()
    with running(create_app(lambda: nullcontext(oracle))) as address:
        yield oracle, address


@pytest.fixture
def oracle(served: tuple[Moody, str]) -> Moody:
    served[0].failure = None
    served[0].asked.clear()
    served[0].feedback.clear()
    return served[0]


@pytest.fixture
def page(browser: Any, served: tuple[Moody, str], oracle: Moody) -> Iterator[Page]:
    opened = Page(browser, served[1])
    opened.open()
    yield opened
    assert opened.complaints() == []


def test_a_question_is_answered_with_its_source_and_feedback_is_stored(page: Page, oracle: Moody) -> None:
    page.run("document.getElementById('support').click()")
    page.ask("Why?")
    page.settled()
    assert page.text(".text").strip() == ANSWER.answer
    assert page.text(".source .title") == "A title"
    assert page.text(".source q").strip("“”") == ANSWER.sources[0].quote
    asked = oracle.asked[-1]
    assert (asked.query, asked.author, asked.twin, asked.k, asked.support) == (
        "Why?",
        "Ada Example",
        "ada-example/1",
        5,
        True,
    )
    page.click('[aria-label="Not a good answer"]')
    page.until(lambda: oracle.feedback)
    told = oracle.feedback[0]
    assert (told["author"], told["twin"], told["question"], told["rating"]) == (
        "Ada Example",
        "ada-example/1",
        "Why?",
        -1,
    )


def test_twin_and_base_draft_side_by_side(page: Page, oracle: Moody) -> None:
    page.choose("voice", "both")
    page.choose("mode", "draft")
    page.ask("A post on feeds")
    page.until(lambda: len(page.all(".lane")) == 2)
    page.settled()
    assert sorted((str(one.twin), str(one.mode)) for one in oracle.asked) == [
        ("ada-example/1", "draft"),
        ("base", "draft"),
    ]


def test_a_busy_service_and_a_store_that_is_down_are_said_kindly(page: Page, oracle: Moody) -> None:
    oracle.failure = ServiceBusy("Too many wait.", 1)
    page.ask("Why?")
    page.until(lambda: "Many are asking at once" in page.text(".notice"))
    oracle.failure = StoreError("The feature store is away; start it.")
    page.until(lambda: page.text(".again") == "Try again")
    page.click(".again")
    page.until(lambda: "A store of the service cannot be used now" in page.text(".notice"))
    oracle.failure = None
    page.click(".again")
    page.until(lambda: page.text(".text").strip() == ANSWER.answer)


def test_a_key_is_asked_for_and_taken(browser: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    key, hashed = new_key()
    with running(create_app(lambda: nullcontext(Oracle()), access=Access(keys=frozenset({hashed})))) as address:
        page = Page(browser, address)
        browser.get(address)
        page.until(lambda: page.all("#key-dialog[open]"))
        page.all("#key")[0].send_keys("wrong", Keys.ENTER)
        page.until(lambda: page.all("#key-dialog[open]") and not page.all("#key")[0].get_attribute("value"))
        page.all("#key")[0].send_keys(key, Keys.ENTER)
        page.ask("Why?")
        page.settled()
        assert page.text(".text").strip() == ANSWER.answer
        browser.get(f"{address}/docs")
        page.until(lambda: page.all(".endpoint"))


@pytest.mark.parametrize("width", [390, 1280])
def test_the_docs_show_every_endpoint_and_fit_the_screen(page: Page, width: int) -> None:
    described = create_app(lambda: nullcontext(Oracle())).openapi()["paths"]
    wanted = {f"{method.upper()} {path}" for path, item in described.items() for method in item}
    page.screen(width, "light")
    page.browser.get(f"{page.address}/docs")
    page.until(lambda: len(page.all(".endpoint")) == len(wanted))
    assert {one.text.replace("\n", " ") for one in page.all(".endpoint h2")} == wanted
    assert page.run("return document.documentElement.scrollWidth") <= width
