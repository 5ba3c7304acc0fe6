"""Feeds, sitemaps and whole sites bring the right links, and say what they left out."""

import pytest

from llm_engineering.application.ports import CollectedItem, Coverage, ListedPage, RefusedItem, Source
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Outcome
from llm_engineering.domain.errors import BadInput, CollectError, PageGone
from llm_engineering.infrastructure.sources.fetcher import HttpFetcher
from llm_engineering.infrastructure.sources.page_reader import ConcurrentReader
from llm_engineering.infrastructure.sources.processes import Processes
from llm_engineering.infrastructure.sources.web import Feed, Index, Site, Sitemap, WebPages
from tests.loopback import Loopback, Reply, serving

ANN = Author.named("Ann Lee")
TEXT = "".join(f"<p>It’s loaf number {n}, and I’ve written down what went wrong with it.</p>" for n in range(12))


def article(title: str, head: str = "") -> str:
    return (
        f"<html><head><title>{title}</title>{head}</head><body><article><h1>{title}</h1>{TEXT}</article></body></html>"
    )


def fetcher(site: Loopback) -> HttpFetcher:
    return HttpFetcher(allowed_private_hosts=[site.host], delay_seconds=0, backoff_seconds=0.001)


def read(source: Source, site: Loopback) -> list[CollectedItem | RefusedItem]:
    """What the source lists, read."""
    return list(
        ConcurrentReader(fetcher(site), processes=Processes(0)).read(
            source.items(ANN), lambda link: None, lambda item: item
        )
    )


def feed(*entries: tuple[str, str]) -> str:
    items = "".join(f"<item><title>{a}</title><link>{a}</link><dc:creator>{b}</dc:creator></item>" for a, b in entries)
    return f'<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>{items}</channel></rss>'


def sitemap(*paths: str) -> str:
    return f"<urlset>{''.join(f'<url><loc>{path}</loc></url>' for path in paths)}</urlset>"


def outcome(item: CollectedItem | RefusedItem) -> str:
    if isinstance(item, RefusedItem):
        return item.outcome
    return Outcome.QUARANTINED if item.suspicion else "item"


def test_a_feed_leaves_out_entries_of_clearly_other_authors_and_says_how_many():
    routes = {"/feed": feed(("/a", "Ann Lee"), ("/b", "Bob Ray"), ("/c", "")), "/a": article("A"), "/c": article("C")}
    with serving(routes) as site:
        source = Feed(f"{site.url}/feed", fetcher(site))
        found = read(source, site)
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
        found = read(Sitemap(f"{site.url}/sitemap.xml", fetcher(site), prefix="/ann/"), site)
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
        found = read(Site(f"{site.url}/blog/", fetcher(site)), site)
        assert [item.link for item in found] == [f"{site.url}/blog/a", f"{site.url}/blog/b"]


def test_a_place_that_is_something_else_is_a_sentence():
    with serving({"/": "<body>Hello</body>", "/sitemap.xml": sitemap("/x")}) as site:
        with pytest.raises(BadInput, match="no RSS or Atom feed"):
            list(Feed(f"{site.url}/", fetcher(site)).items(ANN))
        with pytest.raises(BadInput, match="under /ann/"):
            list(Sitemap(f"{site.url}/sitemap.xml", fetcher(site), prefix="/ann/").items(ANN))
    with serving({"/": "<body>Hello</body>"}) as site, pytest.raises(BadInput, match="names no feed"):
        list(Site(f"{site.url}/", fetcher(site)).items(ANN))


@pytest.mark.parametrize("kind", [Feed, Sitemap, Site, Index])
def test_a_place_that_does_not_answer_is_one_failure_and_never_a_tombstone(kind):
    with serving({"/robots.txt": ""}) as site, pytest.raises(CollectError, match="404") as raised:
        list(kind(f"{site.url}/x", fetcher(site)).items(ANN))
    assert not isinstance(raised.value, PageGone)


def test_a_site_without_feed_and_sitemap_is_what_its_home_page_links_to():
    home = """<nav><a href="/tags/bread/">Bread</a><a href="https://else.example/x">Else</a></nav>
      <main><a href="/a">A</a> <a href="/photo.jpg">Photo</a> <a href="b#top">B</a>
      <a href="mailto:ann@x.example">Mail</a> <a href="/">Home</a></main>"""
    with serving({"/": home, "/a": article("A"), "/b": article("B")}) as site:
        source = Site(f"{site.url}/", fetcher(site))
        assert [item.link for item in read(source, site)] == [f"{site.url}/a", f"{site.url}/b"]
    assert "no feed and no sitemap" in source.notes[0]


def test_an_index_is_followed_to_its_older_pages_under_its_prefix_and_no_further():
    def linking(*links: str, more: str = "") -> str:
        return "".join(f'<p><a href="{link}">{link}</a></p>' for link in links) + more

    routes = {
        "/writing/": linking("/writing/a", "/about", "/essays/e", more='<a href="/writing/2/">Older posts →</a>'),
        "/writing/2/": linking("/writing/b", "/writing/a", more='<a rel="next" href="/writing/3/">3</a>'),
        "/writing/3/": linking("/writing/c", more='<a rel="next" href="/writing/">1</a>'),
        "/hub": linking("/essays/e", "/writing/a"),
    }
    with serving(routes) as site:
        found = list(Index(f"{site.url}/writing/", fetcher(site)).items(ANN))
        assert [page.link for page in found] == [f"{site.url}/writing/{name}" for name in "abc"]
        found = list(Index(f"{site.url}/hub", fetcher(site), prefix="/essays/").items(ANN))
        assert [page.link for page in found] == [f"{site.url}/essays/e"]
        with pytest.raises(BadInput, match="under /none/"):
            list(Index(f"{site.url}/hub", fetcher(site), prefix="/none/").items(ANN))


def test_a_sitemap_named_in_robots_txt_is_found():
    routes = {
        "/": "<body>Hello</body>",
        "/robots.txt": "User-agent: *\nAllow: /\nSitemap: /deep/map.xml\nSitemap: https://elsewhere.example/s.xml",
        "/deep/map.xml": sitemap("/a"),
    }
    with serving(routes) as site:
        assert [page.link for page in Site(f"{site.url}/", fetcher(site)).items(ANN)] == [f"{site.url}/a"]


FULL = "".join(
    f"<p>It’s loaf number {n}, and I’ve written down what went wrong with it — again.</p>" for n in range(12)
)


def full_feed(*entries: tuple[str, str]) -> str:
    items = "".join(
        f"<item><title>{path}</title><link>{path}</link><pubDate>Thu, 02 May 2024 08:30:00 GMT</pubDate>"
        f"<description>Short.</description><content:encoded><![CDATA[{html}]]></content:encoded></item>"
        for path, html in entries
    )
    spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    return f'<rss version="2.0" {spaces}><channel>{items}</channel></rss>'


def test_an_entry_with_its_whole_text_is_used_without_fetching_and_a_teaser_is_not():
    credit = '<p>The post <a href="/w">W</a> appeared first on <a href="/">Ann</a>.</p>'
    routes = {
        "/feed": full_feed(
            ("/whole", FULL),
            ("/short", "<p>Only this.</p>"),
            ("/cut", FULL + "<p>And then […]</p>"),
            ("/more", FULL + '<p><a href="/more">Continue reading on the blog →</a></p>'),
            ("/wordpress", FULL + credit),
        ),
        **{f"/{name}": article(name) for name in ("short", "cut", "more")},
    }
    with serving(routes) as site:
        found = {item.title: item for item in read(Feed(f"{site.url}/feed", fetcher(site)), site)}
        assert site.paths() == ["/feed", "/short", "/cut", "/more"]
    whole, wordpress = found["/whole"], found["/wordpress"]
    assert isinstance(whole, CollectedItem)
    assert isinstance(wordpress, CollectedItem)
    assert whole.content.startswith("It’s loaf number 0, and I’ve written down what went wrong with it — again.\n\n")
    assert "appeared first" not in wordpress.content
    assert whole.published_at is not None
    assert whole.extra == {"read_from": "feed"}


def test_a_source_says_of_its_pages_whether_they_are_rendered():
    with serving({"/map": sitemap("/a")}) as site:
        [page] = Sitemap(f"{site.url}/map", fetcher(site), browser="always").items(ANN)
    assert page.browser == "always"
    assert [page.browser for page in WebPages(["https://a.example/"], browser="never").items(ANN)] == ["never"]


def test_only_sites_and_sitemaps_say_that_a_page_they_no_longer_list_may_be_gone():
    made = {kind.__name__: kind("https://a.example/", HttpFetcher()) for kind in (Feed, Sitemap, Site, Index)}
    assert {name: source.coverage for name, source in made.items()} == {
        "Feed": Coverage.PART,
        "Sitemap": Coverage.LISTING,
        "Site": Coverage.LISTING,
        "Index": Coverage.LISTING,
    }
    assert len({source.origin for source in made.values()}) == 4
    assert WebPages([]).coverage is Coverage.PART
    assert list(WebPages(["https://a.example/"]).items(ANN)) == [ListedPage("https://a.example/")]


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
        found = read(WebPages([site.url + path for path in routes]), site)
    assert [outcome(item) for item in found] == [Outcome.QUARANTINED] * 5 + ["item"]
    assert all("index page" in item.suspicion for item in found[:5] if isinstance(item, CollectedItem))


def test_one_bad_page_never_stops_the_rest():
    routes = {"/a": Reply("", 500), "/b": Reply("", 404), "/c": article("C")}
    with serving(routes) as site:
        found = read(WebPages([f"{site.url}/{name}" for name in "abc"]), site)
    assert [outcome(item) for item in found] == [Outcome.FAILED, Outcome.GONE, "item"]


def test_an_item_says_what_the_page_says():
    head = """<meta name="author" content="Ann Lee"><meta name="description" content="Why crust matters">
      <meta name="date" content="2024-05-02">"""
    with serving({"/a?p=1": Reply(article("On Bread", head), headers={"ETag": '"7"'})}) as site:
        [item] = read(WebPages([f"{site.url}/a?p=1&utm_source=x#top"]), site)
        assert isinstance(item, RefusedItem)  # the server of this test knows only the plain link
        [item] = read(WebPages([f"{site.url}/a?p=1"]), site)
    assert isinstance(item, CollectedItem)
    assert (item.title, item.byline, item.platform) == ("On Bread", "Ann Lee", "127.0.0.1")
    assert item.extra == {"subtitle": "Why crust matters", "etag": '"7"'}
    assert item.published_at is not None
    assert "loaf number 11" in item.evidence
