"""The held-out loss of a model is what training measures of it."""

from pathlib import Path

import pytest

from llm_engineering.application.ports import Silent
from llm_engineering.domain.errors import ModelError
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.predicting import TorchLossMeter
from tests.integration.training_samples import SAMPLES, messages, plan, sft, trainer_in
from tests.tiny_models import tiny_llama

pytestmark = pytest.mark.slow

HELD_OUT = [[*messages(one), {"role": "assistant", "content": one.answer}] for one in SAMPLES[6:]]


@pytest.fixture
def models(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models", Silent())


def mean(losses: list[tuple[float, int]]) -> float:
    return sum(nats for nats, _ in losses) / sum(tokens for _, tokens in losses)


def test_base_and_adapter_have_the_losses_that_training_measured_before_and_after(
    tmp_path: Path, models: ModelStore
) -> None:
    base = tiny_llama(tmp_path)
    trained = sft(trainer_in(tmp_path), base, tmp_path / "sft", plan=plan(max_steps=6))
    meter = TorchLossMeter(models)
    before = meter.losses(str(base), None, HELD_OUT, Silent())
    after = meter.losses(str(base), trained.adapter_dir, HELD_OUT, Silent())
    assert mean(before) == pytest.approx(trained.heldout_loss_before, rel=5e-3)
    assert mean(after) == pytest.approx(trained.heldout_loss_after, rel=5e-3)
    assert mean(after) < mean(before)


def test_answers_are_cut_where_the_meter_stops_reading_and_left_out_where_the_prompt_fills_it(
    tmp_path: Path, models: ModelStore
) -> None:
    base = str(tiny_llama(tmp_path))
    whole = TorchLossMeter(models).losses(base, None, HELD_OUT[:1], Silent())
    cut = TorchLossMeter(models, max_tokens=90).losses(base, None, HELD_OUT[:1], Silent())
    assert 0 < cut[0][1] < whole[0][1]
    assert TorchLossMeter(models, max_tokens=20).losses(base, None, HELD_OUT[:1], Silent()) == [(0.0, 0)]


def test_a_model_that_is_not_here_is_named(models: ModelStore) -> None:
    with pytest.raises(ModelError, match="no-such-model"):
        TorchLossMeter(models).losses("./no-such-model", None, HELD_OUT, Silent())
