"""Two lanes: what the author wrote, and what a search should find."""

import re

from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.application.cleaning import CODE_MARKER, QUOTE_MARKER, TABLE_MARKER, search_lane, style_lane

PROSE = st.lists(st.from_regex(r"[A-Za-zé’'“”—–😀🙂,;:]{1,12}", fullmatch=True), min_size=1, max_size=30).map(" ".join)


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


def test_the_search_lane_keeps_headings_lists_tables_and_code() -> None:
    markdown = "# Title\n\n- a\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode()\n```"
    assert search_lane(markdown) == markdown


def test_the_search_lane_is_normalised() -> None:
    assert search_lane("ﬁne\u00a0print\r\n\r\n\r\n\r\nend\ufeff") == "fine print\n\nend"


def test_hidden_characters_go_but_emoji_joiners_stay() -> None:
    assert style_lane("in\u200bvisible 👩\u200d💻") == "invisible 👩\u200d💻"


@given(st.lists(PROSE, min_size=1, max_size=6))
def test_the_style_lane_loses_no_character_of_plain_prose(paragraphs: list[str]) -> None:
    cleaned = style_lane("\n\n".join(paragraphs))
    letters = re.compile(r"[^\W\d_]|[’'“”—–😀🙂,;:]")
    assert letters.findall(cleaned) == letters.findall("\n\n".join(paragraphs))
    assert len(cleaned.split("\n\n")) == len(paragraphs)


@given(st.text(max_size=300))
def test_cleaning_never_fails_and_the_search_lane_is_stable(text: str) -> None:
    style_lane(text)
    assert search_lane(search_lane(text)) == search_lane(text)
