"""What a person sees of a training run, and what is kept of it."""

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llm_engineering.application.ports import Progress
from llm_engineering.domain.errors import TrainingError

if TYPE_CHECKING:
    from transformers import TrainerCallback

KEPT = ("loss", "learning_rate", "mean_token_accuracy", "rewards/margins", "rewards/accuracies")
HELDOUT = {"eval_loss": "heldout_loss", "eval_rewards/accuracies": "heldout_accuracy"}
"""What the libraries call a figure → what the history calls it."""
NOTES = 10  # lines with the loss, spread over the run


class History:
    """One entry a step, and one a look at the held-out samples."""

    def __init__(self) -> None:
        self.entries: list[dict[str, float]] = []

    @property
    def steps(self) -> list[dict[str, float]]:
        """The entries of optimiser steps."""
        return [entry for entry in self.entries if "loss" in entry]

    @property
    def looks(self) -> list[dict[str, float]]:
        """The entries of looks at the held-out samples."""
        return [entry for entry in self.entries if "heldout_loss" in entry]

    def add(self, step: int, logged: dict[str, Any]) -> dict[str, float]:
        """Keep what was logged at a step. Raises TrainingError when the loss is no number any more."""
        entry = {"step": float(step)}
        entry |= {name: float(logged[name]) for name in (*KEPT, "tokens", "seconds") if name in logged}
        entry |= {ours: float(logged[name]) for name, ours in HELDOUT.items() if name in logged}
        if not math.isfinite(entry.get("loss", 0.0)):
            raise TrainingError(
                f"The loss became {entry['loss']} at step {step} (learning rate {entry['learning_rate']:.1e}); "
                "lower learning_rate, e.g. to a third, and look for broken samples."
            )
        self.entries.append(entry)
        return entry

    def first(self, name: str) -> float:
        """Mean of a measure over the first tenth of the steps, at least one."""
        return self._mean(name, self.steps[: self._tenth()])

    def last(self, name: str) -> float:
        """Mean of a measure over the last tenth of the steps, at least one."""
        return self._mean(name, self.steps[-self._tenth() :])

    def total(self, name: str) -> float:
        """Sum of a measure over the steps."""
        return sum(entry[name] for entry in self.steps)

    def _tenth(self) -> int:
        return max(1, len(self.steps) // 10)

    @staticmethod
    def _mean(name: str, entries: list[dict[str, float]]) -> float:
        return sum(entry[name] for entry in entries) / len(entries)


@contextmanager
def bar(progress: Progress, description: str, total: int) -> Iterator[Callable[[], object]]:
    """A bar that each call of the function it gives moves by one; gone when the context ends, however it does."""
    items = iter(progress.track(range(total), description, total=total))
    next(items)
    try:
        yield lambda: next(items, None)
    finally:
        if isinstance(items, Generator):
            items.close()


def watch(history: History, progress: Progress, advance: Callable[[], object], total: int) -> "TrainerCallback":
    """A callback that fills the history, calls `advance` after each step, and times the steps.

    Seconds and tokens of a step are put into the trainer's own log as well, because that is what a
    checkpoint keeps: in a resumed run the history begins with the steps before the interruption.
    """
    from transformers import TrainerCallback

    class Watch(TrainerCallback):
        def __init__(self) -> None:
            self.since = 0.0
            self.seconds = 0.0
            self.tokens_before = 0.0

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            for logged in state.log_history:
                history.add(logged["step"], logged)
            for _step in range(state.global_step):
                advance()

        def on_step_begin(self, *_: Any, **__: Any) -> None:
            self.since = time.monotonic()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            self.seconds = time.monotonic() - self.since
            advance()

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
            if not logs or not {"loss", "eval_loss"} & logs.keys():  # the summary at the end
                return
            if "loss" in logs:
                tokens = float(logs["num_tokens"])
                figures = {"seconds": self.seconds, "tokens": tokens - self.tokens_before}
                self.tokens_before = tokens
                state.log_history[-1] |= figures
                logs = logs | figures
            entry = history.add(state.global_step, logs)
            if "heldout_loss" in entry:
                progress.note(f"  step {state.global_step} of {total}: held-out loss {entry['heldout_loss']:.3f}")
            elif state.global_step % max(1, total // NOTES) == 0:
                margin = f", margin {entry['rewards/margins']:.3f}" if "rewards/margins" in entry else ""
                progress.note(f"  step {state.global_step} of {total}: loss {entry['loss']:.3f}{margin}")

    return Watch()
