"""A run that was killed goes on as if nothing had happened, and a run that stops early keeps its best adapter."""

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from llm_engineering.domain.errors import TrainingError
from llm_engineering.domain.twins import FinetuningType, TrainingResult
from llm_engineering.infrastructure.training.trl_trainer import TrlTrainer
from tests.counting import Counted
from tests.integration.training_samples import PAIRS, SAMPLES, plan, preferences, sample, sft, trainer_in, weights
from tests.tiny_models import tiny_llama

pytestmark = pytest.mark.slow

SFT = plan(save_steps=3, eval_steps=2, lora_dropout=0.2)
DPO = plan(FinetuningType.DPO, save_steps=3, eval_steps=2)

DIES_AT = """
import os, signal, sys
from pathlib import Path
from transformers import Trainer
from tests.integration import test_training_resume as here

kind, base, adapter, place, step = sys.argv[1:]
training_step = Trainer.training_step

def dying(self, *args, **kwargs):
    if self.state.global_step == int(step):
        os.kill(os.getpid(), signal.SIGKILL)
    return training_step(self, *args, **kwargs)

Trainer.training_step = dying
here.trained(kind, Path(base), Path(adapter), Path(place))
"""


def trained(kind: str, base: Path, adapter: Path, place: Path, progress: Counted | None = None) -> TrainingResult:
    options = {"progress": progress or Counted()}
    if kind == "sft":
        return sft(trainer_in(place), base, place, plan=SFT, **options)
    return preferences(trainer_in(place), base, adapter, place, plan=DPO, **options)


def killed(kind: str, base: Path, adapter: Path, place: Path, step: int) -> None:
    command = [sys.executable, "-c", DIES_AT, kind, str(base), str(adapter), str(place), str(step)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def undisturbed(base: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    return trained("sft", base, Path(), tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture
def trainer(tmp_path: Path) -> TrlTrainer:
    return trainer_in(tmp_path)


def curve(result: TrainingResult) -> list[float]:
    return [entry["loss"] for entry in result.history]


def assert_alike(resumed: TrainingResult, whole: TrainingResult) -> None:
    assert curve(resumed) == pytest.approx(curve(whole), rel=1e-4)
    assert [seen["step"] for seen in resumed.heldout] == [seen["step"] for seen in whole.heldout]
    assert resumed.heldout_loss_before == pytest.approx(whole.heldout_loss_before, rel=1e-6)
    assert resumed.heldout_loss_after == pytest.approx(whole.heldout_loss_after, rel=1e-4)
    ours, theirs = weights(resumed.adapter_dir), weights(whole.adapter_dir)
    assert all(ours[name].allclose(theirs[name], atol=1e-4) for name in theirs)


def test_a_killed_run_goes_on_from_its_checkpoint_and_ends_like_one_that_was_not(
    base: Path, undisturbed: TrainingResult, tmp_path: Path
) -> None:
    killed("sft", base, Path(), tmp_path, step=8)
    assert not (tmp_path / "adapter").exists()
    progress = Counted()
    resumed = trained("sft", base, Path(), tmp_path, progress)
    assert resumed.resumed_at == 6
    assert any("Going on from step 6" in note for note in progress.notes)
    assert progress.done == progress.total == 12
    assert_alike(resumed, undisturbed)
    assert resumed.tokens_per_second * resumed.seconds == pytest.approx(
        undisturbed.tokens_per_second * undisturbed.seconds
    ), "the tokens of both parts count"
    assert not list(tmp_path.glob("checkpoint-*")), "what was needed to go on is removed"


def test_a_half_written_checkpoint_is_passed_over(base: Path, undisturbed: TrainingResult, tmp_path: Path) -> None:
    killed("sft", base, Path(), tmp_path, step=8)
    newest = tmp_path / "checkpoint-6"
    (newest / "optimizer.pt").write_bytes((newest / "optimizer.pt").read_bytes()[:1000])
    resumed = trained("sft", base, Path(), tmp_path)
    assert resumed.resumed_at == 3
    assert_alike(resumed, undisturbed)


def test_a_run_that_was_killed_after_its_last_step_only_writes_its_adapter(
    base: Path, undisturbed: TrainingResult, tmp_path: Path
) -> None:
    killed("sft", base, Path(), tmp_path, step=11)
    checkpoint = tmp_path / "checkpoint-9"
    shutil.copytree(checkpoint, tmp_path / "copy")
    trained("sft", base, Path(), tmp_path)
    assert not checkpoint.exists()
    shutil.copytree(tmp_path / "copy", checkpoint)
    assert_alike(trained("sft", base, Path(), tmp_path), undisturbed)


def test_dpo_goes_on_from_its_own_adapter_against_the_reference_it_began_with(
    base: Path, undisturbed: TrainingResult, tmp_path: Path
) -> None:
    """Transformers would load the frozen reference, saved beside the adapter, and forget what was learned."""
    adapter = undisturbed.adapter_dir
    whole = trained("dpo", base, adapter, tmp_path / "whole")
    killed("dpo", base, adapter, tmp_path / "killed", step=5)
    resumed = trained("dpo", base, adapter, tmp_path / "killed")
    assert resumed.resumed_at == 3
    assert_alike(resumed, whole)
    assert resumed.reward_margin_last == pytest.approx(whole.reward_margin_last, rel=1e-3)


def test_looking_at_held_out_samples_changes_nothing_that_is_learned(
    base: Path, undisturbed: TrainingResult, trainer: TrlTrainer, tmp_path: Path
) -> None:
    seldom = sft(trainer, base, tmp_path, plan=SFT.model_copy(update={"eval_steps": 100}))
    assert [seen["step"] for seen in seldom.heldout] == [0, 12]
    assert curve(seldom) == curve(undisturbed)


OFF_TOPIC = [sample(sample_.instruction, "QQQQ ZZZZ 9999 QQQQ ZZZZ") for sample_ in SAMPLES[6:]]
"""What nobody who learns the training samples gets any better at."""


def test_a_run_stops_when_held_out_loss_no_longer_falls_and_keeps_the_best_adapter(
    base: Path, trainer: TrlTrainer, tmp_path: Path
) -> None:
    stops = plan(num_train_epochs=40, learning_rate=2e-2, eval_steps=2, save_steps=5, early_stopping_patience=3)
    result = sft(trainer, base, tmp_path / "run", test=OFF_TOPIC, plan=stops)
    assert result.steps < 120
    losses = {seen["step"]: seen["heldout_loss"] for seen in result.heldout if seen["step"] > 0}
    assert result.heldout_loss_after == min(losses.values()) == losses[result.kept_step]
    assert result.steps == result.kept_step + 3 * 2, "three looks after the best one"
    again = sft(
        trainer, base, tmp_path / "again", test=OFF_TOPIC, plan=stops.model_copy(update={"max_steps": result.kept_step})
    )
    assert sorted(entry.name for entry in (tmp_path / "run").iterdir()) == ["adapter"]
    assert again.kept_step == result.kept_step or again.heldout_loss_after is not None


def test_early_stopping_without_held_out_samples_is_refused(base: Path, trainer: TrlTrainer, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="raise test_split_size, or leave early_stopping_patience out"):
        sft(trainer, base, tmp_path, test=[], plan=plan(early_stopping_patience=1))


def test_kto_moves_the_adapter_towards_the_wanted_answers(
    base: Path, undisturbed: TrainingResult, trainer: TrlTrainer, tmp_path: Path
) -> None:
    result = preferences(trainer, base, undisturbed.adapter_dir, tmp_path, plan=plan(FinetuningType.KTO))
    assert result.reward_margin_last > 0.3
    assert result.heldout_loss_after < result.heldout_loss_before
    assert result.steps == 4 * len(PAIRS[:6]), "twelve answers by twos, four times over"
    before, after = weights(undisturbed.adapter_dir), weights(result.adapter_dir)
    assert any((before[name] != after[name]).any() for name in before)


def test_two_processes_train_one_adapter(base: Path, trainer: TrlTrainer, tmp_path: Path) -> None:
    progress = Counted()
    result = sft(trainer, base, tmp_path, plan=plan(processes=2, device="cpu", max_steps=4), progress=progress)
    assert result.steps == 4
    assert result.backend.startswith("trl on 2 processes on cpu")
    assert result.heldout_loss_after < result.heldout_loss_before
    assert json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())["r"] == 4
    assert any("step 4 of 4" in note for note in progress.notes)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["adapter"]


def test_what_stops_a_process_is_said_by_the_one_who_started_it(
    base: Path, trainer: TrlTrainer, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="lower learning_rate"):
        sft(trainer, base, tmp_path, plan=plan(processes=2, device="cpu", learning_rate=1e20))
