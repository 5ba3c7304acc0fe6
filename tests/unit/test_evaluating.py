"""A twin is compared with its base model, with other ways of asking it, and with the author's held-out text."""

from pathlib import Path
from uuid import UUID

import pytest

from llm_engineering.application.contenders import BASE, Contender, twin_contender
from llm_engineering.application.evaluating import impostor_pool
from llm_engineering.application.judging import Judge
from llm_engineering.application.measured import auc_interval, equally_long
from llm_engineering.application.promoting import promote
from llm_engineering.application.style_card import card, style_card_contender
from llm_engineering.application.verdicts import compared
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.datasets import TaskKind
from llm_engineering.domain.evaluation import EvaluationReport
from steps.evaluation_page import page
from tests.evaluations import FACT, LIKE_ADA, LIKE_BOB, SHOWN, dataset_of, evaluated, saying, twin_of
from tests.fakes import InMemoryDocuments, SayingChat, WordEmbedder
from tests.samples import ADA, raw_document
from tests.voices import FORMAL, IMPOSTORS, chatty_documents, text


@pytest.fixture(scope="module")
def good() -> EvaluationReport:
    """Of a twin that writes like the author, with the default rule."""
    return evaluated(Path("nowhere"), LIKE_ADA)


def test_a_twin_that_writes_like_the_author_passes(good: EvaluationReport) -> None:
    assert good.style.verifier_auc > 0.95
    assert good.style.twin.value > 0.6 > 0.4 > good.style.base.value
    assert good.style.author_held_out.value == pytest.approx(1.0)
    assert good.style.other_author.value == pytest.approx(0.0, abs=1e-9)
    assert good.passed
    assert "It passes" in good.verdict


def test_a_twin_that_writes_like_the_others_does_not_pass(tmp_path: Path) -> None:
    report = evaluated(tmp_path, twin_says=LIKE_BOB)
    assert not report.passed
    assert "does not pass" in report.verdict


def test_a_twin_that_recites_its_training_text_does_not_pass(tmp_path: Path) -> None:
    recited = chatty_documents()[0].style_text[:900]
    report = evaluated(tmp_path, twin_says=recited)
    assert report.copying["twin"].eight_gram_share > 0.5
    assert not report.passed
    assert "100% of its 8-word runs are from training text, 10% are allowed" in report.verdict


def test_a_twin_measured_on_a_handful_of_prompts_is_not_promoted(tmp_path: Path) -> None:
    report = evaluated(tmp_path, twin_says=LIKE_ADA, max_prompts=3)
    assert not report.passed
    assert "too few" in report.verdict


@pytest.mark.parametrize("task", [TaskKind.CONTINUATION, TaskKind.REWRITE])
def test_style_is_not_measured_on_prompts_that_show_the_authors_text(tmp_path: Path, task: TaskKind) -> None:
    report = evaluated(tmp_path, twin_says=LIKE_ADA, test_task=task)
    assert report.samples
    assert SHOWN not in {answer.instruction for answer in report.samples}


def test_a_twin_that_says_nothing_reads_like_nobody(tmp_path: Path) -> None:
    report = evaluated(tmp_path, twin_says="")
    assert report.style.twin.value <= 0
    assert report.style.twin.n == 8
    assert not report.passed
    assert "left 8 prompts without an answer" in report.verdict


def test_a_passed_twin_is_the_latest_and_its_scores_are_kept(tmp_path: Path, good: EvaluationReport) -> None:
    warehouse = Warehouse(InMemoryDocuments())
    first = twin_of(tmp_path)
    warehouse.save_twin(first)
    assert warehouse.latest_twin(ADA) is None
    promote(first, good, warehouse)
    latest = warehouse.latest_twin(ADA)
    assert latest is not None
    assert latest.scores["style"]["twin"]["n"] == 8


# ------------------------------------------------------------------------------ several candidates


def test_a_second_twin_gets_its_own_promotion_and_scores(tmp_path: Path) -> None:
    worse = twin_of(tmp_path, 2)
    report = evaluated(tmp_path, LIKE_ADA, more=(twin_contender(worse, saying(LIKE_BOB)),))
    assert [(one.twin, one.passed) for one in report.promotions] == [("ada-example/1", True), ("ada-example/2", False)]
    warehouse = Warehouse(InMemoryDocuments())
    kept = promote(worse, report, warehouse)
    assert kept.scores["twin"] == "ada-example/2"
    assert kept.scores["style"]["twin"]["value"] < 0.5
    assert not kept.passed_evaluation
    assert kept.scores["verdict"] == report.promotions[1].verdict
    assert "It does not pass" in kept.scores["verdict"]
    assert "ada-example/1 reads more like" in compared(report, "ada-example/1", "ada-example/2")


def test_two_twins_that_are_alike_are_not_told_apart(tmp_path: Path) -> None:
    report = evaluated(tmp_path, LIKE_ADA, more=(twin_contender(twin_of(tmp_path, 2), saying(LIKE_ADA)),))
    assert "cannot be told apart" in compared(report, "ada-example/1", "ada-example/2")


def test_twins_are_told_apart_by_documents_and_not_by_prompts_of_one_document(good: EvaluationReport) -> None:
    better = next(one for one in good.candidates if one.name == "ada-example/1")
    first = better.model_copy(update={"per_prompt": [1.0] * 10 + [-0.2] * 10})
    second = better.model_copy(update={"name": "ada-example/2", "per_prompt": [0.0] * 20})
    report = good.model_copy(
        update={"candidates": [first, second], "prompt_documents": [UUID(int=1)] * 10 + [UUID(int=2)] * 10}
    )
    assert "cannot be told apart" in compared(report, "ada-example/1", "ada-example/2")
    singly = report.model_copy(update={"prompt_documents": []})
    assert "reads more like" in compared(singly, "ada-example/1", "ada-example/2")


def test_the_report_knows_the_document_of_each_prompt(good: EvaluationReport) -> None:
    assert len(good.prompt_documents) == good.prompts == 8
    assert set(good.prompt_documents) <= set(dataset_of().metadata.test_documents)


def test_sample_authors_are_always_impostors_and_the_warehouse_has_the_say_of_one_in_both() -> None:
    samples = {
        name: [raw_document("From the sample.", f"https://x.example/{name[0]}")]
        for name in ("Ada Example", "Mara Lindqvist", "Edmund Achterberg")
    }
    warehouse = {f"Other {n}": ["Theirs."] for n in range(5)} | {"mara  lindqvist": ["Her own."]}
    pool = impostor_pool(ADA, warehouse, samples)
    assert set(pool) == {*warehouse, "Edmund Achterberg"}
    assert pool["mara  lindqvist"] == ["Her own."]


# ------------------------------------------------------------------------------ a judge, and several impostors


@pytest.fixture(scope="module")
def with_judge() -> EvaluationReport:
    """Held against two authors, and judged by a model that knows Ada and believes no answer of a single sentence."""

    def says(prompt: str) -> str:
        if prompt.startswith("1. "):
            return '{"labels": ["unsupported"]}'
        return '{"closer": "1"}' if prompt.index(LIKE_ADA[:60]) < prompt.index(LIKE_BOB[:60]) else '{"closer": "2"}'

    return evaluated(
        Path("nowhere"),
        LIKE_ADA,
        twin_says_of_sources=f"{FACT} The well is deep and cold.",
        max_prompts=4,
        impostors={**IMPOSTORS, "Cid Formal": [text(FORMAL, seed) for seed in range(200, 208)]},
        judge=Judge("some-judge", SayingChat(says=says)),
    )


def test_the_judge_compares_the_twin_with_the_base_model_on_every_prompt(with_judge: EvaluationReport) -> None:
    assert with_judge.judge is not None
    assert (with_judge.judge.model, with_judge.judge.wins, with_judge.judge.losses) == ("some-judge", 4, 0)
    assert with_judge.judge.agrees_with_style == 1


def test_the_report_says_who_labelled_and_how_many_answers_kept_their_labels(
    with_judge: EvaluationReport, good: EvaluationReport
) -> None:
    truth = {one.name: one.truth for one in with_judge.candidates if one.truth}
    base, twin = truth["base+sources"], truth["ada-example/1+sources"]
    assert (base.labelled_by, base.kept, base.supported.value) == ("some-judge", 0, 0)
    assert (twin.labelled_by, twin.kept) == ("some-judge", 4)  # one label for two sentences is of no use
    assert twin.supported.value > 0
    assert "labelled by some-judge, which failed on 4 of the answers" in page(with_judge)
    assert {one.truth.labelled_by for one in good.candidates if one.truth} == {None}


def test_other_authors_are_strangers_in_every_measure(with_judge: EvaluationReport) -> None:
    style = with_judge.style
    assert style.other_author.value == pytest.approx(0.0, abs=1e-9)
    assert len(style.measures) == 6
    for row in style.measures.values():
        assert row["other_author"] == 0
        assert row["author_held_out"] == pytest.approx(1.0)
    assert "other_author" not in style.raw["log_odds"]


def test_every_auc_has_an_interval(with_judge: EvaluationReport) -> None:
    style = with_judge.style
    assert style.verifier_auc_strangers is not None
    for auc, interval in (
        (style.verifier_auc, style.verifier_auc_interval),
        (style.verifier_auc_strangers, style.verifier_auc_strangers_interval),
        *((auc, with_judge.member_intervals[name]) for name, auc in with_judge.members.items()),
    ):
        assert interval is not None
        assert 0 <= interval[0] <= auc <= interval[1] <= 1


def test_the_interval_of_an_auc_is_narrower_with_more_pieces() -> None:
    assert auc_interval(0.8, 10, 10) == pytest.approx((0.601, 0.999), abs=0.002)
    low, high = auc_interval(0.8, 100, 100)
    assert 0.7 < low < 0.8 < high < 0.9


def test_an_auc_of_one_is_not_certain() -> None:
    assert auc_interval(1.0, 20, 50) == (pytest.approx(0.85), 1.0)
    assert auc_interval(1.0, 200, 500)[0] > 0.98


def test_deltas_are_of_equally_much_text_from_all_of_it() -> None:
    texts = {"long": ["one two three four", "five six"], "short": ["a b c"], "silent": [""]}
    assert equally_long(texts) == ({"long": ["one two", "five"], "short": ["a b c"], "silent": [""]}, 3)


def test_the_style_card_names_habits_and_shows_training_text_only() -> None:
    asked: list[str] = []
    dataset = dataset_of()
    base = Contender(BASE, "Base model", "base", SayingChat(says=lambda _: ""))
    contender = style_card_contender(ADA, base, dataset, chatty_documents(), IMPOSTORS, WordEmbedder())
    asked = [contender.asked(ADA.full_name, sample.instruction)[0]["content"] for sample in dataset.test]
    assert all("You contract" in system for system in asked)
    assert all(sample.answer[:60] not in system for sample in dataset.test for system in asked)
    assert all(any(sample.answer[:60] in system for sample in dataset.train) for system in asked)


def test_a_card_says_only_what_is_clearly_so() -> None:
    assert card({"semicolons": 1.0}, {"semicolons": 1.1}) == ""
    assert card({"semicolons": 9.0}, {"semicolons": 1.0}) == "You join clauses with semicolons."
    assert card({"semicolons": 0.0}, {"semicolons": 1.0}) == "You use no semicolons."
