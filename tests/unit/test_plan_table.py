"""A plan is shown whole before it runs."""

import pytest

from llm_engineering.application.plan_table import GROUPS, UNITS, UNSET, table
from llm_engineering.application.training import plan
from llm_engineering.domain.errors import BadConfig
from llm_engineering.domain.twins import FinetuningType, TrainingPlan


def test_every_field_of_a_plan_has_its_place() -> None:
    placed = [name for names in GROUPS.values() for name in names]
    assert sorted(placed) == sorted(set(TrainingPlan.model_fields) - {"finetuning_type"})
    optional = {name for name, field in TrainingPlan.model_fields.items() if field.default is None}
    assert optional == set(UNSET)
    assert set(UNITS) <= set(placed)


def test_a_plan_is_a_table() -> None:
    lines = table(plan(FinetuningType.SFT, {"lora_targets": ["q_proj", "v_proj"], "eval_steps": 5})).splitlines()
    assert lines[0] == "Plan of SFT:"
    assert "  how long    num_train_epochs             2" in lines
    assert "              max_steps                    to the end of the epochs" in lines
    assert any(line.endswith("lora_targets                 q_proj, v_proj") for line in lines)
    assert any(
        line.endswith("eval_steps                   5 steps between two looks at the held-out loss") for line in lines
    )
    assert any(line.endswith("learning_rate                0.0003") for line in lines)
    assert not any("beta" in line for line in lines), "SFT has none"


def test_what_a_stage_does_not_read_is_not_in_its_table() -> None:
    shown = table(plan(FinetuningType.DPO))
    assert "beta" in shown
    assert "lora_dropout" not in shown
    assert "packing" not in shown


@pytest.mark.parametrize(
    ("stage", "given", "sentence"),
    [
        (FinetuningType.DPO, {"packing": True}, "packing is for SFT only"),
        (FinetuningType.DPO, {"use_dora": True}, "given to SFT, whose adapter this stage continues"),
        (FinetuningType.KTO, {"per_device_train_batch_size": 1}, "set per_device_train_batch_size to 2 or more"),
        (FinetuningType.SFT, {"lora_targets": []}, 'sft plan, "lora_targets"'),
        (FinetuningType.SFT, {"packing_strategy": "wrapped"}, 'sft plan, "packing_strategy".*Fields: attention,'),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_its_reason(
    stage: FinetuningType, given: dict[str, object], sentence: str
) -> None:
    with pytest.raises(BadConfig, match=sentence):
        plan(stage, given)
