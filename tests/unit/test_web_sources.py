"""Feeds, sitemaps and whole sites bring the right links, and say what they left out."""

import pytest

from llm_engineering.application.ports import CollectedItem, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Outcome
from llm_engineering.domain.errors import BadInput
from llm_engineering.infrastructure.sources.fetcher import HttpFetcher
from llm_engineering.infrastructure.sources.web import Feed, Site, Sitemap, WebPages
from tests.loopback import Loopback, Reply, serving

ANN = Author.named("Ann Lee")
TEXT = "".join(f"<p>It’s loaf number {n}, and I’ve written down what went wrong with it.</p>" for n in range(12))


def article(title: str, head: str = "") -> str:
    return (
        f"<html><head><title>{title}</title>{head}</head><body><article><h1>{title}</h1>{TEXT}</article></body></html>"
    )


def fetcher(site: Loopback) -> HttpFetcher:
    return HttpFetcher(allowed_private_hosts=[site.host], delay_seconds=0, backoff_seconds=0.001)


def feed(*entries: tuple[str, str]) -> str:
    items = "".join(f"<item><title>{a}</title><link>{a}</link><dc:creator>{b}</dc:creator></item>" for a, b in entries)
    return f'<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>{items}</channel></rss>'


def sitemap(*paths: str) -> str:
    return f"<urlset>{''.join(f'<url><loc>{path}</loc></url>' for path in paths)}</urlset>"


def outcome(item: CollectedItem | RefusedItem) -> str:
    return item.outcome if isinstance(item, RefusedItem) else "item"


def test_a_feed_leaves_out_entries_of_clearly_other_authors_and_says_how_many():
    routes = {"/feed": feed(("/a", "Ann Lee"), ("/b", "Bob Ray"), ("/c", "")), "/a": article("A"), "/c": article("C")}
    with serving(routes) as site:
        source = Feed(f"{site.url}/feed", fetcher(site))
        found = list(source.items(ANN))
        assert [item.link for item in found] == [f"{site.url}/a", f"{site.url}/c"]
        assert site.paths() == ["/feed", "/a", "/c"]
    assert source.notes == ["The feed names 1 entries of other authors; they were left out."]


def test_a_sitemap_index_is_followed_and_its_pages_chosen_by_prefix():
    routes = {
        "/sitemap.xml": "<sitemapindex><sitemap><loc>/one.xml</loc></sitemap>"
        "<sitemap><loc>http://elsewhere.example/two.xml</loc></sitemap></sitemapindex>",
        "/one.xml": sitemap("/ann/a", "/bob/b", "/ann/photo.jpg"),
        "/ann/a": article("A"),
    }
    with serving(routes) as site:
        found = list(Sitemap(f"{site.url}/sitemap.xml", fetcher(site), prefix="/ann/").items(ANN))
        assert [item.link for item in found] == [f"{site.url}/ann/a"]
        assert site.paths() == ["/sitemap.xml", "/one.xml", "/ann/a"]


def test_a_site_is_its_feed_and_its_sitemap_each_page_once():
    home = '<head><link rel="alternate" type="application/rss+xml" href="/feed.xml"></head><body>Hello</body>'
    routes = {
        "/blog/": home,
        "/feed.xml": feed(("/blog/a", "Ann Lee")),
        "/sitemap.xml": sitemap("/blog/", "/blog/a?utm_source=sitemap", "/blog/b", "/shop/c"),
        "/blog/a": article("A"),
        "/blog/b": article("B"),
    }
    with serving(routes) as site:
        found = list(Site(f"{site.url}/blog/", fetcher(site)).items(ANN))
        assert [item.link for item in found] == [f"{site.url}/blog/a", f"{site.url}/blog/b"]


def test_a_place_that_is_something_else_is_a_sentence():
    with serving({"/": "<body>Hello</body>", "/sitemap.xml": sitemap("/x")}) as site:
        with pytest.raises(BadInput, match="no RSS or Atom feed"):
            list(Feed(f"{site.url}/", fetcher(site)).items(ANN))
        with pytest.raises(BadInput, match="under /ann/"):
            list(Sitemap(f"{site.url}/sitemap.xml", fetcher(site), prefix="/ann/").items(ANN))
    with serving({"/": "<body>Hello</body>"}) as site, pytest.raises(BadInput, match="no feed"):
        list(Site(f"{site.url}/", fetcher(site)).items(ANN))


@pytest.mark.parametrize("kind", [Feed, Sitemap, Site])
def test_a_place_that_does_not_answer_is_one_failure_and_never_a_tombstone(kind):
    with serving({"/robots.txt": ""}) as site:
        [item] = kind(f"{site.url}/x", fetcher(site)).items(ANN)
    assert outcome(item) == Outcome.FAILED
    assert "404" in item.reason


def test_home_tag_and_author_pages_are_no_articles_unless_they_say_so():
    says_so = '<meta property="og:type" content="article">'
    lists = "".join(
        f'<p><a href="/blog/{n}">Loaf {n}</a> went wrong in the way that loaf {n} does.</p>' for n in range(9)
    )
    routes = {
        "/": article("Home"),
        "/tag/bread/": article("Bread"),
        "/author/ann": article("Ann"),
        "/page/2": article("More"),
        "/blog": f"<title>Blog</title><body><main><h1>Blog</h1>{lists}</main></body>",
        "/topics/bread": article("On bread", says_so),
    }
    with serving(routes) as site:
        found = list(WebPages([site.url + path for path in routes], fetcher(site)).items(ANN))
    assert [outcome(item) for item in found] == [Outcome.QUARANTINED] * 5 + ["item"]
    assert all("index page" in item.reason for item in found[:5] if isinstance(item, RefusedItem))


def test_one_bad_page_never_stops_the_rest():
    routes = {"/a": Reply("", 500), "/b": Reply("", 404), "/c": article("C")}
    with serving(routes) as site:
        found = list(WebPages([f"{site.url}/{name}" for name in "abc"], fetcher(site)).items(ANN))
    assert [outcome(item) for item in found] == [Outcome.FAILED, Outcome.GONE, "item"]


def test_an_item_says_what_the_page_says():
    head = """<meta name="author" content="Ann Lee"><meta name="description" content="Why crust matters">
      <meta name="date" content="2024-05-02">"""
    with serving({"/a?p=1": Reply(article("On Bread", head), headers={"ETag": '"7"'})}) as site:
        [item] = WebPages([f"{site.url}/a?p=1&utm_source=x#top"], fetcher(site)).items(ANN)
        assert isinstance(item, RefusedItem)  # the server of this test knows only the plain link
        [item] = WebPages([f"{site.url}/a?p=1"], fetcher(site)).items(ANN)
    assert isinstance(item, CollectedItem)
    assert (item.title, item.byline, item.platform) == ("On Bread", "Ann Lee", "127.0.0.1")
    assert item.extra == {"subtitle": "Why crust matters", "etag": '"7"'}
    assert item.published_at is not None
    assert "loaf number 11" in item.evidence
