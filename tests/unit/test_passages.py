"""Passages are the author's own words, whole sentences, and never cross from test to train."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_engineering.application.passages import (
    eight_grams,
    leak_share,
    passages,
    split_by_document,
    without_duplicates,
    without_leaks,
)
from llm_engineering.domain.datasets import Passage
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.errors import EmptyCorpus
from tests.samples import cleaned_document

SENTENCE = "The garden wants water and I don’t have the time today."


def paragraph(sentences: int) -> str:
    return " ".join([SENTENCE] * sentences)


def test_passages_are_spans_of_the_style_text() -> None:
    document = cleaned_document(f"{paragraph(8)}\n\n{paragraph(9)}\n\n{paragraph(30)}")
    found = passages(document, min_words=60, max_words=200)
    assert found
    assert all(document.style_text[p.start : p.end] == p.text for p in found)
    assert all(60 <= len(p.text.split()) <= 200 for p in found)


def test_a_passage_does_not_run_across_a_heading_or_a_code_block() -> None:
    document = cleaned_document(
        f"{paragraph(7)}\n\n## A new matter\n\n{paragraph(7)}\n\n```\ncode\n```\n\n{paragraph(7)}"
    )
    found = passages(document, min_words=60, max_words=350)
    assert len(found) == 3
    assert not any("matter" in p.text or "[code]" in p.text for p in found)


def test_a_long_paragraph_is_cut_between_sentences_only() -> None:
    found = passages(cleaned_document(paragraph(60)), min_words=60, max_words=100)
    assert len(found) >= 6
    assert all(p.text.startswith("The garden") and p.text.endswith("today.") for p in found)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_no_two_passages_of_a_document_overlap(sizes: list[int]) -> None:
    found = passages(cleaned_document("\n\n".join(paragraph(size) for size in sizes)), min_words=60, max_words=150)
    assert all(first.end <= second.start for first, second in pairwise(found))


def dated(day: int | None) -> CleanedDocument:
    published = datetime(2024, 1, day, tzinfo=UTC) if day else None
    return cleaned_document(f"Text {day}", link=f"https://a.example/{day}", published_at=published)


def test_the_newest_documents_are_held_out() -> None:
    train, test = split_by_document([dated(9), dated(1), dated(None), dated(5), dated(7)], 0.4)
    assert [d.published_at.day for d in test if d.published_at] == [7, 9]
    assert {d.id for d in train}.isdisjoint(d.id for d in test)


def test_two_documents_are_the_least_to_learn_from() -> None:
    with pytest.raises(EmptyCorpus, match="at least 2"):
        split_by_document([dated(1)], 0.2)


def passage(text: str, number: int = 0) -> Passage:
    return Passage(document_id=dated(number + 1).id, title="t", start=0, end=len(text), text=text)


def test_the_same_text_with_a_few_other_words_is_kept_once() -> None:
    text = " ".join(f"word{number}" for number in range(100))
    dropped: Counter[str] = Counter()
    kept = without_duplicates(
        [passage(text), passage(text + " more", 1), passage("something else entirely", 2)], dropped
    )
    assert [p.text for p in kept] == [text, "something else entirely"]
    assert dropped["near_duplicate"] == 1


def test_training_passages_that_repeat_eight_held_out_words_are_dropped() -> None:
    held_out = [passage("a b c d e f g h i")]
    train = [passage("x a b c d e f g h y", 1), passage("a b c d e f g x h i", 2)]
    dropped: Counter[str] = Counter()
    kept = without_leaks(train, held_out, dropped)
    assert [p.text for p in kept] == ["a b c d e f g x h i"]
    assert dropped["overlaps_held_out"] == 1
    assert leak_share([p.text for p in train], ["a b c d e f g h i", "z"]) == 0.5


def test_eight_grams_ignore_case_and_punctuation() -> None:
    assert eight_grams("A, b c. D e F g h!") == {tuple("abcdefgh")}
