"""Ranks of an instruction's own passage, and refusals."""

import math
from collections.abc import Sequence
from uuid import UUID, uuid5

import pytest

from llm_engineering.application.retrieval_figures import UNANSWERABLE, refusal_scores, retrieval_scores
from llm_engineering.domain.chunks import Retrieved, RetrievedPassage
from llm_engineering.domain.datasets import InstructSample
from tests.samples import retrieved_passage
from tests.writing import prose

SPACE = UUID(int=7)
DOCUMENTS = [uuid5(SPACE, str(number)) for number in range(6)]


def passage_of(document: int, text: str) -> RetrievedPassage:
    return retrieved_passage(text, id=uuid5(DOCUMENTS[document], text), document_id=DOCUMENTS[document])


def found(*passages: RetrievedPassage, answerable: bool = True) -> Retrieved:
    return Retrieved(question="?", author="Mara", searched=("?",), passages=passages, is_answerable=answerable)


def sample_of(document: int, answer: str) -> InstructSample:
    return InstructSample(
        instruction="Tell.",
        answer=answer,
        document_id=DOCUMENTS[document],
        start=0,
        end=len(answer),
        instruction_by="author",
    )


def results(at: int, of: int = 5, answer: str | None = None) -> Retrieved:
    """`of` results, that at place `at` (from 1) with the passage in it."""
    others = [passage_of(number % 5 + 1, prose(100 + number)) for number in range(of - 1)]
    return found(*others[: at - 1], passage_of(0, f"Before. {answer or prose(0)} After."), *others[at - 1 :])


def test_figures_are_means_over_the_places_of_the_passage() -> None:
    samples = [sample_of(0, prose(0))] * 3
    scores = retrieval_scores(samples, [results(1), results(4), found(passage_of(1, prose(9)))])
    assert scores is not None
    assert scores.recall == {1: 1 / 3, 3: 1 / 3, 5: 2 / 3}
    assert scores.mrr == pytest.approx((1 + 1 / 4) / 3)
    assert scores.ndcg == pytest.approx((1 + 1 / math.log2(5)) / 3)
    assert scores.n == 3
    low, high = scores.intervals["mrr"]
    assert low <= scores.mrr <= high


def test_a_result_of_the_same_document_that_holds_another_passage_is_none() -> None:
    scores = retrieval_scores([sample_of(0, prose(0))], [found(passage_of(0, prose(50)), passage_of(0, prose(0)))])
    assert scores is not None
    assert (scores.recall[1], scores.mrr) == (0.0, 0.5)
    assert scores.document_recall[1] == 1.0


def test_a_passage_that_lies_in_several_chunks_is_found_by_one_of_them() -> None:
    whole = " ".join(prose(seed) for seed in range(3))
    scores = retrieval_scores([sample_of(0, whole)], [found(passage_of(0, prose(1)))])
    assert scores is not None
    assert scores.recall[1] == 1.0


def test_the_passage_counts_wherever_it_was_published_and_however_it_is_set() -> None:
    shown = prose(0).replace(" ", "\n").replace("'", "’").upper()
    scores = retrieval_scores([sample_of(0, prose(0))], [found(passage_of(3, shown))])
    assert scores is not None
    assert (scores.recall[1], scores.document_recall[1]) == (1.0, 0.0)


def test_a_very_short_passage_is_looked_for_by_its_document() -> None:
    scores = retrieval_scores([sample_of(2, "So it goes.")], [found(passage_of(1, "x"), passage_of(2, "y"))])
    assert scores is not None
    assert scores.mrr == 0.5


def test_no_recall_is_claimed_beyond_the_results_that_were_asked_for() -> None:
    samples = [sample_of(0, prose(0))]
    five, ten = retrieval_scores(samples, [results(2)]), retrieval_scores(samples, [results(2, of=10)])
    none = retrieval_scores(samples, [found()])
    assert five is not None
    assert ten is not None
    assert none is not None
    assert [*five.recall] == [1, 3, 5]
    assert [*ten.recall] == [1, 3, 5, 10]
    assert (none.recall, none.mrr) == ({1: 0.0}, 0.0)


def test_a_place_after_the_tenth_counts_nothing() -> None:
    scores = retrieval_scores([sample_of(0, prose(0))], [results(11, of=12)])
    assert scores is not None
    assert (scores.recall[10], scores.mrr, scores.ndcg) == (0.0, 0.0, 0.0)


def test_without_samples_there_are_no_figures() -> None:
    assert retrieval_scores([], []) is None


def test_refusals_are_counted_of_both_kinds_of_question() -> None:
    answerable = [found(), found(), found(answerable=False)]
    asked: list[str] = []

    def search(question: str) -> Retrieved:
        asked.append(question)
        return found(answerable=len(asked) == 1)

    scores = refusal_scores(answerable, search)
    assert asked == list(UNANSWERABLE)
    assert (scores.unanswerable, scores.refused) == (len(UNANSWERABLE), len(UNANSWERABLE) - 1)
    assert (scores.answerable, scores.wrongly_refused) == (3, 1)
    assert scores.refused_share == pytest.approx(1 - 1 / len(UNANSWERABLE))
    assert scores.wrongly_refused_share == pytest.approx(1 / 3)
    assert scores.refused_interval[0] < scores.refused_share < scores.refused_interval[1] <= 1.0


def test_shares_of_nothing_are_zero_with_an_interval_that_says_nothing() -> None:
    nothing: Sequence[Retrieved] = []
    scores = refusal_scores(nothing, lambda question: found(answerable=False))
    assert (scores.wrongly_refused_share, scores.wrongly_refused_interval) == (0.0, (0.0, 1.0))
