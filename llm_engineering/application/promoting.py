"""Whether a twin may answer as `latest`: the rule, checked one condition at a time."""

from datetime import UTC, datetime
from typing import Any

from llm_engineering.application.registering import save_described
from llm_engineering.application.twins import account
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.evaluation import (
    Candidate,
    Check,
    EvaluationReport,
    PromotionResult,
    PromotionRule,
    Score,
)
from llm_engineering.domain.twins import Promotion, TwinManifest


def judged(
    rule: PromotionRule, candidate: Candidate, *, gain: Score, silent: int, truth_change: Score | None
) -> PromotionResult:
    """What the rule says of a twin.

    `gain` is its style minus the base model's, `truth_change` the same of the share of supported
    sentences (None when answers with sources were not asked for), `silent` counts empty answers.
    """
    checks = [
        Check(
            name="enough prompts",
            passed=gain.n >= rule.least_prompts,
            says=f"{gain.n} prompts were asked"
            if gain.n >= rule.least_prompts
            else f"{gain.n} prompts are too few to tell, {rule.least_prompts} are needed",
        ),
        Check(
            name="every prompt answered",
            passed=silent == 0,
            says="it left no prompt without an answer"
            if silent == 0
            else f"it left {silent} of {gain.n} prompts without an answer",
        ),
        Check(
            name="style beats the base model",
            passed=gain.low > rule.least_gain,
            says=f"its gain in style is {gain.value:+.2f} ({gain.low:+.2f} to {gain.high:+.2f}), and the lower end has "
            f"to pass {rule.least_gain:.2f}",
        ),
        Check(
            name="copies little",
            passed=candidate.copying.eight_gram_share <= rule.most_copied,
            says=f"{candidate.copying.eight_gram_share:.0%} of its 8-word runs are from training text, "
            f"{rule.most_copied:.0%} are allowed",
        ),
        _truth(rule, truth_change),
    ]
    return PromotionResult(twin=candidate.name, passed=all(check.passed for check in checks), rule=rule, checks=checks)


def _truth(rule: PromotionRule, change: Score | None) -> Check:
    name = "as true to its sources"
    if change is None:
        return Check(name=name, passed=True, says="answers with sources were not measured (grounded_prompts is 0)")
    return Check(
        name=name,
        passed=change.high >= -rule.most_truth_lost,
        says=f"the supported share of its sentences changes by {change.value:+.2f} ({change.low:+.2f} to "
        f"{change.high:+.2f}) against the base model; its upper end may not lie below {-rule.most_truth_lost:.2f}",
    )


def promote(manifest: TwinManifest, report: EvaluationReport, warehouse: Warehouse) -> TwinManifest:
    """Write the scores into manifest and model card; a twin that passed is thereby the author's `latest`.

    A promotion by hand stays, whatever the scores say. Raises KeyError for a twin that was not measured.
    """
    result = report.promotion_of(f"{manifest.name}/{manifest.version}")
    promotion = manifest.promotion
    if promotion is None or promotion.by == "evaluation":
        why = "; ".join(check.says for check in result.checks)
        by_evaluation = Promotion(by="evaluation", who=account(), at=datetime.now(UTC), why=why)
        promotion = by_evaluation if result.passed else None
    scored = {"scores": scores_of(report, result), "passed_evaluation": result.passed, "promotion": promotion}
    return save_described(manifest.model_copy(update=scored), warehouse)


def scores_of(report: EvaluationReport, result: PromotionResult) -> dict[str, Any]:
    """What a manifest keeps: the figures from this twin's point of view, without texts."""
    kept = report.model_dump(mode="json", exclude={"samples", "promotions", "self_overlap"})
    own = next(candidate for candidate in kept["candidates"] if candidate["name"] == result.twin)
    kept["style"] |= {"twin": own["style"], "gain": own["gain"]}
    kept["copying"] |= {"twin": own["copying"]}
    return {
        **kept,
        "twin": result.twin,
        "passed": result.passed,
        "promotion": result.model_dump(mode="json"),
    }
