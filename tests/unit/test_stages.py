"""A training stage runs once for the same inputs, and again when any of them changes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from llm_engineering.application.ports import Progress, Silent
from llm_engineering.application.prompting import template_fingerprint
from llm_engineering.application.stages import stage
from llm_engineering.application.training import plan
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import (
    DatasetMetadata,
    InstructDataset,
    InstructSample,
    PreferenceDataset,
    PreferenceSample,
)
from llm_engineering.domain.errors import TrainingError
from llm_engineering.domain.twins import FinetuningType, TrainingPlan, TrainingResult
from tests.counting import Counted

ADA = Author.named("Ada Example")
DOCUMENT = UUID(int=1)
SFT, DPO = plan(FinetuningType.SFT), plan(FinetuningType.DPO)


class CountingTrainer:
    """Writes an adapter that differs each time, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.trained: list[str] = []
        self.continued: list[Path] = []
        self.heldout: list[list[str]] = []
        self.breaks = False

    def train_sft(
        self,
        plan: TrainingPlan,
        *,
        base_model: str,
        conversations: Callable[[InstructSample], list[dict[str, str]]],
        train: Sequence[InstructSample],
        test: Sequence[InstructSample],
        output_dir: Path,
        progress: Progress,
    ) -> TrainingResult:
        self.heldout.append([sample.instruction for sample in test])
        return self._result(plan, output_dir)

    def train_preferences(
        self,
        plan: TrainingPlan,
        *,
        base_model: str,
        adapter_dir: Path,
        prompts: Callable[[PreferenceSample], list[dict[str, str]]],
        train: Sequence[PreferenceSample],
        test: Sequence[PreferenceSample],
        output_dir: Path,
        progress: Progress,
    ) -> TrainingResult:
        self.continued.append(adapter_dir)
        self.heldout.append([pair.instruction for pair in test])
        return self._result(plan, output_dir)

    def _result(self, plan: TrainingPlan, output_dir: Path) -> TrainingResult:
        adapter = output_dir / "adapter"
        adapter.mkdir(parents=True, exist_ok=True)
        (adapter / "adapter_model.safetensors").write_text(f"weights {len(self.trained)}")
        if self.breaks:
            raise KeyboardInterrupt
        self.trained.append(str(plan.finetuning_type))
        return TrainingResult(
            finetuning_type=plan.finetuning_type,
            adapter_dir=adapter,
            steps=1,
            seconds=1.0,
            loss_first=2.0,
            loss_last=1.0,
            tokens_per_second=9.0,
        )


def metadata() -> DatasetMetadata:
    return DatasetMetadata(
        author_id=ADA.id,
        author_full_name=ADA.full_name,
        template_fingerprint=template_fingerprint(),
        corpus_fingerprint="c",
        seed=1,
        test_split_size=0.2,
        train_documents=[DOCUMENT],
        test_documents=[],
        verbatim_answer_share=1.0,
    )


def instruct(answer: str = "I wait.") -> InstructDataset:
    sample = InstructSample(
        instruction="How?", answer=answer, document_id=DOCUMENT, start=0, end=7, instruction_by="key-phrases"
    )
    return InstructDataset(metadata=metadata(), train=[sample], test=[])


def preference() -> PreferenceDataset:
    pair = PreferenceSample(
        instruction="How?",
        chosen="I wait.",
        rejected="As a model",
        document_id=DOCUMENT,
        start=0,
        end=7,
        rejected_by="m",
    )
    return PreferenceDataset(metadata=metadata(), train=[pair], test=[])


@pytest.fixture
def trainer() -> CountingTrainer:
    return CountingTrainer()


def run(
    trainer: CountingTrainer,
    directory: Path,
    plan: TrainingPlan = SFT,
    dataset: InstructDataset | PreferenceDataset | None = None,
    adapter_dir: Path | None = None,
    base_model: str = "base",
    again: bool = False,
    progress: Progress | None = None,
) -> TrainingResult:
    return stage(
        ADA,
        plan,
        dataset or instruct(),
        adapter_dir=adapter_dir,
        base_model=base_model,
        trainer=trainer,
        twins_dir=directory,
        progress=progress or Silent(),
        again=again,
    )


def test_the_same_stage_is_not_trained_twice(trainer: CountingTrainer, tmp_path: Path) -> None:
    first, second = run(trainer, tmp_path), run(trainer, tmp_path)
    assert trainer.trained == ["sft"]
    assert first == second


def test_another_plan_base_model_or_dataset_is_trained(trainer: CountingTrainer, tmp_path: Path) -> None:
    run(trainer, tmp_path)
    run(trainer, tmp_path, plan=plan(FinetuningType.SFT, {"lora_rank": 4}))
    run(trainer, tmp_path, base_model="another")
    run(trainer, tmp_path, dataset=instruct("I hurry."))
    assert trainer.trained == ["sft"] * 4


def test_who_asks_for_it_gets_it_trained_again(trainer: CountingTrainer, tmp_path: Path) -> None:
    run(trainer, tmp_path)
    run(trainer, tmp_path, again=True)
    assert trainer.trained == ["sft", "sft"]


def test_dpo_goes_on_from_sft_and_is_trained_again_when_sft_was(trainer: CountingTrainer, tmp_path: Path) -> None:
    sft = run(trainer, tmp_path)
    run(trainer, tmp_path, plan=DPO, dataset=preference(), adapter_dir=sft.adapter_dir)
    run(trainer, tmp_path, plan=DPO, dataset=preference(), adapter_dir=sft.adapter_dir)
    assert trainer.trained == ["sft", "dpo"]
    other = run(trainer, tmp_path, again=True)
    run(trainer, tmp_path, plan=DPO, dataset=preference(), adapter_dir=other.adapter_dir)
    assert trainer.trained == ["sft", "dpo", "sft", "dpo"]
    assert trainer.continued == [sft.adapter_dir, sft.adapter_dir]


def test_dpo_without_an_adapter_says_what_to_train_first(trainer: CountingTrainer, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="has none; train both stages"):
        run(trainer, tmp_path, plan=DPO, dataset=preference())


def test_the_held_out_loss_is_of_samples_from_all_over_the_test_split(trainer: CountingTrainer, tmp_path: Path) -> None:
    asked, few = [{"instruction": str(number)} for number in range(9)], {"heldout_samples": 3}
    samples, pairs = (
        made.model_copy(update={"test": [made.train[0].model_copy(update=other) for other in asked]})
        for made in (instruct(), preference())
    )
    sft = run(trainer, tmp_path, plan=plan(FinetuningType.SFT, few), dataset=samples)
    run(trainer, tmp_path, plan=plan(FinetuningType.DPO, few), dataset=pairs, adapter_dir=sft.adapter_dir)
    assert trainer.heldout == [["0", "4", "8"], ["0", "4", "8"]]


def test_what_an_interrupted_training_left_counts_for_nothing(trainer: CountingTrainer, tmp_path: Path) -> None:
    trainer.breaks = True
    with pytest.raises(KeyboardInterrupt):
        run(trainer, tmp_path)
    trainer.breaks = False
    result = run(trainer, tmp_path)
    assert trainer.trained == ["sft"]
    assert (result.adapter_dir / "adapter_model.safetensors").is_file()


def test_a_result_whose_adapter_is_gone_is_trained_again(trainer: CountingTrainer, tmp_path: Path) -> None:
    result = run(trainer, tmp_path)
    (result.adapter_dir / "adapter_model.safetensors").unlink()
    result.adapter_dir.rmdir()
    run(trainer, tmp_path)
    assert trainer.trained == ["sft", "sft"]


def test_an_interrupted_stage_finds_its_checkpoints_and_one_with_other_inputs_does_not(
    trainer: CountingTrainer, tmp_path: Path
) -> None:
    checkpoint = tmp_path / "ada-example" / ".work" / "sft" / "checkpoint-5"

    def interrupted(**options: TrainingPlan) -> None:
        trainer.breaks = True
        with pytest.raises(KeyboardInterrupt):
            run(trainer, tmp_path, **options)
        trainer.breaks = False

    interrupted()
    checkpoint.mkdir()
    interrupted()
    assert checkpoint.is_dir()
    interrupted(plan=plan(FinetuningType.SFT, {"lora_rank": 4}))
    assert not checkpoint.exists()
    checkpoint.mkdir()
    run(trainer, tmp_path, plan=plan(FinetuningType.SFT, {"lora_rank": 4}), again=True)
    assert not checkpoint.exists(), "who asks for it gets it trained from the beginning"


def test_the_plan_is_shown_before_it_runs_and_not_when_nothing_runs(trainer: CountingTrainer, tmp_path: Path) -> None:
    first, second = Counted(), Counted()
    run(trainer, tmp_path, progress=first)
    run(trainer, tmp_path, progress=second)
    assert first.notes[0].startswith("Plan of SFT:")
    assert [note.strip() for note in second.notes] == [
        "sft is unchanged: same data, plan and base model; not trained again"
    ]
