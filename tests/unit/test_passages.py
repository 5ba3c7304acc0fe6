"""Passages are the author's own words in whole sentences."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from llm_engineering.application.passages import MAX_WORDS, boilerplate_sentences, eight_grams, passages
from llm_engineering.domain.documents import Category
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


def test_short_paragraphs_join_to_about_120_words() -> None:
    found = passages(cleaned_document("\n\n".join(paragraph(3) for _ in range(16))))
    assert all(100 <= len(p.text.split()) <= 160 for p in found)


def test_one_coherent_paragraph_stays_whole_up_to_350_words() -> None:
    long = paragraph(30)
    [found] = passages(cleaned_document(f"{long}\n\n## Next\n\nToo short."))
    assert found.text == long
    assert len(found.text.split()) == 330


def test_a_long_paragraph_is_not_joined_to_one_that_can_stand_alone() -> None:
    document = cleaned_document(f"{paragraph(9)}\n\n{paragraph(20)}")
    assert [p.text for p in passages(document)] == [paragraph(9), paragraph(20)]


def test_a_paragraph_that_is_too_long_is_cut_into_even_runs() -> None:
    found = passages(cleaned_document(paragraph(36)))  # 396 words: 350 and 46 would lose the rest
    assert [len(p.text.split()) for p in found] == [198, 198]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=8))
def test_every_passage_begins_and_ends_with_a_sentence(sizes: list[int]) -> None:
    found = passages(cleaned_document("\n\n".join(paragraph(size) for size in sizes)))
    assert all(p.text.startswith("The garden") and p.text.endswith("today.") for p in found)
    assert all(60 <= len(p.text.split()) <= MAX_WORDS for p in found)


def test_a_last_sentence_that_leads_on_to_what_is_not_there_is_left_out() -> None:
    document = cleaned_document(f"{paragraph(8)} The code is this:\n\n```\ncode\n```")
    assert [p.text for p in passages(document)] == [paragraph(8)]


def test_sentences_that_stand_in_three_documents_belong_to_the_site() -> None:
    advert = "Subscribe to my letter and never miss a post of mine."
    documents = [
        cleaned_document(
            f"{paragraph(8)} It was {day} past six in the morning.\n\n{advert}", link=f"https://a.example/{day}"
        )
        for day in ("half", "ten", "a quarter")
    ]
    repeated = boilerplate_sentences(documents)
    assert "subscribe to my letter and never miss a post of mine" in repeated
    assert "it was half past six in the morning" not in repeated
    for document in documents:
        assert not any(advert in p.text for p in passages(document, boilerplate=repeated))


def test_a_short_post_is_one_passage_and_an_article_of_that_length_is_none() -> None:
    text = paragraph(3)
    [post] = passages(cleaned_document(text, category=Category.POSTS, platform="mastodon"))
    assert post.text == text
    assert passages(cleaned_document(text)) == []
    assert passages(cleaned_document("Happy new year!", category=Category.POSTS, platform="mastodon")) == []


def test_an_answer_to_somebody_may_be_shorter_still() -> None:
    answer = "No, I water it in the evening, never in the sun."
    extra = {"in_reply_to_text": "Do you water it at noon?"}
    document = cleaned_document(answer, category=Category.POSTS, platform="telegram", extra=extra)
    assert document.answers == "Do you water it at noon?"
    assert [p.text for p in passages(document)] == [answer]


def test_eight_grams_ignore_case_and_punctuation() -> None:
    assert eight_grams("A, b c. D e F g h!") == {tuple("abcdefgh")}
