"""LinkedIn's data export, in the shape in which it arrives."""

import csv
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.application.ports import CollectedItem, Coverage, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category
from llm_engineering.domain.errors import BadInput
from llm_engineering.infrastructure.sources.exports.linkedin import LinkedInExport, unwrapped

AUTHOR = Author.named("Ann Lee")
SHARES = '''Date,ShareLink,ShareCommentary,SharedUrl,MediaUrl,Visibility
2024-05-02 08:30:00,https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A1,"""Bread"" is easy, says ""Bob"".""
""""
""It’s ""flour"", water and time. 🍞""
""#baking","","https://media.example/1",MEMBER_NETWORK
2024-05-02 08:30:00,https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A1,"""Bread"" is easy, says ""Bob"".""
""""
""It’s ""flour"", water and time. 🍞""
""#baking","","https://media.example/2",MEMBER_NETWORK
2024-05-03 08:30:00,https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A2,"","","",MEMBER_NETWORK
2024-05-04 08:30:00,,Lost,"","",MEMBER_NETWORK
'''
COMMENTS = """Date,Link,Message
2024-05-02 09:00:00,https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A1,Thanks for asking!
2024-05-02 09:05:00,https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A1,"A pound of it.""
""Or two."
2024-05-02 09:06:00,https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A9,
"""


def article(title: str, *, published: str | None = "2024-05-01 10:15", link: bool = True, heading: str = "h1") -> str:
    address = "https://www.linkedin.com/pulse/on-bread-ann-lee-abc1?trk=x"
    shown = f'<a href="{address}">{title}</a>' if link else title
    dates = '<p class="created">Created on 2024-04-30 21:00</p>'
    dates += f'<p class="published">Published on {published}</p>' if published else ""
    return f"""<html><head><title>{title}</title><style>body {{ width: 744px; }}</style></head><body>
      <img src="https://media.example/cover" /><{heading}>{shown}</{heading}>{dates}
      <div><p>It’s <strong>flour</strong> — and water.</p>
      <h3>Crust</h3><ul><li>Weigh it</li></ul></div></body></html>"""


def read(path: Path, **options: Any) -> list[CollectedItem]:
    return [item for item in LinkedInExport(path, **options).items(AUTHOR) if isinstance(item, CollectedItem)]


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    folder = tmp_path / "Complete_LinkedInDataExport_05-05-2024"
    (folder / "Articles" / "Articles").mkdir(parents=True)
    (folder / "Shares.csv").write_text(SHARES)
    (folder / "Comments.csv").write_text(COMMENTS)
    (folder / "Articles" / "Articles" / "2024-05-01-on-bread.html").write_text(article("On Bread"))
    (folder / "Articles" / "Articles" / "2024-05-02-rye.html").write_text(article("Rye", published=None, link=False))
    return folder


def test_posts_and_articles_come_and_the_rest_is_counted(whole):
    source = LinkedInExport(whole)
    post, refused, on_bread = source.items(AUTHOR)
    assert isinstance(post, CollectedItem)
    assert post.content == '"Bread" is easy, says "Bob".\n\nIt’s "flour", water and time. 🍞\n#baking'
    assert isinstance(refused, RefusedItem)
    assert refused.link == "file:Shares.csv, row 4"
    assert isinstance(on_bread, CollectedItem)
    assert sorted(note.split(": ")[1] for note in source.notes) == [
        "1 draft articles left out.",
        "1 repeated rows left out.",
        "1 reshares without words left out.",
        "3 comments left out.",
    ]


def test_an_article_keeps_its_link_date_and_text(whole):
    [item] = [item for item in read(whole) if item.category is Category.ARTICLES]
    assert item.link == "https://www.linkedin.com/pulse/on-bread-ann-lee-abc1"
    assert item.title == "On Bread"
    assert item.published_at == datetime(2024, 5, 1, 10, 15, tzinfo=UTC)
    assert item.content == "It’s **flour** — and water.\n\n### Crust\n\n- Weigh it"


def test_comments_come_when_they_are_asked_for_each_under_its_own_key(whole):
    comments = [item for item in read(whole, comments=True) if "#comment" in item.link]
    post = "https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A1"
    assert [item.link for item in comments] == [
        f"{post}#comment-2024-05-02T09:00:00",
        f"{post}#comment-2024-05-02T09:05:00",
    ]
    assert [item.content for item in comments] == ["Thanks for asking!", "A pound of it.\nOr two."]
    assert comments[0].extra == {"in_reply_to": post}
    assert comments[0].category is Category.POSTS


def test_an_export_with_only_articles_is_a_part(tmp_path):
    with zipfile.ZipFile(tmp_path / "Basic.zip", "w") as packed:
        packed.writestr("Basic_Export/articles/on-bread.html", article("On Bread", heading="h2"))
        packed.writestr("Basic_Export/Profile.csv", "First Name,Last Name\nAnn,Lee\n")
        packed.writestr("../Articles/evil.html", article("Not yours"))
    source = LinkedInExport(tmp_path / "Basic.zip")
    assert [item.title for item in source.items(AUTHOR)] == ["On Bread"]
    assert source.coverage is Coverage.PART


def test_a_whole_export_covers_all_unless_something_in_it_cannot_be_read(whole):
    source = LinkedInExport(whole)
    assert (source.origin, source.coverage) == ("linkedin", Coverage.ALL)
    list(source.items(AUTHOR))
    assert source.coverage is Coverage.PART


def test_an_article_without_a_link_has_its_file_as_key(tmp_path):
    folder = tmp_path / "x" / "Articles" / "Articles"
    folder.mkdir(parents=True)
    (folder / "2024-05-01-on-bread.html").write_text(article("On Bread", link=False))
    assert [item.link for item in read(tmp_path)] == ["linkedin:2024-05-01-on-bread"]


def test_an_empty_date_is_that_of_a_draft(tmp_path):
    (tmp_path / "Articles").mkdir()
    (tmp_path / "Articles" / "a.html").write_text(article("On Bread", published=" "))
    assert read(tmp_path) == []


def test_reading_twice_brings_the_same_and_a_newer_export_only_what_is_new(whole, tmp_path):
    source = LinkedInExport(whole)
    first = list(source.items(AUTHOR))
    notes = source.notes
    assert list(source.items(AUTHOR)) == first
    assert source.notes == notes
    old = read(whole)
    more = "2024-05-09 08:30:00,https://www.linkedin.com/feed/update/urn%3Ali%3Ashare%3A7,New,,,\n"
    head, rest = SHARES.split("\n", 1)
    (whole / "Shares.csv").write_text(f"{head}\n{more}{rest}")
    assert [item.content for item in read(whole) if item not in old] == ["New"]


def wrapped(text: str) -> str:
    """A text as LinkedIn writes it into the field, before CSV."""
    return text.replace("\n", '"\n"')


@given(st.text(st.characters(exclude_characters="\r\0", exclude_categories=("Cs",))))
def test_what_linkedin_wraps_is_unwrapped_exactly(text):
    assert unwrapped(wrapped(text)) == text
    file = io.StringIO(newline="")
    csv.writer(file).writerow([wrapped(text)])
    file.seek(0)
    [[field]] = csv.reader(file)
    assert unwrapped(field) == text


def test_something_else_is_no_export(tmp_path):
    (tmp_path / "a.html").write_text(article("On Bread"))
    with pytest.raises(BadInput, match="no LinkedIn export"):
        list(LinkedInExport(tmp_path).items(AUTHOR))
