"""What a passage is asked for follows from what it is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_engineering.application.passages import passages
from llm_engineering.application.tasks import kind_of, place, text_before
from llm_engineering.domain.datasets import Passage, TaskKind
from llm_engineering.domain.documents import Category, CleanedDocument
from tests.samples import article, cleaned_document

FIRST = "Rain fell on the roof all morning. Nobody went out."


def passage_of(text: str, document: CleanedDocument) -> Passage:
    start = document.style_text.index(text)
    return Passage(document_id=document.id, title="", start=start, end=start + len(text), text=text)


def kind(text: str) -> TaskKind:
    """Of a passage in the middle of an article."""
    document = cleaned_document(f"{FIRST}\n\n{text}")
    return kind_of(passage_of(text, document), document)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The house stood at the end of the lane. Its door was blue. A cat slept on the wall.", TaskKind.PARAGRAPH),
        ("Wash the brush first. Then hang it up. Don’t leave it in the jar. Wait until it is dry.", TaskKind.HOW_TO),
        ("1. Open the lid.\n2. Pour the tea.\n3. Close it again.", TaskKind.HOW_TO),
        ("I think that most gardens are too tidy. A hedge wants to grow.", TaskKind.OPINION),
        ("In my experience a hedge wants to grow. It does so every year.", TaskKind.OPINION),
        ("Bread rises because the yeast makes gas, which means that it wants warmth.", TaskKind.EXPLANATION),
        ("I went to the market and bought a lamp. It was dark when I came home.", TaskKind.PARAGRAPH),
    ],
)
def test_the_words_of_a_passage_tell_its_kind(text: str, expected: TaskKind) -> None:
    assert kind(text) is expected


def test_the_first_passage_of_an_article_is_its_opening_also_below_a_heading() -> None:
    for above in ("", "# A heading\n\n", "```\ncode\n```\n\n"):
        document = cleaned_document(f"{above}{FIRST}\n\nI think so.")
        assert kind_of(passage_of(FIRST, document), document) is TaskKind.OPENING


def test_a_whole_post_is_a_post_and_an_answer_a_reply() -> None:
    post = cleaned_document(FIRST, category=Category.POSTS, platform="mastodon")
    assert kind_of(passage_of(FIRST, post), post) is TaskKind.POST
    answer = post.model_copy(update={"answers": "How was your day?"})
    assert kind_of(passage_of(FIRST, answer), answer) is TaskKind.REPLY


def test_the_text_before_a_passage_ends_where_it_begins_and_holds_whole_sentences() -> None:
    document = cleaned_document(article(3, paragraphs=6))
    for passage in passages(document)[1:]:
        before = text_before(passage, document)
        assert document.style_text[: passage.start].rstrip().endswith(before)
        assert before.startswith("My ")
        assert 80 <= len(before.split()) <= 100


def test_no_text_before_reaches_over_a_code_block_or_is_a_mere_line() -> None:
    long = article(4, paragraphs=1)
    over = cleaned_document(f"{long}\n\n```\ncode\n```\n\n{FIRST}")
    assert text_before(passage_of(FIRST, over), over) == ""
    short = cleaned_document(f"{FIRST}\n\nThen it stopped.")
    assert text_before(passage_of("Then it stopped.", short), short) == ""


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab I.!?\n“”[]codequt", max_size=600), st.integers(0, 600))
def test_what_is_shown_always_stands_right_before(text: str, start: int) -> None:
    document = cleaned_document("x").model_copy(update={"style_text": text})
    start = min(start, len(text))
    passage = Passage(document_id=document.id, title="", start=start, end=len(text), text=text[start:])
    assert text[:start].rstrip().endswith(text_before(passage, document))


def test_the_lot_of_a_passage_depends_on_its_place_and_the_seed() -> None:
    document = cleaned_document(article(5))
    lots = [place(passage, seed) for passage in passages(document) for seed in range(50)]
    assert all(0 <= lot < 1 for lot in lots)
    assert len(set(lots)) == len(lots)
    assert 0.35 < sum(lots) / len(lots) < 0.65
    assert place(passages(document)[0], 3) == place(passages(document)[0], 3)
