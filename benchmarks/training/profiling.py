"""Where the time of training goes, by torch.profiler."""

import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rich.table import Table

from llm_engineering.application.ports import Silent, Trainer
from llm_engineering.domain.datasets import InstructSample
from llm_engineering.domain.twins import TrainingPlan

T = TypeVar("T")

KINDS: Mapping[str, tuple[str, ...]] = {
    "matrix products": ("mm", "addmm", "bmm", "matmul", "linear", "mkldnn", "onednn"),
    "attention": ("scaled_dot_product", "flash_attention", "_efficient_attention"),
    "probabilities of the vocabulary": ("softmax", "logsumexp", "nll", "cross_entropy", "gather", "argmax", "amax"),
    "changes of precision and copies": ("copy_", "_to_copy", "clone", "contiguous", "cat", "masked"),
    "optimiser": ("adam", "clip_grad", "foreach", "norm", "optimizer"),
}
"""Kind → parts of the names of operations; the first kind that fits counts, all else is element by element."""
REST = "element by element and the rest"
OUTSIDE = "outside of operations (Python, data)"


def measure(
    trainer: Trainer,
    samples: Sequence[InstructSample],
    conversations: Callable[[InstructSample], list[dict[str, str]]],
    plan: TrainingPlan,
    base_model: str,
) -> dict[str, Any]:
    """Shares (0 to 1) of the wall time of the training loop, by kind of operation, and the costliest operations."""
    watched = _Profiled()
    with tempfile.TemporaryDirectory() as directory:
        trainer.train_sft(
            plan,
            base_model=base_model,
            conversations=conversations,
            train=samples,
            test=(),
            output_dir=Path(directory),
            progress=watched,
        )
    return by_kind(watched.operations, watched.seconds)


def by_kind(operations: Mapping[str, float], seconds: float) -> dict[str, Any]:
    """Operation → seconds of its own, summed by kind, of `seconds` in all."""
    kinds: defaultdict[str, float] = defaultdict(float)
    for name, own in operations.items():
        kinds[_kind(name)] += own
    kinds[OUTSIDE] = max(0.0, seconds - sum(operations.values()))
    costliest = sorted(operations.items(), key=lambda item: -item[1])[:15]
    return {
        "seconds": seconds,
        "kinds": {kind: own / seconds for kind, own in sorted(kinds.items(), key=lambda item: -item[1])},
        "operations": {name: own / seconds for name, own in costliest},
    }


def table(found: Mapping[str, Any]) -> Table:
    """Both lists of shares."""
    shown = Table(title="Where the time of SFT goes", title_justify="left")
    shown.add_column("what")
    shown.add_column("share", justify="right")
    for kind, share in found["kinds"].items():
        shown.add_row(kind, f"{share:.1%}")
    shown.add_section()
    for name, share in found["operations"].items():
        shown.add_row(name, f"{share:.1%}")
    return shown


def _kind(name: str) -> str:
    bare = name.lower()
    return next((kind for kind, parts in KINDS.items() if any(part in bare for part in parts)), REST)


class _Profiled(Silent):
    """Progress that profiles whatever it is told the steps of, which is the training loop alone."""

    def __init__(self) -> None:
        self.operations: dict[str, float] = {}
        self.seconds = 0.0

    def track(
        self,
        items: Iterable[T],
        description: str,
        total: int | None = None,
        current: Callable[[T], str] | None = None,
    ) -> Iterator[T]:
        from torch.profiler import ProfilerActivity, profile

        started = time.perf_counter()
        with profile(activities=[ProfilerActivity.CPU]) as profiler:
            try:
                yield from items
            finally:
                self.seconds += time.perf_counter() - started
        for event in profiler.key_averages():
            self.operations[event.key] = self.operations.get(event.key, 0.0) + event.self_cpu_time_total / 1e6
