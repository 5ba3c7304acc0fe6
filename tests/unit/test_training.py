"""A twin's version appears whole, with everything that decides it on record."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from llm_engineering.application.ports import Progress, Silent
from llm_engineering.application.registering import register, slug, trained_on
from llm_engineering.application.training import plan, require_same_split, run_sft
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.datasets import InstructDataset, InstructSample
from llm_engineering.domain.errors import BadConfig, DatasetError, ModelError, TrainingError
from llm_engineering.domain.twins import BaseModelFacts, FinetuningType, TrainingPlan, TrainingResult, TwinManifest
from llm_engineering.infrastructure.locks import training_alone_in
from pipelines.parameters import StageOverrides
from pipelines.training import stage_plans
from tests.fakes import InMemoryDocuments
from tests.samples import ADA
from tests.unit.test_generating import corpus, made


class RecordingTrainer:
    """A Trainer that writes an adapter of one byte and remembers the prompts it was given."""

    def __init__(self) -> None:
        self.prompts: list[list[dict[str, str]]] = []

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
        self.prompts = [conversations(sample) for sample in train]
        adapter = output_dir / "adapter"
        adapter.mkdir(parents=True)
        (adapter / "adapter_model.safetensors").write_bytes(b"a")
        return TrainingResult(
            finetuning_type=plan.finetuning_type,
            adapter_dir=adapter,
            steps=1,
            seconds=1,
            loss_first=2,
            loss_last=1,
            tokens_per_second=1,
        )

    def train_preferences(self, *args: Any, **kwargs: Any) -> TrainingResult:
        raise NotImplementedError


class WritingExporter:
    """An Exporter that writes a small file, or fails in the middle when told to."""

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails

    def require(self, base_model: str) -> None:
        pass

    def export(self, *, base_model: str, adapter_dir: Path, output_dir: Path, progress: Progress) -> BaseModelFacts:
        (output_dir / "model.gguf").write_bytes(b"gguf")
        if self.fails:
            raise ModelError("The disk is full.")
        return BaseModelFacts(hub_id="someone/b", licence="mit")


@pytest.fixture
def warehouse() -> Warehouse:
    return Warehouse(InMemoryDocuments())


def trained(tmp_path: Path, warehouse: Warehouse, exporter: WritingExporter | None = None) -> TwinManifest:
    dataset = made(corpus())
    stage = plan(FinetuningType.SFT)
    number = len(list(tmp_path.glob("work*")))
    result = run_sft(
        ADA,
        stage,
        dataset,
        base_model="b",
        trainer=RecordingTrainer(),
        work_dir=tmp_path / f"work{number}",
        progress=Silent(),
    )
    return register(
        ADA,
        base_model="b",
        plans=[stage],
        results=[result],
        datasets=[dataset],
        exporter=exporter or WritingExporter(),
        warehouse=warehouse,
        twins_dir=tmp_path / "twins",
        progress=Silent(),
    )


def test_a_registered_twin_is_complete_on_disk_and_in_the_warehouse(tmp_path: Path, warehouse: Warehouse) -> None:
    manifest = trained(tmp_path, warehouse)
    assert (manifest.name, manifest.version, manifest.stages) == ("ada-example", 1, ["sft"])
    assert set(manifest.files) == {"adapter/adapter_model.safetensors", "model.gguf", "README.md"}
    assert json.loads((manifest.directory / "manifest.json").read_text())["id"] == str(manifest.id)
    assert warehouse.twins(ADA) == [manifest]
    assert manifest.datasets["instruction"].fingerprint == made(corpus()).fingerprint


def test_versions_count_up_and_never_overwrite(tmp_path: Path, warehouse: Warehouse) -> None:
    first, second = trained(tmp_path, warehouse), trained(tmp_path, warehouse)
    assert (first.version, second.version) == (1, 2)
    assert first.directory.is_dir()
    assert first.directory != second.directory


def test_an_export_that_fails_leaves_no_half_twin(tmp_path: Path, warehouse: Warehouse) -> None:
    with pytest.raises(ModelError):
        trained(tmp_path, warehouse, WritingExporter(fails=True))
    assert warehouse.twins(ADA) == []
    assert list((tmp_path / "twins").glob("*/v*")) == []
    assert trained(tmp_path, warehouse).version == 1


def found_again(warehouse: Warehouse, manifest: TwinManifest, **other: Any) -> TwinManifest | None:
    wanted = {
        "corpus_fingerprint": manifest.corpus_fingerprint,
        "base_model": "b",
        "plans": [plan(FinetuningType.SFT)],
        "max_samples": None,
        "instruction_model": "m",
    }
    return trained_on(warehouse, ADA, **(wanted | other))


def test_a_twin_that_training_would_make_again_is_found(tmp_path: Path, warehouse: Warehouse) -> None:
    manifest = trained(tmp_path, warehouse)
    assert found_again(warehouse, manifest) == manifest
    (manifest.directory / "model.gguf").unlink()
    assert found_again(warehouse, manifest) is None


@pytest.mark.parametrize(
    "other",
    [
        {"corpus_fingerprint": "another"},
        {"base_model": "another"},
        {"plans": [plan(FinetuningType.SFT, {"max_steps": 1})]},
        {"max_samples": 9},
        {"instruction_model": "another"},
    ],
)
def test_a_twin_that_was_made_in_another_way_is_not_taken(
    tmp_path: Path, warehouse: Warehouse, other: dict[str, Any]
) -> None:
    assert found_again(warehouse, trained(tmp_path, warehouse), **other) is None


def test_a_version_that_a_killed_run_left_unrecorded_is_taken_up(tmp_path: Path, warehouse: Warehouse) -> None:
    manifest = trained(tmp_path, warehouse)
    forgetful = Warehouse(InMemoryDocuments())
    assert trained(tmp_path, forgetful) == manifest
    assert forgetful.twins(ADA) == [manifest]


def test_two_trainings_of_one_author_do_not_mix(tmp_path: Path) -> None:
    with (
        training_alone_in(tmp_path / "ada-example"),
        pytest.raises(TrainingError, match="Another training"),
        training_alone_in(tmp_path / "ada-example"),
    ):
        pass
    with training_alone_in(tmp_path / "ada-example"):
        pass


def test_datasets_that_were_split_apart_are_not_trained_on_together() -> None:
    require_same_split("a", "a", "Ada Example")
    with pytest.raises(DatasetError, match="run-generate-preference-datasets-pipeline"):
        require_same_split("a", None, "Ada Example")


def test_the_trainer_gets_the_prompts_that_serving_uses(tmp_path: Path) -> None:
    from llm_engineering.application.prompting import conversation

    trainer, dataset = RecordingTrainer(), made(corpus())
    run_sft(
        ADA, plan(FinetuningType.SFT), dataset, base_model="b", trainer=trainer, work_dir=tmp_path, progress=Silent()
    )
    assert trainer.prompts == [conversation("Ada Example", sample.instruction) for sample in dataset.train]


def test_a_dataset_of_other_templates_is_not_trained_on(tmp_path: Path) -> None:
    dataset = made(corpus())
    old = InstructDataset(
        metadata=dataset.metadata.model_copy(update={"template_fingerprint": "old"}),
        train=dataset.train,
        test=dataset.test,
    )
    with pytest.raises(TrainingError, match="other prompt templates"):
        run_sft(
            ADA,
            plan(FinetuningType.SFT),
            old,
            base_model="b",
            trainer=RecordingTrainer(),
            work_dir=tmp_path,
            progress=Silent(),
        )


@pytest.mark.parametrize(
    ("overrides", "named"),
    [
        ({"learning_rate": -1}, "learning_rate"),
        ({"learning_rat": 1}, "learning_rat"),
        ({"max_steps": "x"}, "max_steps"),
    ],
)
def test_a_wrong_plan_names_the_field(overrides: dict[str, Any], named: str) -> None:
    with pytest.raises(BadConfig, match=named):
        plan(FinetuningType.SFT, overrides)


def test_what_is_not_given_keeps_its_default() -> None:
    assert plan(FinetuningType.DPO, {"learning_rate": None}) == plan(FinetuningType.DPO)


@pytest.mark.parametrize("kind", [None, "dpo", "kto"])
def test_preferences_continue_an_adapter_of_the_shape_that_sft_has(kind: str | None) -> None:
    sft = StageOverrides(lora_rank=8, lora_alpha=24)
    _, alone = stage_plans(kind, {}, sft, None)
    _, named = stage_plans(kind, {}, sft, StageOverrides(lora_rank=4))
    assert (alone.lora_rank, alone.lora_alpha) == (8, 24)
    assert (named.lora_rank, named.lora_alpha) == (4, 24)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Mara Lindqvist", "mara-lindqvist"), ("Ana María", "ana-maria"), ("José d'Arc", "jose-d-arc")],
)
def test_a_twin_is_called_by_its_authors_name(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_a_name_without_latin_letters_still_has_a_slug() -> None:
    assert slug("李白") == slug("李白")
    assert len({slug("李白"), slug("杜甫"), slug("李 Smith"), slug("王 Smith"), slug("Smith")}) == 5
