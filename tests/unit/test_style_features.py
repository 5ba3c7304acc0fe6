"""What is counted of a text says how it is written, not what it is about."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.application.passages import words
from llm_engineering.application.style.features import (
    FUNCTION_WORDS,
    distorted,
    families,
    frequent_words,
    function_word_rates,
    punctuation,
)

KEPT = frozenset({"the", "and", "don't"})


def test_a_content_word_keeps_its_ending_and_a_number_nothing() -> None:
    assert distorted("The walking cat and 1984, don't.", KEPT) == "The *ing * and #, don't."


@given(st.text())
def test_distorting_leaves_everything_but_words_as_it_is(text: str) -> None:
    marks = [character for character in text if not character.isalnum() and character not in "_'’*#"]
    shown = distorted(text, frozenset())
    assert [character for character in shown if not character.isalnum() and character not in "_'’*#"] == marks


@given(st.lists(st.sampled_from(["the", "and", "cat", "walking", "1984"]), min_size=1))
def test_distorting_keeps_the_number_of_words(found: list[str]) -> None:
    assert len(distorted(" ".join(found), KEPT).split()) == len(found)


@given(st.text())
def test_no_word_gets_into_the_punctuation(text: str) -> None:
    assert all(character == "a" or not character.isalnum() for mark in punctuation(text) for character in mark)


@given(st.text(alphabet=st.characters(categories=["L", "N", "Zs"])))
def test_a_text_without_marks_has_no_punctuation(text: str) -> None:
    assert punctuation(text) == []


def test_punctuation_comes_with_its_neighbours() -> None:
    assert punctuation("So, no…") == [",", "a,", ", ", "…", "a…", "…"]


def test_a_word_of_one_authors_topic_is_not_frequent() -> None:
    pool = {f"author {n}": [f"topic{n} w{piece} which is" for piece in range(5)] for n in range(400)}
    kept = frequent_words(pool)
    assert {"which", "is", *FUNCTION_WORDS} <= kept
    assert sum(f"topic{n}" in kept for n in range(400)) < 300


@given(st.lists(st.text(), max_size=4))
def test_function_word_rates_are_shares(texts: list[str]) -> None:
    rates = function_word_rates(texts)
    assert (rates >= 0).all()
    assert rates.sum() <= 1 + 1e-9
    assert bool(rates.sum()) == any(word in FUNCTION_WORDS for text in texts for word in words(text))


def test_each_author_weighs_the_same_however_much_they_wrote() -> None:
    few, many = ["of the one, the other"], ["up; and down"] * 50
    for family, z in families({"few": few, "many": many}):
        assert np.allclose(z["few"].mean(axis=0), -z["many"].mean(axis=0), atol=1e-4), family.name


@pytest.mark.parametrize("text", ["", "no marks at all", "…!", "日本語の文章です。"])
def test_any_text_has_finite_features(text: str) -> None:
    for family, z in families({"a": [text] * 2, "b": [text, "one, two"]}):
        assert np.isfinite(family.z([text, "something else entirely; yes"])).all()
        assert z["a"].shape[0] == 2
