"""What a finished quickstart has to show. CI runs the quickstart first and names its reports here."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REPORT = os.environ.get("TEST_QUICKSTART_REPORT", "")
FIRST_REPORT = os.environ.get("TEST_FIRST_QUICKSTART_REPORT", "")
MOST_SECONDS = 12 * 60

pytestmark = pytest.mark.skipif(not REPORT, reason="TEST_QUICKSTART_REPORT is not set")


@pytest.fixture
def report() -> dict[str, Any]:
    """The newest report."""
    return json.loads(Path(REPORT).read_text("utf-8"))


@pytest.fixture
def first() -> dict[str, Any]:
    """The report of the run that trained the twin."""
    return json.loads(Path(FIRST_REPORT or REPORT).read_text("utf-8"))


def test_it_took_at_most_twelve_minutes(first: dict[str, Any]) -> None:
    wanted = {"collect", "features", "instruct_dataset", "preference_dataset", "sft", "dpo", "evaluate", "ask"}
    assert wanted <= first["stages"].keys()
    assert 0 < sum(first["stages"].values()) <= MOST_SECONDS


def test_the_articles_came_in_and_the_trouble_stayed_out(first: dict[str, Any]) -> None:
    documents = first["documents"]
    assert documents["new"] + documents["unchanged"] >= 34
    assert documents["quarantined"] == len(first["quarantined"]) >= 8
    assert all(item["reason"] for item in first["quarantined"])


def test_every_answer_is_verbatim_and_both_splits_have_samples(first: dict[str, Any]) -> None:
    assert first["verbatim_answer_share"] == 1.0
    for dataset in ("instruct_samples", "preference_samples"):
        assert first[dataset]["train"] >= 10
        assert first[dataset]["test"] >= 3


def test_training_taught_something(first: dict[str, Any]) -> None:
    assert first["sft"]["loss_last"] < first["sft"]["loss_first"]
    assert first["sft"]["heldout_loss_after"] < first["sft"]["heldout_loss_before"]
    assert first["dpo"]["loss_last"] < first["dpo"]["loss_first"]
    assert first["dpo"]["reward_margin_last"] > 0
    assert first["sft"]["tokens_per_second"] > 10


def test_the_twin_reads_more_like_the_author_than_the_base_model(first: dict[str, Any]) -> None:
    style = first["style"]
    assert style["base"] < style["twin"]
    assert style["other_author"] < style["author_held_out"]
    assert first["style_detail"]["verifier_auc"] > 0.9


def test_the_promotion_rule_and_what_it_found_are_told(first: dict[str, Any]) -> None:
    promotion = first["promotion"]
    assert promotion["passed"] == all(check["passed"] for check in promotion["checks"])
    assert len(promotion["checks"]) == 5
    assert {"base", "base+sources"} < {one["name"] for one in first["candidates"]}
    assert all(one["style"]["low"] <= one["style"]["value"] <= one["style"]["high"] for one in first["candidates"])


def test_three_questions_are_answered_with_sources(first: dict[str, Any]) -> None:
    assert len(first["answers"]) == 3
    for item in first["answers"]:
        assert item["base"]
        assert item["twin"]
        assert item["base"] != item["twin"]
        assert all(source["quote"] in source["text"] for source in item["sources"])
        assert item["sources"]


@pytest.mark.skipif(not FIRST_REPORT, reason="TEST_FIRST_QUICKSTART_REPORT is not set")
def test_a_second_run_adds_nothing_and_keeps_the_twin(report: dict[str, Any], first: dict[str, Any]) -> None:
    assert report["documents"]["new"] == report["documents"]["updated"] == 0
    assert report["documents"]["unchanged"] == first["documents"]["new"] + first["documents"]["unchanged"]
    assert report["chunks"] == first["chunks"]
    assert report["twin"] == first["twin"]
    assert {"sft", "dpo", "evaluate"} <= set(report["reused"])
    assert report["style"] == first["style"]


# ------------------------------------------------------------------------------ the page, in a real browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium, gone with its profile afterwards."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options)
    yield driver
    driver.quit()


@pytest.mark.browser
@pytest.mark.parametrize("file", ["report.html", "evaluation/report.html"])
@pytest.mark.parametrize(("width", "name"), [(390, "phone"), (1280, "desktop")])
def test_the_reports_fit_the_screen_and_ask_nobody_for_anything(browser: Any, width: int, name: str, file: str) -> None:
    # The second run measures nothing anew, so the whole evaluation stands beside the first run's report.
    page = (Path(FIRST_REPORT or REPORT).parent / file).resolve()
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    browser.get(page.as_uri())
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert browser.execute_script("return document.querySelectorAll('script, link, img, iframe').length") == 0
    requests = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    addresses = [r["params"]["request"]["url"] for r in requests if r["method"] == "Network.requestWillBeSent"]
    assert all(address.startswith("file:") for address in addresses)
    assert browser.get_log("browser") == []
    height = browser.execute_script("return document.documentElement.scrollHeight")
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    browser.save_screenshot(str(page.with_name(f"report-{name}.png")))
