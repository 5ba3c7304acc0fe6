"""What readers say is kept once, and what they put right becomes a pair."""

from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from llm_engineering.application import prompting
from llm_engineering.application.feedback import keep, pairs
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.bootstrap import opened
from llm_engineering.domain.datasets import PreferenceSample, TaskKind
from llm_engineering.domain.errors import BadInput, UnknownAuthor
from llm_engineering.domain.feedback import Feedback
from llm_engineering.settings import load_settings
from tests.fakes import InMemoryDocuments
from tests.samples import ADA, NOW
from tools.feedback import feedback

SAID = {"author": "Ada Example", "twin": "ada-example/1", "question": "Why?", "answer": "So."}


@pytest.fixture
def warehouse() -> Warehouse:
    made = Warehouse(InMemoryDocuments())
    made.add_author(ADA)
    return made


def test_the_same_feedback_is_kept_once_with_its_first_time(warehouse: Warehouse) -> None:
    first = keep(warehouse, **SAID, rating=1)
    again = keep(warehouse, **SAID, rating=1)
    keep(warehouse, **SAID, rating=-1)
    assert first.id == again.id
    kept = {one.id: one for one in warehouse.feedback(ADA)}
    assert len(kept) == 2
    assert kept[first.id].given_at == first.given_at


def test_feedback_on_nobody_and_an_edit_that_changes_nothing_are_refused(warehouse: Warehouse) -> None:
    with pytest.raises(UnknownAuthor):
        keep(warehouse, **{**SAID, "author": "Nobody Known"}, rating=1)
    with pytest.raises(BadInput, match="is the answer itself"):
        keep(warehouse, **SAID, rating=-1, edited_answer=" So. ")
    assert list(warehouse.feedback()) == []


def said(minute: int, edited: str | None, question: str = "Why?") -> Feedback:
    when = NOW + timedelta(minutes=minute)
    return Feedback.of(ADA, twin="t/1", question=question, answer="So.", rating=-1, edited_answer=edited, given_at=when)


def test_the_last_version_of_an_answer_is_the_chosen_one() -> None:
    (pair,) = pairs([said(2, "Because it is so."), said(1, "Because."), said(3, None), said(4, "  ")])
    assert (pair.instruction, pair.chosen, pair.rejected, pair.rejected_by) == (
        "Why?",
        "Because it is so.",
        "So.",
        "t/1",
    )


def test_each_question_makes_a_pair_of_its_own() -> None:
    made = list(pairs([said(1, "Because."), said(2, "There.", question="Where?")]))
    assert [pair.instruction for pair in made] == ["Why?", "Where?"]


def test_a_rewriting_is_put_right_under_the_prompt_that_twins_are_trained_to_rewrite_with() -> None:
    given = {"twin": "t/1", "question": "It is so.", "answer": "So.", "rating": -1, "edited_answer": "So it is!"}
    answer, rewriting = (Feedback.of(ADA, NOW, **given, mode=mode) for mode in ("answer", "rewrite"))
    assert answer.id != rewriting.id
    made = {pair.task: pair.instruction for pair in pairs([answer, rewriting])}
    assert made == {TaskKind.PARAGRAPH: "It is so.", TaskKind.REWRITE: prompting.rewrite("It is so.")}


def test_pairs_are_exported_as_json_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("POE_PWD", raising=False)
    with opened(load_settings()) as twin:
        twin.warehouse.add_author(ADA)
        keep(twin.warehouse, **SAID, rating=-1, edited_answer="Because.")
        keep(twin.warehouse, **SAID, rating=1)
    listed = CliRunner().invoke(feedback, ["list"])
    done = CliRunner().invoke(feedback, ["export", "--output", "pairs.jsonl"])
    assert listed.output == "ada-example/1: 1 good, 1 bad, 1 edited\n"
    assert (done.exit_code, done.output) == (0, "1 preference samples are in pairs.jsonl.\n")
    (line,) = (tmp_path / "pairs.jsonl").read_text().splitlines()
    sample = PreferenceSample.model_validate_json(line)
    assert (sample.chosen, sample.rejected, sample.rejected_by) == ("Because.", "So.", "ada-example/1")
