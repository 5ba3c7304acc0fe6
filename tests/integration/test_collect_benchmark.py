"""The benchmark of collecting measures what it says: a small size of it, and that it would notice what goes wrong."""

import http.client
import socket
import zlib
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations, islice

import psutil
import pytest
from rich.console import Console

from benchmarks.collect import bombs, robustness, throughput
from benchmarks.collect.judging import first_missing, kept, wrong_outcomes
from benchmarks.collect.layouts import AUTHOR
from benchmarks.collect.plan import TROUBLE, Kind, planned
from benchmarks.collect.server import Wanted, Web, serving
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, ItemReport, Outcome, RawDocument

ME = Author.named(AUTHOR)
SEED, PAGES, HOSTS = 7, 110, 20


def shown(figures, module) -> str:
    console = Console(width=120)
    with console.capture() as said:
        console.print(module.table(figures))
    return said.get()


# ------------------------------------------------------------------------------ the measurements


@pytest.mark.slow
def test_every_kind_of_page_ends_as_it_should_and_every_good_one_is_stored_once_with_all_its_words():
    figures = robustness.measure(PAGES, HOSTS, SEED, processes=1, timeout_seconds=2)
    assert figures["wrong"] == []
    assert figures["lost_pages"] == []
    assert figures["doubled_pages"] == []
    assert (figures["wrong_outcome"], figures["lost"], figures["doubled"]) == (0, 0, 0)
    assert (figures["pages"], figures["stored"]) == (PAGES, figures["good_pages"])
    assert {row["kind"] for row in figures["kinds"]} == {kind.value for kind in Kind}
    assert figures["peak_memory_mb"] > figures["memory_before_mb"] > 0
    assert figures["seconds"] >= figures["seconds_waiting"] == 2 * 2
    assert "gzip bomb" in shown(figures, robustness)


def test_throughput_is_told_beside_bare_fetching_with_the_time_of_each_part():
    figures = throughput.measure(pages=24, hosts=8, seed=SEED, rounds=1, processes=1)
    assert figures["pages"] == 24
    assert 0 < figures["ratio"] < 1
    for key in ("pages_per_second", "bare_fetch_pages_per_second", "fetch_only_pages_per_second", "fetch_only_ratio"):
        assert figures[key] > 0
    parts = [figures[f"{part}_seconds"] for part in ("fetching", "extraction", "judging", "storing")]
    assert all(0 < seconds < 1 for seconds in parts)
    assert figures["collecting_seconds"] > max(parts)
    assert "extraction, CPU time of a page" in shown(figures, throughput)


# ------------------------------------------------------------------------------ what is collected


def test_the_same_seed_plans_the_same_pages_and_another_seed_plans_others():
    assert planned(1, 60, 5) == planned(1, 60, 5)
    assert planned(1, 60, 5) != planned(2, 60, 5)


def test_the_500_pages_are_30_percent_trouble_of_every_kind_on_all_hosts():
    pages = planned(SEED, 500, 20)
    kinds = Counter(page.kind for page in pages)
    assert len({(page.host, page.path) for page in pages}) == 500
    assert kinds.pop(Kind.ARTICLE) == 350
    assert set(kinds) == set(TROUBLE)
    assert max(kinds.values()) - min(kinds.values()) <= 1
    assert len({page.host for page in pages if page.kind is not Kind.ARTICLE}) == 20
    assert max(Counter(page.host for page in pages if page.kind in (Kind.HANGING, Kind.DRIPPING)).values()) == 1


def test_no_text_is_nearly_another_one_but_for_the_reprints_and_other_addresses():
    texts = [(page.kind, runs_of_five(page.text.words)) for page in planned(SEED, PAGES, HOSTS)]
    alike = [
        {kind, other}
        for (kind, runs), (other, others) in combinations(texts, 2)
        if len(runs & others) > 0.3 * len(runs | others)
    ]
    assert len(alike) == sum(kind in (Kind.REPRINT, Kind.SAME_PAGE) for kind, _ in texts)
    assert all(kinds & {Kind.REPRINT, Kind.SAME_PAGE} for kinds in alike)


def runs_of_five(words: Sequence[str]) -> set[tuple[str, ...]]:
    return set(zip(*(words[start:] for start in range(5)), strict=False))


def test_a_bomb_unpacks_to_far_more_than_a_page_may_hold():
    packer, unpacked = zlib.decompressobj(zlib.MAX_WBITS | 16), 0
    for piece in islice(bombs.gzip_bomb(), 5):
        unpacked += len(packer.decompress(piece))
    assert unpacked == 5 * bombs.PIECE
    assert sum(len(piece) for piece in bombs.zstd_bomb()) < bombs.PIECE
    assert sum(len(piece) for piece in bombs.brotli_bomb()) < bombs.PIECE


# ------------------------------------------------------------------------------ the server


@pytest.fixture(scope="module")
def web():
    with serving(SEED, PAGES, HOSTS) as running:
        yield running
    assert not psutil.pid_exists(running.pid)


def answered(web: Web, kind: Kind, path: str = "", **headers: str) -> http.client.HTTPResponse:
    page = next(page for page in web.pages if page.kind is kind)
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=10)
    connection.request("GET", path or page.path, headers={"Host": f"{page.host}:{web.port}", **headers})
    return connection.getresponse()


def test_the_server_tells_hosts_apart_and_sends_an_unchanged_page_only_once(web):
    first = answered(web, Kind.ARTICLE)
    assert AUTHOR.encode() in first.read()
    assert answered(web, Kind.ARTICLE, **{"If-None-Match": first.headers["ETag"]}).status == 304
    assert answered(web, Kind.ARTICLE, "/nothing-here").status == 404


def test_a_page_that_is_busy_once_is_there_the_second_time(web):
    busy = answered(web, Kind.BUSY_ONCE)
    assert (busy.status, busy.headers["Retry-After"]) == (503, "1")
    assert answered(web, Kind.BUSY_ONCE).status == 200


def test_a_body_that_breaks_off_holds_the_whole_article_so_that_only_its_end_tells(web):
    for kind in (Kind.RESET_LATE, Kind.CUT_CHUNKS):
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answered(web, kind).read()


def test_nobody_listens_at_the_closed_port_and_names_lead_to_this_machine_only(web):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", web.closed_port), timeout=5)
    assert web.resolve("kettle.example", 80) == ["127.0.0.1"]
    assert web.resolve("10.0.0.1", 80) == ["10.0.0.1"]


# ------------------------------------------------------------------------------ the judge


def document_of(link: str, content: str) -> RawDocument:
    now = datetime.now(UTC)
    return RawDocument.of(
        ME, link=link, category=Category.ARTICLES, platform="x", title="t", content=content, fetched_at=now
    )


def right(page: Wanted) -> list[ItemReport]:
    return [ItemReport(link=page.link, outcome=page.outcome)] if page.outcome else []


def whole(page: Wanted) -> str:
    return "\n\n".join(block.text for block in page.text.blocks)


def test_a_right_run_has_nothing_wrong(web):
    items = [item for page in web.wanted for item in right(page)]
    again = [
        item.model_copy(update={"outcome": Outcome.UNCHANGED}) if item.outcome is Outcome.NEW else item
        for item in items
    ]
    assert wrong_outcomes(web.wanted, items) == []
    assert wrong_outcomes(web.wanted, again, again=True) == []


def test_a_page_reported_wrongly_or_not_at_all_or_unasked_is_wrong(web):
    items = {page.link: item for page in web.wanted for item in right(page)}
    captcha = next(page for page in web.wanted if page.kind is Kind.CAPTCHA)
    missing = next(page for page in web.wanted if page.kind is Kind.BROKEN)
    copy = next(page for page in web.wanted if page.kind is Kind.SAME_PAGE)
    items[captcha.link] = ItemReport(link=captcha.link, outcome=Outcome.NEW)
    del items[missing.link]
    items[copy.url] = ItemReport(link=copy.url, outcome=Outcome.NEW)
    items["http://else.example/"] = ItemReport(link="http://else.example/", outcome=Outcome.FAILED)
    wrong = wrong_outcomes(web.wanted, items.values())
    assert {page.url: (page.expected, page.got) for page in wrong} == {
        captcha.url: ("quarantined", "new"),
        missing.url: ("failed", "not reported"),
        copy.url: ("not reported", "new"),
        "http://else.example/": ("not reported", "failed"),
    }


def test_a_second_run_that_stores_a_page_again_is_wrong(web):
    items = [item for page in web.wanted for item in right(page)]
    wrong = wrong_outcomes(web.wanted, items, again=True)
    assert {(page.expected, page.got) for page in wrong} == {("unchanged", "new")}
    assert len(wrong) == sum(page.is_good for page in web.wanted)


def test_a_missing_page_a_missing_word_and_a_damaged_character_are_losses(web):
    good = [page for page in web.wanted if page.is_good]
    documents = [document_of(page.link, whole(page)) for page in good]
    assert kept(web.wanted, documents).lost == []
    short = document_of(good[0].link, whole(good[0]).rsplit(" ", 1)[0])
    wrongly_decoded = document_of(good[1].link, whole(good[1]).encode().decode("cp1252", errors="replace"))
    found = kept(web.wanted, [short, wrongly_decoded, *documents[3:]])
    assert [line.split()[0] for line in found.lost] == [good[0].link, good[1].link, good[2].link]


def test_a_text_at_a_second_address_is_doubled(web):
    good = [page for page in web.wanted if page.is_good]
    documents = [document_of(page.link, whole(page)) for page in good]
    again = document_of("http://else.example/print", f"A note before it.\n\n{whole(good[3])}")
    stray = document_of("http://else.example/captcha", "Verify you are human by completing the action below.")
    found = kept(web.wanted, [*documents, again, stray])
    assert found.stored == len(good) + 2
    assert found.doubled == [f"http://else.example/print holds {good[3].link}"]


def test_words_count_only_in_their_order():
    assert first_missing(["it’s", "a", "–", "page"], ["so", "it’s", "a", "–", "long", "page"]) is None
    assert first_missing(["a", "page"], ["page", "a"]) == '"page" (word 2 of 2)'
    assert first_missing(["it’s"], ["it's"]) == '"it’s" (word 1 of 1)'
