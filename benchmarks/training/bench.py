"""The parts of the benchmark, on the same authors, datasets and twins."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.training import authors, fidelity, generation, learning, made, profiling, speed
from benchmarks.training.scoring import Scorer
from llm_engineering.application.ports import DocumentStore
from llm_engineering.application.training import plan
from llm_engineering.bootstrap import Twin
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import InstructDataset, PreferenceDataset
from llm_engineering.domain.twins import FinetuningType, TrainingPlan, TrainingResult
from llm_engineering.settings import EMBEDDED_CHAT_MODEL

LOSSES = ("heldout_loss_drop", "other_author_loss_drop")
PREFERENCES = ("dpo_heldout_accuracy", "dpo_sft_loss_rise")


@dataclass
class Bench:
    """Makes what the parts need when it is first asked for, and only once."""

    twin: Twin
    store: DocumentStore
    directory: Path
    """Of what is kept from one run of the benchmark to the next."""
    folders: Mapping[str, Path]
    most: int
    """Training samples of an author."""
    _instruct: dict[str, InstructDataset] = field(default_factory=dict)
    _preference: dict[str, PreferenceDataset] = field(default_factory=dict)

    def speed(self, name: str, samples: int, rounds: int) -> dict[str, Any]:
        """`speed.measure` on the first of the author's training samples."""
        author = Author.named(name)
        return speed.measure(
            self.twin.trainer,
            self.twin.models,
            self.instruct(name).train[:samples],
            lambda sample: learning.prompt(author, sample.instruction),
            one_pass(),
            base_model=EMBEDDED_CHAT_MODEL,
            rounds=rounds,
            progress=self.twin.progress,
        )

    def profile(self, name: str, samples: int) -> dict[str, Any]:
        """`profiling.measure` on the same samples."""
        author = Author.named(name)
        return profiling.measure(
            self.twin.trainer,
            self.instruct(name).train[:samples],
            lambda sample: learning.prompt(author, sample.instruction),
            one_pass(),
            EMBEDDED_CHAT_MODEL,
        )

    def generation(self, name: str, samples: int, rounds: int) -> dict[str, Any]:
        """`generation.measure` on the author's documents."""
        author, documents = authors.documents(self.folders[name])
        return generation.measure(
            self.twin, author, documents, chat_model=EMBEDDED_CHAT_MODEL, most=samples, rounds=rounds
        )

    def fidelity(self, name: str, seed: int, prompts: int) -> dict[str, Any]:
        """`fidelity.measure` of the author's SFT twin, asked by the held-out instructions and then the others."""
        author, dataset = Author.named(name), self.instruct(name)
        asked = [learning.prompt(author, sample.instruction) for sample in [*dataset.test, *dataset.train][:prompts]]
        return fidelity.measure(
            self.twin.models,
            asked,
            base_model=EMBEDDED_CHAT_MODEL,
            adapter_dir=self._sft(name, seed).adapter_dir,
            progress=self.twin.progress,
        )

    def runs(self, seeds: Sequence[int], *, dpo: bool) -> Iterator[dict[str, Any]]:
        """The figures of learning, or of DPO, after each run; one seed of every author first, then the next."""
        done: list[dict[str, Any]] = []
        for seed in seeds:
            for name in self.folders:
                done.append({"author": name, "seed": seed, **(self._dpo_run if dpo else self._sft_run)(name, seed)})
                figures = learning.means(done, PREFERENCES if dpo else LOSSES)
                yield figures | {"dpo_runs" if dpo else "learning_runs": done}

    def instruct(self, name: str) -> InstructDataset:
        """The author's instruction samples."""
        if name not in self._instruct:
            author, documents = authors.documents(self.folders[name])
            self._instruct[name] = made.instruct(
                self.twin, author, documents, chat_model=EMBEDDED_CHAT_MODEL, store=self.store, most=self.most
            )
        return self._instruct[name]

    def preference(self, name: str) -> PreferenceDataset:
        """The same samples as pairs."""
        if name not in self._preference:
            self._preference[name] = made.preference(
                self.twin, self.instruct(name), chat_model=EMBEDDED_CHAT_MODEL, store=self.store
            )
        return self._preference[name]

    def _sft_run(self, name: str, seed: int) -> dict[str, Any]:
        everyone = {each: self.instruct(each) for each in self.folders}
        sft = self._sft(name, seed)
        return learning.learned(Author.named(name), sft, everyone[name], everyone, self._scorer)

    def _dpo_run(self, name: str, seed: int) -> dict[str, Any]:
        author, sft = Author.named(name), self._sft(name, seed)
        pairs = self.preference(name)
        wanted = plan(FinetuningType.DPO, {"seed": seed})
        dpo = self._trained.trained(author, wanted, pairs, sft.adapter_dir)
        return learning.preferring(author, sft, dpo, self.instruct(name), pairs, self._scorer)

    def _sft(self, name: str, seed: int) -> TrainingResult:
        wanted = plan(FinetuningType.SFT, {"seed": seed})
        return self._trained.trained(Author.named(name), wanted, self.instruct(name))

    @property
    def _trained(self) -> learning.Runs:
        return learning.Runs(self.twin.trainer, EMBEDDED_CHAT_MODEL, self.directory / "twins", self.twin.progress)

    @property
    def _scorer(self) -> Scorer:
        longest = plan(FinetuningType.SFT).max_seq_length
        return Scorer(self.twin.models, EMBEDDED_CHAT_MODEL, longest, self.directory / "scores", self.twin.progress)


def one_pass() -> TrainingPlan:
    """The default plan, over the samples once."""
    return plan(FinetuningType.SFT, {"num_train_epochs": 1.0})
