"""The archive of X, in the shape in which it arrives."""

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
from llm_engineering.infrastructure.sources.exports.x import XExport

AUTHOR = Author.named("Ann Lee")
ACCOUNT = {"account": {"email": "a@mail.example", "username": "AnnBakes", "accountId": "42", "accountDisplayName": "A"}}


def tweet(id: str, text: str, *, minute: int = 0, **more: Any) -> dict[str, Any]:
    """A tweet as tweets.js has it; `more` overrides fields."""
    fields = {
        "edit_info": {"initial": {"editTweetIds": [id], "editsRemaining": "5", "isEditEligible": True}},
        "retweeted": False,
        "source": '<a href="https://mobile.twitter.example" rel="nofollow">Twitter Web App</a>',
        "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": []},
        "display_text_range": ["0", str(len(text))],
        "favorite_count": "3",
        "id_str": id,
        "truncated": False,
        "retweet_count": "0",
        "id": id,
        "created_at": f"Thu May 02 08:{minute:02}:00 +0000 2024",
        "favorited": False,
        "full_text": text,
        "lang": "en",
        **more,
    }
    return {"tweet": fields}


def reply_to(id: str | None, user: str = "42", handle: str = "AnnBakes") -> dict[str, Any]:
    fields = {"in_reply_to_user_id": user, "in_reply_to_user_id_str": user, "in_reply_to_screen_name": handle}
    return {**fields, **({"in_reply_to_status_id": id, "in_reply_to_status_id_str": id} if id else {})}


def written(name: str, records: list[Any], part: int = 0) -> str:
    return f"window.YTD.{name}.part{part} = {json.dumps(records, indent=2)}"


def archive(folder: Path, tweets: list[Any], *, account: bool = True, notes: list[Any] | None = None) -> Path:
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    (data / "tweets.js").write_text(written("tweets", tweets))
    (data / "deleted-tweets.js").write_text(written("deleted_tweets", [tweet("99", "I take this back")]))
    (data / "like.js").write_text(written("like", [{"like": {"tweetId": "5", "fullText": "of somebody else"}}]))
    if account:
        (data / "account.js").write_text(written("account", [ACCOUNT]))
    if notes is not None:
        (data / "note-tweet.js").write_text(written("note_tweet", notes))
    return folder


def read(path: Path, **options: Any) -> list[CollectedItem]:
    found = list(XExport(path, **options).items(AUTHOR))
    assert all(isinstance(item, CollectedItem) for item in found), found
    return found


THREAD = [
    tweet("103", "3. Bake it.", minute=9, **reply_to("102")),
    tweet("102", "2. Let it rest — overnight.\n\nReally.", minute=5, **reply_to("101")),
    tweet("101", "1. Bread is flour &amp; water &lt;3", minute=0),
]


def test_a_thread_is_one_post_under_the_link_of_its_first_tweet(tmp_path):
    [item] = read(archive(tmp_path, THREAD))
    assert item.content == "1. Bread is flour & water <3\n\n2. Let it rest — overnight.\n\nReally.\n\n3. Bake it."
    assert item.link == "https://x.com/AnnBakes/status/101"
    assert item.published_at == datetime(2024, 5, 2, 8, 0, tzinfo=UTC)
    assert (item.category, item.platform, item.title, item.language) == (Category.POSTS, "x", "", "en")


def test_a_newer_archive_with_one_more_tweet_changes_only_that_thread(tmp_path):
    other = tweet("90", "Rye is not wheat.")
    old = {item.link: item for item in read(archive(tmp_path / "old", [*THREAD, other]))}
    more = tweet("104", "4. Eat it.", minute=20, **reply_to("103"))
    new = {item.link: item for item in read(archive(tmp_path / "new", [more, *THREAD, other]))}
    assert list(new) == list(old)
    assert [link for link in new if new[link] != old[link]] == ["https://x.com/AnnBakes/status/101"]
    assert new["https://x.com/AnnBakes/status/101"].content.endswith("3. Bake it.\n\n4. Eat it.")


def test_reading_twice_brings_the_same(tmp_path):
    source = XExport(archive(tmp_path, THREAD))
    first = list(source.items(AUTHOR))
    assert list(source.items(AUTHOR)) == first
    assert source.notes == XExport(tmp_path).notes == []


def test_short_links_become_what_was_linked_and_pictures_go(tmp_path):
    urls = [{"url": "https://t.co/abc", "expanded_url": "https://bread.example/a?b=1&c=2", "display_url": "bread…"}]
    media = [{"url": "https://t.co/pic", "expanded_url": "https://twitter.com/AnnBakes/status/101/photo/1"}]
    text = "See https://t.co/abc and https://t.co/abcd https://t.co/pic"
    entities = {"urls": urls, "media": media}
    [item] = read(archive(tmp_path, [tweet("101", text, entities=entities, extended_entities={"media": media})]))
    assert item.content == "See https://bread.example/a?b=1&c=2 and https://t.co/abcd"


def test_what_the_author_escaped_stays_escaped(tmp_path):
    [item] = read(archive(tmp_path, [tweet("1", "In HTML, &amp;lt; is &lt; *not* [bold]")]))
    assert item.content == "In HTML, &lt; is < *not* [bold]"


def test_retweets_pictures_and_replies_to_others_are_left_out_and_counted(tmp_path):
    media = [{"url": "https://t.co/pic"}]
    tweets = [
        tweet("1", "RT @bob: Bread!"),
        tweet("2", "@bob Thanks!", **reply_to("77", "7", "bob")),
        tweet("3", "You are welcome", **reply_to("2")),
        tweet("4", "@bob hello", **reply_to(None, "7", "bob")),
        tweet("5", "https://t.co/pic", entities={"media": media}),
        tweet("6", "Mine"),
    ]
    source = XExport(archive(tmp_path, tweets))
    assert [item.content for item in source.items(AUTHOR)] == ["Mine"]
    assert sorted(note.split(": ")[1] for note in source.notes) == [
        "1 posts without words left out.",
        "1 retweets left out.",
        "3 replies to others left out.",
    ]


def test_replies_are_kept_when_asked_for_without_the_names_they_start_with(tmp_path):
    answer = tweet("2", "@bob @carl_k Thanks, @dora!", minute=1, **reply_to("77", "7", "bob"))
    onward = tweet("3", "@bob @carl_k And again.", minute=2, **reply_to("2"))
    [item] = read(archive(tmp_path, [answer, onward]), replies=True)
    assert item.content == "Thanks, @dora!\n\nAnd again."
    assert item.extra == {"in_reply_to": "https://x.com/bob/status/77"}
    assert item.link == "https://x.com/AnnBakes/status/2"


def test_an_answer_to_an_own_tweet_that_is_gone_stands_alone(tmp_path):
    [item] = read(archive(tmp_path, [tweet("9", "2/2 and so on", **reply_to("8"))]))
    assert (item.link, item.content) == ("https://x.com/AnnBakes/status/9", "2/2 and so on")


def test_names_that_x_puts_before_an_answer_in_a_thread_go_and_typed_ones_stay(tmp_path):
    first = tweet("1", "Baked with @bob")
    by_x = tweet("2", "@bob Look at it.", minute=1, display_text_range=["5", "16"], **reply_to("1"))
    typed = tweet("3", "@bob said it is good.", minute=2, **reply_to("2"))
    [item] = read(archive(tmp_path, [first, by_x, typed]))
    assert item.content == "Baked with @bob\n\nLook at it.\n\n@bob said it is good."


def test_the_own_name_before_an_old_thread_goes(tmp_path):
    old = [tweet("1", "One"), tweet("2", "@annbakes Two", minute=1, **reply_to("1"))]
    assert [item.content for item in read(archive(tmp_path, old))] == ["One\n\nTwo"]


LONG = "Bread has four ingredients. " * 20 + "Read https://t.co/src &amp; bake."
NOTE = {
    "noteTweet": {
        "noteTweetId": "5001",
        "updatedAt": "2024-05-02T08:00:00.000Z",
        "lifecycle": {"value": "NoteTweet", "name": "", "originalName": "", "annotations": {}},
        "createdAt": "2024-05-02T08:00:00.000Z",
        "core": {
            "styletags": [],
            "urls": [{"shortUrl": "https://t.co/src", "expandedUrl": "https://src.example/", "displayUrl": "src"}],
            "text": LONG,
            "mentions": [],
            "hashtags": [],
        },
    }
}


def test_a_long_text_takes_the_place_of_the_cut_one(tmp_path):
    urls = [{"url": "https://t.co/self", "expanded_url": "https://twitter.com/i/web/status/101"}]
    cut = tweet("101", LONG[:270] + "… https://t.co/self", entities={"urls": urls})
    same_second = tweet("102", "Bread is something else")
    items = {item.link[-3:]: item.content for item in read(archive(tmp_path, [cut, same_second], notes=[NOTE]))}
    assert items["101"] == "Bread has four ingredients. " * 20 + "Read https://src.example/ & bake."
    assert items["102"] == "Bread is something else"


def test_a_cut_text_without_its_long_form_does_not_link_to_itself(tmp_path):
    urls = [{"url": "https://t.co/self", "expanded_url": "https://twitter.com/i/web/status/101"}]
    [item] = read(archive(tmp_path, [tweet("101", "Bread has… https://t.co/self", entities={"urls": urls})]))
    assert item.content == "Bread has…"


def test_of_an_edited_tweet_the_last_version_counts_under_the_first_link(tmp_path):
    edits = {"edit": {"initialTweetId": "101", "editControlInitial": {"editTweetIds": ["101", "105"]}}}
    first = tweet("101", "Bred is easy", edit_info={"initial": {"editTweetIds": ["101", "105"]}})
    last = tweet("105", "Bread is easy", minute=2, edit_info=edits)
    answer = tweet("106", "Try it", minute=3, **reply_to("105"))
    [item] = read(archive(tmp_path, [answer, last, first]))
    assert (item.link, item.content) == ("https://x.com/AnnBakes/status/101", "Bread is easy\n\nTry it")


def test_parts_and_the_older_name_are_read(tmp_path):
    data = tmp_path / "twitter-2024-05-02-abc" / "data"
    data.mkdir(parents=True)
    (data / "tweet.js").write_text(written("tweet", [tweet("1", "One")["tweet"]]))
    (data / "tweets-part1.js").write_text(written("tweets", [tweet("2", "Two", **reply_to("1"), minute=1)], part=1))
    [item] = read(tmp_path)
    assert (item.link, item.content) == ("https://x.com/i/status/1", "One\n\nTwo")


@pytest.mark.parametrize(("code", "language"), [("de", "de"), ("und", None), ("qme", None), ("in", "id"), ("", None)])
def test_the_language_is_kept_where_x_knows_one(tmp_path, code, language):
    [item] = read(archive(tmp_path, [tweet("1", "Brot", lang=code)]))
    assert item.language == language


def test_the_account_names_the_origin_even_when_its_handle_changes(tmp_path):
    source = XExport(archive(tmp_path, THREAD))
    assert (source.origin, source.coverage) == ("x:42", Coverage.ALL)
    assert XExport(archive(tmp_path / "anonymous", THREAD, account=False)).origin == "x"


def test_a_zip_reads_like_the_folder_and_names_that_leave_it_are_not_read(tmp_path):
    archive(tmp_path / "a", THREAD)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        for path in (tmp_path / "a").rglob("*.js"):
            packed.write(path, path.relative_to(tmp_path / "a"))
        packed.writestr("../data/tweets-part9.js", written("tweets", [tweet("666", "not yours")]))
        packed.writestr("data/tweets_media/film.mp4", b"x" * 1000)
    assert read(tmp_path / "a.zip") == read(tmp_path / "a")


@pytest.mark.parametrize("broken", ['window.YTD.tweets.part0 = [{"tweet": {"id_str": "1", "full', "<html>", "", "[1,]"])
def test_broken_json_is_one_error_that_names_the_file(tmp_path, broken):
    (archive(tmp_path, []) / "data" / "tweets.js").write_text(broken)
    with pytest.raises(BadInput, match=r"data/tweets\.js is broken"):
        list(XExport(tmp_path).items(AUTHOR))


def test_a_tweet_without_an_id_is_named_and_the_rest_goes_in(tmp_path):
    source = XExport(archive(tmp_path, [{"tweet": {"full_text": "Who am I?"}}, 7, *THREAD]))
    first, second, item = source.items(AUTHOR)
    assert isinstance(first, RefusedItem)
    assert isinstance(second, RefusedItem)
    assert "tweet 1" in first.link
    assert isinstance(item, CollectedItem)
    assert source.coverage is Coverage.PART  # what was not read must not count as gone


def test_tweets_that_answer_each_other_in_a_ring_end(tmp_path):
    ring = [tweet("1", "One", **reply_to("2")), tweet("2", "Two", minute=1, **reply_to("1"))]
    [item] = read(archive(tmp_path, ring))
    assert sorted(item.content.split("\n\n")) == ["One", "Two"]


def test_half_a_surrogate_pair_does_not_reach_the_store(tmp_path):
    [item] = read(archive(tmp_path, [tweet("1", "Bread \ud83c")]))
    assert item.content.encode("utf-8")
    assert item.content.startswith("Bread ")


def test_a_folder_of_something_else_is_no_archive(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(BadInput, match="no archive of X"):
        list(XExport(tmp_path).items(AUTHOR))
