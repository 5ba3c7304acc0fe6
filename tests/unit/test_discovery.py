"""Feeds and sitemaps are read from their text alone, whatever is in it."""

from datetime import UTC, datetime

import pytest

from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.discovery import feed_links, read_feed, read_sitemap

HERE = "https://blog.example/feed.xml"
RSS = """<?xml version="1.0" encoding="ISO-8859-1"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Crumbs</title>
<item><title>On &amp;lt;Bread&amp;gt; – déjà vu</title><link>/bread?utm_source=rss</link>
<dc:creator>Ann Lee</dc:creator>
<pubDate>Thu, 02 May 2024 08:00:00 GMT</pubDate></item>
<item><title>No link</title></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Crumbs</title>
<entry><title>On Butter</title><link rel="alternate" href="https://blog.example/butter"/>
<author><name>Bob Ray</name></author><author><name>Ann Lee</name></author>
<published>2024-05-03T08:00:00Z</published></entry>
</feed>"""


def test_rss_entries_have_link_title_author_and_date():
    [entry] = read_feed(RSS, HERE)
    assert entry.link == "https://blog.example/bread?utm_source=rss"
    assert entry.author == "Ann Lee"
    assert entry.published_at == datetime(2024, 5, 2, 8, tzinfo=UTC)
    assert entry.title.endswith("– déjà vu")


def test_atom_entries_may_have_several_authors():
    [entry] = read_feed(ATOM, HERE)
    assert (entry.title, entry.author) == ("On Butter", "Bob Ray, Ann Lee")


@pytest.mark.parametrize("read", [read_feed, read_sitemap])
def test_a_page_is_neither_feed_nor_sitemap(read):
    with pytest.raises(CollectError, match="no "):
        read("<html><body>Hello</body></html>", HERE)


ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'


def test_entities_are_refused_in_feeds_and_sitemaps():
    with pytest.raises(CollectError, match="entities"):
        read_feed(f"{ENTITIES}<rss><channel><item><link>&f;</link></item></channel></rss>", HERE)
    with pytest.raises(CollectError, match="entities"):
        read_sitemap(f"{ENTITIES}<urlset><url><loc>&f;</loc></url></urlset>", HERE)


def test_a_sitemap_lists_pages_and_an_index_lists_sitemaps():
    namespace = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    pages = read_sitemap(f"<urlset {namespace}><url><loc> https://blog.example/a </loc></url><url/></urlset>", HERE)
    assert [page.link for page in pages.pages] == ["https://blog.example/a"]
    index = read_sitemap(f"<sitemapindex {namespace}><sitemap><loc>/b.xml</loc></sitemap></sitemapindex>", HERE)
    assert index.sitemaps == ["https://blog.example/b.xml"]


def test_a_sitemap_that_breaks_off_gives_what_is_there():
    content = read_sitemap("<urlset><url><loc>https://blog.example/a</loc></url><url><loc>https://blog", HERE)
    assert content.pages[0].link == "https://blog.example/a"


def test_a_home_page_names_its_feeds_but_comment_feeds_are_left_out():
    html = """<head><link rel="alternate" type="application/rss+xml" href="/feed.xml">
      <link rel="alternate" type="application/rss+xml" title="Comments" href="/c.xml">
      <link rel="alternate" hreflang="de" href="/de/"><link rel="stylesheet" href="/s.css"></head>"""
    assert feed_links(html, "https://blog.example/") == ["https://blog.example/feed.xml"]
