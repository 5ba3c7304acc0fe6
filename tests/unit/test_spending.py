"""Nobody pays for a model without having been told what it may cost."""

from pathlib import Path

import pytest

from llm_engineering.application.costs import Price, Usage
from llm_engineering.application.estimating import calls_at_most
from llm_engineering.application.generating import Request
from llm_engineering.domain.datasets import DatasetType
from llm_engineering.domain.errors import BadInput, BadSettings
from llm_engineering.settings import load_settings
from tests.fakes import InMemoryDocuments
from tests.samples import ADA
from tests.unit.test_generating import corpus, made
from tests.unit.test_preferring import PLAIN, preferences
from tools import preflight, spending
from tools.quickstart.stages import Quickstart, Wanted

ASKED = {"author_full_name": ADA.full_name}


@pytest.fixture(autouse=True)
def paid_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CHAT_MODEL", "openai:gpt-4o-mini")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-a-key")


def test_without_a_terminal_a_paid_model_needs_yes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BadInput, match="openai:gpt-4o-mini may cost money .* add --yes"):
        spending.confirm("generate_datasets", ASKED, yes=False)
    assert "CHAT_PRICES" in capsys.readouterr().err
    spending.confirm("generate_datasets", ASKED, yes=True)


def test_the_quickstart_asks_before_it_collects_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTPUT_DIR", str(tmp_path / "output"))
    with pytest.raises(BadInput, match="may cost money"):
        Quickstart(Wanted(None, [], retrain=False, port=0, max_samples=4)).run()


def test_a_model_on_this_machine_is_not_asked_about(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHAT_MODEL", "embedded:smollm2-135m-instruct")
    spending.confirm("generate_datasets", ASKED, yes=False)
    assert capsys.readouterr().err == ""


def test_pipelines_that_ask_no_model_do_not_ask_a_person() -> None:
    spending.confirm("digital_data_etl", {"user_full_name": "A B"}, yes=False)


def test_a_paid_judge_and_other_chat_models_are_told_with_what_they_cost_at_most(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CHAT_PRICES", '{"openai:judge": [1, 2]}')
    wanted = {"judge": "openai:judge", "chat_models": ["openai:other", "embedded:smollm2-135m-instruct"]}
    with pytest.raises(BadInput, match=r"openai:other and openai:judge may cost money .* add --yes"):
        spending.confirm("evaluating", {**ASKED, **wanted, "max_prompts": 4, "grounded_prompts": 3}, yes=False)
    said = capsys.readouterr().err
    assert "openai:other will be asked at most 4 times" in said
    assert "openai:judge will be asked at most 28 times" in said
    assert "embedded:" not in said
    spending.confirm("evaluating", {**ASKED, **wanted}, yes=True)


def test_an_evaluation_without_a_judge_asks_the_chat_model_only_for_other_wordings_of_a_search(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    spending.confirm("evaluating", ASKED, yes=False)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("QUERY_EXPANSIONS", "2")
    with pytest.raises(BadInput, match="openai:gpt-4o-mini may cost money"):
        spending.confirm("evaluating", ASKED, yes=False)


def test_a_budget_without_a_price_is_refused_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENERATION_BUDGET", "1")
    with pytest.raises(BadSettings, match="CHAT_PRICES"):
        spending.confirm("generate_datasets", ASKED, yes=True)


def test_the_estimate_says_calls_tokens_dollars_and_the_budget() -> None:
    said = spending.told("m", Usage(1200, 500_000, 60_000), Price(0.15, 0.6), 2.0)
    assert "at most 1,200 times" in said
    assert "500,000 tokens" in said
    assert "$0.11 at most" in said
    assert "stops each step (instructions, rejected answers) at $2." in said
    assert "how often is not known yet" in spending.told("m", None, Price(1, 2), None)


def test_a_dataset_never_takes_more_calls_than_were_told_and_none_once_it_is_there() -> None:
    store = InMemoryDocuments()
    options = {"store": store, "request": Request(0.3), "model_name": "m", "as_json": False}
    before = calls_at_most(ADA, corpus(), dataset_type=DatasetType.INSTRUCTION, **options)
    dataset = made(corpus(), store=store)
    assert store.count("generations") <= before.calls
    assert calls_at_most(ADA, corpus(), dataset_type=DatasetType.INSTRUCTION, **options) == Usage()
    pairs = calls_at_most(ADA, corpus(), dataset_type=DatasetType.PREFERENCE, **options)
    assert pairs.calls == len(dataset.train) + len(dataset.test)
    assert len(preferences(PLAIN, dataset).train) <= pairs.calls
    assert not calls_at_most(ADA, corpus(), dataset_type=DatasetType.PREFERENCE, is_rejecting=False, **options).calls


def test_pushing_without_a_token_is_one_sentence_before_any_work() -> None:
    push = {"push_to_huggingface": True, "dataset_id": "ada/twin"}
    for pipeline, whose in (("generate_datasets", ASKED), ("end_to_end_data", {"author_links": []})):
        with pytest.raises(BadSettings, match="push_to_huggingface needs HUGGINGFACE_ACCESS_TOKEN"):
            preflight.check_stores(pipeline, {**whose, **push})


@pytest.mark.parametrize("table", ["{", "[]", '{"m": 1}', '{"m": [1]}', '{"m": [1, "x"]}', '{"m": [-1, 2]}'])
def test_a_price_table_that_is_none_is_refused_with_an_example(table: str) -> None:
    with pytest.raises(BadSettings, match=r'CHAT_PRICES .*\{"openai:gpt-4o-mini": \[0.15, 0.60\]\}'):
        load_settings(CHAT_PRICES=table)
