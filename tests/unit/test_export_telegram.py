"""Telegram Desktop's JSON export, in the shape in which it arrives."""

import json
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
from llm_engineering.infrastructure.sources.exports.telegram import TelegramExport
from llm_engineering.infrastructure.sources.exports.telegram_text import message_text

AUTHOR = Author.named("Ann Lee")
START = 1714636800  # 2024-05-02 08:00 UTC
ANN = {"from": "Ann Lee", "from_id": "user42"}
BOB = {"from": "Bob Ray", "from_id": "user7"}


def message(id: int, text: Any, minute: float = 0, who: dict[str, Any] = ANN, **more: Any) -> dict[str, Any]:
    """A message as result.json has it."""
    seconds = START + int(minute * 60)
    return {
        "id": id,
        "type": "message",
        "date": datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "date_unixtime": str(seconds),
        **who,
        "text": text,
        "text_entities": [{"type": "plain", "text": text}] if isinstance(text, str) and text else [],
        **more,
    }


SERVICE = {"id": 900, "type": "service", "date_unixtime": str(START), "actor": "Bob Ray", "action": "pin_message"}


def chat(messages: list[Any], id: int = 555, kind: str = "personal_chat") -> dict[str, Any]:
    return {"name": "Bob Ray", "type": kind, "id": id, "messages": messages}


def account(*chats: dict[str, Any], owner: bool = True) -> dict[str, Any]:
    person = {"user_id": 42, "first_name": "Ann", "last_name": "", "phone_number": "+00 000", "bio": "I bake"}
    return {
        "about": "Here is the data you requested.",
        **({"personal_information": person} if owner else {}),
        "contacts": {"about": "…", "list": [{"first_name": "Bob", "phone_number": "+00 001"}]},
        "chats": {"about": "This page lists all chats.", "list": list(chats)},
        "left_chats": {"about": "Groups that you left.", "list": []},
    }


def export(folder: Path, content: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "result.json").write_text(json.dumps(content, indent=1, ensure_ascii=False))
    return folder


def read(path: Path, **options: Any) -> list[CollectedItem]:
    found = list(TelegramExport(path, **options).items(AUTHOR))
    assert all(isinstance(item, CollectedItem) for item in found), found
    return found


TALK = [
    message(1, "How do you bake?", 0, BOB),
    message(2, "Flour & water —\nthat’s it 🍞", 1),
    SERVICE,
    message(3, "And time.", 5),
    message(4, "Thanks!", 6, BOB),
    message(5, "Welcome.", 7),
    message(6, "By the way: rye is not wheat.", 30),
]


def test_messages_in_a_row_are_one_post_under_the_key_of_the_first(tmp_path):
    first, second, third = read(export(tmp_path, chat(TALK)))
    assert first.content == "Flour & water —\nthat’s it 🍞\n\nAnd time."
    assert first.link == "telegram:555/2"
    assert first.published_at == datetime(2024, 5, 2, 8, 1, tzinfo=UTC)
    assert (first.category, first.platform, first.title) == (Category.POSTS, "telegram", "")
    assert [second.content, third.content] == ["Welcome.", "By the way: rye is not wheat."]


def test_what_others_wrote_is_only_beside_the_text_that_answers_it(tmp_path):
    items = read(export(tmp_path, chat(TALK)))
    assert [item.extra.get("in_reply_to_text") for item in items] == ["How do you bake?", "Thanks!", None]
    assert not any(words in item.content + item.evidence for item in items for words in ("How do you", "Thanks"))


def test_an_answer_that_points_at_a_message_is_beside_that_one(tmp_path):
    talk = [
        message(1, "How much flour?", 0, BOB),
        message(2, "Nice weather", 1, {"from": "Carl", "from_id": "user8"}),
        message(3, "A pound.", 2, reply_to_message_id=1),
    ]
    [item] = read(export(tmp_path, chat(talk, kind="private_group")))
    assert item.extra == {"chat_type": "private_group", "in_reply_to_text": "How much flour?"}


def test_a_long_question_is_cut(tmp_path):
    [item] = read(export(tmp_path, chat([message(1, "x" * 900, 0, BOB), message(2, "Yes", 1)])))
    assert len(item.extra["in_reply_to_text"]) == 500


def test_what_is_not_the_authors_words_is_left_out_and_counted(tmp_path):
    talk = [
        SERVICE,
        message(1, "Not hers", 0, BOB),
        message(2, "Passed on", 1, forwarded_from="Carl"),
        message(3, "funny", 2, via_bot="@gif"),
        message(4, "", 3, media_type="sticker", sticker_emoji="🍞"),
        message(5, "Hers", 4),
    ]
    source = TelegramExport(export(tmp_path, account(chat(talk), chat([message(1, "/start")], 9, "bot_chat"))))
    assert [item.content for item in source.items(AUTHOR)] == ["Hers"]
    assert sorted(note.split(": ")[1] for note in source.notes) == [
        "1 forwarded messages left out.",
        "1 messages of others left out.",
        "1 messages to bots left out.",
        "1 messages via bots left out.",
        "1 messages without words left out.",
        "1 service messages left out.",
    ]


def test_a_full_export_knows_its_owner_whatever_their_name(tmp_path):
    me = {"from": "🌻", "from_id": "user42"}
    namesake = {"from": "Ann Lee", "from_id": "user99"}
    content = account(
        chat([message(1, "Mine", 0, me), message(2, "Hers", 1, namesake)]), chat([message(8, "Also", 2, me)], 6)
    )
    source = TelegramExport(export(tmp_path, content))
    assert [(item.link, item.content) for item in source.items(AUTHOR)] == [
        ("telegram:555/1", "Mine"),
        ("telegram:6/8", "Also"),
    ]
    assert source.origin == "telegram:42"


def test_a_single_chat_is_searched_for_the_authors_name(tmp_path):
    talk = [message(1, "No", 0, {"from": "Ann", "from_id": "user3"}), message(2, "Yes", 1)]
    source = TelegramExport(export(tmp_path, chat(talk)))
    assert [item.content for item in source.items(AUTHOR)] == ["Yes"]
    assert source.origin == "telegram:chat 555"


def test_two_people_who_may_be_the_author_are_never_mixed(tmp_path):
    talk = [
        message(1, "No", 0, {"from": "Ann", "from_id": "user3"}),
        message(2, "Or", 1, {"from": "A. Lee", "from_id": "user4"}),
    ]
    with pytest.raises(BadInput, match="several senders who may be Ann Lee.*A. Lee, Ann"):
        list(TelegramExport(export(tmp_path, chat(talk))).items(AUTHOR))
    assert [item.content for item in read(tmp_path, sender="a. lee")] == ["Or"]


def test_nobody_who_may_be_the_author_is_an_error_that_names_who_is_there(tmp_path):
    export(tmp_path, chat([message(1, "x", 0, BOB)]))
    with pytest.raises(BadInput, match="Its senders: Bob Ray"):
        list(TelegramExport(tmp_path).items(AUTHOR))
    with pytest.raises(BadInput, match="no message written by"):
        list(TelegramExport(tmp_path, sender="Carl").items(AUTHOR))


def test_a_channel_is_read_under_its_own_name_or_by_who_signs(tmp_path):
    bread = {"from": "Bread Daily", "from_id": "channel77"}
    posts = [message(1, "One", 0, bread), message(2, "Two", 60, bread, author="Ann Lee")]
    export(tmp_path, chat(posts, kind="public_channel"))
    assert [item.content for item in read(tmp_path, sender="Bread Daily")] == ["One", "Two"]
    assert [item.content for item in read(tmp_path)] == ["Two"]


def test_messages_that_lack_fields_stop_nothing(tmp_path):
    talk: list[Any] = [
        {"type": "message"},
        {"id": 1, "type": "message", "from": "Ann Lee", "from_id": "user42"},
        {"type": "message", **ANN, "text": "Without an id"},
        {"id": 2, "type": "message", **ANN, "text": "Without a date"},
        {"id": 3, "type": "message", **ANN, "text": 7, "date": 9},
        {"id": 4, "type": "message", **ANN, "text": [{"type": "bold"}, None, {"text": "odd"}], "date": "soon"},
        "no message at all",
        message(5, "Whole", 0),
    ]
    source = TelegramExport(export(tmp_path, chat(talk)))
    found = list(source.items(AUTHOR))
    assert [item.content for item in found if isinstance(item, CollectedItem)] == ["Without a date", "odd", "Whole"]
    assert [item.reason for item in found if isinstance(item, RefusedItem)] == ["A message of the author has no id."]
    assert sum(isinstance(item, CollectedItem) and item.published_at is None for item in found) == 2


def test_old_exports_have_a_local_time_and_bare_numbers(tmp_path):
    old = {"id": 1, "type": "message", "date": "2019-05-02T08:00:00", "from": "Ann L.", "from_id": 42, "text": "Bread"}
    [item] = read(export(tmp_path, account(chat([old]))))
    assert item.published_at == datetime(2019, 5, 2, 8, tzinfo=UTC)


def test_a_newer_export_with_one_more_message_changes_only_that_post(tmp_path):
    old = {item.link: item for item in read(export(tmp_path / "old", chat(TALK)))}
    new = {item.link: item for item in read(export(tmp_path / "new", chat([*TALK, message(7, "Ask me.", 33)])))}
    assert list(new) == list(old)
    assert [link for link in new if new[link] != old[link]] == ["telegram:555/6"]
    assert read(tmp_path / "new") == read(tmp_path / "new")


def test_an_export_is_a_part_because_chats_and_dates_are_chosen(tmp_path):
    assert TelegramExport(export(tmp_path, chat(TALK))).coverage is Coverage.PART


@pytest.mark.parametrize(
    ("parts", "markdown"),
    [
        ("*just* [text] #tag\n\nhere", "*just* [text] #tag\n\nhere"),
        (["See ", {"type": "link", "text": "https://a.example/"}, "!"], "See https://a.example/!"),
        (
            ["See ", {"type": "text_link", "text": "this ", "href": "https://a.example/(1)"}, "now"],
            "See [this](https://a.example/%281%29) now",
        ),
        ([{"type": "text_link", "text": "x", "href": "javascript:alert(1)"}], "x"),
        ([{"type": "bold", "text": "Bread\n\nand "}, "more"], "**Bread**\n\n**and** more"),
        (
            [
                {"type": "italic", "text": "so"},
                {"type": "strikethrough", "text": "no"},
                {"type": "spoiler", "text": "?"},
            ],
            "*so*~~no~~?",
        ),
        (["Run ", {"type": "code", "text": "a `b`"}], "Run `` a `b` ``"),
        (
            ["Do:\n", {"type": "pre", "text": "bake(  1 )\n", "language": "python"}, "\ndone"],
            "Do:\n```python\nbake(  1 )\n```\n\ndone",
        ),
        ([{"type": "blockquote", "text": "He said\nso"}, "\nI did not"], "> He said\n> so\n\nI did not"),
        ([{"type": "mention", "text": "@bob"}, " ", {"type": "hashtag", "text": "#bread"}], "@bob #bread"),
        (None, ""),
    ],
)
def test_formatted_parts_become_markdown_and_the_rest_stays(parts, markdown):
    assert message_text(parts) == markdown


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_plain_text_is_never_changed(text):
    assert message_text(text) == text.strip()
    assert message_text([text, {"type": "plain", "text": text}]) == (text + text).strip()


def test_a_zip_with_the_export_in_a_folder_is_read_and_names_that_leave_it_are_not(tmp_path):
    export(tmp_path / "a", chat(TALK))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.write(tmp_path / "a" / "result.json", "DataExport_2024-05-02/result.json")
        packed.writestr("../result.json", json.dumps(chat([message(666, "not yours")])))
    assert read(tmp_path / "a.zip") == read(tmp_path / "a") == read(tmp_path / "a" / "result.json")


@pytest.mark.parametrize(
    "broken", ['{"messages": [{"id": 1, "type": "mess', "[]", "", '{"chats": {"list": [' + '{"chats": [' * 5000]
)
def test_a_broken_export_is_one_error_that_names_the_file(tmp_path, broken):
    (export(tmp_path, {}) / "result.json").write_text(broken)
    with pytest.raises(BadInput, match=r"result\.json is broken"):
        list(TelegramExport(tmp_path, sender="Ann Lee").items(AUTHOR))


def test_an_export_as_html_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "messages.html").write_text("<html>")
    with pytest.raises(BadInput, match="export as JSON"):
        list(TelegramExport(tmp_path).items(AUTHOR))


def test_a_large_export_is_read_within_little_memory(tmp_path):
    import tracemalloc

    words = "bread " * 500
    with (tmp_path / "result.json").open("w") as file:
        file.write('{"name": "Bob", "type": "personal_chat", "id": 555, "messages": [')
        for number in range(10_000):
            file.write(json.dumps(message(number, words, number, BOB if number % 2 else ANN)) + ",")
        file.write(json.dumps(message(10_001, "end", 10_001)) + "]}")
    assert (tmp_path / "result.json").stat().st_size > 30_000_000  # the usual limit is 20 MB
    tracemalloc.start()
    count = sum(1 for _ in TelegramExport(tmp_path, sender="Ann Lee").items(AUTHOR))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 5_001
    assert peak < 20_000_000
