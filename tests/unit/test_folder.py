"""A folder, or a zip of it, is a source: Markdown, HTML and text, drafts left out."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from llm_engineering.application.ports import CollectedItem, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, Outcome
from llm_engineering.domain.errors import BadInput, CollectError
from llm_engineering.infrastructure.sources.files import Limits, opened_files
from llm_engineering.infrastructure.sources.folder import Folder

AUTHOR = Author.named("Ann Lee")


def written(root: Path, **texts: str) -> Path:
    for name, text in texts.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def items(path: Path, glob: str = "**") -> dict[str, CollectedItem]:
    found = list(Folder(path, glob).items(AUTHOR))
    assert all(isinstance(item, CollectedItem) for item in found), found
    return {item.link: item for item in found if isinstance(item, CollectedItem)}


def test_front_matter_says_title_date_author_tags_and_language(tmp_path):
    facts = "title: On Bread\ndate: 2024-05-02\nauthors: [Ann Lee, {name: Bo Ek}]\ntags: [rye]\nlang: en-GB"
    text = f"---\n{facts}\n---\n\nIt’s flour.\n"
    [item] = items(written(tmp_path, posts__bread_dot_md=text)).values()
    assert item.link == "file:posts/bread.md"
    assert (item.title, item.content, item.byline, item.language) == ("On Bread", "It’s flour.", "Ann Lee, Bo Ek", "en")
    assert item.published_at == datetime(2024, 5, 2, tzinfo=UTC)
    assert (item.category, item.extra) == (Category.ARTICLES, {"tags": ["rye"]})


def test_a_text_without_front_matter_is_titled_by_its_heading_or_its_name(tmp_path):
    found = items(
        written(
            tmp_path,
            a_dot_md="# On *Butter*\n\nIt’s fat.",
            **{"2024-05-02-on-salt_dot_txt": "Salt.\n\n--- \n", "c_dot_md": "---\nno\n"},
        )
    )
    assert (found["file:a.md"].title, found["file:a.md"].content) == ("On *Butter*", "It’s fat.")
    assert (found["file:2024-05-02-on-salt.txt"].title) == "on salt"
    assert found["file:2024-05-02-on-salt.txt"].published_at == datetime(2024, 5, 2, tzinfo=UTC)
    assert found["file:c.md"].content == "---\nno"


def test_a_text_is_kept_character_by_character(tmp_path):
    text = "It’s — “quoted” 🍞, don't touch.\n\n```python\nx  =  1\n```\n\n* odd  spacing"
    assert items(written(tmp_path, a_dot_md=text))["file:a.md"].content == text


def test_drafts_are_left_out_and_counted(tmp_path):
    written(
        tmp_path,
        a_dot_md="---\ndraft: true\n---\nx",
        b_dot_md="---\npublished: false\n---\nx",
        _drafts__c_dot_md="x",
        d_dot_md="A finished text.",
    )
    source = Folder(tmp_path)
    assert [item.link for item in source.items(AUTHOR)] == ["file:d.md"]
    assert "3 drafts" in source.notes[0]


def test_html_files_are_extracted(tmp_path):
    paragraphs = "".join(f"<p>It’s paragraph {n} of a page that somebody saved years ago.</p>" for n in range(9))
    html = f"<title>On Salt</title><nav><a href='/'>Home</a></nav><article><h1>On Salt</h1>{paragraphs}</article>"
    [item] = items(written(tmp_path, a_dot_html=html)).values()
    assert item.title == "On Salt"
    assert item.content.startswith("It’s paragraph 0 of")


def test_a_glob_chooses_files(tmp_path):
    written(tmp_path, a_dot_md="A", posts__b_dot_md="B", posts__2024__c_dot_md="C", posts__d_dot_txt="D")
    assert set(items(tmp_path, "posts/*.md")) == {"file:posts/b.md", "file:posts/2024/c.md"}
    assert set(items(tmp_path, "**/*.md")) == {"file:a.md", "file:posts/b.md", "file:posts/2024/c.md"}


def test_hidden_files_and_links_out_of_the_folder_are_not_read(tmp_path):
    written(tmp_path, secret_dot_md="SECRET", **{"notes__a_dot_md": "A", "notes__.obsidian__b_dot_md": "B"})
    (tmp_path / "notes" / "link.md").symlink_to(tmp_path / "secret.md")
    (tmp_path / "notes" / "dir").symlink_to(tmp_path)
    assert set(items(tmp_path / "notes")) == {"file:a.md"}


def test_one_file_that_cannot_be_read_does_not_stop_the_rest(tmp_path):
    written(tmp_path, a_dot_md="---\n: [\n---\nx", b_dot_md="B")
    [broken, good] = Folder(tmp_path).items(AUTHOR)
    assert isinstance(broken, RefusedItem)
    assert (broken.outcome, "front matter" in broken.reason) == (Outcome.FAILED, True)
    assert good.link == "file:b.md"


def test_a_missing_or_empty_folder_is_named(tmp_path):
    with pytest.raises(BadInput, match="nowhere"):
        list(Folder(tmp_path / "nowhere").items(AUTHOR))
    with pytest.raises(BadInput, match=r"\*\.md"):
        list(Folder(tmp_path, "*.md").items(AUTHOR))


# ------------------------------------------------------------------------------ zips


def zipped(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def test_a_zip_reads_like_the_folder_that_it_holds(tmp_path):
    path = zipped(tmp_path / "export.zip", {"posts/a.md": "It’s A.".encode(), "__MACOSX/posts/._a.md": b"x"})
    assert items(path)["file:posts/a.md"].content == "It’s A."


def test_names_that_leave_the_zip_are_not_read(tmp_path):
    evil = {"../outside.md": b"x", "/etc/passwd.md": b"x", "a/../../b.md": b"x", "C:\\x.md": b"x", "ok.md": b"ok"}
    assert set(items(zipped(tmp_path / "evil.zip", evil))) == {"file:ok.md"}
    assert not (tmp_path.parent / "outside.md").exists()


def test_symbolic_links_in_a_zip_are_not_read(tmp_path):
    path = tmp_path / "links.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("passwd.md")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("ok.md", "ok")
    assert set(items(path)) == {"file:ok.md"}


def test_a_zip_bomb_is_refused_file_by_file_and_as_a_whole(tmp_path):
    path = zipped(tmp_path / "bomb.zip", {"a.md": b"x" * 3_000_000, "ok.md": b"ok"})
    with opened_files(path, Limits(file_bytes=1_000_000)) as found:
        assert found.read("ok.md") == b"ok"
        with pytest.raises(CollectError, match="larger than"):
            found.read("a.md")
    with pytest.raises(BadInput, match="too much"), opened_files(path, Limits(total_bytes=1_000_000)):
        pass
    with pytest.raises(BadInput, match="too much"), opened_files(path, Limits(files=1)):
        pass


def test_a_damaged_zip_entry_is_one_failure(tmp_path):
    path = zipped(tmp_path / "damaged.zip", {"a.md": b"hello " * 100, "b.md": b"B"})
    data = bytearray(path.read_bytes())
    data[40:45] = b"\xff\xff\xff\xff\xff"
    path.write_bytes(bytes(data))
    outcomes = {item.link: getattr(item, "outcome", None) for item in Folder(path).items(AUTHOR)}
    assert outcomes == {"file:a.md": Outcome.FAILED, "file:b.md": None}
