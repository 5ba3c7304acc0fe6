"""Whose a Medium export is, and what it covers; its posts are tested in test_exports.py."""

from pathlib import Path

from llm_engineering.application.ports import Coverage, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.infrastructure.sources.exports.medium import MediumExport

POST = """<html><body><article class="h-entry"><h1 class="p-name">On Bread</h1>
<section class="e-content"><p class="graf">Flour.</p></section>
<a href="https://medium.com/@ann/on-bread-1" class="p-canonical">Canonical link</a></article></body></html>"""
PROFILE = """<html><body><section class="h-card"><h3 class="p-name">Ann L.</h3><ul>
<li><b>Profile:</b> <a class="u-url" href="https://medium.com/@ann">@ann</a></li></ul></section></body></html>"""


def export(folder: Path, profile: str | None = PROFILE) -> Path:
    (folder / "posts").mkdir(parents=True)
    (folder / "posts" / "1.html").write_text(POST)
    if profile is not None:
        (folder / "profile").mkdir()
        (folder / "profile" / "profile.html").write_text(profile)
    return folder


def test_the_handle_names_the_origin_wherever_the_export_lies(tmp_path):
    assert (
        MediumExport(export(tmp_path / "a")).origin
        == MediumExport(export(tmp_path / "b" / "c")).origin
        == "medium:@ann"
    )
    assert MediumExport(export(tmp_path / "d", None)).origin == "medium"


def test_it_covers_all_unless_a_post_cannot_be_read(tmp_path):
    author = Author.named("Ann Lee")
    source = MediumExport(export(tmp_path / "a"))
    list(source.items(author))
    assert source.coverage is Coverage.ALL
    (tmp_path / "a" / "posts" / "2.html").write_text("")
    assert [type(item) is RefusedItem for item in source.items(author)] == [False, True]
    assert source.coverage is Coverage.PART
