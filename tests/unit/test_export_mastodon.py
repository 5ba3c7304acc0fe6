"""The archive of Mastodon, in the shape in which it arrives."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from llm_engineering.application.ports import CollectedItem, Coverage, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category
from llm_engineering.domain.errors import BadInput
from llm_engineering.infrastructure.sources.exports.mastodon import MastodonExport, toot_text

AUTHOR = Author.named("Ann Lee")
ME = "https://social.example/users/ann"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
FOLLOWERS = f"{ME}/followers"


def toot(number: int, content: str, *, minute: int = 0, answers: str | None = None, **more: Any) -> dict[str, Any]:
    """A Create activity as outbox.json has it; `more` overrides fields of its object."""
    when = f"2024-05-02T08:{minute:02}:00Z"
    note = {
        "id": f"{ME}/statuses/{number}",
        "type": "Note",
        "summary": None,
        "inReplyTo": answers,
        "published": when,
        "url": f"https://social.example/@ann/{number}",
        "attributedTo": ME,
        "to": [PUBLIC],
        "cc": [FOLLOWERS],
        "sensitive": False,
        "content": content,
        "contentMap": {"en": content},
        "attachment": [],
        "tag": [],
        **more,
    }
    return {
        "id": f"{ME}/statuses/{number}/activity",
        "type": "Create",
        "actor": ME,
        "published": when,
        "to": note["to"],
        "cc": note["cc"],
        "object": note,
    }


BOOST = {"id": f"{ME}/statuses/5/activity", "type": "Announce", "actor": ME, "object": "https://o.example/users/b/1"}


def archive(folder: Path, activities: list[Any], *, actor: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    outbox = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": "outbox.json",
        "type": "OrderedCollection",
        "totalItems": len(activities),
        "orderedItems": activities,
    }
    (folder / "outbox.json").write_text(json.dumps(outbox))
    (folder / "likes.json").write_text(json.dumps({"orderedItems": ["https://o.example/users/b/2"]}))
    if actor:
        person = {"id": ME, "type": "Person", "preferredUsername": "ann", "name": "Ann L."}
        (folder / "actor.json").write_text(json.dumps(person))
    return folder


def read(path: Path, **options: Any) -> list[CollectedItem]:
    found = list(MastodonExport(path, **options).items(AUTHOR))
    assert all(isinstance(item, CollectedItem) for item in found), found
    return found


THREAD = [
    toot(101, "<p>It’s &quot;flour&quot; &amp; water:<br />*both* matter 🍞</p><p>Weigh them.</p>"),
    toot(102, "<p>2. Let it rest.</p>", minute=3, answers=f"{ME}/statuses/101"),
]


def test_a_thread_is_one_post_as_it_was_typed(tmp_path):
    [item] = read(archive(tmp_path, THREAD))
    assert item.content == 'It’s "flour" & water:\n*both* matter 🍞\n\nWeigh them.\n\n2. Let it rest.'
    assert item.link == "https://social.example/@ann/101"
    assert item.published_at == datetime(2024, 5, 2, 8, 0, tzinfo=UTC)
    assert (item.category, item.platform, item.title, item.language) == (Category.POSTS, "mastodon", "", "en")


def test_a_newer_archive_with_one_more_toot_changes_only_that_thread(tmp_path):
    other = toot(90, "<p>Rye is not wheat.</p>")
    old = {item.link: item for item in read(archive(tmp_path / "old", [other, *THREAD]))}
    more = toot(103, "<p>3. Bake.</p>", minute=9, answers=f"{ME}/statuses/102")
    new = {item.link: item for item in read(archive(tmp_path / "new", [other, *THREAD, more]))}
    assert [link for link in new if new[link] != old[link]] == ["https://social.example/@ann/101"]
    assert read(tmp_path / "new") == read(tmp_path / "new")


def test_boosts_private_posts_polls_and_replies_are_left_out_and_counted(tmp_path):
    followers_only = {"to": [FOLLOWERS], "cc": []}
    direct = {"to": ["https://o.example/users/bob"], "cc": []}
    activities = [
        BOOST,
        toot(1, "<p>For friends</p>", **followers_only),
        toot(2, "<p>For Bob</p>", **direct),
        toot(3, "<p>Rye or wheat?</p>", type="Question", oneOf=[{"name": "Rye"}, {"name": "Wheat"}]),
        toot(4, "<p>@bob Thanks</p>", answers="https://o.example/users/bob/statuses/7"),
        toot(5, "<p>Not mine</p>", attributedTo="https://o.example/users/bob"),
        toot(6, ""),
        toot(7, "<p>Unlisted</p>", to=[FOLLOWERS], cc=[PUBLIC]),
        {"type": "Create", "actor": ME, "object": "https://o.example/users/b/1"},
    ]
    source = MastodonExport(archive(tmp_path, activities))
    assert [item.content for item in source.items(AUTHOR)] == ["Unlisted"]
    assert sorted(note.split(": ")[1] for note in source.notes) == [
        "1 boosts left out.",
        "1 posts of others left out.",
        "1 posts of type Question left out.",
        "1 posts without a text left out.",
        "1 posts without words left out.",
        "1 replies to others left out.",
        "2 private posts left out.",
    ]


MENTION = '<span class="h-card"><a href="https://o.example/@bob" class="u-url mention">@<span>bob</span></a></span>'


def test_replies_are_kept_when_asked_for_without_the_names_they_start_with(tmp_path):
    link = "https://o.example/users/bob/statuses/7"
    answer = toot(4, f"<p>{MENTION} Thanks, {MENTION}!</p>", answers=link)
    onward = toot(5, f"<p>{MENTION} And more.</p>", minute=1, answers=f"{ME}/statuses/4")
    [item] = read(archive(tmp_path, [answer, onward]), replies=True)
    assert (item.content, item.extra) == ("Thanks, @bob!\n\nAnd more.", {"in_reply_to": link})


def test_an_answer_to_an_own_toot_that_is_gone_or_private_stands_alone(tmp_path):
    private = toot(1, "<p>For friends</p>", to=[FOLLOWERS], cc=[])
    answers = [
        toot(2, "<p>For all</p>", answers=f"{ME}/statuses/1"),
        toot(3, "<p>Left</p>", answers=f"{ME}/statuses/0"),
    ]
    assert [item.content for item in read(archive(tmp_path, [private, *answers]))] == ["For all", "Left"]


def test_a_content_warning_is_beside_the_text(tmp_path):
    [item] = read(archive(tmp_path, [toot(1, "<p>I ate it.</p>", summary="food", sensitive=True)]))
    assert (item.content, item.extra) == ("I ate it.", {"content_warning": "food"})


def test_an_article_is_an_article(tmp_path):
    words = "<h2>Crust</h2><p>It’s <strong>flour</strong>.</p>"
    [item] = read(archive(tmp_path, [toot(1, words, type="Article", name="On Bread", summary="Why crust matters")]))
    assert (item.category, item.title) == (Category.ARTICLES, "On Bread")
    assert item.content == "## Crust\n\nIt’s **flour**."
    assert item.extra == {"subtitle": "Why crust matters"}


TAG = '<a href="https://social.example/tags/bread" class="mention hashtag" rel="tag">#<span>bread</span></a>'
ADDRESS = (
    '<a href="https://bread.example/a_long_(one)" target="_blank"><span class="invisible">https://</span>'
    '<span class="ellipsis">bread.example/a_long</span><span class="invisible">_(one)</span></a>'
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (f"<p>{MENTION} loves {TAG} {ADDRESS}</p>", "@bob loves #bread https://bread.example/a_long_(one)"),
        ("One line<br>and two", "One line\nand two"),
        ("<p># not a heading</p><p>1. not a list, [x] &lt;b&gt;</p>", "# not a heading\n\n1. not a list, [x] <b>"),
        ("<p>So:</p><ul><li>flour</li><li>water</li></ul>", "So:\n\n- flour\n- water"),
        ('<p>See <a href="https://a.example/">my oven</a></p>', "See [my oven](https://a.example/)"),
        ("<blockquote><p>Weigh it</p></blockquote><p><em>Yes</em></p>", "> Weigh it\n\n*Yes*"),
        (
            '<p class="quote-inline">RE: <a href="https://o.example/1">https://o.example/1</a></p><p>So true</p>',
            "So true",
        ),
        ("", ""),
    ],
)
def test_a_toot_reads_as_it_was_typed_and_its_formatting_as_markdown(html, text):
    assert toot_text(html) == text


def test_the_account_names_the_origin(tmp_path):
    source = MastodonExport(archive(tmp_path, THREAD))
    assert (source.origin, source.coverage) == ("mastodon:@ann@social.example", Coverage.ALL)
    assert MastodonExport(archive(tmp_path / "b", THREAD, actor=False)).origin == "mastodon"


def test_an_archive_without_the_actor_is_read(tmp_path):
    assert read(archive(tmp_path / "b", THREAD, actor=False)) == read(archive(tmp_path / "a", THREAD))


def test_a_zip_reads_like_the_folder_and_names_that_leave_it_are_not_read(tmp_path):
    archive(tmp_path / "a", THREAD)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("../outbox.json", json.dumps({"orderedItems": [toot(666, "<p>not yours</p>")]}))
        for path in (tmp_path / "a").iterdir():
            packed.write(path, f"archive-2024/{path.name}")
    assert read(tmp_path / "a.zip") == read(tmp_path / "a")


def test_an_entry_that_cannot_be_read_is_named_and_the_rest_goes_in(tmp_path):
    source = MastodonExport(archive(tmp_path, [toot(1, "<p>x</p>", id=None), "what", {"type": None}, *THREAD]))
    refused, item = source.items(AUTHOR)
    assert isinstance(refused, RefusedItem)
    assert "entry 1" in refused.link
    assert isinstance(item, CollectedItem)
    assert source.notes == [f"{tmp_path.name}: 2 entries of type unknown left out."]
    assert source.coverage is Coverage.PART


@pytest.mark.parametrize("broken", ['{"orderedItems": [{"type"', "[]", "", '{"type": "OrderedCollection"}'])
def test_a_broken_outbox_is_one_error_that_names_it(tmp_path, broken):
    (archive(tmp_path, []) / "outbox.json").write_text(broken)
    with pytest.raises(BadInput, match=r"outbox\.json is"):
        list(MastodonExport(tmp_path).items(AUTHOR))


def test_a_folder_of_something_else_is_no_archive(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(BadInput, match="no Mastodon archive"):
        list(MastodonExport(tmp_path).items(AUTHOR))
