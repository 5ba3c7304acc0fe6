"""What is held back of an answer, and what an unfinished one may show."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.application.guarding import FEWEST_COPIED_WORDS, Guard, NoGuard
from llm_engineering.application.pii import PiiRules
from llm_engineering.domain.authors import Author
from tests.samples import ADA, article

OWN = article(1, 20)
COPIED = " ".join(OWN.split()[:60])
OTHER = article(2, 4)


def guard(most_copied: float = 0.5, rules: PiiRules | None = None) -> Guard:
    return Guard(lambda author: [OWN] if author == ADA else [], most_copied=most_copied, rules=rules)


def test_an_answer_that_repeats_the_authors_text_is_objected_to_without_repeating_it() -> None:
    objection = guard().objection(COPIED, ADA, known="")
    assert objection is not None
    assert "word for word (100% of it, at most 50%)" in objection
    assert COPIED[:30] not in objection


def test_the_authors_text_copied_under_another_name_is_no_copy_of_that_author() -> None:
    assert guard().objection(COPIED, Author.named("Bob Other"), known="") is None


def test_words_of_ones_own_and_a_quotation_are_fine() -> None:
    quotation = " ".join(OWN.split()[: FEWEST_COPIED_WORDS - 1])
    assert guard().objection(OTHER, ADA, known="") is None
    assert guard().objection(quotation, ADA, known="") is None
    assert guard().objection(f"{quotation}. {OTHER}", ADA, known="") is None


def test_the_share_that_may_be_copied_is_a_setting() -> None:
    half = f"{COPIED} {' '.join(OTHER.split()[:60])}"
    assert guard(0.3).objection(half, ADA, known="") is not None
    assert guard(0.7).objection(half, ADA, known="") is None
    assert guard(1.0).objection(COPIED, ADA, known="") is None


def test_the_texts_of_an_author_are_read_once_until_they_are_forgotten() -> None:
    read = []

    def texts(author: Author) -> Iterator[str]:
        read.append(author)
        yield OWN

    one = Guard(texts, most_copied=0.5)
    for _ in range(3):
        one.objection(COPIED, ADA, known="")
    assert len(read) == 1
    one.forget()
    one.objection(COPIED, ADA, known="")
    assert len(read) == 2


@pytest.mark.parametrize(
    ("private", "kind"),
    [("jane.roe@mail.example", "email"), ("+49 30 901820", "phone"), ("DE89 3704 0044 0532 0130 00", "iban")],
)
def test_private_data_that_no_source_has_are_objected_to_without_being_shown(private: str, kind: str) -> None:
    objection = guard().objection(f"You reach me at {private}, any time.", ADA, known="Nothing of the kind.")
    assert objection is not None
    assert kind in objection
    assert private not in objection


def test_private_data_that_the_reader_sees_anyway_may_be_shown() -> None:
    text = "Write to jane.roe@mail.example."
    assert guard().objection(text, ADA, known="My address is jane.roe@mail.example, as you see.") is None


def test_words_on_the_users_own_list_are_private() -> None:
    rules = PiiRules(block_list=("Project Nightjar",))
    assert "blocked" in (guard(rules=rules).objection("All about project nightjar.", ADA, known="") or "")


@pytest.mark.parametrize(
    ("unfinished", "shown"),
    [
        ("I like tom", "I like"),
        ("I like tea ", "I like tea"),
        ("Call 030 901", "Call"),
        ("Call +49 (0) 30 ", "Call"),
        ("Write to jane.roe@ma", "Write to"),
        ("Yes", ""),
        ("", ""),
    ],
)
def test_an_unfinished_answer_is_shown_up_to_where_something_private_may_have_begun(
    unfinished: str, shown: str
) -> None:
    assert unfinished[: guard().showable(unfinished)] == shown


@given(st.text(alphabet="ab1@. \n", max_size=60))
def test_what_may_be_shown_only_grows_and_never_ends_in_white_space(text: str) -> None:
    for one in (guard(), NoGuard()):
        ends = [one.showable(text[:length]) for length in range(len(text) + 1)]
        assert all(end <= length for length, end in enumerate(ends))
        assert all(text[:end] == text[:end].rstrip() for end in ends)


def test_without_a_guard_everything_is_shown() -> None:
    assert NoGuard().objection(f"{COPIED} jane.roe@mail.example", ADA, known="") is None
    assert NoGuard().showable("Yes  ") == 3
