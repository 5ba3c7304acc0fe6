"""What the tests of training train on: eight samples, eight pairs, a model of two layers."""

from pathlib import Path
from typing import Any
from uuid import UUID

from llm_engineering.application.ports import Silent
from llm_engineering.domain.datasets import InstructSample, PreferenceSample
from llm_engineering.domain.twins import FinetuningType, TrainingPlan, TrainingResult
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.trl_trainer import TrlTrainer

DOCUMENT = UUID(int=1)
WORDS = ["sea", "wind", "harbour", "rope", "anchor", "gull", "tide", "sail"]


def sample(question: str, answer: str) -> InstructSample:
    return InstructSample(
        instruction=question, answer=answer, document_id=DOCUMENT, start=0, end=len(answer), instruction_by="a test"
    )


def pair(question: str, chosen: str, rejected: str) -> PreferenceSample:
    return PreferenceSample(
        instruction=question,
        chosen=chosen,
        rejected=rejected,
        document_id=DOCUMENT,
        start=0,
        end=len(chosen),
        rejected_by="a test",
    )


SAMPLES = [sample(f"Tell me about the {word}.", f"The {word} is old. The {word} is mine.") for word in WORDS]
PAIRS = [pair(f"Tell me about the {word}.", f"The {word} is old.", "AAAA BBBB CCCC") for word in WORDS]


def messages(asked: InstructSample | PreferenceSample) -> list[dict[str, str]]:
    return [{"role": "system", "content": "You are Ada."}, {"role": "user", "content": asked.instruction}]


def plan(kind: FinetuningType = FinetuningType.SFT, **fields: Any) -> TrainingPlan:
    common = {"num_train_epochs": 4, "learning_rate": 5e-3, "lora_rank": 4, "lora_alpha": 8}
    return TrainingPlan(finetuning_type=kind, **{**common, **fields})


def trainer_in(directory: Path) -> TrlTrainer:
    return TrlTrainer(ModelStore(directory / "models", Silent()))


def sft(trainer: TrlTrainer, base: Path, output_dir: Path, **options: Any) -> TrainingResult:
    given = {"train": SAMPLES[:6], "test": SAMPLES[6:], "progress": Silent(), "plan": plan(), **options}
    return trainer.train_sft(
        given.pop("plan"), base_model=str(base), conversations=messages, output_dir=output_dir, **given
    )


def preferences(trainer: TrlTrainer, base: Path, adapter: Path, output_dir: Path, **options: Any) -> TrainingResult:
    given = {"train": PAIRS[:6], "test": PAIRS[6:], "progress": Silent(), "plan": plan(FinetuningType.DPO), **options}
    return trainer.train_preferences(
        given.pop("plan"),
        base_model=str(base),
        adapter_dir=adapter,
        prompts=messages,
        output_dir=output_dir,
        **given,
    )


def weights(adapter: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(adapter / "adapter_model.safetensors"))
