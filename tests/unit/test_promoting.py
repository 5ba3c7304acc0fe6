"""Which twin may answer as `latest`: style, copying, and above all truth to its sources."""

from pathlib import Path

import pytest

from llm_engineering.application.evaluating import Extent
from llm_engineering.application.promoting import judged, promote
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.chunks import Retrieved
from llm_engineering.domain.evaluation import Check, EvaluationReport, PromotionRule, Score
from tests.evaluations import LIKE_ADA, dataset_of, evaluated, twin_of
from tests.fakes import InMemoryDocuments
from tests.samples import ADA
from tests.voices import chatty_documents


@pytest.fixture(scope="module")
def good() -> EvaluationReport:
    """Of a twin that writes like the author, with the default rule."""
    return evaluated(Path("nowhere"), LIKE_ADA)


def test_a_twin_that_makes_things_up_is_not_promoted_however_it_sounds(tmp_path: Path) -> None:
    report = evaluated(tmp_path, LIKE_ADA, twin_says_of_sources="In 1911 the Marquis of Exeter sold 40 elephants.")
    sourced = next(one for one in report.candidates if one.name == "ada-example/1+sources")
    assert sourced.truth is not None
    assert sourced.truth.supported.value == 0
    assert sourced.truth.sentences == {"supported": 0, "unsupported": 4, "opinion": 0}
    assert [check.name for check in report.promotions[0].checks if not check.passed] == ["as true to its sources"]
    assert not report.passed


def test_what_the_sources_say_counts_as_supported_and_cited(good: EvaluationReport) -> None:
    base = next(one for one in good.candidates if one.name == "base+sources")
    assert base.truth is not None
    assert base.truth.supported.value == base.truth.citations.precision == base.truth.citations.recall == 1
    assert base.truth.citations.sources == 4


@pytest.mark.parametrize(("says", "why"), [("", "left 4 prompts without"), ("I think so. Maybe?", "states nothing")])
def test_a_twin_that_states_nothing_when_it_is_given_sources_is_not_promoted(
    tmp_path: Path, says: str, why: str
) -> None:
    report = evaluated(tmp_path, LIKE_ADA, twin_says_of_sources=says)
    assert not report.passed
    assert why in report.verdict


def test_too_few_prompts_take_nothing_from_a_twin_that_has_passed(tmp_path: Path, good: EvaluationReport) -> None:
    warehouse = Warehouse(InMemoryDocuments())
    passed = promote(twin_of(tmp_path), good, warehouse)
    assert promote(passed, evaluated(tmp_path, LIKE_ADA, max_prompts=3), warehouse) == passed


def test_what_another_twin_has_read_counts_as_copied_too(tmp_path: Path) -> None:
    held_out = dataset_of().metadata.test_documents
    recited = next(one.style_text for one in chatty_documents() if one.id in held_out)[:900]
    assert evaluated(tmp_path, recited).copying["twin"].eight_gram_share == 0
    assert evaluated(tmp_path, recited, also_read=held_out).copying["twin"].eight_gram_share > 0.5


def truth_check(good: EvaluationReport, change: Score) -> Check:
    twin, sourced = (next(c for c in good.candidates if c.name == "ada-example/1" + end) for end in ("", "+sources"))
    assert twin.gain is not None
    result = judged(PromotionRule(), twin, gain=twin.gain, silent=0, sourced=sourced, truth_change=change)
    return next(check for check in result.checks if check.name == "as true to its sources")


@pytest.mark.parametrize(
    "change",
    [
        Score(value=-0.5, low=-1.0, high=0.2, n=3),  # a wide interval excuses no fall like this
        Score(value=-0.48, low=-0.83, high=-0.12, n=6),
        Score(value=-0.25, low=-0.3, high=-0.2, n=3),  # all of the interval is beyond the limit
        Score(value=-0.2, low=-0.5, high=0.1, n=8),  # of enough prompts the mean decides
    ],
)
def test_a_twin_that_strays_from_its_sources_fails_however_few_the_prompts(
    good: EvaluationReport, change: Score
) -> None:
    assert not truth_check(good, change).passed


def test_a_fall_that_a_few_prompts_may_owe_to_chance_passes_with_a_caution(good: EvaluationReport) -> None:
    check = truth_check(good, Score(value=-0.2, low=-0.5, high=0.1, n=3))
    assert check.passed
    assert "3 prompts with sources are too few to tell" in check.caution
    by_one_prompt = Score(value=-1 / 3, low=-1.0, high=0.0, n=3)
    assert truth_check(good, by_one_prompt).passed
    assert not truth_check(good, Score(value=-0.33, low=-1.0, high=0.0, n=6)).passed
    assert truth_check(good, Score(value=-0.1, low=-0.5, high=0.1, n=8)).caution == ""


def test_the_verdict_says_when_there_were_too_few_prompts_to_tell_truth(good: EvaluationReport) -> None:
    assert good.passed
    told = "4 prompts with sources are too few to tell whether it is as true to its sources, 8 are needed."
    assert good.verdict.endswith(told)


def test_by_default_as_many_prompts_are_asked_with_sources_as_the_rule_needs() -> None:
    assert Extent().grounded_prompts >= PromotionRule().least_prompts


def test_the_rule_is_the_users(tmp_path: Path) -> None:
    strict = PromotionRule(least_prompts=9)
    report = evaluated(tmp_path, LIKE_ADA, rule=strict)
    assert not report.passed
    assert report.promotions[0].rule == strict


def test_where_nothing_is_found_truth_is_not_measured_and_says_so(tmp_path: Path) -> None:
    def nothing(question: str) -> Retrieved:
        return Retrieved(question=question, author=ADA.full_name, searched=())

    report = evaluated(tmp_path, LIKE_ADA, search=nothing)
    assert {one.name for one in report.candidates} == {"base", "ada-example/1"}
    assert "not measured" in report.promotions[0].checks[-1].says


def test_questions_of_other_fields_are_to_be_refused(good: EvaluationReport) -> None:
    assert good.refusals is not None
    assert good.refusals.refused_share == 1
    assert good.refusals.answerable == 8
