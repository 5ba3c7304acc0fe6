"""Repetition, variety, length and ends of answers."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.application import prompting
from llm_engineering.application.fluency import distinct, fluency, held_out_loss, repetition
from llm_engineering.application.ports import Progress, Silent
from llm_engineering.domain.datasets import InstructSample
from llm_engineering.domain.errors import ModelError
from llm_engineering.domain.measures import HeldOutLoss
from tests.writing import prose

LOOP = "and then it was done again, " * 12


def test_prose_hardly_repeats_itself_and_a_loop_does_nothing_else() -> None:
    assert repetition(prose(1, 1, 8)) < 0.05
    assert repetition(LOOP) > 0.85
    assert repetition("Three words only.") == 0.0


def test_answers_that_loop_are_empty_or_stop_inside_a_sentence_are_counted() -> None:
    found = fluency([prose(1), LOOP, "", "  \n", "It was a cold day and the"])
    assert (found.n, found.loops, found.empty, found.cut_off) == (5, 1, 2, 2)


def test_length_and_repetition_are_means_over_answers() -> None:
    found = fluency(["One two three four five.", "One two three."])
    assert found.words == 4.0
    assert found.repetition == 0.0


def test_a_model_that_always_says_the_same_is_less_distinct_though_no_answer_repeats_itself() -> None:
    various, same = [prose(seed) for seed in range(4)], [prose(0)] * 4
    assert distinct(same) == pytest.approx(distinct([prose(0)]) / 4)
    assert distinct(various) > 2 * distinct(same)
    assert distinct([]) == 1.0


def test_no_answers_are_nothing_measured() -> None:
    found = fluency([])
    assert (found.n, found.words, found.repetition, found.loops) == (0, 0.0, 0.0, 0)


@given(st.lists(st.text(max_size=200), max_size=5))
def test_shares_are_shares_and_counts_fit(texts: list[str]) -> None:
    found = fluency(texts)
    assert 0 <= found.repetition <= 1
    assert found.distinct is not None
    assert 0 < found.distinct <= 1
    assert found.empty + found.cut_off <= found.n
    assert found.loops <= found.n


@given(st.text(min_size=1, max_size=200))
def test_saying_it_all_twice_never_repeats_less(text: str) -> None:
    assert repetition(f"{text} {text}") >= repetition(text) - 1e-9


class FixedLosses:
    """A LossMeter that gives what it was told, or refuses."""

    def __init__(self, losses: Sequence[tuple[float, int]] | None) -> None:
        self.found = losses
        self.asked: list[Sequence[Sequence[Mapping[str, str]]]] = []

    def losses(
        self,
        base_model: str,
        adapter_dir: Path | None,
        conversations: Sequence[Sequence[Mapping[str, str]]],
        progress: Progress,
    ) -> list[tuple[float, int]]:
        self.asked.append(conversations)
        if self.found is None:
            raise ModelError(f"There are no weights of {base_model}.")
        return list(self.found)


def held_out(losses: Sequence[tuple[float, int]] | None, count: int = 3) -> tuple[HeldOutLoss | None, FixedLosses]:
    samples = [
        InstructSample(
            instruction=f"Tell {number}.",
            answer=f"It is {number}.",
            document_id=UUID(int=1),
            start=0,
            end=8,
            instruction_by="a test",
        )
        for number in range(count)
    ]
    meter = FixedLosses(losses)
    return held_out_loss(meter, "a-model", None, "Mara", samples, progress=Silent(), seed=17), meter


def test_the_held_out_loss_is_a_mean_over_tokens_and_perplexity_its_exponential() -> None:
    found, _ = held_out([(2.0, 1), (3.0, 9), (0.0, 0)])
    assert found is not None
    assert (found.loss, found.n, found.tokens) == (0.5, 2, 10)
    assert found.perplexity == pytest.approx(math.exp(0.5))
    assert found.per_sample == [2.0, pytest.approx(1 / 3)]
    assert found.interval is not None
    assert found.interval[0] <= found.loss <= found.interval[1]


def test_the_model_is_asked_as_twins_are_trained_and_the_answer_comes_last() -> None:
    _, meter = held_out([(1.0, 1)] * 3)
    first = list(meter.asked[0][0])
    assert first[:-1] == prompting.conversation("Mara", "Tell 0.")
    assert first[-1] == {"role": "assistant", "content": "It is 0."}


def test_a_model_whose_weights_are_not_here_has_no_held_out_loss() -> None:
    assert held_out(None)[0] is None
    assert held_out([], count=0)[0] is None
    assert held_out([(0.0, 0)] * 3)[0] is None
