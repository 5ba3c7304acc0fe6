"""The pages of the service in a real browser, against a service that has no model and answers when it may."""

import json
import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.browsing import Page, chromium, missing
from tests.fake_service import FIRST, MARA, PATIENCE, QUOTE, SECOND, FakeService, failure, fake_app, running

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(missing()), reason=missing())]
LATEST = "mara-lindqvist/2"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as driver:
        yield driver


@pytest.fixture(scope="module")
def site() -> Iterator[FakeService]:
    fake = FakeService()
    with running(fake_app(fake)) as address:
        fake.address = address
        yield fake


class FakedPage(Page):
    """The page of the service that has no model."""

    def __init__(self, browser: Any, fake: FakeService) -> None:
        super().__init__(browser, fake.address)
        self.fake = fake


@pytest.fixture
def page(browser: Any, site: FakeService) -> Iterator[FakedPage]:
    """A fresh page whose service answers at once, and which has complained of nothing afterwards."""
    site.free.set()
    site.left.clear()
    site.failing.clear()
    site.breaks, site.withheld, site.key = False, None, None
    site.asked.clear()
    site.feedback.clear()
    opened = FakedPage(browser, site)
    opened.open()
    yield opened
    assert opened.complaints() == []


# ------------------------------------------------------------------------------ asking


def test_an_answer_is_shown_token_by_token_with_its_sources_before_it_is_whole(page: FakedPage) -> None:
    page.fake.free.clear()
    page.ask("Why the feed first?")
    page.until(lambda: page.text(".text") == FIRST)
    assert page.all('.lane[aria-busy="true"]')
    assert QUOTE in page.text(".source q")
    assert page.all("#send")[0].get_attribute("aria-label") == "Stop"
    page.fake.free.set()
    page.settled()
    assert page.text(".text") == FIRST + SECOND
    assert page.text(".byline") == f"{MARA}, twin 2"
    assert "21 tokens in 1.2 s" in page.text(".took")
    assert "has answered, with 1 sources" in page.all("#status")[0].get_attribute("textContent")


def test_the_author_with_a_twin_is_chosen_and_what_is_sent_is_what_was_asked_for(page: FakedPage) -> None:
    page.run("document.getElementById('refuse').click()")
    page.ask("Why?")
    page.settled()
    sent = page.fake.asked[-1]
    assert (sent["model"], sent["stream"]) == (LATEST, True)
    assert sent["messages"] == [{"role": "user", "content": "Why?"}]
    assert sent["twin"] == {
        "author": MARA,
        "mode": "answer",
        "length": "medium",
        "k": 5,
        "refuse": False,
        "support": False,
    }
    page.ask("And then?")
    page.until(lambda: len(page.fake.asked) == 2)
    page.settled()
    said = [(message["role"], message["content"]) for message in page.fake.asked[-1]["messages"]]
    assert said == [("user", "Why?"), ("assistant", FIRST + SECOND), ("user", "And then?")]


def test_twin_and_base_answer_side_by_side(page: FakedPage) -> None:
    page.choose("voice", "both")
    page.ask("Why?")
    page.until(lambda: len(page.all(".lane")) == 2)
    page.settled()
    assert sorted(sent["model"] for sent in page.fake.asked) == ["base", LATEST]
    assert [one.text for one in page.all(".byline")] == [f"{MARA}, twin 2", "Base model"]
    left, right = (one.rect for one in page.all(".lane"))
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]


def test_an_author_without_a_twin_is_answered_for_by_the_base_model(page: FakedPage) -> None:
    page.run("const a = document.getElementById('author'); a.selectedIndex = 0; a.dispatchEvent(new Event('change'))")
    assert not page.all('input[name="voice"][value="twin"]')[0].is_enabled()
    page.ask("Why?")
    page.settled()
    assert page.fake.asked[-1]["model"] == "base"
    assert page.fake.asked[-1]["twin"]["author"] == "Edmund Achterberg"


def test_an_author_is_not_told_what_another_one_said(page: FakedPage) -> None:
    page.ask("Why?")
    page.settled()
    page.run("const a = document.getElementById('author'); a.selectedIndex = 0; a.dispatchEvent(new Event('change'))")
    page.ask("And you?")
    page.until(lambda: len(page.fake.asked) == 2)
    page.settled()
    assert page.fake.asked[-1]["messages"] == [{"role": "user", "content": "And you?"}]


def test_a_text_to_rewrite_keeps_its_lines_and_is_sent_by_ctrl_enter(page: FakedPage) -> None:
    from selenium.webdriver.common.keys import Keys

    page.choose("mode", "rewrite")
    page.type("One line", Keys.ENTER, "and another", Keys.CONTROL, Keys.ENTER)
    page.settled()
    sent = page.fake.asked[-1]
    assert sent["messages"] == [{"role": "user", "content": "One line\nand another"}]
    assert sent["twin"]["mode"] == "rewrite"


def test_a_text_that_is_too_long_is_counted_and_not_sent(page: FakedPage) -> None:
    from selenium.webdriver.common.keys import Keys

    page.run("document.getElementById('message').value = 'a'.repeat(4002)")
    page.type("a")
    page.until(lambda: "3 characters more" in page.text("#hint"))
    page.type(Keys.ENTER)
    assert not page.all("#send")[0].is_enabled()
    assert page.fake.asked == []


def test_escape_stops_an_answer_and_the_service_notices(page: FakedPage) -> None:
    from selenium.webdriver.common.keys import Keys

    page.fake.free.clear()
    page.ask("Why?")
    page.until(lambda: page.text(".text") == FIRST)
    page.type(Keys.ESCAPE)
    page.settled()
    assert "Stopped." in page.text(".lane")
    assert page.text(".text") == FIRST
    assert page.fake.left.wait(PATIENCE)
    assert page.all("#send")[0].get_attribute("aria-label") == "Send"


# ------------------------------------------------------------------------------ sources and support


def test_sentences_say_whether_a_source_bears_them_out_and_show_it_on_a_tap(page: FakedPage) -> None:
    from selenium.webdriver.common.keys import Keys

    page.run("document.getElementById('support').click()")
    page.ask("Why?")
    page.settled()
    assert page.text(".sentence.supported").startswith(FIRST)
    assert page.text(".sentence.unsupported").startswith(SECOND.strip())
    page.click(".ref")
    page.until(lambda: page.text(".passage mark") == QUOTE)
    assert page.text(".passage-text").startswith("Crawling is polite or it is nothing. I read")
    page.type(Keys.ESCAPE)
    page.until(lambda: not page.all(".passage")[0].is_displayed())


def test_a_quote_shows_its_passage_when_the_pointer_rests_on_it(page: FakedPage) -> None:
    from selenium.webdriver import ActionChains

    page.ask("Why?")
    page.settled()
    ActionChains(page.browser).move_to_element(page.all(".quote")[0]).perform()
    page.until(lambda: page.text(".passage mark") == QUOTE)
    ActionChains(page.browser).move_to_element(page.all(".brand")[0]).perform()
    page.until(lambda: not page.all(".passage")[0].is_displayed())


def test_a_source_is_a_link_to_the_quoted_words_that_says_nothing_of_this_page(page: FakedPage) -> None:
    page.ask("Why?")
    page.settled()
    link = page.all(".source a")[0]
    assert link.get_attribute("href").startswith("https://lindqvist.example/feeds#:~:text=I%20read%20the")
    assert (link.get_attribute("rel"), link.get_attribute("target")) == ("noopener noreferrer", "_blank")


def test_what_others_wrote_is_shown_as_text_and_never_run(page: FakedPage) -> None:
    page.ask("<b>bold</b><script>document.title='owned'</script>")
    page.settled()
    assert "<img src=x" in page.text(".source .title")
    assert "<b>cheese</b>" in page.text(".text")
    assert "<script>" in page.text(".asked")
    assert page.all("#turns img, #turns b, #turns script") == []
    assert page.browser.title == f"{MARA} · LLM Twin"


# ------------------------------------------------------------------------------ what goes wrong


def test_too_many_askers_are_told_when_to_try_again_and_trying_again_works(page: FakedPage) -> None:
    page.fake.failing["/v1/chat/completions"] = failure(429, "busy", Retry_After="1")
    page.ask("Why?")
    page.until(lambda: "Many are asking at once" in page.text(".notice"))
    page.until(lambda: page.text(".again") == "Try again")
    page.click(".again")
    page.until(lambda: page.text(".text") == FIRST + SECOND)
    assert page.all(".notice") == []
    assert page.fake.asked[-1]["messages"] == [{"role": "user", "content": "Why?"}]


@pytest.mark.parametrize(
    ("status", "heading"),
    [(503, "Not available right now"), (422, "This cannot be answered as it is"), (500, "Something went wrong")],
)
def test_a_refusal_is_said_kindly_in_the_service_s_own_words(page: FakedPage, status: int, heading: str) -> None:
    page.fake.failing["/v1/chat/completions"] = failure(status, "The store rests; come back later.")
    page.ask("Why?")
    page.until(lambda: heading in page.text(".notice"))
    assert "The store rests; come back later." in page.text(".notice")


def test_a_failure_in_the_middle_keeps_what_had_come_and_says_so(page: FakedPage) -> None:
    page.fake.breaks = True
    page.ask("Why?")
    page.until(lambda: "The model stopped." in page.text(".notice"))
    assert page.text(".text") == FIRST


def test_a_withheld_answer_is_taken_back_with_its_reason(page: FakedPage) -> None:
    page.fake.withheld = "It copied its training text."
    page.ask("Why?")
    page.until(lambda: "The answer was withheld" in page.text(".notice"))
    assert "It copied its training text." in page.text(".notice")
    assert page.text(".text") == ""


def test_a_service_that_wants_a_key_is_given_one_once(page: FakedPage) -> None:
    from selenium.webdriver.common.keys import Keys

    page.fake.key = "key-of-this-test"
    page.browser.get(page.fake.address)
    page.until(lambda: page.all("#key-dialog[open]"))
    page.all("#key")[0].send_keys("key-of-this-test", Keys.ENTER)
    page.ask("Why?")
    page.settled()
    assert page.text(".text") == FIRST + SECOND
    assert page.run("return localStorage.length") == 0
    page.browser.get(page.fake.address)
    page.until(lambda: page.all("#author option:nth-child(2)"))
    assert page.all("#key-dialog[open]") == []


# ------------------------------------------------------------------------------ feedback


def test_a_thumb_and_an_edited_answer_are_stored(page: FakedPage) -> None:
    page.ask("Why?")
    page.settled()
    page.click('[aria-label="Good answer"]')
    page.until(lambda: "Thank you" in page.text(".said-thanks"))
    told = {"author": MARA, "twin": LATEST, "question": "Why?", "mode": "answer", "answer": FIRST + SECOND, "rating": 1}
    assert page.fake.feedback == [told]
    assert page.all('[aria-label="Good answer"]')[0].get_attribute("aria-pressed") == "true"
    page.click('[aria-label="Edit the answer"]')
    field = page.all(".editor textarea")[0]
    page.run("arguments[0].value = 'The feed is cheaper.'", field)
    page.click(".editor .primary")
    page.until(lambda: len(page.fake.feedback) == 2 and page.text(".text") == "The feed is cheaper.")
    assert page.fake.feedback[-1] == {**told, "edited_answer": "The feed is cheaper."}


def test_feedback_that_could_not_be_stored_is_not_thanked_for(page: FakedPage) -> None:
    page.ask("Why?")
    page.settled()
    page.fake.failing["/v1/feedback"] = failure(503, "The warehouse is away.")
    page.click('[aria-label="Not a good answer"]')
    page.until(lambda: "The warehouse is away." in page.text(".said-thanks"))
    assert page.all('[aria-label="Not a good answer"]')[0].get_attribute("aria-pressed") == "false"


# ------------------------------------------------------------------------------ how it looks, and what it loads


@pytest.mark.parametrize("path", ["/", "/docs"])
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")])
def test_a_page_fits_the_screen_and_asks_no_other_host(page: FakedPage, width: int, scheme: str, path: str) -> None:
    page.screen(width, scheme)
    page.browser.get_log("performance")
    page.browser.get(page.fake.address + path)
    if path == "/":
        page.until(lambda: page.all("#author option:nth-child(2)"))
        page.choose("voice", "both")
        page.run("document.getElementById('support').click()")
        page.ask("Why is a very long question asked here, and where does it end, if it ends at all? " * 3)
        page.settled()
    else:
        page.until(lambda: "/v1/authors" in page.text("h2"))
    assert page.run("return document.documentElement.scrollWidth") <= width
    small = page.run(SMALL_TARGETS)
    assert small == []
    if folder := os.environ.get("TEST_SCREENSHOTS"):
        page.browser.save_screenshot(f"{folder}/{'chat' if path == '/' else 'docs'}-{width}-{scheme}.png")
    log = [json.loads(entry["message"])["message"] for entry in page.browser.get_log("performance")]
    asked = [one["params"]["request"]["url"] for one in log if one["method"] == "Network.requestWillBeSent"]
    assert asked
    assert all(address.startswith(page.fake.address) for address in asked)


SMALL_TARGETS = """
return [...document.querySelectorAll('button, select, textarea, .links a')]
  .filter((one) => one.checkVisibility() && !one.classList.contains('ref'))
  .filter((one) => one.getBoundingClientRect().height < 24).map((one) => one.outerHTML)"""


def test_every_control_has_a_name_and_the_page_its_landmarks(page: FakedPage) -> None:
    page.ask("Why?")
    page.settled()
    tree = page.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = {"button", "combobox", "textbox", "radio", "checkbox", "link"}
    seen = [node for node in tree if not node.get("ignored") and node.get("role", {}).get("value") in roles]
    assert len(seen) > 12
    assert [node for node in seen if not node.get("name", {}).get("value", "").strip()] == []
    found = {node.get("role", {}).get("value") for node in tree}
    assert {"banner", "main", "contentinfo", "status"} <= found


def test_the_docs_are_drawn_from_the_description_and_end_in_something_to_copy(page: FakedPage) -> None:
    page.browser.get(f"{page.fake.address}/docs")
    page.until(lambda: "POST /v1/chat/completions" in page.text("h2").replace("\n", " "))
    assert f"curl {page.fake.address}/v1/authors" in page.text("pre")


def test_nothing_inline_may_run_and_an_unchanged_file_is_not_sent_again(site: FakeService) -> None:
    for path in ("/", "/docs", "/static/chat.js"):
        response = httpx.get(site.address + path)
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert httpx.get(site.address + path, headers={"If-None-Match": response.headers["etag"]}).status_code == 304
    assert httpx.get(f"{site.address}/static/../page.py").status_code == 404
    assert httpx.get(f"{site.address}/static/%2e%2e%2fpage.py").status_code == 404
