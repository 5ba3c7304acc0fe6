"""The deterministic writer names things that the passage names, as an English sentence would."""

import pytest

from llm_engineering.application.instructing import _nameable
from llm_engineering.application.instructions import (
    alike,
    from_key_phrases,
    instruction_in,
    key_phrases,
    named_share,
    passage_frequencies,
)
from llm_engineering.application.ports import Silent
from llm_engineering.domain.datasets import Passage, TaskKind
from tests.fakes import WordEmbedder
from tests.samples import ADA

TEXT = (
    "My grandmother weighed her flour tin every Sunday. She put it on the kitchen scale and read the needle, "
    "and then John Burrows came by with a loaf of bread."
)


def passage(text: str = TEXT, title: str = "Flour") -> Passage:
    return Passage(document_id=ADA.id, title=title, start=0, end=len(text), text=text)


def phrases(text: str) -> list[str]:
    found = passage(text)
    return key_phrases([found], passage_frequencies([found]), WordEmbedder(), Silent())[0]


def test_phrases_are_things_with_their_articles_and_capitals() -> None:
    assert set(phrases(TEXT)) <= {"your grandmother", "Sunday", "the kitchen scale", "the needle", "a loaf", "bread"}
    assert len(phrases(TEXT)) == 2


@pytest.mark.parametrize("text", ["Going home tomorrow.", "", "Quickly, slowly, nearly!"])
def test_a_text_that_names_nothing_still_gets_an_instruction(text: str) -> None:
    written = from_key_phrases(passage(text), TaskKind.OPINION, phrases(text), 0, set())
    assert len(written.split()) >= 4


@pytest.mark.parametrize("kind", [kind for kind in TaskKind if kind.value not in ("continuation", "rewrite", "reply")])
def test_each_form_is_taken_once_and_titles_are_not_invented(kind: TaskKind) -> None:
    taken: set[str] = set()
    for number in range(3):
        written = from_key_phrases(passage(title=""), kind, ["the scale", "bread"], number, taken)
        assert '""' not in written
    first = from_key_phrases(passage(), kind, ["the scale"], 0, set())
    assert from_key_phrases(passage(), kind, ["the scale"], 0, {alike(first)}) != first


def test_a_title_with_an_address_in_it_is_not_named() -> None:
    assert _nameable(passage(title="Re: flour for jane.doe@example.org")).title == ""
    assert _nameable(passage()).title == "Flour"


def test_only_the_json_that_was_asked_for_holds_an_instruction() -> None:
    assert instruction_in('{"instruction": "Explain tea."}') == "Explain tea."
    for answer in ("Explain tea.", "[]", '{"instruction": 3}', '{"request": "Explain tea."}', '{"instruction": "Exp'):
        assert instruction_in(answer) == ""


def test_the_named_share_counts_telling_words_only() -> None:
    assert named_share("Write about the kitchen and the needle.", "The kitchen has a needle and the flour.") == 2 / 3
    assert named_share("Write about it.", "So be it.") == 0.0
