"""Collecting brings the authors' words, all of them and nothing else, once."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from llm_engineering.application.collecting import collect
from llm_engineering.application.deciding import accept, chosen, reject
from llm_engineering.application.ports import (
    CollectedItem,
    Coverage,
    Fetcher,
    ListedPage,
    Record,
    RefusedItem,
    Silent,
    Source,
)
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, CollectionReport, ItemReport, Outcome
from llm_engineering.domain.errors import BadInput, CollectError
from llm_engineering.domain.identity import canonical_link
from llm_engineering.infrastructure.sources.fetcher import HttpFetcher
from llm_engineering.infrastructure.sources.page_reader import ConcurrentReader
from llm_engineering.infrastructure.sources.processes import Processes
from llm_engineering.infrastructure.sources.registry import Tools, sources_for
from llm_engineering.infrastructure.sources.web import WebPages
from tests.fakes import InMemoryDocuments
from tests.loopback import Loopback, Reply, serving
from tools.sample_site import SAMPLE_SITE_DIR, aliases, explicit_links, published, served, trouble_pages

MARA, EDMUND = Author.named("Mara Lindqvist"), Author.named("Edmund Achterberg")
SLUGS = {"mara-lindqvist": MARA, "edmund-achterberg": EDMUND}
TROUBLE = trouble_pages(SAMPLE_SITE_DIR)


class CountingDocuments(InMemoryDocuments):
    """Remembers what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def upsert(self, collection: str, records: Iterable[Record]) -> int:
        batch = list(records)
        self.written.extend(f"{collection}/{record['_id']}" for record in batch)
        return super().upsert(collection, batch)


class Given:
    """A source of given items; an exception among them breaks it off."""

    def __init__(
        self,
        *items: CollectedItem | RefusedItem | ListedPage | BaseException,
        origin: str = "given",
        coverage: Coverage = Coverage.PART,
    ) -> None:
        self._items = items
        self.origin = origin
        self.coverage = coverage
        self.notes: list[str] = []

    def items(self, author: Author) -> Iterator[CollectedItem | RefusedItem | ListedPage]:
        for item in self._items:
            if isinstance(item, BaseException):
                raise item
            yield item


class Noting(Silent):
    """Remembers what was noted."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        self.notes.append(message)


@pytest.fixture
def store() -> CountingDocuments:
    return CountingDocuments()


@pytest.fixture
def warehouse(store: CountingDocuments) -> Warehouse:
    return Warehouse(store)


def fetcher_for(url: str) -> HttpFetcher:
    return HttpFetcher(allowed_private_hosts=[urlsplit(url).netloc], delay_seconds=0, backoff_seconds=0.001)


def run(
    warehouse: Warehouse,
    sources: Sequence[Source],
    author: Author = MARA,
    fetcher: Fetcher | None = None,
    **options: Any,
) -> CollectionReport:
    reader = ConcurrentReader(fetcher or HttpFetcher(), processes=Processes(0))
    try:
        return collect(author, sources, warehouse, reader=reader, **{"progress": Silent(), **options})
    finally:
        reader.close()


def by_link(report: CollectionReport) -> dict[str, ItemReport]:
    return {item.link: item for item in report.items}


# ------------------------------------------------------------------------------ the sample site


def whole_site(base: str, slug: str, fetcher: HttpFetcher, root: Path) -> list[Source]:
    entries: list[Any] = [
        f"{base}/feed.xml",
        {"kind": "sitemap", "url": f"{base}/sitemap.xml", "prefix": f"/{slug}/"},
        *explicit_links(root, base, slug),
    ]
    return sources_for(entries, Tools(fetcher, Processes(0)))


@pytest.mark.parametrize("slug", list(SLUGS))
def test_the_whole_site_gives_every_article_of_its_author_and_a_second_run_writes_nothing(slug, store, warehouse):
    author = SLUGS[slug]
    wanted = {article.title for article in published(SAMPLE_SITE_DIR) if article.path.startswith(f"/{slug}/")}
    with served(SAMPLE_SITE_DIR, port=0) as base:
        fetcher = fetcher_for(base)
        first = run(warehouse, whole_site(base, slug, fetcher, SAMPLE_SITE_DIR), author, fetcher, language="en")
        assert {document.title for document in warehouse.documents(author)} == wanted
        assert first.counts["new"] == len(wanted)
        assert any("other authors" in note for note in first.notes)

        store.written.clear()
        second = run(warehouse, whole_site(base, slug, fetcher, SAMPLE_SITE_DIR), author, fetcher, language="en")
    assert (second.counts["new"], second.counts["updated"], second.counts["unchanged"]) == (0, 0, len(wanted))
    assert store.written == []


@pytest.mark.parametrize("page", TROUBLE, ids=[page.kind for page in TROUBLE])
def test_each_trouble_page_has_the_outcome_that_a_careful_collector_reports(page, warehouse):
    author = SLUGS[page.author_slug]
    with served(SAMPLE_SITE_DIR, port=0) as base:
        articles = [base + a.path for a in published(SAMPLE_SITE_DIR) if a.path.startswith(f"/{page.author_slug}/")]
        link = base + page.path
        report = run(warehouse, [WebPages([*articles, link])], author, fetcher_for(base))
    item = by_link(report)[link]
    assert item.outcome == page.outcome
    assert page.reason.lower() in item.reason.lower()
    assert link not in {document.link for document in warehouse.documents(author)}
    quarantined = {kept.link for kept in warehouse.quarantined(author)}
    assert (link in quarantined) == (page.outcome == Outcome.QUARANTINED)


def test_the_articles_about_trouble_are_kept_as_their_author_wrote_them(warehouse):
    with served(SAMPLE_SITE_DIR, port=0) as base:
        mine = [article for article in published(SAMPLE_SITE_DIR) if article.path.startswith("/mara-lindqvist/")]
        run(warehouse, [WebPages([base + article.path for article in mine])], fetcher=fetcher_for(base))
    stored = {document.title: document for document in warehouse.documents(MARA)}
    for article in mine:
        document = stored[article.title]
        assert document.published_at is not None
        assert document.published_at.date() == article.date
        for apostrophe_or_dash in "’—“”":
            assert document.content.count(apostrophe_or_dash) == article.body.count(apostrophe_or_dash)


def test_other_doors_to_an_article_make_no_second_document(warehouse):
    with served(SAMPLE_SITE_DIR, port=0) as base:
        doors = [alias for alias in aliases(SAMPLE_SITE_DIR) if alias.author_slug == "mara-lindqvist"]
        links = [link for alias in doors for link in (base + alias.link, base + alias.same_as)]
        report = run(warehouse, [WebPages([link]) for link in links], fetcher=fetcher_for(base))
    assert len(report.items) == len(doors)
    assert len(list(warehouse.documents(MARA))) == len(doors)


def test_an_edited_article_replaces_its_old_version(tmp_path, warehouse):
    root = shutil.copytree(SAMPLE_SITE_DIR, tmp_path / "site")
    with served(root, port=0) as base:
        fetcher = fetcher_for(base)
        run(warehouse, whole_site(base, "mara-lindqvist", fetcher, root), fetcher=fetcher)
        before = len(list(warehouse.documents(MARA)))
        path = root / "articles" / "mara-lindqvist" / "be-a-good-guest.md"
        path.write_text(path.read_text(encoding="utf-8") + "\n\nP.S. I’ve changed my mind about the delay.\n")
        report = run(warehouse, whole_site(base, "mara-lindqvist", fetcher, root), fetcher=fetcher)
    assert [item.link for item in report.items if item.outcome is Outcome.UPDATED] == [
        f"{base}/mara-lindqvist/be-a-good-guest/"
    ]
    assert len(list(warehouse.documents(MARA))) == before
    assert sum("changed my mind about the delay" in document.content for document in warehouse.documents(MARA)) == 1


# ------------------------------------------------------------------------------ pages that change


TEXT = [f"In week {n} I’ve fed the starter {n * 3} times and it’s grown by {n * 5} percent." for n in range(1, 21)]


def page(*paragraphs: str, head: str = "") -> str:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs or TEXT)
    return f"<html><head><title>Bread</title>{head}</head><body><article><h1>Bread</h1>{body}</article></body></html>"


def crawl(site: Loopback, warehouse: Warehouse, *paths: str, **options: Any) -> CollectionReport:
    fetcher = fetcher_for(site.url)
    try:
        return run(warehouse, [WebPages([site.url + path for path in paths])], fetcher=fetcher, **options)
    finally:
        fetcher.close()


def outcomes(report: CollectionReport) -> list[Outcome]:
    return [item.outcome for item in report.items]


def test_a_known_page_is_asked_for_conditionally_and_a_304_is_unchanged(store, warehouse):
    validators = {"ETag": '"1"', "Last-Modified": "Mon, 02 Jan 2023 10:00:00 GMT"}
    with serving({"/a": [Reply(page(), headers=validators), Reply(status=304)]}) as site:
        crawl(site, warehouse, "/a")
        store.written.clear()
        report = crawl(site, warehouse, "/a")
        assert site.asked[-1].headers["if-none-match"] == '"1"'
    assert (outcomes(report), store.written) == ([Outcome.UNCHANGED], [])


@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_is_tombstoned_and_comes_back_when_it_does(status, warehouse):
    replies = [Reply(page()), Reply("", status), Reply("", status), Reply(page())]
    with serving({"/a": replies, "/b": page(*TEXT[10:], *(t.replace("week", "year") for t in TEXT))}) as site:
        crawl(site, warehouse, "/a", "/b")
        report = crawl(site, warehouse, "/a")
        assert outcomes(report) == [Outcome.GONE]
        assert "marked as gone" in report.items[0].reason
        assert [document.link for document in warehouse.documents(MARA)] == [f"{site.url}/b"]
        assert len(list(warehouse.documents(MARA, include_gone=True))) == 2
        assert outcomes(crawl(site, warehouse, "/a")) == [Outcome.GONE]
        assert outcomes(crawl(site, warehouse, "/a")) == [Outcome.UPDATED]
        assert len(list(warehouse.documents(MARA))) == 2


def test_a_page_that_is_stored_under_its_canonical_link_is_found_again_when_it_is_gone(warehouse):
    canonical = '<link rel="canonical" href="/bread">'
    with serving(
        {"/?p=7": [Reply(page(head=canonical)), Reply("", 404)], "/b": page(*different(1).split("\n\n"))}
    ) as site:
        crawl(site, warehouse, "/?p=7", "/b")
        assert f"{site.url}/bread" in {document.link for document in warehouse.documents(MARA)}
        crawl(site, warehouse, "/?p=7")
        assert {document.link for document in warehouse.documents(MARA)} == {f"{site.url}/b"}


def test_a_soft_404_does_not_touch_the_stored_article_and_the_article_lifts_the_quarantine(warehouse):
    lie = "<title>Page not found</title><body><main><p>Sorry, we can’t find that page.</p></main></body>"
    with serving({"/a": [Reply(page()), Reply(lie), Reply(page())]}) as site:
        crawl(site, warehouse, "/a")
        assert outcomes(crawl(site, warehouse, "/a")) == [Outcome.QUARANTINED]
        [document] = warehouse.documents(MARA)
        assert "starter" in document.content
        [kept] = warehouse.quarantined(MARA)
        assert "not found" in kept.reason
        assert "can’t find that page" in kept.evidence
        assert outcomes(crawl(site, warehouse, "/a")) == [Outcome.UNCHANGED]
        assert list(warehouse.quarantined(MARA)) == []


def test_a_redirect_to_the_home_page_is_no_article(warehouse):
    with serving({"/a": Reply(status=302, headers={"Location": "/"}), "/": page(), "/b": page()}) as site:
        report = crawl(site, warehouse, "/a", "/b")
    assert outcomes(report) == [Outcome.QUARANTINED, Outcome.NEW]
    assert "not found" in report.items[0].reason


def test_a_canonical_link_to_another_site_or_to_the_home_page_is_not_believed(warehouse):
    foreign = '<link rel="canonical" href="https://elsewhere.example/x">'
    home = '<link rel="canonical" href="/">'
    other = page(*(t.replace("week", "year").replace("times", "days") for t in TEXT), head=home)
    with serving({"/a": page(head=foreign), "/b": other}) as site:
        crawl(site, warehouse, "/a", "/b")
        assert {urlsplit(document.link).path for document in warehouse.documents(MARA)} == {"/a", "/b"}


# ------------------------------------------------------------------------------ runs


def item(link: str, content: str = "\n\n".join(TEXT), **fields: Any) -> CollectedItem:
    category = fields.pop("category", Category.ARTICLES)
    return CollectedItem(link=link, category=category, platform="test", title=link, content=content, **fields)


def different(n: int) -> str:
    return "\n\n".join(
        f"On day {n}{k} the dough was {n * k} degrees warm and I’ve waited {n + k} hours." for k in range(15)
    )


def test_the_same_link_from_two_sources_is_one_item(warehouse):
    report = run(warehouse, [Given(item("a", different(1))), Given(item("a", different(1)), item("b", different(2)))])
    assert outcomes(report) == [Outcome.NEW, Outcome.NEW]
    assert report.notes == ["Listed more than once: 1."]


def test_a_near_duplicate_within_the_run_and_of_a_stored_document_is_quarantined(warehouse):
    reprint = different(1).replace("I’ve waited 3 hours", "I have waited three hours")
    assert outcomes(run(warehouse, [Given(item("a", different(1)), item("b", reprint))])) == [
        Outcome.NEW,
        Outcome.QUARANTINED,
    ]
    assert outcomes(run(warehouse, [Given(item("c", reprint))])) == [Outcome.QUARANTINED]
    assert outcomes(run(warehouse, [Given(item("a", reprint))])) == [Outcome.UPDATED]


def test_two_authors_who_publish_the_same_text_keep_two_documents(warehouse):
    run(warehouse, [Given(item("a"))], MARA)
    assert outcomes(run(warehouse, [Given(item("a"))], EDMUND)) == [Outcome.NEW]


def test_what_was_done_before_an_interruption_is_kept(warehouse):
    source = Given(item("a", different(1)), item("b", different(2)), KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run(warehouse, [source])
    assert {document.link for document in warehouse.documents(MARA)} == {"a", "b"}
    assert warehouse.author("Mara Lindqvist") == MARA


def test_a_source_that_breaks_off_is_one_failure_and_the_next_goes_on(warehouse):
    report = run(warehouse, [Given(CollectError("The feed is gone.")), Given(item("a"))])
    assert outcomes(report) == [Outcome.FAILED, Outcome.NEW]
    assert report.items[0].reason == "The feed is gone."


def test_too_many_failures_end_the_run_with_counts_and_reasons(warehouse):
    failed = [RefusedItem(f"f{n}", Outcome.FAILED, f"reason {n}") for n in range(3)]
    with pytest.raises(CollectError, match=r"3 failed.*60%.*50%.*f0: reason 0"):
        run(warehouse, [Given(item("a", different(1)), *failed, item("b", different(2)))])
    assert len(list(warehouse.documents(MARA))) == 2
    assert run(warehouse, [Given(*failed)], max_failure_share=1.0).failure_share == 1.0


def test_the_only_item_that_fails_has_its_reason_told_once(warehouse):
    progress = Noting()
    given = Given(RefusedItem("https://a.example/", Outcome.FAILED, "a.example is away."))
    with pytest.raises(CollectError, match=r"^https://a\.example/: a\.example is away\.$"):
        run(warehouse, [given], progress=progress)
    assert progress.notes == []
    two = Given(RefusedItem("f", Outcome.FAILED, "away"), item("a"))
    run(warehouse, [two], progress=progress)
    assert progress.notes == ["failed: f (away)"]


def test_an_author_without_any_document_is_an_error_that_says_why(warehouse):
    with pytest.raises(CollectError, match=r"no document of Mara Lindqvist.*1 quarantined.*words"):
        run(warehouse, [Given(item("a", "Too short."))])
    assert warehouse.authors() == []
    with pytest.raises(CollectError, match="no item at all"):
        run(warehouse, [])


def test_a_limit_ends_the_run(warehouse):
    report = run(warehouse, [Given(*(item(str(n), different(n)) for n in range(9)))], limit=3)
    assert len(report.items) == 3


def test_posts_are_stored_as_posts_and_a_language_is_found(warehouse):
    run(
        warehouse,
        [Given(item("p", "Plums!", category=Category.POSTS), item("a", published_at=datetime(2024, 5, 2, tzinfo=UTC)))],
    )
    found = {document.link: document for document in warehouse.documents(MARA)}
    assert (found["p"].category, found["p"].language) == (Category.POSTS, None)
    assert found["a"].language == "en"


def test_links_are_canonical(warehouse):
    with serving({"/a?utm_source=x": page(), "/a": page()}) as site:
        crawl(site, warehouse, "/a?utm_source=x#top", "/a")
        assert site.paths() == ["/a?utm_source=x"]
        assert [document.link for document in warehouse.documents(MARA)] == [canonical_link(f"{site.url}/a")]


# ------------------------------------------------------------------------------ what a source no longer has


def links(warehouse: Warehouse) -> set[str]:
    return {document.link for document in warehouse.documents(MARA)}


def test_what_a_whole_place_no_longer_holds_is_marked_as_gone_and_comes_back(warehouse):
    both = Given(item("a", different(1)), item("b", different(2)), origin="folder:x", coverage=Coverage.ALL)
    run(warehouse, [both, Given(item("c", different(3)))])
    less = Given(item("a", different(1)), origin="folder:x", coverage=Coverage.ALL)
    report = run(warehouse, [less])
    assert [(found.link, found.outcome) for found in report.items] == [("a", Outcome.UNCHANGED), ("b", Outcome.GONE)]
    assert "no longer in folder:x" in report.items[1].reason
    assert links(warehouse) == {"a", "c"}
    assert outcomes(run(warehouse, [both])) == [Outcome.UNCHANGED, Outcome.UPDATED]
    assert links(warehouse) == {"a", "b", "c"}


def test_a_place_that_breaks_off_or_a_run_that_ends_early_marks_nothing_as_gone(warehouse):
    both = Given(item("a", different(1)), item("b", different(2)), origin="folder:x", coverage=Coverage.ALL)
    run(warehouse, [both])
    broken = Given(item("a", different(1)), CollectError("gone"), origin="folder:x", coverage=Coverage.ALL)
    assert outcomes(run(warehouse, [broken])) == [Outcome.UNCHANGED, Outcome.FAILED]
    run(warehouse, [Given(item("a", different(1)), origin="folder:x", coverage=Coverage.ALL)], limit=1)
    failed = RefusedItem("b", Outcome.FAILED, "cannot be read")
    run(warehouse, [Given(item("a", different(1)), failed, origin="folder:x", coverage=Coverage.ALL)])
    assert links(warehouse) == {"a", "b"}


def test_a_page_that_a_listing_no_longer_has_is_asked_for_and_stays_while_it_is_there(warehouse):
    pages = {f"/{n}": page(*different(n).split("\n\n")) for n in (1, 2, 3)}
    with serving(pages) as site:
        everything = [ListedPage(site.url + path) for path in pages]
        run(warehouse, [Given(*everything, coverage=Coverage.LISTING)], fetcher=fetcher_for(site.url))
        del site.routes["/3"]
        report = run(warehouse, [Given(everything[0], coverage=Coverage.LISTING)], fetcher=fetcher_for(site.url))
    assert sorted((urlsplit(found.link).path, found.outcome) for found in report.items) == [
        ("/1", Outcome.UNCHANGED),
        ("/2", Outcome.UNCHANGED),
        ("/3", Outcome.GONE),
    ]


def test_a_page_that_moved_keeps_one_document_under_its_new_address(warehouse):
    with serving({"/old": page(), "/b": page(*different(1).split("\n\n"))}) as site:
        crawl(site, warehouse, "/old", "/b")
        site.routes |= {"/old": Reply(status=301, headers={"Location": "/new"}), "/new": Reply(page())}
        report = crawl(site, warehouse, "/old")
        assert outcomes(report) == [Outcome.NEW]
        assert report.items[0].reason == f"moved from {site.url}/old"
        assert links(warehouse) == {f"{site.url}/new", f"{site.url}/b"}
        assert outcomes(crawl(site, warehouse, "/old")) == [Outcome.UNCHANGED]


def test_an_entry_that_left_the_feed_is_no_new_version_when_its_page_says_the_same(store, warehouse):
    html = "".join(f"<p>{text}</p>" for text in TEXT)
    with serving({"/a": page()}) as site:
        entry = ListedPage(f"{site.url}/a", title="Bread", html=html.replace("starter", "<em>starter</em>"))
        assert outcomes(run(warehouse, [Given(entry)])) == [Outcome.NEW]
        store.written.clear()
        assert outcomes(crawl(site, warehouse, "/a")) == [Outcome.UNCHANGED]
        assert store.written == []
        site.routes["/a"] = Reply(page(*TEXT, "And I’ve learnt more since."))
        assert outcomes(crawl(site, warehouse, "/a")) == [Outcome.UPDATED]


# ------------------------------------------------------------------------------ limits of a run


def test_what_is_older_than_since_is_left_out_before_and_after_fetching_and_undated_items_stay(warehouse):
    def dated(day: int | None, n: int) -> CollectedItem:
        return item(str(n), different(n), published_at=datetime(2024, 5, day, tzinfo=UTC) if day else None)

    old = '<meta name="date" content="2023-01-02">'
    with serving({"/old": page(head=old), "/never": page()}) as site:
        listed = [
            ListedPage(f"{site.url}/never", modified_at=datetime(2024, 4, 30, tzinfo=UTC)),
            ListedPage(f"{site.url}/old"),
        ]
        items = [dated(1, 1), dated(2, 2), dated(None, 3), *listed]
        report = run(warehouse, [Given(*items)], fetcher=fetcher_for(site.url), since=date(2024, 5, 2))
        assert site.paths() == ["/old"]
    assert links(warehouse) == {"2", "3"}
    assert report.notes == [
        "Left out, from before 2024-05-02: 2.",
        "Left out, as their pages say that they are from before 2024-05-02: 1.",
    ]


def test_a_run_ends_after_its_time_says_so_and_the_next_one_goes_on(warehouse):
    items = [item(str(n), different(n)) for n in range(3)]
    report = run(warehouse, [Given(*items)], max_seconds=0)
    assert len(report.items) == 1
    assert "run it again to go on" in report.notes[0]
    assert outcomes(run(warehouse, [Given(*items)])) == [Outcome.UNCHANGED, Outcome.NEW, Outcome.NEW]


def test_an_address_that_cannot_be_read_is_one_failed_item(warehouse):
    report = run(warehouse, [Given(ListedPage("https://[broken/x"), item("a"))])
    assert outcomes(report) == [Outcome.FAILED, Outcome.NEW]
    assert "no usable address" in report.items[0].reason


# ------------------------------------------------------------------------------ a person's decision


def held_back(warehouse: Warehouse, wanted: str) -> Any:
    return chosen(warehouse.quarantined(), wanted)


def test_what_a_person_accepts_is_stored_and_passes_from_then_on(store, warehouse):
    short = item("short", "It’s short, and it’s all I’ve written.")
    run(warehouse, [Given(short, item("a"))])
    kept = held_back(warehouse, "short")
    assert accept(kept, warehouse) is Outcome.NEW
    assert links(warehouse) == {"short", "a"}
    assert accept(held_back(warehouse, "short"), warehouse) is Outcome.UNCHANGED
    store.written.clear()
    assert outcomes(run(warehouse, [Given(short)])) == [Outcome.UNCHANGED]
    assert store.written == []
    longer = item("short", "It’s a little longer now, and it’s still all I’ve written.")
    assert outcomes(run(warehouse, [Given(longer)])) == [Outcome.UPDATED]
    gone_bad = item("short", "Sorry, we can’t find that page.", evidence="Page not found\nThe page does not exist.")
    assert outcomes(run(warehouse, [Given(gone_bad)])) == [Outcome.QUARANTINED]
    assert accept(held_back(warehouse, "short"), warehouse) is Outcome.UPDATED
    assert outcomes(run(warehouse, [Given(short)])) == [Outcome.UPDATED]


def test_what_a_person_rejects_stays_out_and_leaves_the_warehouse_if_it_was_accepted(store, warehouse):
    reprint = item("b", different(1).replace("I’ve waited 3 hours", "I have waited three hours"))
    run(warehouse, [Given(item("a", different(1)), reprint)])
    reject(held_back(warehouse, "b"), warehouse)
    store.written.clear()
    assert outcomes(run(warehouse, [Given(item("a", different(1)), reprint)])) == [
        Outcome.UNCHANGED,
        Outcome.QUARANTINED,
    ]
    assert store.written == []
    accept(held_back(warehouse, str(held_back(warehouse, "b").id)[:8]), warehouse)
    assert links(warehouse) == {"a", "b"}
    assert reject(held_back(warehouse, "b"), warehouse)
    assert links(warehouse) == {"a"}
    with pytest.raises(BadInput, match="Nothing in quarantine"):
        held_back(warehouse, "nowhere")
