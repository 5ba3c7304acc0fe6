"""The report as a page: the verdict, marked samples, an interval beside every figure, and nothing that runs."""

from pathlib import Path

import pytest

from llm_engineering.domain.evaluation import EvaluationReport
from steps.evaluation_page import page
from tests.evaluations import LIKE_ADA, evaluated
from tests.voices import chatty_documents


@pytest.fixture(scope="module")
def good() -> EvaluationReport:
    """Of a twin that writes like the author, with the default rule."""
    return evaluated(Path("nowhere"), LIKE_ADA)


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
