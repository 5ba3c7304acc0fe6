"""Habits that a person can read, favourites, and intervals."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.application import style
from llm_engineering.application.style.favourites import log_odds
from llm_engineering.domain.errors import EmptyCorpus
from tests.voices import CHATTY, FORMAL, text


def test_the_profile_sees_both_kinds_of_apostrophe() -> None:
    rates = style.profile(["I don't. I don’t. We do; really?"])
    assert rates["contractions"] == pytest.approx(2 / 7 * 1000)
    assert rates["first_person"] == pytest.approx(2 / 7 * 1000)
    assert rates["semicolons"] == pytest.approx(1 / 7 * 1000)


def test_the_profile_counts_lists_headings_hedges_and_marks() -> None:
    shown = "What I keep\n\n- One thing, perhaps.\n- Another: the last…\n\nIt seems (to me) done at 10:30."
    rates = style.profile([shown])
    thousand = 1000 / 17
    assert rates["list_items"] == pytest.approx(2 * thousand)
    assert rates["headings"] == pytest.approx(thousand)
    assert rates["hedges"] == pytest.approx(2 * thousand)
    assert rates["colons"] == pytest.approx(thousand)
    assert rates["ellipses"] == pytest.approx(thousand)
    assert rates["parentheses"] == pytest.approx(thousand)
    assert rates["commas"] == pytest.approx(thousand)


def test_the_profile_says_how_sentences_spread() -> None:
    rates = style.profile(["One two. One two three four. One two three four five six."])
    assert rates["sentence_words"] == pytest.approx(4)
    assert rates["sentence_words_p50"] == pytest.approx(4)
    assert rates["sentence_words_sd"] == pytest.approx((8 / 3) ** 0.5)
    assert style.sentence_lengths(["One two. One."]) == [2, 1]


@given(st.lists(st.text(), max_size=3))
def test_the_profile_of_any_text_is_made_of_rates(texts: list[str]) -> None:
    assert all(rate >= 0 for rate in style.profile(texts).values())


def test_candidates_stand_beside_each_other() -> None:
    table = style.candidates_profile({"chatty": [text(CHATTY, 1)], "formal": [text(FORMAL, 1)]})
    assert table["contractions"]["chatty"] > 0 == table["contractions"]["formal"]
    assert style.candidates_profile({}) == {}


def test_favourite_words_are_the_authors_and_not_of_one_text() -> None:
    author = [f"whilst I wrote this, whilst you read that {n}" for n in range(20)]
    author[0] += " zebra" * 30
    others = [f"while I wrote this, while you read that {n}" for n in range(20)]
    assert list(style.favourite_words(author, others)) == ["whilst"]
    assert list(style.favourite_words(others, author)) == ["while"]


def test_favourite_openings_are_how_sentences_begin() -> None:
    author = ["Of course it rains. Of course it snows. Then it ends."] * 8
    others = ["It rains, of course. It snows. Then it ends."] * 8
    assert list(style.favourite_openings(author, others)) == ["of course"]


def test_nobody_has_favourites_against_nobody() -> None:
    assert style.favourite_words([], ["some text"]) == {}
    assert style.favourite_words(["some text"] * 9, []) == {}


COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 50), min_size=1).map(Counter)


@given(COUNTS, COUNTS)
def test_log_odds_turn_their_sign_with_the_sides(mine: "Counter[str]", theirs: "Counter[str]") -> None:
    there, back = log_odds(mine, theirs), log_odds(theirs, mine)
    assert all(there[word] == pytest.approx(-back[word], abs=1e-9) for word in there)


@given(COUNTS)
def test_equal_use_is_no_preference(counts: "Counter[str]") -> None:
    assert all(abs(z) < 1e-9 for z in log_odds(counts, counts).values())


def test_the_interval_holds_the_mean_and_narrows_with_more_text() -> None:
    few, many = style.score_of([0.0, 1.0] * 3, seed=1), style.score_of([0.0, 1.0] * 300, seed=1)
    assert few.low <= few.value <= few.high
    assert many.high - many.low < few.high - few.low


def test_pieces_of_one_document_count_as_one_when_drawn() -> None:
    values = [0.0] * 20 + [1.0] * 20 + [0.4] * 20
    alone = style.score_of(values, seed=1)
    by_document = style.score_of(values, seed=1, clusters=["a"] * 20 + ["b"] * 20 + ["c"] * 20)
    assert by_document.value == pytest.approx(alone.value)
    assert by_document.n == 60
    assert by_document.high - by_document.low > 2 * (alone.high - alone.low)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30))
def test_an_interval_lies_within_what_was_measured(values: list[float]) -> None:
    score = style.score_of(values, seed=3)
    assert min(values) - 1e-9 <= score.low <= score.high <= max(values) + 1e-9


def test_a_paired_difference_does_not_mind_how_hard_the_prompts_are() -> None:
    base = [0.0, 5.0, -3.0, 9.0, 2.0, -7.0]
    twin = [value + 0.5 for value in base]
    gain = style.difference_of(twin, base, seed=1)
    assert (gain.low, gain.value, gain.high) == pytest.approx((0.5, 0.5, 0.5))


def test_a_paired_difference_needs_pairs() -> None:
    with pytest.raises(ValueError, match="3 and 2"):
        style.difference_of([1.0, 2.0, 3.0], [1.0, 2.0], seed=1)


def test_nothing_to_score_is_said() -> None:
    with pytest.raises(EmptyCorpus, match="no text to score"):
        style.score_of([], seed=1)
