"""A twin is compared with its base model, with other ways of asking it, and with the author's held-out text."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from uuid import UUID

import pytest

from llm_engineering.application.contenders import BASE, Contender, twin_contender
from llm_engineering.application.evaluating import Extent, evaluate, impostor_pool
from llm_engineering.application.judging import Judge
from llm_engineering.application.measured import auc_interval, equally_long
from llm_engineering.application.ports import Silent
from llm_engineering.application.promoting import judged, promote
from llm_engineering.application.prompting import template_fingerprint
from llm_engineering.application.style_card import card, style_card_contender
from llm_engineering.application.verdicts import compared
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.chunks import Retrieved
from llm_engineering.domain.datasets import InstructDataset, TaskKind
from llm_engineering.domain.evaluation import Check, EvaluationReport, PromotionRule, Score
from llm_engineering.domain.twins import TwinManifest
from steps.evaluation_page import page
from tests import made_twins
from tests.fakes import InMemoryDocuments, SayingChat, WordEmbedder
from tests.samples import ADA, raw_document, retrieved_passage
from tests.unit.test_generating import made
from tests.voices import CHATTY, FORMAL, IMPOSTORS, chatty_documents, text

SHOWN = "Go on from here: I water the garden."


LIKE_ADA = text(CHATTY, 900, 12)
LIKE_BOB = text(FORMAL, 7, 12)
FACT = "The garden has three apple trees and a well."


def twin_of(directory: Path, version: int = 1) -> TwinManifest:
    return made_twins.manifest(directory, version, template_fingerprint=template_fingerprint())


def found(question: str) -> Retrieved:
    passage = retrieved_passage(FACT)
    return Retrieved(
        question=question,
        author=ADA.full_name,
        searched=(question,),
        passages=(passage,),
        relevance=0.9,
        is_answerable="garden" in question or "Note" in question,
    )


def dataset_of(test_task: TaskKind | None = None) -> InstructDataset:
    """With `test_task` every second held-out sample is of that kind."""
    dataset = made(chatty_documents(), test_split_size=0.25, embedder=WordEmbedder())
    if test_task:
        some = [s.model_copy(update={"task": test_task, "instruction": SHOWN}) for s in dataset.test[::2]]
        dataset = dataset.model_copy(update={"test": [*some, *dataset.test[1::2]]})
    return dataset


def saying(plain: str, sourced: str = FACT) -> SayingChat:
    return SayingChat(says=lambda prompt: sourced if "<passage" in prompt else plain)


def evaluated(
    tmp_path: Path,
    twin_says: str,
    base_says: str = LIKE_BOB,
    *,
    twin_says_of_sources: str = FACT,
    max_prompts: int = 8,
    test_task: TaskKind | None = None,
    rule: PromotionRule | None = None,
    more: tuple[Contender, ...] = (),
    search: Callable[[str], Retrieved] = found,
    also_read: Collection[UUID] = (),
    impostors: Mapping[str, Sequence[str]] = IMPOSTORS,
    judge: Judge | None = None,
) -> EvaluationReport:
    twin = twin_contender(twin_of(tmp_path), saying(twin_says, twin_says_of_sources))
    return evaluate(
        ADA,
        [Contender(BASE, "Base model", "base", saying(base_says), with_sources=True), twin, *more],
        dataset=dataset_of(test_task),
        documents=chatty_documents(),
        impostors=impostors,
        search=search,
        embedder=WordEmbedder(),
        store=InMemoryDocuments(),
        progress=Silent(),
        rule=rule,
        also_read=also_read,
        judge=judge,
        extent=Extent(max_prompts=max_prompts, grounded_prompts=4),
    )


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


# ------------------------------------------------------------------------------ truth and promotion


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
    nothing = lambda question: Retrieved(question=question, author=ADA.full_name, searched=())  # noqa: E731
    report = evaluated(tmp_path, LIKE_ADA, search=nothing)
    assert {one.name for one in report.candidates} == {"base", "ada-example/1"}
    assert "not measured" in report.promotions[0].checks[-1].says


def test_questions_of_other_fields_are_to_be_refused(good: EvaluationReport) -> None:
    assert good.refusals is not None
    assert good.refusals.refused_share == 1
    assert good.refusals.answerable == 8


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


# ------------------------------------------------------------------------------ the page


def test_the_page_says_the_verdict_and_shows_what_is_copied_and_supported(tmp_path: Path) -> None:
    recited = chatty_documents()[0].style_text[:400]
    shown = page(evaluated(tmp_path, recited))
    assert "It does not pass." in shown
    assert '<mark class="copied"' in shown
    assert '<mark class="supported"' in shown
    assert "http" not in shown.split("<body>")[0]


def test_what_a_model_wrote_is_text_on_the_page_and_nothing_else(tmp_path: Path) -> None:
    shown = page(evaluated(tmp_path, "<script>alert(1)</script> " + LIKE_ADA))
    assert "<script" not in shown
    assert "&lt;script&gt;alert(1)" in shown


def test_the_page_shows_an_interval_beside_every_figure(good: EvaluationReport) -> None:
    shown = page(good)
    assert f"AUC of {good.style.verifier_auc:.2f} (" in shown
    assert "100 % (51 % to 100 %) of 4 sources shown support a sentence" in shown
    assert "100 % (76 % to 100 %) of 12 refused" in shown
    assert good.retrieval is not None
    low, high = good.retrieval.intervals["mrr"]
    assert f"MRR@10 {good.retrieval.mrr:.2f} ({low:.2f} to {high:.2f})" in shown
    assert f"are of {good.style.delta_words} words of each" in shown


def test_the_page_draws_how_long_sentences_are(good: EvaluationReport) -> None:
    shown = page(good)
    row = {key: good.profile[f"sentence_words_{key}"]["ada-example/1"] for key in ("p10", "p50", "p90")}
    assert f"median {row['p50']:.0f} words, 80 % from {row['p10']:.0f} to {row['p90']:.0f}" in shown


def test_a_report_from_before_intervals_can_still_be_read_and_shown(good: EvaluationReport) -> None:
    old = good.model_dump(mode="json", exclude={"prompt_documents", "member_intervals"})
    for name in ("verifier_auc_interval", "verifier_auc_strangers_interval", "verifier_pieces", "delta_words"):
        del old["style"][name]
    for one in old["candidates"]:
        del one["fluency"]["repetition_interval"]
    report = EvaluationReport.model_validate(old)
    assert report.prompt_documents == []
    assert "It passes." in page(report)
