"""An entry of `sources` becomes the source that it means, or a sentence that says what is wrong."""

from pathlib import Path

import pytest

from llm_engineering.domain.errors import BadConfig, BadInput
from llm_engineering.infrastructure.sources.exports.linkedin import LinkedInExport
from llm_engineering.infrastructure.sources.exports.medium import MediumExport
from llm_engineering.infrastructure.sources.exports.substack import SubstackExport
from llm_engineering.infrastructure.sources.fetcher import HttpFetcher
from llm_engineering.infrastructure.sources.folder import Folder
from llm_engineering.infrastructure.sources.processes import Processes
from llm_engineering.infrastructure.sources.registry import SOURCES, Tools, source_for, sources_for
from llm_engineering.infrastructure.sources.repository import GitRepository
from llm_engineering.infrastructure.sources.web import Feed, Index, Site, Sitemap, WebPages

TOOLS = Tools(HttpFetcher(), Processes(0))


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
        ({"kind": "index", "url": "https://blog.example/ann/", "prefix": "/2024/"}, Index),
        ({"kind": "git", "url": "file:///srv/oven"}, GitRepository),
        ({"kind": "folder", "path": "posts", "glob": "*.md"}, Folder),
        ({"kind": "medium", "path": "m.zip"}, MediumExport),
    ],
)
def test_the_kind_is_recognised_or_given(entry, kind):
    assert type(source_for(entry, TOOLS)) is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Shares.csv", LinkedInExport),
        ("posts.csv", SubstackExport),
        ("profile/profile.html", MediumExport),
        ("a.md", Folder),
        ("a.pdf", Folder),
    ],
)
def test_an_export_is_recognised_by_what_it_holds(tmp_path: Path, name, kind):
    path = tmp_path / "export" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    assert type(source_for(str(tmp_path / "export"), TOOLS)) is kind


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"kind": "blog", "url": "https://a.example"}, "page, feed, sitemap, index, site"),
        (
            {"kind": "feed", "url": "https://a.example/feed", "prefix": "/x"},
            "has no prefix; known are kind, url, browser",
        ),
        ({"kind": "folder", "url": "https://a.example"}, "needs a path"),
        ({"kind": "feed", "url": 3}, "needs a url"),
        ({"kind": "sitemap", "url": "https://a.example/s", "prefix": 3}, "must be a text"),
        ({"kind": "mbox", "path": "."}, "needs address"),
        ({"kind": "mbox", "path": ".", "address": "a@b.example", "min_words": "ten"}, "must be a whole number"),
        ({"kind": "folder", "path": ".", "glob": []}, "must be a text or a list of texts"),
        ({"kind": "site", "url": "https://a.example/", "browser": "sometimes"}, "must be auto, always or never"),
        ({}, "needs a url or a path"),
        ("ftp://a.example/x", "neither http nor https"),
        ("ftp://a.example/", "files and folders can be collected"),
        ({"kind": "page", "url": "file:///etc/passwd"}, r"given as path: /etc/passwd\."),
    ],
)
def test_what_is_wrong_with_an_entry_is_said_with_what_is_known(entry, said):
    with pytest.raises(BadConfig, match=said):
        source_for(entry, TOOLS)


def test_a_path_that_leads_nowhere_is_named():
    with pytest.raises(BadInput, match="nowhere"):
        source_for("./nowhere", TOOLS)


def test_every_kind_says_where_it_is():
    assert {kind.place for kind in SOURCES.values()} == {"url", "path"}


def test_two_sources_whose_items_would_have_the_same_keys_are_refused(tmp_path: Path):
    for parent in ("old", "new"):
        (tmp_path / parent / "posts").mkdir(parents=True)
        (tmp_path / parent / "posts" / "a.md").write_text("x")
    with pytest.raises(BadConfig, match=r"both folder:posts; give one of them another name"):
        sources_for([str(tmp_path / "old" / "posts"), str(tmp_path / "new" / "posts")], TOOLS)
    links = ["https://blog.example/a", "https://blog.example/b"]
    assert len(sources_for(links, TOOLS)) == 2
