"""An entry of `sources` becomes the source that it means, or a sentence that says what is wrong."""

from pathlib import Path

import pytest

from llm_engineering.domain.errors import BadConfig, BadInput
from llm_engineering.infrastructure.sources.exports import LinkedInExport, MediumExport, SubstackExport
from llm_engineering.infrastructure.sources.fetcher import HttpFetcher
from llm_engineering.infrastructure.sources.folder import Folder
from llm_engineering.infrastructure.sources.registry import SOURCES, source_for
from llm_engineering.infrastructure.sources.repository import GitRepository
from llm_engineering.infrastructure.sources.web import Feed, Site, Sitemap, WebPages

FETCHER = HttpFetcher()


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ("https://blog.example/2024/bread", WebPages),
        ("https://blog.example/", Site),
        ("https://blog.example", Site),
        ("https://blog.example/feed.xml", Feed),
        ("https://blog.example/feed/", Feed),
        ("https://blog.example/index.xml", Feed),
        ("https://blog.example/sitemap.xml", Sitemap),
        ("https://blog.example/sitemap_index.xml", Sitemap),
        ("https://blog.example/post-sitemap.xml.gz", Sitemap),
        ("https://github.com/ann/oven", GitRepository),
        ("https://github.com.evil.example/ann/oven", WebPages),
        ({"kind": "page", "url": "https://blog.example/feed.xml"}, WebPages),
        ({"url": "https://blog.example/feed.xml"}, Feed),
        ({"kind": "sitemap", "url": "https://blog.example/s", "prefix": "/ann/"}, Sitemap),
        ({"kind": "site", "url": "https://blog.example/ann/"}, Site),
        ({"kind": "git", "url": "file:///srv/oven"}, GitRepository),
        ({"kind": "folder", "path": "posts", "glob": "*.md"}, Folder),
        ({"kind": "medium", "path": "m.zip"}, MediumExport),
    ],
)
def test_the_kind_is_recognised_or_given(entry, kind):
    assert type(source_for(entry, fetcher=FETCHER)) is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Shares.csv", LinkedInExport),
        ("posts.csv", SubstackExport),
        ("profile/profile.html", MediumExport),
        ("a.md", Folder),
    ],
)
def test_an_export_is_recognised_by_what_it_holds(tmp_path: Path, name, kind):
    path = tmp_path / "export" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    assert type(source_for(str(tmp_path / "export"), fetcher=FETCHER)) is kind


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"kind": "blog", "url": "https://a.example"}, "page, feed, sitemap, site"),
        ({"kind": "feed", "url": "https://a.example/feed", "prefix": "/x"}, "has no prefix; known are kind, url"),
        ({"kind": "folder", "url": "https://a.example"}, "needs a path"),
        ({"kind": "feed", "url": 3}, "needs a url"),
        ({"kind": "sitemap", "url": "https://a.example/s", "prefix": 3}, "texts"),
        ({}, "needs a url or a path"),
        ("ftp://a.example/x", "neither http nor https"),
        ("ftp://a.example/", "files and folders can be collected"),
        ({"kind": "page", "url": "file:///etc/passwd"}, r"given as path: /etc/passwd\."),
    ],
)
def test_what_is_wrong_with_an_entry_is_said_with_what_is_known(entry, said):
    with pytest.raises(BadConfig, match=said):
        source_for(entry, fetcher=FETCHER)


def test_a_path_that_leads_nowhere_is_named():
    with pytest.raises(BadInput, match="nowhere"):
        source_for("./nowhere", fetcher=FETCHER)


def test_every_kind_says_where_it_is():
    assert {kind.place for kind in SOURCES.values()} == {"url", "path"}
