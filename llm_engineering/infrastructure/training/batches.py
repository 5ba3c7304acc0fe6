"""Batches of samples that are about equally long, so that little of a batch is padding."""

import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch.utils.data import Sampler

POOL = 16
"""Batches whose samples are sorted by length together; the more, the less padding and the less chance."""


def order(lengths: Sequence[int], batch_size: int, seed: int) -> list[int]:
    """Every index once. Consecutive runs of `batch_size` are of like length; which ones, and when, is chance.

    The last run, where it is shorter, stays the last.
    """
    chance = random.Random(seed)
    shuffled = list(range(len(lengths)))
    chance.shuffle(shuffled)
    batches = []
    for start in range(0, len(shuffled), batch_size * POOL):
        pool = sorted(shuffled[start : start + batch_size * POOL], key=lambda index: lengths[index])
        batches += [pool[begin : begin + batch_size] for begin in range(0, len(pool), batch_size)]
    rest = [batch for batch in batches if len(batch) < batch_size]
    whole = [batch for batch in batches if len(batch) == batch_size]
    chance.shuffle(whole)
    return [index for batch in [*whole, *rest] for index in batch]


def sampler(lengths: Sequence[int], batch_size: int, seed: int) -> "Sampler[int]":
    """Another such order in every epoch; the same one in a run that goes on within it."""
    from torch.utils.data import Sampler

    class OfLikeLength(Sampler[int]):
        def __init__(self) -> None:
            self.epoch = 0

        def set_epoch(self, epoch: int) -> None:
            """Called before each epoch."""
            self.epoch = epoch

        def __iter__(self) -> Iterator[int]:
            return iter(order(lengths, batch_size, seed + self.epoch))

        def __len__(self) -> int:
            return len(lengths)

    return OfLikeLength()


def length(row: dict[str, Any]) -> int:
    """Tokens of a row that TRL has prepared: of its sample, or of the longer answer of its pair."""
    if "input_ids" in row:
        return len(row["input_ids"])
    return len(row["prompt_ids"]) + max(len(row["chosen_ids"]), len(row["rejected_ids"]))
