"""Each kind of export is recognised by what it holds, as a folder, one folder deep, in a zip, or as the one file."""

import zipfile
from pathlib import Path

import pytest

from llm_engineering.domain.errors import BadConfig
from llm_engineering.infrastructure.sources.exports.linkedin import LinkedInExport
from llm_engineering.infrastructure.sources.exports.mastodon import MastodonExport
from llm_engineering.infrastructure.sources.exports.telegram import TelegramExport
from llm_engineering.infrastructure.sources.exports.wordpress import WordPressExport
from llm_engineering.infrastructure.sources.exports.x import XExport
from llm_engineering.infrastructure.sources.fetcher import HttpFetcher
from llm_engineering.infrastructure.sources.folder import Folder
from llm_engineering.infrastructure.sources.processes import Processes
from llm_engineering.infrastructure.sources.registry import Tools, source_for

TOOLS = Tools(HttpFetcher(), Processes(0))
KINDS = [
    (["Articles/Articles/on-bread.html", "Profile.csv"], LinkedInExport),
    (["data/tweets.js", "data/account.js", "Your archive.html", "assets/app.js"], XExport),
    (["data/tweet.js"], XExport),
    (["outbox.json", "actor.json", "media_attachments/a.png"], MastodonExport),
    (["result.json", "chats/chat_1/photos/a.jpg"], TelegramExport),
    (["bread.WordPress.2024-05-03.xml"], WordPressExport),
    (["bread.wordpress.com-2024.000.xml", "bread.wordpress.com-2024.001.xml"], WordPressExport),
]


@pytest.mark.parametrize(("names", "kind"), KINDS)
@pytest.mark.parametrize("folder", ["", "export-2024-05-03/"])
def test_a_folder_and_a_zip_are_recognised(tmp_path: Path, names, kind, folder):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        for name in names:
            packed.writestr(folder + name, "x")
            (tmp_path / "a" / folder / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "a" / folder / name).write_text("x")
    assert type(source_for(str(tmp_path / "a"), TOOLS)) is kind
    assert type(source_for(str(tmp_path / "a.zip"), TOOLS)) is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("result.json", TelegramExport),
        ("outbox.json", MastodonExport),
        ("tweets.js", XExport),
        ("blog.xml", WordPressExport),
    ],
)
def test_the_one_file_that_counts_may_be_given(tmp_path: Path, name, kind):
    (tmp_path / name).write_text("x")
    assert type(source_for(str(tmp_path / name), TOOLS)) is kind


@pytest.mark.parametrize("name", ["src/widgets/tweets.js", "a/b/result.json", "feeds/a.xml", "deleted-tweets.js"])
def test_a_folder_of_notes_that_holds_such_a_name_somewhere_stays_a_folder(tmp_path: Path, name):
    for other in ("note.md", name):
        (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / other).write_text("x")
    assert type(source_for(str(tmp_path), TOOLS)) is Folder


def test_options_have_their_kind(tmp_path: Path):
    options = {"replies": True}
    assert type(source_for({"kind": "x", "path": "a.zip", **options}, TOOLS)) is XExport
    assert type(source_for({"kind": "mastodon", "path": "a.zip", **options}, TOOLS)) is MastodonExport
    assert type(source_for({"kind": "linkedin", "path": "a.zip", "comments": False}, TOOLS)) is LinkedInExport
    assert type(source_for({"kind": "telegram", "path": "a.zip", "sender": "Ann"}, TOOLS)) is TelegramExport
    wordpress = {"kind": "wordpress", "path": "a.xml", "login": "ann", "pages": True}
    assert type(source_for(wordpress, TOOLS)) is WordPressExport
    with pytest.raises(BadConfig, match="replies of the source a.zip must be true or false"):
        source_for({"kind": "x", "path": "a.zip", "replies": "yes"}, TOOLS)
