"""Collecting brings the authors' words, all of them and nothing else, once."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from llm_engineering.application.collecting import collect, known_validators
from llm_engineering.application.ports import CollectedItem, Record, RefusedItem, Silent, Source
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, CollectionReport, ItemReport, Outcome
from llm_engineering.domain.errors import CollectError
from llm_engineering.domain.identity import canonical_link
from llm_engineering.infrastructure.sources.fetcher import HttpFetcher
from llm_engineering.infrastructure.sources.registry import source_for
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

    def __init__(self, *items: CollectedItem | RefusedItem | BaseException) -> None:
        self._items = items
        self.notes: list[str] = []

    def items(self, author: Author) -> Iterator[CollectedItem | RefusedItem]:
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


def run(warehouse: Warehouse, sources: Sequence[Source], author: Author = MARA, **options: Any) -> CollectionReport:
    return collect(author, sources, warehouse, progress=Silent(), **options)


def by_link(report: CollectionReport) -> dict[str, ItemReport]:
    return {item.link: item for item in report.items}


# ------------------------------------------------------------------------------ the sample site


def whole_site(base: str, slug: str, warehouse: Warehouse, fetcher: HttpFetcher, root: Path) -> list[Source]:
    entries: list[Any] = [
        f"{base}/feed.xml",
        {"kind": "sitemap", "url": f"{base}/sitemap.xml", "prefix": f"/{slug}/"},
        *explicit_links(root, base, slug),
    ]
    known = known_validators(warehouse, SLUGS[slug])
    return [source_for(entry, fetcher=fetcher, validators=known) for entry in entries]


@pytest.mark.parametrize("slug", list(SLUGS))
def test_the_whole_site_gives_every_article_of_its_author_and_a_second_run_writes_nothing(slug, store, warehouse):
    author = SLUGS[slug]
    wanted = {article.title for article in published(SAMPLE_SITE_DIR) if article.path.startswith(f"/{slug}/")}
    with served(SAMPLE_SITE_DIR, port=0) as base:
        fetcher = fetcher_for(base)
        first = run(warehouse, whole_site(base, slug, warehouse, fetcher, SAMPLE_SITE_DIR), author, language="en")
        assert {document.title for document in warehouse.documents(author)} == wanted
        assert first.counts["new"] == len(wanted)
        assert any("other authors" in note for note in first.notes)

        store.written.clear()
        second = run(warehouse, whole_site(base, slug, warehouse, fetcher, SAMPLE_SITE_DIR), author, language="en")
    assert (second.counts["new"], second.counts["updated"], second.counts["unchanged"]) == (0, 0, len(wanted))
    assert store.written == []


@pytest.mark.parametrize("page", TROUBLE, ids=[page.kind for page in TROUBLE])
def test_each_trouble_page_has_the_outcome_that_a_careful_collector_reports(page, warehouse):
    author = SLUGS[page.author_slug]
    with served(SAMPLE_SITE_DIR, port=0) as base:
        articles = [base + a.path for a in published(SAMPLE_SITE_DIR) if a.path.startswith(f"/{page.author_slug}/")]
        link = base + page.path
        report = run(warehouse, [WebPages([*articles, link], fetcher_for(base))], author)
    item = by_link(report)[link]
    assert item.outcome == page.outcome
    assert page.reason.lower() in item.reason.lower()
    assert link not in {document.link for document in warehouse.documents(author)}
    quarantined = {kept.link for kept in warehouse.quarantined(author)}
    assert (link in quarantined) == (page.outcome == Outcome.QUARANTINED)


def test_the_articles_about_trouble_are_kept_as_their_author_wrote_them(warehouse):
    with served(SAMPLE_SITE_DIR, port=0) as base:
        mine = [article for article in published(SAMPLE_SITE_DIR) if article.path.startswith("/mara-lindqvist/")]
        run(warehouse, [WebPages([base + article.path for article in mine], fetcher_for(base))])
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
        report = run(warehouse, [source_for(link, fetcher=fetcher_for(base)) for link in links])
    assert len(report.items) == len(doors)
    assert len(list(warehouse.documents(MARA))) == len(doors)


def test_an_edited_article_replaces_its_old_version(tmp_path, warehouse):
    root = shutil.copytree(SAMPLE_SITE_DIR, tmp_path / "site")
    with served(root, port=0) as base:
        fetcher = fetcher_for(base)
        run(warehouse, whole_site(base, "mara-lindqvist", warehouse, fetcher, root))
        before = len(list(warehouse.documents(MARA)))
        path = root / "articles" / "mara-lindqvist" / "be-a-good-guest.md"
        path.write_text(path.read_text(encoding="utf-8") + "\n\nP.S. I’ve changed my mind about the delay.\n")
        report = run(warehouse, whole_site(base, "mara-lindqvist", warehouse, fetcher, root))
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
    source = WebPages([site.url + path for path in paths], fetcher, known_validators(warehouse, MARA))
    try:
        return run(warehouse, [source], **options)
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
    assert report.notes == ["1 links led to an item that was there already."]


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
        collect(MARA, [given], warehouse, progress=progress)
    assert progress.notes == []
    two = Given(RefusedItem("f", Outcome.FAILED, "away"), item("a"))
    collect(MARA, [two], warehouse, progress=progress)
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
