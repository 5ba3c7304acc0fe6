"""Pages are read side by side by host, in order, within limits, and in a browser only where that helps."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from llm_engineering.application.ports import CollectedItem, ListedPage, Page, RefusedItem
from llm_engineering.domain.documents import Category, Outcome
from llm_engineering.domain.errors import BrowserMissing, CollectError, FetchRefused, PageGone
from llm_engineering.infrastructure.sources.fetcher import HttpFetcher
from llm_engineering.infrastructure.sources.page_reader import ConcurrentReader, needs_browser
from llm_engineering.infrastructure.sources.polite_browser import PoliteBrowser
from llm_engineering.infrastructure.sources.processes import Processes
from tests.loopback import serving

TEXT = "".join(f"<p>It’s loaf number {n}, and I’ve written down what went wrong with it.</p>" for n in range(12))
ARTICLE = f"<html><body><article><h1>Bread</h1>{TEXT}</article></body></html>"
APP = (
    "<html><body><noscript>Please enable JavaScript.</noscript><div id='root'></div><script>x()</script></body></html>"
)
NOTE = "Just a short note on bread and butter, which I’ve written down so that nobody forgets to buy both of them."
SHORT = f"<html><body><article><p>{NOTE}</p></article><script>count()</script></body></html>"


class Answers:
    """A Fetcher that answers as it is told, and remembers what it was asked."""

    def __init__(self, answer: Callable[[str], str | int | Exception]) -> None:
        self._answer = answer
        self._lock = threading.Lock()
        self._busy: dict[str, int] = {}
        self.asked: list[str] = []
        self.conditions: list[tuple[str | None, str | None]] = []
        self.most_at_once = 0
        self.most_at_once_of_a_host = 0

    def fetch(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Page:
        host = url.split("/")[2]
        with self._lock:
            self.asked.append(url)
            self.conditions.append((etag, last_modified))
            self._busy[host] = self._busy.get(host, 0) + 1
            self.most_at_once = max(self.most_at_once, sum(self._busy.values()))
            self.most_at_once_of_a_host = max(self.most_at_once_of_a_host, self._busy[host])
        try:
            answer = self._answer(url)
        finally:
            with self._lock:
                self._busy[host] -= 1
        if isinstance(answer, Exception):
            raise answer
        return Page(url, answer, "") if isinstance(answer, int) else Page(url, 200, answer)

    def close(self) -> None:
        pass


@contextmanager
def reading(fetcher: Answers, browser: Answers | None = None, **options: Any) -> Iterator[ConcurrentReader]:
    reader = ConcurrentReader(fetcher, browser=browser, **{"processes": Processes(0), **options})
    try:
        yield reader
    finally:
        reader.close()


def nothing_known(link: str) -> None:
    return None


def same(item: CollectedItem) -> CollectedItem:
    return item


def fail(item: CollectedItem) -> CollectedItem:
    raise ZeroDivisionError("a bug in a rule")


def read(reader: ConcurrentReader, *links: str) -> list[CollectedItem | RefusedItem]:
    return list(reader.read((ListedPage(link) for link in links), nothing_known, same))


def slowly(url: str) -> str:
    time.sleep(0.02)
    return ARTICLE


def test_hosts_are_asked_side_by_side_each_in_turn_and_the_order_is_that_of_the_list():
    links = [f"https://host{n % 5}.example/{n}" for n in range(40)]
    fetcher = Answers(slowly)
    with reading(fetcher) as reader:
        assert [item.link for item in read(reader, *links)] == links
    assert fetcher.most_at_once_of_a_host == 1
    assert fetcher.most_at_once > 1


def test_no_more_hosts_than_allowed_are_asked_at_once():
    fetcher = Answers(slowly)
    with reading(fetcher, hosts_at_once=2) as reader:
        assert len(read(reader, *(f"https://host{n}.example/" for n in range(10)))) == 10
    assert fetcher.most_at_once <= 2


def test_a_host_that_does_not_answer_does_not_hold_up_the_others():
    answered = threading.Event()

    def answer(url: str) -> str | Exception:
        if "slow" in url:
            return ARTICLE if answered.wait(10) else CollectError("nobody else was asked")
        if url.endswith("/20"):
            answered.set()
        return ARTICLE

    with reading(Answers(answer)) as reader:
        found = read(reader, "https://slow.example/", *(f"https://fast.example/{n}" for n in range(21)))
    assert all(isinstance(item, CollectedItem) for item in found)


def test_each_answer_has_its_outcome_and_a_stored_page_is_asked_for_conditionally():
    answers: dict[str, str | int | Exception] = {
        "https://a.example/new": ARTICLE,
        "https://a.example/same": 304,
        "https://a.example/gone": PageGone("It is gone."),
        "https://a.example/down": CollectError("It is down."),
    }
    fetcher = Answers(lambda url: answers[url.split("?")[0]])
    known = {"https://a.example/same": ('"7"', None)}
    with reading(fetcher) as reader:
        pages = [ListedPage(f"{url}?utm_source=x") for url in answers]
        new, unmodified, gone, down = reader.read(pages, known.get, same)
    assert isinstance(new, CollectedItem)
    assert new.link == "https://a.example/new"
    outcomes = [item.outcome for item in (unmodified, gone, down) if isinstance(item, RefusedItem)]
    assert outcomes == [Outcome.UNCHANGED, Outcome.GONE, Outcome.FAILED]
    assert ('"7"', None) in fetcher.conditions


def test_items_that_are_no_pages_keep_their_place_among_the_pages():
    item = CollectedItem(link="file:a", category=Category.ARTICLES, platform="folder", title="A", content="x")
    with reading(Answers(slowly)) as reader:
        found = list(
            reader.read(
                [ListedPage("https://a.example/1"), item, ListedPage("https://a.example/2")], nothing_known, same
            )
        )
    assert [one.link for one in found] == ["https://a.example/1", "file:a", "https://a.example/2"]


def test_after_an_interrupt_what_is_ready_is_handed_out_first():
    def listing() -> Iterator[ListedPage]:
        yield ListedPage("https://slow.example/")
        for n in range(3):
            yield ListedPage(f"https://fast.example/{n}")
        while len(fetcher.asked) < 4:
            time.sleep(0.01)
        time.sleep(0.3)
        raise KeyboardInterrupt

    hold = threading.Event()
    fetcher = Answers(lambda url: ARTICLE if "fast" in url or hold.wait(5) else CollectError("held"))
    with reading(fetcher) as reader:
        found: list[str] = []

        def take_all() -> None:
            for item in reader.read(listing(), nothing_known, same):
                found.append(item.link)

        with pytest.raises(KeyboardInterrupt):
            take_all()
        hold.set()
    assert found == [f"https://fast.example/{n}" for n in range(3)]


def test_a_bug_in_a_fetcher_is_raised_and_does_not_hang():
    with reading(Answers(lambda url: ZeroDivisionError("a bug"))) as reader, pytest.raises(ZeroDivisionError):
        read(reader, "https://a.example/")


def test_a_bug_in_a_rule_is_raised_and_is_no_failure_of_the_page():
    with reading(Answers(lambda url: ARTICLE)) as reader, pytest.raises(ZeroDivisionError, match="in a rule"):
        list(reader.read([ListedPage("https://a.example/")], nothing_known, fail))


# ------------------------------------------------------------------------------ texts in other processes


def test_texts_are_read_in_other_processes_and_in_order():
    links = [f"https://host{n % 3}.example/{n}" for n in range(12)]
    with reading(Answers(lambda url: ARTICLE), processes=Processes(2)) as reader:
        found = read(reader, *links)
    assert [item.link for item in found] == links
    assert all(isinstance(item, CollectedItem) and "loaf number 11" in item.content for item in found)


def test_a_page_whose_text_takes_too_long_fails_and_the_rest_is_read():
    # So deep a nesting, in so large a page, is nobody's article.
    monster = "<div>" * 400_000 + TEXT * 2000
    with reading(Answers(lambda url: monster if "bad" in url else ARTICLE), processes=Processes(1, seconds=0.001)) as r:
        [bad] = read(r, "https://bad.example/")
    assert isinstance(bad, RefusedItem)
    assert bad.outcome is Outcome.FAILED
    assert "took longer than" in bad.reason


# ------------------------------------------------------------------------------ in a browser


@pytest.mark.parametrize(
    ("url", "needed"),
    [
        ("https://medium.com/@ann/bread", True),
        ("https://ann.medium.com/bread", True),
        ("https://medium.com./bread", True),
        ("https://medium.com.evil.example/bread", False),
        ("https://notmedium.com/bread", False),
        ("https://blog.example/medium.com", False),
    ],
)
def test_sites_that_need_a_browser_are_known_by_their_host(url, needed):
    assert needs_browser(url) is needed


def test_a_page_that_shows_too_little_without_scripts_is_rendered_and_others_are_not():
    fetcher = Answers(lambda url: APP if "app" in url else ARTICLE)
    browser = Answers(lambda url: ARTICLE)
    links = ["https://a.example/app", "https://a.example/page", "https://medium.com/@ann/bread"]
    with reading(fetcher, browser) as reader:
        assert all(isinstance(item, CollectedItem) and "loaf" in item.content for item in read(reader, *links))
    assert sorted(browser.asked) == [links[0], links[2]]
    assert sorted(fetcher.asked) == sorted(links[:2])


def test_without_a_browser_an_empty_page_fails_with_the_reason_and_a_short_one_stands():
    browser = Answers(lambda url: BrowserMissing("The page needs a browser; install Chromium."))
    with reading(Answers(lambda url: APP if "app" in url else SHORT), browser) as reader:
        app, short = read(reader, "https://a.example/app", "https://a.example/short")
    assert isinstance(app, RefusedItem)
    assert (app.outcome, app.reason) == (Outcome.FAILED, "The page needs a browser; install Chromium.")
    assert isinstance(short, CollectedItem)
    assert "bread and butter" in short.content


def test_a_page_that_the_browser_finds_gone_is_gone():
    with reading(Answers(lambda url: APP), Answers(lambda url: PageGone("It is gone."))) as reader:
        [item] = read(reader, "https://a.example/app")
    assert isinstance(item, RefusedItem)
    assert item.outcome is Outcome.GONE


def test_a_browser_waits_for_its_turn_and_obeys_robots_txt_before_and_after_a_redirect():
    class Redirected(Answers):
        def fetch(self, url: str, **conditions: Any) -> Page:
            page = super().fetch(url)
            return Page(url.replace("/old", "/private"), 200, page.html)

    with serving({"/robots.txt": "User-agent: *\nDisallow: /private"}) as site:
        http, browser = HttpFetcher(allowed_private_hosts=[site.host], delay_seconds=0), Redirected(lambda url: ARTICLE)
        polite = PoliteBrowser(http, browser)
        assert polite.fetch(f"{site.url}/a").html == ARTICLE
        with pytest.raises(FetchRefused, match=r"robots\.txt"):
            polite.fetch(f"{site.url}/private/x")
        assert len(browser.asked) == 1
        with pytest.raises(FetchRefused, match=r"robots\.txt"):
            polite.fetch(f"{site.url}/old")
        polite.close()
        http.close()


@pytest.mark.parametrize(
    ("use", "of_its_source", "asked_by"),
    [
        ("never", None, ["fetcher"]),
        ("auto", None, ["fetcher", "browser"]),
        ("always", None, ["browser"]),
        ("never", "always", ["browser"]),
        ("always", "never", ["fetcher"]),
    ],
)
def test_a_run_says_whether_a_browser_is_used_and_a_source_knows_better(use, of_its_source, asked_by):
    fetcher, browser = Answers(lambda url: APP), Answers(lambda url: ARTICLE)
    with reading(fetcher, browser, browser_use=use) as reader:
        page = ListedPage("https://a.example/app", browser=of_its_source)
        [item] = reader.read([page], nothing_known, same)
    assert isinstance(item, CollectedItem)
    assert [name for name, one in (("fetcher", fetcher), ("browser", browser)) if one.asked] == asked_by
