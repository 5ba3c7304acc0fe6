"""What a twin learns: of the author it was trained on, of others, and to prefer the author's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.training.scoring import Answer, Scorer, drop, loss, preferred, rewarded
from llm_engineering.application import prompting
from llm_engineering.application.ports import Progress, Trainer
from llm_engineering.application.stages import stage
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import InstructDataset, PreferenceDataset
from llm_engineering.domain.twins import TrainingPlan, TrainingResult


@dataclass(frozen=True)
class Runs:
    """Trains twins, each (author, seed, stage) once: what was trained from the same inputs is taken up again."""

    trainer: Trainer
    base_model: str
    directory: Path
    progress: Progress

    def trained(
        self,
        author: Author,
        plan: TrainingPlan,
        dataset: InstructDataset | PreferenceDataset,
        adapter_dir: Path | None = None,
    ) -> TrainingResult:
        """The stage's result; its adapter stays on disk. DPO continues `adapter_dir`."""
        self.progress.note(f"{author.full_name}, seed {plan.seed}: {plan.finetuning_type}")
        return stage(
            author,
            plan,
            dataset,
            adapter_dir=adapter_dir,
            base_model=self.base_model,
            trainer=self.trainer,
            twins_dir=self.directory / f"seed-{plan.seed}",
            progress=self.progress,
        )


def learned(
    author: Author, sft: TrainingResult, own: InstructDataset, others: Mapping[str, InstructDataset], scorer: Scorer
) -> dict[str, Any]:
    """Loss per token on the author's held-out passages and on those of the others, before SFT and after.

    All are asked for as this author, so that the text alone is different.
    """
    mine = held_out(author, own)
    theirs = [
        answer for name, dataset in others.items() if name != author.full_name for answer in held_out(author, dataset)
    ]
    losses: dict[str, float | None] = {}
    for name, answers in (("own", mine), ("others", theirs)):
        for when, adapter in (("before", None), ("after", sft.adapter_dir)):
            told = f"{author.full_name}: {name} {when} SFT"
            losses[f"{name}_{when}"] = loss(scorer.scores(answers, adapter, told)) if answers else None
    return {
        "heldout_loss_drop": _drop(losses["own_before"], losses["own_after"]),
        "other_author_loss_drop": _drop(losses["others_before"], losses["others_after"]),
        "losses": losses,
        "samples": {"train": len(own.train), "own": len(mine), "others": len(theirs)},
        "sft": summary(sft),
    }


def preferring(
    author: Author,
    sft: TrainingResult,
    dpo: TrainingResult,
    own: InstructDataset,
    pairs: PreferenceDataset,
    scorer: Scorer,
) -> dict[str, Any]:
    """How often DPO prefers the author's held-out passage, and what it does to the loss that SFT reached.

    `dpo_heldout_accuracy` is TRL's rewards/accuracies, with the model before DPO as the reference;
    `dpo_likelier_chosen` compares the two answers' likelihood per token, before DPO and after.
    """
    chosen = [(prompt(author, pair.instruction), pair.chosen) for pair in pairs.test]
    rejected = [(prompt(author, pair.instruction), pair.rejected) for pair in pairs.test]
    mine = held_out(author, own)
    scored = {}
    for when, adapter in (("before", sft.adapter_dir), ("after", dpo.adapter_dir)):
        found = scorer.scores(chosen + rejected, adapter, f"{author.full_name}: pairs {when} DPO")
        scored[when] = (found[: len(chosen)], found[len(chosen) :])
    before = loss(scorer.scores(mine, sft.adapter_dir, f"{author.full_name}: own after SFT"))
    after = loss(scorer.scores(mine, dpo.adapter_dir, f"{author.full_name}: own after DPO"))
    return {
        "dpo_heldout_accuracy": rewarded(*scored["after"], *scored["before"]),
        "dpo_sft_loss_rise": -drop(before, after),
        "dpo_likelier_chosen": {when: preferred(*both) for when, both in scored.items()},
        "dpo_losses": {"before": before, "after": after},
        "dpo_pairs": {"train": len(pairs.train), "test": len(pairs.test)},
        "dpo": summary(dpo),
    }


def held_out(author: Author, dataset: InstructDataset) -> list[Answer]:
    """The test samples' prompts, spoken to this author, and answers."""
    return [(prompt(author, sample.instruction), sample.answer) for sample in dataset.test]


def prompt(author: Author, instruction: str) -> list[dict[str, str]]:
    """As in training."""
    return prompting.conversation(author.full_name, instruction)


def summary(result: TrainingResult) -> dict[str, Any]:
    """What one wants to know of a run."""
    return result.model_dump(mode="json", include={"steps", "seconds", "tokens_per_second", "loss_first", "loss_last"})


def means(runs: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, float]:
    """Mean over authors of the mean over an author's seeds; a figure that no run has is left out."""
    found = {}
    for name in names:
        by_author: dict[str, list[float]] = {}
        for run in runs:
            if run.get(name) is not None:
                by_author.setdefault(run["author"], []).append(run[name])
        if by_author:
            found[name] = sum(sum(seeds) / len(seeds) for seeds in by_author.values()) / len(by_author)
    return found


def _drop(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else drop(before, after)
