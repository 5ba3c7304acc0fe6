"""What a person sees of a training run, and what is kept of it."""

import math
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llm_engineering.application.ports import Progress
from llm_engineering.domain.errors import TrainingError

if TYPE_CHECKING:
    from transformers import TrainerCallback

KEPT = ("loss", "learning_rate", "mean_token_accuracy", "rewards/margins", "rewards/accuracies")
NOTES = 10  # lines with the loss, spread over the run


class History:
    """One entry a step, and the tokens trained so far."""

    def __init__(self) -> None:
        self.entries: list[dict[str, float]] = []
        self.tokens = 0.0

    def add(self, step: int, logged: dict[str, Any]) -> dict[str, float]:
        """Keep what the trainer logged at a step. Raises TrainingError when the loss is no number any more."""
        entry = {"step": float(step)} | {name: float(logged[name]) for name in KEPT if name in logged}
        if not math.isfinite(entry["loss"]):
            raise TrainingError(
                f"The loss became {entry['loss']} at step {step} (learning rate {entry['learning_rate']:.1e}); "
                "lower learning_rate, e.g. to a third, and look for broken samples."
            )
        self.entries.append(entry)
        self.tokens = float(logged["num_tokens"])
        return entry

    def first(self, name: str) -> float:
        """Mean of a measure over the first tenth of the steps, at least one."""
        return self._mean(name, self.entries[: self._tenth()])

    def last(self, name: str) -> float:
        """Mean of a measure over the last tenth of the steps, at least one."""
        return self._mean(name, self.entries[-self._tenth() :])

    def _tenth(self) -> int:
        return max(1, len(self.entries) // 10)

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
    """A callback that fills the history, and calls `advance` after each step."""
    from transformers import TrainerCallback

    class Watch(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            advance()

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
            if not logs or "loss" not in logs:  # the summary at the end
                return
            entry = history.add(state.global_step, logs)
            if state.global_step % max(1, total // NOTES) == 0:
                margin = f", margin {entry['rewards/margins']:.3f}" if "rewards/margins" in entry else ""
                progress.note(f"  step {state.global_step} of {total}: loss {entry['loss']:.3f}{margin}")

    return Watch()
