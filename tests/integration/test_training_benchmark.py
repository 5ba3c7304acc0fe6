"""The benchmark of training scores answers as a model's own loss does, on a tiny model."""

from pathlib import Path

import pytest

from benchmarks.training.scoring import Scorer, loss
from llm_engineering.application.ports import Silent
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.base_model import load_base_model
from tests.tiny_models import tiny_llama

pytestmark = pytest.mark.slow

ANSWERS = [
    ([{"role": "user", "content": f"Tell me about {thing}."}], f"The {thing} is old, and {'very ' * number}mine.")
    for number, thing in enumerate(("sea", "wind", "harbour", "rope", "anchor"))
]


def test_scores_are_those_of_the_model_and_are_kept(tmp_path: Path):
    import torch

    base = str(tiny_llama(tmp_path))
    models = ModelStore(tmp_path / "models", Silent())
    scorer = Scorer(models, base, 512, tmp_path / "scores", Silent())
    found = scorer.scores(ANSWERS, None, "scores")

    loaded = load_base_model(base, models, device="cpu", dtype=torch.float32)
    for (prompt, answer), score in zip(ANSWERS, found, strict=True):
        whole = [*prompt, {"role": "assistant", "content": answer}]
        ids = loaded.tokenizer.apply_chat_template(whole, return_tensors="pt", return_dict=True)["input_ids"]
        asked = loaded.tokenizer.apply_chat_template(prompt, add_generation_prompt=True, return_dict=True)["input_ids"]
        labels = ids.clone()
        labels[:, : len(asked)] = -100
        expected = loaded.model(input_ids=ids, labels=labels).loss.item()
        assert score.tokens == ids.shape[1] - len(asked)
        assert loss([score]) == pytest.approx(expected, rel=1e-4)

    assert scorer.scores(ANSWERS, None, "again") == found
    assert len(list((tmp_path / "scores").iterdir())) == 1


def test_an_answer_is_cut_where_training_cuts_it(tmp_path: Path):
    base = str(tiny_llama(tmp_path))
    models = ModelStore(tmp_path / "models", Silent())
    whole, cut = (
        Scorer(models, base, length, tmp_path / "scores", Silent()).scores(ANSWERS[-1:], None, "scores")[0]
        for length in (512, 70)
    )
    assert 0 < cut.tokens < whole.tokens
