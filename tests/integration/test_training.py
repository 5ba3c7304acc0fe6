"""Training moves the weights it should, by the tokens it should, and leaves an adapter or none."""

import json
import math
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from llm_engineering.domain.datasets import InstructSample
from llm_engineering.domain.errors import ModelError, TrainingError
from llm_engineering.domain.twins import FinetuningType, TrainingResult
from llm_engineering.infrastructure.training.trl_trainer import TrlTrainer
from tests.counting import Counted
from tests.integration.training_samples import (
    SAMPLES,
    messages,
    plan,
    preferences,
    sample,
    sft,
    trainer_in,
    weights,
)
from tests.tiny_models import tiny_llama

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama(tmp_path_factory.mktemp("base"))


@pytest.fixture
def trainer(tmp_path: Path) -> TrlTrainer:
    return trainer_in(tmp_path)


@pytest.fixture(scope="module")
def sft_result(base: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    place = tmp_path_factory.mktemp("sft")
    return sft(trainer_in(place), base, place)


def test_sft_moves_every_adapted_layer_and_lowers_the_loss_of_unseen_samples(sft_result: TrainingResult) -> None:
    moved = {name: tensor.abs().max().item() for name, tensor in weights(sft_result.adapter_dir).items()}
    grown = [name for name in moved if "lora_B" in name]
    assert len(grown) == 2 * 7, "seven linear layers in each of two blocks"
    assert all(moved[name] > 0 for name in grown), "lora_B starts at zero"
    assert sft_result.loss_last < sft_result.loss_first
    assert sft_result.heldout_loss_after < sft_result.heldout_loss_before - 0.2


def test_the_result_says_what_was_measured(sft_result: TrainingResult) -> None:
    assert sft_result.steps == len(sft_result.history) == 12, "6 samples by twos, four times over"
    assert [entry["step"] for entry in sft_result.history] == list(range(1, 13))
    assert sft_result.reward_margin_last is None
    rates = [entry["learning_rate"] for entry in sft_result.history]
    assert rates[0] == 5e-3, "the first step learns too"
    assert rates == sorted(rates, reverse=True)


def test_the_tokens_per_second_are_those_of_prompts_and_answers(base: Path, sft_result: TrainingResult) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(base)
    whole = [[*messages(one), {"role": "assistant", "content": one.answer}] for one in SAMPLES[:6]]
    once = sum(len(tokenizer.apply_chat_template(talk)["input_ids"]) for talk in whole)
    assert sft_result.tokens_per_second * sft_result.seconds == pytest.approx(4 * once, rel=1e-6)


def test_only_the_answers_tokens_count(base: Path, sft_result: TrainingResult) -> None:
    """The held-out loss before training is the untrained model's on the answers alone."""
    assert sft_result.heldout_loss_before == pytest.approx(answer_loss(base, SAMPLES[6:]), rel=5e-3)


def answer_loss(base: Path, samples: list[InstructSample]) -> float:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(base), AutoTokenizer.from_pretrained(base)
    losses = []
    for one in samples:
        prompt = tokenizer.apply_chat_template(messages(one), add_generation_prompt=True)["input_ids"]
        answer = tokenizer(f"{one.answer}<|im_end|>\n")["input_ids"]
        with torch.no_grad():
            predicted = model(torch.tensor([prompt + answer])).logits[0, len(prompt) - 1 : -1]
        losses += torch.nn.functional.cross_entropy(predicted, torch.tensor(answer), reduction="none").tolist()
    return sum(losses) / len(losses)


def test_the_same_seed_trains_the_same_adapter_and_another_one_another(
    trainer: TrlTrainer, base: Path, tmp_path: Path
) -> None:
    def last(seed: int, name: str) -> float:
        return sft(trainer, base, tmp_path / name, plan=plan(seed=seed, max_steps=3)).loss_last

    assert last(1, "a") == last(1, "b")
    assert last(1, "c") != last(2, "d")


def test_the_plan_reaches_the_adapter(trainer: TrlTrainer, base: Path, tmp_path: Path) -> None:
    result = sft(trainer, base, tmp_path, plan=plan(lora_rank=3, lora_alpha=7, lora_dropout=0.25, max_steps=1))
    config = json.loads((result.adapter_dir / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"], config["lora_dropout"]) == (3, 7, 0.25)
    assert config["base_model_name_or_path"] == str(base)
    assert result.steps == 1


def test_a_packed_samples_loss_is_what_it_is_alone(trainer: TrlTrainer, base: Path, tmp_path: Path) -> None:
    """All samples in one row, against a row for each of them."""
    alike = {"num_train_epochs": 1, "precision": "float32"}
    packed = plan(packing=True, per_device_train_batch_size=1, **alike)
    padded = plan(per_device_train_batch_size=6, **alike)
    in_one_row = sft(trainer, base, tmp_path / "packed", plan=packed)
    each_alone = sft(trainer, base, tmp_path / "padded", plan=padded)
    assert in_one_row.steps == each_alone.steps == 1
    assert in_one_row.loss_first == pytest.approx(each_alone.loss_first, rel=1e-6)
    assert in_one_row.heldout_loss_after == pytest.approx(each_alone.heldout_loss_after, rel=1e-4), "same gradient"
    assert in_one_row.tokens_per_second * in_one_row.seconds == pytest.approx(
        each_alone.tokens_per_second * each_alone.seconds
    )


def test_samples_that_are_cut_are_counted_aloud(trainer: TrlTrainer, base: Path, tmp_path: Path) -> None:
    progress = Counted()
    long = sample("Tell me.", "And then it rained. " * 40)
    fields = {"max_seq_length": 200, "max_steps": 1}
    result = sft(trainer, base, tmp_path, train=[*SAMPLES[:3], long], progress=progress, plan=plan(**fields))
    assert (result.cut_samples, result.unused_samples) == (1, 0)
    assert any("1 of 4 samples are longer than max_seq_length (200 tokens)" in note for note in progress.notes)


def test_a_new_adapter_has_the_shape_that_the_plan_gives_it(trainer: TrlTrainer, base: Path, tmp_path: Path) -> None:
    shaped = plan(lora_targets=["q_proj", "v_proj"], use_dora=True, max_steps=1)
    names = weights(sft(trainer, base, tmp_path, plan=shaped).adapter_dir)
    assert any("lora_magnitude_vector" in name for name in names)
    assert all("q_proj" in name or "v_proj" in name for name in names)


def test_dpo_starts_at_the_sft_adapter_and_its_margin_becomes_positive(
    trainer: TrlTrainer, base: Path, sft_result: TrainingResult, tmp_path: Path
) -> None:
    result = preferences(trainer, base, sft_result.adapter_dir, tmp_path)
    assert result.heldout_loss_before == pytest.approx(math.log(2), abs=1e-3), "policy and reference are the same"
    assert result.history[0]["rewards/margins"] == pytest.approx(0, abs=1e-2)
    assert result.reward_margin_last > 0.3
    assert result.heldout_loss_after < result.heldout_loss_before
    before, after = weights(sft_result.adapter_dir), weights(result.adapter_dir)
    assert before.keys() == after.keys()
    assert any((before[name] != after[name]).any() for name in before)


def test_a_reward_is_beta_times_the_log_ratio(
    trainer: TrlTrainer, base: Path, sft_result: TrainingResult, tmp_path: Path
) -> None:
    def margin_after_one_step(beta: float) -> float:
        stage = plan(FinetuningType.DPO, beta=beta, max_steps=2)
        return preferences(trainer, base, sft_result.adapter_dir, tmp_path, plan=stage).history[1]["rewards/margins"]

    # Adam's first step has one size whatever the loss's scale, so the log ratios are the same.
    assert margin_after_one_step(5.0) / margin_after_one_step(0.1) == pytest.approx(50, rel=0.2)


def test_dpo_of_another_rank_than_the_adapters_is_refused(
    trainer: TrlTrainer, base: Path, sft_result: TrainingResult, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=r"lora_rank 16 .* has 4 and 8; give it the same values"):
        preferences(trainer, base, sft_result.adapter_dir, tmp_path, plan=plan(FinetuningType.DPO, lora_rank=16))


def test_dpo_without_an_adapter_says_what_to_run(trainer: TrlTrainer, base: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="There is no adapter in .*run the training pipeline"):
        preferences(trainer, base, tmp_path / "nothing", tmp_path)


def test_an_adapter_of_another_base_model_is_refused(
    trainer: TrlTrainer, sft_result: TrainingResult, tmp_path: Path
) -> None:
    other = tiny_llama(tmp_path).rename(tmp_path / "other-llama")
    with pytest.raises(ModelError, match=r"was trained on .*tiny-llama, not on .*other-llama"):
        preferences(trainer, other, sft_result.adapter_dir, tmp_path)


def test_nothing_to_learn_from_is_refused(trainer: TrlTrainer, base: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no instruction samples"):
        sft(trainer, base, tmp_path, train=[])
    with pytest.raises(TrainingError, match=r"longer than max_seq_length \(32 tokens\)"):
        sft(trainer, base, tmp_path, plan=plan(max_seq_length=32))


def test_samples_whose_prompt_leaves_no_room_are_counted_aloud(trainer: TrlTrainer, base: Path, tmp_path: Path) -> None:
    progress = Counted()
    long = sample("Tell me " + "more " * 200, "No.")
    sft(trainer, base, tmp_path, train=[*SAMPLES[:3], long], test=[], progress=progress, plan=plan(max_steps=1))
    assert any("1 of 4 samples teach nothing" in note for note in progress.notes)


def test_without_a_test_split_there_is_no_held_out_loss(trainer: TrlTrainer, base: Path, tmp_path: Path) -> None:
    result = sft(trainer, base, tmp_path, test=[], plan=plan(max_steps=1))
    assert (result.heldout_loss_before, result.heldout_loss_after) == (None, None)


def test_a_base_model_that_is_not_there_names_the_setting(trainer: TrlTrainer, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="HF_MODEL_ID"):
        sft(trainer, tmp_path / "empty", tmp_path)


def test_a_run_that_diverges_stops_with_advice_and_leaves_no_adapter(
    trainer: TrlTrainer, base: Path, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="lower learning_rate"):
        sft(trainer, base, tmp_path / "run", plan=plan(learning_rate=1e20))
    assert not (tmp_path / "run" / "adapter").exists()


@pytest.mark.parametrize("place", ["loaded", "_trainer", "_require_room"])
@pytest.mark.parametrize("kind", [RuntimeError, ModelError])
def test_memory_that_does_not_suffice_at_any_moment_is_one_sentence_with_advice(
    place: str, kind: type[Exception], trainer: TrlTrainer, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_: object) -> None:
        raise kind("CUDA out of memory. Tried to allocate 20.00 MiB.")

    monkeypatch.setattr(f"llm_engineering.infrastructure.training.run.{place}", too_large)
    with pytest.raises(TrainingError, match="does not hold the model and batches of 2 x 768 tokens; lower per_device"):
        sft(trainer, base, tmp_path)


def test_a_killed_run_leaves_the_adapter_of_the_run_before(base: Path, trainer: TrlTrainer, tmp_path: Path) -> None:
    before = weights(sft(trainer, base, tmp_path / "run", plan=plan(max_steps=1)).adapter_dir)
    killed = subprocess.run([sys.executable, "-c", KILLS_ITSELF, str(base), str(tmp_path / "run")], check=False)
    assert killed.returncode == -signal.SIGKILL
    after = weights(tmp_path / "run" / "adapter")
    assert all((before[name] == after[name]).all() for name in before)


KILLS_ITSELF = """
import os, signal, sys
from pathlib import Path
from peft import PeftModel
from tests.integration.training_samples import plan, sft, trainer_in

whole = PeftModel.save_pretrained

def killed_after_writing(*args, **kwargs):
    whole(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)

PeftModel.save_pretrained = killed_after_writing
sft(trainer_in(Path("none")), Path(sys.argv[1]), Path(sys.argv[2]), plan=plan(max_steps=2))
"""


def test_the_libraries_say_nothing(
    trainer: TrlTrainer, base: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    result = sft(trainer, base, tmp_path / "sft", plan=plan(max_steps=1))
    preferences(trainer, base, result.adapter_dir, tmp_path / "dpo", plan=plan(FinetuningType.DPO, max_steps=1))
    assert capfd.readouterr() == ("", "")


def test_progress_runs_to_its_end(trainer: TrlTrainer, base: Path, tmp_path: Path) -> None:
    progress = Counted()
    sft(trainer, base, tmp_path, progress=progress, plan=plan(max_steps=3))
    assert progress.done == progress.total == 3
    assert "step 3 of 3: loss" in progress.notes[-2]
    assert "step 3 of 3: held-out loss" in progress.notes[-1]
