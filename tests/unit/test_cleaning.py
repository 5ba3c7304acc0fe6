"""Two lanes: what the author wrote, and what a search should find."""

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.application.cleaning import (
    CODE_MARKER,
    QUOTE_MARKER,
    TABLE_MARKER,
    clean,
    search_lane,
    style_lane,
)
from llm_engineering.application.markdown import blocks, outline
from llm_engineering.domain.documents import Category
from llm_engineering.infrastructure.sources.exports.telegram_text import message_text
from tests.samples import article, raw_document


def test_the_style_lane_keeps_the_authors_words_as_they_wrote_them() -> None:
    text = "I don’t — and won't — “quote” it… 😀\n\nSecond paragraph; it's short."
    assert style_lane(text) == text


def test_code_quotes_and_tables_become_markers() -> None:
    markdown = "Before.\n\n```python\nx = 1\n```\n\n> Not mine.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nAfter."
    assert style_lane(markdown).split("\n\n") == ["Before.", CODE_MARKER, QUOTE_MARKER, TABLE_MARKER, "After."]


def test_link_targets_and_emphasis_marks_are_not_words() -> None:
    assert style_lane("See *the* [long story](https://x.example/a?b=c), `now`.") == "See the long story, now."


def test_headings_and_lists_stay_in_the_style_lane() -> None:
    assert style_lane("## Why\n\n- one\n- two\n\n1. first") == "Why\n\n- one\n- two\n\n1. first"


def test_footnote_marks_are_not_words_but_the_footnote_is() -> None:
    assert style_lane("I said so.[^1]\n\n[^1]: And I meant it.") == "I said so.\n\nAnd I meant it."


def test_a_footnote_mark_takes_no_space_and_no_colon_with_it() -> None:
    assert style_lane("I said[^1] so, and *more*[^2]: this.") == "I said so, and more: this."


def test_words_in_html_and_line_breaks_in_html_are_the_authors() -> None:
    markdown = "One<br>two <b>three</b>.\n\n<p>It’s &amp; stays.</p>\n<script>no()</script>\n<![x[y"
    assert style_lane(markdown) == "One\ntwo three.\n\nIt’s & stays.\n\n< [x[y"


def test_struck_words_lose_their_marks_only() -> None:
    assert style_lane("It was ~~bad~~ good, about ~5 of them.") == "It was bad good, about ~5 of them."


def test_a_paragraph_break_within_a_list_item_stays_one() -> None:
    assert style_lane("- one\n\n  more of one\n- two") == "- one\n\nmore of one\n- two"


TYPED = "I *really* mean it, **so** 2*3*4 = 24, snake_case, ~~no~~ `x`\n\n> quoted\n# not a heading  \nlast line"


@pytest.mark.parametrize("platform", ["linkedin", "x", "mail", "mastodon"])
def test_a_post_keeps_every_mark_and_line_that_its_author_typed(platform: str) -> None:
    post = raw_document(TYPED, category=Category.POSTS, platform=platform)
    assert clean(post).style_text == TYPED


def test_a_telegram_post_loses_the_marks_that_the_importer_put_there() -> None:
    parts = [
        "A 2*3*4 and snake_case — “",
        {"type": "bold", "text": "Note:"},
        "more” ",
        {"type": "italic", "text": "so what"},
        ", ",
        {"type": "strikethrough", "text": "no"},
        " ",
        {"type": "code", "text": "run()"},
        " and ",
        {"type": "text_link", "text": "this", "href": "https://x.example/a_(b)"},
        "!\n#tag\n",
        {"type": "pre", "text": "x = 1\n\ny = 2", "language": "python"},
        "After.",
        {"type": "blockquote", "text": "Not mine.\n\nNor this."},
        "Mine 😀",
    ]
    post = raw_document(message_text(parts), category=Category.POSTS, platform="telegram")
    assert clean(post).style_text == (
        "A 2*3*4 and snake_case — “Note:more” so what, no run() and this!\n#tag\n\n"
        f"{CODE_MARKER}\n\nAfter.\n\n{QUOTE_MARKER}\n\nMine 😀"
    )


def test_the_language_is_the_stated_one_else_the_detected_one() -> None:
    english = article(1)
    assert clean(raw_document(english)).language == "en"
    assert clean(raw_document(english, language="fr")).language == "fr"
    assert clean(raw_document("Too short.")).language is None


def test_the_search_lane_keeps_headings_lists_tables_and_code() -> None:
    markdown = "# Title\n\n- a\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode()\n```"
    assert search_lane(markdown) == markdown


def test_the_search_lane_is_normalised() -> None:
    assert search_lane("ﬁne\u00a0print\r\n\r\n\r\n\r\nend\ufeff") == "fine print\n\nend"


def test_hidden_characters_go_but_emoji_joiners_stay() -> None:
    assert style_lane("in\u200bvisible 👩\u200d💻") == "invisible 👩\u200d💻"


WORD = st.from_regex(r"[A-Za-zéßñя](?:[A-Za-zéßñя’'–-]{0,8}[A-Za-zéßñя])?", fullmatch=True)
MARK = st.sampled_from(["", ",", ";", " —", "…", " 😀", " 👩\u200d💻", "”", ")", "?!", " ❤\ufe0f"])
SENTENCE = st.lists(st.tuples(WORD, MARK).map("".join), min_size=1, max_size=8).map(lambda words: " ".join(words) + ".")
PARAGRAPH = st.lists(SENTENCE, min_size=1, max_size=4).map(" ".join)


@given(st.lists(PARAGRAPH, min_size=1, max_size=5))
def test_the_style_lane_gives_prose_back_character_by_character(paragraphs: list[str]) -> None:
    text = "\n\n".join(paragraphs)
    assert style_lane(text) == text


@given(
    st.lists(st.text("abc’'–—*_~`#>[]() 😀\n", max_size=60), min_size=1, max_size=5).map("\n\n".join),
    st.sampled_from(["linkedin", "x", "mail", "mastodon"]),
)
def test_the_style_lane_gives_a_plain_post_back_whatever_it_holds(text: str, platform: str) -> None:
    assert clean(raw_document(text, category=Category.POSTS, platform=platform)).style_text == text.strip()


@given(st.lists(PARAGRAPH, min_size=1, max_size=4), st.sampled_from(["bold", "italic", "strikethrough", "code"]))
def test_formatting_in_telegram_costs_no_character(paragraphs: list[str], kind: str) -> None:
    parts = [{"type": kind, "text": text} if number % 2 else text for number, text in enumerate(paragraphs)]
    spaced = [part for one in parts for part in (one, " ")]
    post = raw_document(message_text(spaced), category=Category.POSTS, platform="telegram")
    assert clean(post).style_text == " ".join(paragraphs)


SEARCHED = st.lists(
    st.one_of(
        PARAGRAPH,
        WORD.map(lambda word: f"## {word}"),
        st.lists(WORD, min_size=1, max_size=5).map(lambda words: "\n".join(f"- {word}" for word in words)),
        st.text("ab=() \n#|", max_size=60).map(lambda code: f"```py\nx\n{code}\n```"),
        st.tuples(WORD, WORD).map(lambda cells: f"| {cells[0]} | b |\n|---|---|\n| {cells[1]} | 2 |"),
    ),
    min_size=1,
    max_size=6,
).map("\n\n".join)


@given(SEARCHED)
def test_the_search_lane_keeps_every_heading_list_table_and_code_block(text: str) -> None:
    text = unicodedata.normalize("NFKC", text)
    found = search_lane(text)
    assert re.sub(r"\s", "", found) == re.sub(r"\s", "", text)
    assert [(block.kind, block.plain.split()) for block in blocks(found)] == [
        (block.kind, block.plain.split()) for block in blocks(text)
    ]


@given(st.one_of(SEARCHED, st.text(max_size=200)))
def test_the_outline_has_the_same_blocks_and_the_words_of_headings(text: str) -> None:
    whole, quick = blocks(text), outline(text)
    assert [(b.kind, b.start, b.end, b.level) for b in quick] == [(b.kind, b.start, b.end, b.level) for b in whole]
    assert [b.plain for b in quick if b.level] == [b.plain for b in whole if b.level]


@pytest.mark.parametrize(
    "unit", ["**", "** a", "*a ", "`", "` a", "[a](", "~~", "~~a", "```\n", "> a\n", "[[", "<!--", "<p"]
)
def test_a_hostile_post_takes_no_longer_than_another(unit: str) -> None:
    post = raw_document(unit * (50_000 // len(unit)), category=Category.POSTS, platform="telegram", language="en")
    start = time.process_time()
    clean(post)
    assert time.process_time() - start < 1


@given(st.text(max_size=300))
def test_cleaning_never_fails_and_the_search_lane_is_stable(text: str) -> None:
    style_lane(text)
    assert search_lane(search_lane(text)) == search_lane(text)
