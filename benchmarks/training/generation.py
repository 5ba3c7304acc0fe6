"""Instruction samples a minute: as the product makes them, against one prompt at a time."""

import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.training import made
from llm_engineering.bootstrap import Twin
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.infrastructure.models.llamacpp import LlamaCppChat


def measure(
    twin: Twin, author: Author, documents: Sequence[CleanedDocument], *, chat_model: str, most: int, rounds: int
) -> dict[str, Any]:
    """Whole datasets of the same passages, from nothing kept, in turn; the ratio is the median of the rounds.

    The time is that of everything: loading the model, cutting, writing, judging, and embedding.
    """

    def one_slot(model: str) -> "closing[LlamaCppChat]":
        return closing(LlamaCppChat(twin.models.path(model), model_name=model, slots=1))

    ways: dict[str, made.Opened] = {"at_once": twin.chat_models.opened, "one_by_one": one_slot}
    twin.embedder.embed(["The first call loads the model."])
    found: dict[str, list[float]] = {way: [] for way in ways}
    for round_ in range(rounds):
        for way, opened in ways.items():
            with TemporaryDirectory() as directory, closing(made.store(Path(directory))) as store:
                started = time.monotonic()
                dataset = made.instruct(
                    twin, author, documents, chat_model=chat_model, store=store, most=most, opened=opened
                )
                seconds = time.monotonic() - started
            found[way].append(60 * (len(dataset.train) + len(dataset.test)) / seconds)
            twin.progress.note(f"  round {round_ + 1} of {rounds}, {way}: {found[way][-1]:.1f} samples a minute")
    ratios = [many / one for many, one in zip(found["at_once"], found["one_by_one"], strict=True)]
    return {
        "generation_speedup": statistics.median(ratios),
        "generation_samples_per_minute": {way: statistics.median(rates) for way, rates in found.items()},
        "generation_rounds": found,
    }
