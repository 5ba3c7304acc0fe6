"""Whether a twin may answer as `latest`: the rule, checked one condition at a time."""

from datetime import UTC, datetime
from typing import Any

from llm_engineering.application.registering import save_described
from llm_engineering.application.twins import account
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.evaluation import (
    ENOUGH,
    Candidate,
    Check,
    EvaluationReport,
    PromotionResult,
    PromotionRule,
    Score,
)
from llm_engineering.domain.twins import Promotion, TwinManifest

ROUNDING = 1e-9
"""A mean of thirds is not exactly a third."""


def judged(
    rule: PromotionRule,
    candidate: Candidate,
    *,
    gain: Score,
    silent: int,
    sourced: Candidate | None,
    truth_change: Score | None,
) -> PromotionResult:
    """What the rule says of a twin.

    `gain` is its style minus the base model's, `silent` counts empty answers. `sourced` is the same
    twin with sources, None when it was not asked with any; `truth_change` its share of supported
    sentences minus the base model's, None when no prompt lets them be compared.
    """
    copied = candidate.copying.eight_gram_share
    checks = [
        Check(
            name=ENOUGH,
            passed=gain.n >= rule.least_prompts,
            says=f"{gain.n} prompts were asked"
            if gain.n >= rule.least_prompts
            else f"{gain.n} prompts are too few to tell, {rule.least_prompts} are needed",
        ),
        Check(
            name="every prompt answered",
            passed=silent == 0,
            says=f"it left {silent} prompts without an answer" if silent else "it left no prompt without an answer",
        ),
        Check(
            name="style beats the base model",
            passed=gain.low > rule.least_gain,
            says=f"its gain in style is {gain.value:+.2f} ({gain.low:+.2f} to {gain.high:+.2f}), and the lower end has "
            f"to pass {rule.least_gain:.2f}",
        ),
        Check(
            name="copies little",
            passed=copied <= rule.most_copied,
            says=f"{copied:.0%} of its 8-word runs are from training text, {rule.most_copied:.0%} are allowed",
        ),
        _truth(rule, sourced, truth_change),
    ]
    return PromotionResult(twin=candidate.name, passed=all(check.passed for check in checks), rule=rule, checks=checks)


def _truth(rule: PromotionRule, sourced: Candidate | None, change: Score | None) -> Check:
    name = "as true to its sources"
    if sourced is None:
        return Check(name=name, passed=True, says="answers with sources were not measured")
    if sourced.truth is None:
        return Check(name=name, passed=False, says="given sources, it states nothing that they could bear out")
    if change is None:
        return Check(name=name, passed=True, says="given sources, the base model states nothing to compare it with")
    is_few = change.n < rule.least_prompts
    return Check(
        name=name,
        passed=_keeps_truth(change, rule.most_truth_lost, is_few=is_few),
        caution=f"{change.n} prompts with sources are too few to tell whether it is {name}, {rule.least_prompts} are "
        "needed"
        if is_few
        else "",
        says=f"the supported share of its sentences changes by {change.value:+.2f} ({change.low:+.2f} to "
        f"{change.high:+.2f}, n = {change.n}) against the base model, and may not fall by more than "
        f"{rule.most_truth_lost:.2f}",
    )


def _keeps_truth(change: Score, most_lost: float, *, is_few: bool) -> bool:
    """Whether the mean is within the limit; of a few answers, whether it may be.

    The mean of a few answers may lie beyond the limit by chance. Then the twin fails where chance is no
    excuse, because the whole interval lies beyond it, and where the mean lies beyond it twice over and
    beyond what a single answer can do, however wide the interval: intervals of a few answers reach far,
    and would excuse any fall.
    """
    if not is_few:
        return change.value >= -most_lost
    by_one_answer = 1 / change.n + ROUNDING
    return change.high >= -most_lost and change.value >= -max(2 * most_lost, by_one_answer)


def promote(manifest: TwinManifest, report: EvaluationReport, warehouse: Warehouse) -> TwinManifest:
    """Write the scores into manifest and model card; a twin that passed is thereby the author's `latest`.

    A promotion by hand stays, whatever the scores say. A run of too few prompts takes nothing from a
    twin that has scores: it says nothing. Raises KeyError for a twin that was not measured.
    """
    result = report.promotion_of(f"{manifest.name}/{manifest.version}")
    if manifest.scores and not result.enough:
        return manifest
    promotion = manifest.promotion
    if promotion is None or promotion.by == "evaluation":
        why = "; ".join(part for check in result.checks for part in (check.says, check.caution) if part)
        by_evaluation = Promotion(by="evaluation", who=account(), at=datetime.now(UTC), why=why)
        promotion = by_evaluation if result.passed else None
    scored = {"scores": scores_of(report, result), "passed_evaluation": result.passed, "promotion": promotion}
    return save_described(manifest.model_copy(update=scored), warehouse)


def scores_of(report: EvaluationReport, result: PromotionResult) -> dict[str, Any]:
    """What a manifest keeps: the figures from this twin's point of view, without texts."""
    kept = report.model_dump(mode="json", exclude={"samples", "promotions", "self_overlap", "prompt_documents"})
    own = next(candidate for candidate in kept["candidates"] if candidate["name"] == result.twin)
    kept["style"] |= {"twin": own["style"], "gain": own["gain"]}
    kept["copying"] |= {"twin": own["copying"]}
    return {
        **kept,
        "twin": result.twin,
        "passed": result.passed,
        "verdict": result.verdict,
        "judge": kept["judge"] if result.twin == report.twin else None,  # it compared the first twin
        "promotion": result.model_dump(mode="json"),
    }
