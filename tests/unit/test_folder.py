"""A folder, a zip of one, or a single file is a source; what is left out is counted."""

import io
import unicodedata
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from llm_engineering.application.ports import CollectedItem, Coverage, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, Outcome
from llm_engineering.domain.errors import BadInput, CollectError
from llm_engineering.infrastructure.sources.files import Limits, opened_files
from llm_engineering.infrastructure.sources.folder import Folder
from llm_engineering.infrastructure.sources.processes import Processes

AUTHOR = Author.named("Ann Lee")

HERE = Processes(0)


def written(root: Path, **texts: str) -> Path:
    for name, text in texts.items():
        path = root / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def items(path: Path, glob: str | list[str] = "**", name: str = "n") -> dict[str, CollectedItem]:
    found = list(Folder(path, HERE, glob, name).items(AUTHOR))
    assert all(isinstance(item, CollectedItem) for item in found), found
    return {item.link.removeprefix(f"file:{name}/"): item for item in found if isinstance(item, CollectedItem)}


def notes(path: Path) -> list[str]:
    source = Folder(path, HERE, name="n")
    list(source.items(AUTHOR))
    return source.notes


def test_front_matter_says_title_date_author_tags_and_language(tmp_path):
    facts = "title: On Bread\ndate: 2024-05-02\nauthors: [Ann Lee, {name: Bo Ek}]\ntags: [rye]\nlang: en-GB"
    text = f"---\n{facts}\n---\n\nIt’s flour.\n"
    [item] = items(written(tmp_path, posts__bread_dot_md=text)).values()
    assert item.link == "file:n/posts/bread.md"
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
    assert (found["a.md"].title, found["a.md"].content) == ("On *Butter*", "It’s fat.")
    assert (found["2024-05-02-on-salt.txt"].title) == "on salt"
    assert found["2024-05-02-on-salt.txt"].published_at == datetime(2024, 5, 2, tzinfo=UTC)
    assert found["c.md"].content == "---\nno"


def test_a_text_is_kept_character_by_character(tmp_path):
    text = "It’s — “quoted” 🍞, don't touch.\n\n```python\nx  =  1\n```\n\n* odd  spacing"
    assert items(written(tmp_path, a_dot_md=text))["a.md"].content == text


def test_drafts_are_left_out_and_counted(tmp_path):
    written(
        tmp_path,
        a_dot_md="---\ndraft: true\n---\nx",
        b_dot_md="---\npublished: false\n---\nx",
        _drafts__c_dot_md="x",
        d_dot_md="A finished text.",
    )
    source = Folder(tmp_path, HERE, name="n")
    assert [item.link for item in source.items(AUTHOR)] == ["file:n/d.md"]
    assert source.notes == ["n: 3 drafts were left out."]


def test_html_files_are_extracted(tmp_path):
    paragraphs = "".join(f"<p>It’s paragraph {n} of a page that somebody saved years ago.</p>" for n in range(9))
    html = f"<title>On Salt</title><nav><a href='/'>Home</a></nav><article><h1>On Salt</h1>{paragraphs}</article>"
    [item] = items(written(tmp_path, a_dot_html=html)).values()
    assert item.title == "On Salt"
    assert item.content.startswith("It’s paragraph 0 of")


@pytest.mark.parametrize(
    ("glob", "chosen"),
    [
        ("*.md", {"a.md"}),
        ("posts/*.md", {"posts/b.md"}),
        ("posts/**/*.md", {"posts/b.md", "posts/2024/c.md"}),
        ("**/*.md", {"a.md", "posts/b.md", "posts/2024/c.md"}),
        ("posts/", {"posts/b.md", "posts/2024/c.md", "posts/d.txt"}),
        ("**/c*", {"posts/2024/c.md"}),
        ("**/**/**/d.[tx]*", {"posts/d.txt"}),
        (["**/*.md", "!posts/2024/**"], {"a.md", "posts/b.md"}),
        (["!**/*.md"], {"posts/d.txt"}),
        (["a.md", "posts/d.txt"], {"a.md", "posts/d.txt"}),
    ],
)
def test_a_glob_chooses_files_as_a_shell_does(tmp_path, glob, chosen):
    written(tmp_path, a_dot_md="A", posts__b_dot_md="B", posts__2024__c_dot_md="C", posts__d_dot_txt="D")
    assert set(items(tmp_path, glob)) == chosen


def test_a_hostile_glob_takes_no_time(tmp_path):
    written(tmp_path, **{f"{'a__' * 30}x_dot_md": "A"})
    with pytest.raises(BadInput, match="holds no file"):
        items(tmp_path, "**/a*a*a*/" * 12 + "**/nothing")


@pytest.mark.parametrize("glob", ["", [], [" "], ["*.md", 3]])
def test_a_glob_that_is_no_pattern_is_refused(tmp_path, glob):
    with pytest.raises(BadInput, match="glob"):
        Folder(tmp_path, HERE, glob)


def test_files_of_other_kinds_are_counted_by_ending(tmp_path):
    written(tmp_path, a_dot_md="A", b_dot_png="x", c_dot_png="x", d_dot_csv="x")
    assert notes(tmp_path) == ["n: 3 files of other kinds (.png, .csv) were left out."]
    assert (tmp_path / "b.png").unlink() is (tmp_path / "c.png").unlink() is None
    assert notes(tmp_path) == ["n: 1 file of another kind (.csv) was left out."]


# ------------------------------------------------------------------------------ names and keys


def test_two_folders_with_the_same_names_inside_do_not_collide(tmp_path):
    one, other = (written(tmp_path / name, a_dot_md="A") for name in ("blog", "diary"))
    links = [item.link for path in (one, other) for item in Folder(path, HERE).items(AUTHOR)]
    assert links == ["file:blog/a.md", "file:diary/a.md"]
    assert (Folder(one, HERE).origin, Folder(other, HERE).origin) == ("folder:blog", "folder:diary")
    assert Folder(one, HERE).coverage is Coverage.ALL


def test_a_folder_keeps_its_keys_when_it_is_moved_renamed_with_a_name_or_zipped(tmp_path):
    here = written(tmp_path / "here" / "blog", a_dot_md="A")
    there = written(tmp_path / "there" / "old-blog", a_dot_md="A")
    zipped_blog = zipped(tmp_path / "blog (2).zip", {"a.md": b"A"})
    sources = [
        Folder(here, HERE),
        Folder(here / ".." / "blog", HERE),
        Folder(there, HERE, name="blog"),
        Folder(zipped_blog, HERE),
    ]
    assert {item.link for source in sources for item in source.items(AUTHOR)} == {"file:blog/a.md"}
    assert {source.origin for source in sources} == {"folder:blog"}


def test_a_single_file_is_a_source_of_its_own(tmp_path):
    """Its place must not be the folder's: what else lies there would count as gone."""
    source = Folder(written(tmp_path, a_dot_md="A", b_dot_md="B") / "a.md", HERE)
    assert [item.link for item in source.items(AUTHOR)] == ["file:a.md"]
    assert source.origin == "file:a.md"


def test_a_key_is_the_same_however_the_system_writes_accents(tmp_path):
    path = zipped(tmp_path / "n.zip", {unicodedata.normalize("NFD", "pâté.md"): b"A"})
    assert [item.link for item in Folder(path, HERE).items(AUTHOR)] == ["file:n/p\u00e2t\u00e9.md"]


def test_a_name_with_a_slash_is_refused(tmp_path):
    with pytest.raises(BadInput, match="without slashes"):
        Folder(tmp_path, HERE, name="a/b")


def test_a_file_that_is_nested_too_deeply_is_one_failure(tmp_path):
    deep = {"a_dot_ipynb": "[" * 99_999, "b_dot_org": "#+begin_quote\n" * 3_000}
    written(tmp_path, **deep, c_dot_md="C", d_dot_html="<div>" * 5_000 + "x")
    outcomes = {item.link: getattr(item, "outcome", None) for item in Folder(tmp_path, HERE, name="n").items(AUTHOR)}
    assert outcomes["file:n/a.ipynb"] == outcomes["file:n/b.org"] == Outcome.FAILED
    assert outcomes["file:n/c.md"] is None
    assert set(outcomes) == {"file:n/a.ipynb", "file:n/b.org", "file:n/c.md", "file:n/d.html"}


def test_hidden_files_and_links_out_of_the_folder_are_not_read(tmp_path):
    written(tmp_path, secret_dot_md="SECRET", **{"notes__a_dot_md": "A", "notes__.obsidian__b_dot_md": "B"})
    (tmp_path / "notes" / "link.md").symlink_to(tmp_path / "secret.md")
    (tmp_path / "notes" / "dir").symlink_to(tmp_path)
    assert set(items(tmp_path / "notes")) == {"a.md"}


def test_one_file_that_cannot_be_read_does_not_stop_the_rest(tmp_path):
    written(tmp_path, a_dot_md="---\n: [\n---\nx", b_dot_md="B")
    [broken, good] = Folder(tmp_path, HERE, name="n").items(AUTHOR)
    assert isinstance(broken, RefusedItem)
    assert (broken.link, broken.outcome, "front matter" in broken.reason) == ("file:n/a.md", Outcome.FAILED, True)
    assert good.link == "file:n/b.md"


def test_a_missing_or_empty_folder_is_named(tmp_path):
    with pytest.raises(BadInput, match="nowhere"):
        list(Folder(tmp_path / "nowhere", HERE).items(AUTHOR))
    with pytest.raises(BadInput, match=r"\*\.md"):
        list(Folder(tmp_path, HERE, "*.md").items(AUTHOR))


# ------------------------------------------------------------------------------ zips


def zipped(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def test_a_zip_reads_like_the_folder_that_it_holds(tmp_path):
    path = zipped(tmp_path / "export.zip", {"posts/a.md": "It’s A.".encode(), "__MACOSX/posts/._a.md": b"x"})
    assert items(path)["posts/a.md"].content == "It’s A."


def test_names_that_leave_the_zip_are_not_read(tmp_path):
    evil = {"../outside.md": b"x", "/etc/passwd.md": b"x", "a/../../b.md": b"x", "C:\\x.md": b"x", "ok.md": b"ok"}
    assert set(items(zipped(tmp_path / "evil.zip", evil))) == {"ok.md"}
    assert not (tmp_path.parent / "outside.md").exists()


def test_symbolic_links_in_a_zip_are_not_read(tmp_path):
    path = tmp_path / "links.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("passwd.md")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("ok.md", "ok")
    assert set(items(path)) == {"ok.md"}


def test_a_zip_bomb_is_refused_file_by_file_and_as_a_whole(tmp_path):
    path = zipped(tmp_path / "bomb.zip", {"a.md": b"x" * 3_000_000, "ok.md": b"ok"})
    with opened_files(path, Limits(file_bytes=1_000_000)) as found:
        assert found.read("ok.md") == b"ok"
        with pytest.raises(CollectError, match="larger than"):
            found.read("a.md")
    with pytest.raises(BadInput, match="too much"), opened_files(path, Limits(total_bytes=1_000_000)) as found:
        found.read("a.md")
    with pytest.raises(BadInput, match="too much"), opened_files(path, Limits(files=1)):
        pass


def test_a_large_file_in_a_zip_that_nobody_reads_does_not_count(tmp_path):
    path = zipped(tmp_path / "archive.zip", {"media/film.mp4": b"x" * 3_000_000, "ok.md": b"ok"})
    with opened_files(path, Limits(total_bytes=1_000_000)) as found:
        assert found.read("ok.md") == b"ok"


def test_a_file_is_read_as_a_stream_within_a_limit_of_its_own(tmp_path):
    path = zipped(tmp_path / "mails.zip", {"all.mbox": b"line\n" * 100_000})
    for place in (path, written(tmp_path / "f", all_dot_mbox="line\n" * 100_000)):
        with opened_files(place, Limits(file_bytes=1_000)) as found:
            with found.opened("all.mbox", 1_000_000) as file:
                assert sum(1 for _ in file) == 100_000
            with pytest.raises(CollectError, match="larger than"), found.opened("all.mbox") as file:
                file.read()


def test_a_damaged_zip_entry_is_one_failure(tmp_path):
    path = zipped(tmp_path / "damaged.zip", {"a.md": b"hello " * 100, "b.md": b"B"})
    data = bytearray(path.read_bytes())
    data[40:45] = b"\xff\xff\xff\xff\xff"
    path.write_bytes(bytes(data))
    outcomes = {item.link: getattr(item, "outcome", None) for item in Folder(path, HERE, name="n").items(AUTHOR)}
    assert outcomes == {"file:n/a.md": Outcome.FAILED, "file:n/b.md": None}


def test_what_is_no_zip_although_it_is_called_so_is_named(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(BadInput, match="no readable zip"):
        items(tmp_path / "a.zip")


def test_names_in_a_zip_of_macos_are_read_as_what_they_are(tmp_path):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("p\u00e2t\u00e9.md", "It’s P.")
    raw = data.getvalue()
    for header in (b"PK\x03\x04", b"PK\x01\x02"):  # take away the flag that says "this name is UTF-8"
        at = raw.index(header) + (6 if header == b"PK\x03\x04" else 8)
        raw = raw[:at] + b"\x00\x00" + raw[at + 2 :]
    (tmp_path / "a.zip").write_bytes(raw)
    assert items(tmp_path / "a.zip")["p\u00e2t\u00e9.md"].content == "It’s P."


# ------------------------------------------------------------------------------ vaults and Notion's zips

ID = "0123456789abcdef0123456789abcdef"


def test_notes_in_an_obsidian_vault_are_read_as_such_and_others_are_not(tmp_path):
    written(tmp_path, **{"vault__.obsidian__app_dot_json": "{}"})
    written(tmp_path, vault__a_dot_md="See [[B|the other]].", outside_dot_md="See [[B|the other]].")
    written(tmp_path, vault__Templates__day_dot_md="# {{date}}")
    found = items(tmp_path)
    assert (found["vault/a.md"].content, found["outside.md"].content) == ("See the other.", "See [[B|the other]].")
    assert notes(tmp_path) == ["n: 1 template was left out."]
    assert items(tmp_path / "vault" / "a.md")["file:n"].content == "See the other."


def test_a_zip_of_a_vault_is_a_vault(tmp_path):
    path = zipped(tmp_path / "v.zip", {"v/.obsidian/app.json": b"{}", "v/a.md": b"See [[B]].", "b.md": b"See [[B]]."})
    found = items(path)
    assert (found["v/a.md"].content, found["b.md"].content) == ("See B.", "See [[B]].")


def notion_zip(**entries: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return data.getvalue()


def test_notions_zips_in_a_zip_are_opened_and_leave_no_trace_in_the_keys(tmp_path):
    page = f"Bread {ID}.md"
    inner = notion_zip(**{page: b"# Bread\n\nCreated: May 2, 2024 10:00 AM\n\nText.", f"List {ID}_all.csv": b"a,b"})
    names = ("11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555")
    keys = set()
    for name in names:  # two exports, some months apart
        path = zipped(tmp_path / f"{name}_Export-{name}.zip", {f"ExportBlock-{name}-Part-1.zip": inner})
        source = Folder(path, HERE)
        [item] = source.items(AUTHOR)
        keys.add(item.link)
        assert (item.title, item.content, item.published_at) == ("Bread", "Text.", datetime(2024, 5, 2, 10, tzinfo=UTC))
        assert source.notes == ["notion: 1 file of another kind (.csv) was left out."]
    assert keys == {f"file:notion/{page}"}


def test_notions_zips_in_an_unpacked_folder_are_opened_too(tmp_path):
    for part in (1, 2):
        (tmp_path / f"ExportBlock-x-Part-{part}.zip").write_bytes(
            notion_zip(**{f"P{part} {ID}.md": b"Text.", "S.md": b"S"})
        )
    found = items(tmp_path)
    assert set(found) == {f"P1 {ID}.md", f"P2 {ID}.md", "S.md", "ExportBlock-x-Part-2.zip/S.md"}
    assert found[f"P1 {ID}.md"].title == "P1"


def test_zips_in_a_zip_are_opened_one_level_deep_and_within_the_limits(tmp_path):
    bomb = notion_zip(**{"a.md": b"x" * 3_000_000})
    deep = notion_zip(**{"ExportBlock-2.zip": bomb, "ok.md": b"ok"})
    path = zipped(tmp_path / "a.zip", {"ExportBlock-1.zip": deep})
    with opened_files(path) as found:
        assert found.names() == ["ExportBlock-2.zip", "ok.md"]
    path = zipped(tmp_path / "b.zip", {"ExportBlock-1.zip": bomb})
    with opened_files(path, Limits(file_bytes=1_000_000)) as found, pytest.raises(CollectError, match="larger than"):
        found.read("a.md")
    with pytest.raises(BadInput, match="too much"), opened_files(path, Limits(total_bytes=1_000)):
        pass
    other = zipped(tmp_path / "c.zip", {"backup.zip": bomb, "ok.md": b"ok"})
    with opened_files(other) as found:
        assert found.names() == ["backup.zip", "ok.md"]


def test_an_inner_zip_cannot_leave_its_place(tmp_path):
    inner = notion_zip(**{"../../evil.md": b"x", "/etc/x.md": b"x", "ok.md": b"ok"})
    assert set(items(zipped(tmp_path / "a.zip", {"sub/ExportBlock-1.zip": inner}))) == {"sub/ok.md"}
