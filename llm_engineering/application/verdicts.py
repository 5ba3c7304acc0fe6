"""The result of an evaluation in plain sentences."""

from llm_engineering.application.style import difference_of
from llm_engineering.domain.evaluation import Candidate, EvaluationReport, PromotionResult, StyleScores

HARDLY = 0.8
"""An AUC below which a style score is to be read with care."""


def verdict(
    author: str, style: StyleScores, twin: Candidate, sourced: Candidate | None, result: PromotionResult
) -> str:
    """What a person wants to know first: does it read like the author, does it copy, may it answer."""
    sentences = [
        f"On a scale from 0 (other authors) to 1 ({author}'s own held-out text) the twin scores {twin.style.value:.2f} "
        f"and the base model {style.base.value:.2f} (n = {twin.style.n}; the verifier tells the author's real text "
        f"from others' with AUC {_auc(style)}{_care(style.verifier_auc)}).",
        f"It takes {twin.copying.eight_gram_share:.0%} of its 8-word runs from training text, the longest run is "
        f"{twin.copying.longest_span_words} words.",
    ]
    if sourced and sourced.truth:
        sentences.append(
            f"Given sources, they support {sourced.truth.supported.value:.0%} of what it states (n = "
            f"{sourced.truth.supported.n} answers)."
        )
    failed = [check.says for check in result.checks if not check.passed]
    sentences.append("It passes." if result.passed else f"It does not pass: {'; '.join(failed)}.")
    sentences += [f"{check.caution}." for check in result.checks if check.passed and check.caution]
    return " ".join(sentences)


def compared(report: EvaluationReport, first: str, second: str) -> str:
    """Which of two measured twins reads more like the author, prompt by prompt, as far as the interval tells."""
    one, other = (next(c for c in report.candidates if c.name == name) for name in (first, second))
    difference = difference_of(one.per_prompt, other.per_prompt, report.seed, report.prompt_documents or None)
    told = f"{difference.value:+.2f} ({difference.low:+.2f} to {difference.high:+.2f}, n = {difference.n})"
    if difference.low <= 0 <= difference.high:
        return f"{first} and {second} cannot be told apart: the difference in style is {told}. Ask more prompts."
    better, worse = (first, second) if difference.value > 0 else (second, first)
    return f"{better} reads more like {report.author_full_name} than {worse}: the difference in style is {told}."


def _auc(style: StyleScores) -> str:
    between = style.verifier_auc_interval
    return f"{style.verifier_auc:.2f}" + (f" ({between[0]:.2f} to {between[1]:.2f})" if between else "")


def _care(auc: float) -> str:
    return "" if auc >= HARDLY else ": read it with care"
