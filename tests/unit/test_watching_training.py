"""What a training run says of itself."""

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import pytest

from llm_engineering.domain.errors import TrainingError
from llm_engineering.domain.twins import FinetuningType, TrainingPlan
from llm_engineering.infrastructure.training.run import steps_of
from llm_engineering.infrastructure.training.watch import History, bar
from tests.counting import Counted

T = TypeVar("T")


def logged(loss: float) -> dict[str, float]:
    return {"loss": loss, "learning_rate": 1e-3, "num_tokens": 10.0, "grad_norm": 1.0}


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_stops_the_run_with_advice(loss: float) -> None:
    with pytest.raises(TrainingError, match=r"at step 7 \(learning rate 1\.0e-03\); lower learning_rate"):
        History().add(7, logged(loss))


def test_first_and_last_are_means_over_a_tenth_of_the_steps() -> None:
    history = History()
    for step in range(1, 21):
        history.add(step, logged(float(step)))
    assert (history.first("loss"), history.last("loss")) == (1.5, 19.5)
    assert history.entries[0] == {"step": 1.0, "loss": 1.0, "learning_rate": 1e-3}


def test_a_run_of_one_step_has_a_first_and_a_last() -> None:
    history = History()
    history.add(1, logged(3.0))
    assert history.first("loss") == history.last("loss") == 3.0


def test_the_bar_moves_a_step_at_a_time() -> None:
    progress = Counted()
    with bar(progress, "Training", 3) as advance:
        for step in (1, 2, 3):
            advance()
            assert progress.done == step


def test_the_bar_goes_when_training_fails() -> None:
    shown: list[str] = []

    class Shown(Counted):
        def track(
            self, items: Iterable[T], description: str, total: int | None = None, current: Any = None
        ) -> Iterator[T]:
            try:
                yield from items
            finally:
                shown.append("gone")

    def fail(advance: Callable[[], object]) -> None:
        advance()
        raise TrainingError("It failed.")

    with pytest.raises(TrainingError), bar(Shown(), "Training", 3) as advance:
        fail(advance)
    assert shown == ["gone"]


@pytest.mark.parametrize(
    ("plan", "steps"),
    [
        ({}, 10),
        ({"num_train_epochs": 2.5}, 25),
        ({"gradient_accumulation_steps": 4}, 3),
        ({"max_steps": 4}, 4),
        ({"max_steps": 400}, 10),
        ({"per_device_train_batch_size": 19, "num_train_epochs": 0.1}, 1),
    ],
)
def test_a_run_ends_with_its_epochs_or_its_most_steps_whichever_comes_first(plan: dict[str, float], steps: int) -> None:
    assert steps_of(TrainingPlan(finetuning_type=FinetuningType.SFT, **plan), rows=19) == steps
