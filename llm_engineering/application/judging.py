"""A chat model as judge: whose answer reads more like the author? Optional, and never the only word."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from llm_engineering.application import chatting, prompting
from llm_engineering.application.generation import Sampling, generate
from llm_engineering.application.ports import DocumentStore, Progress
from llm_engineering.application.style import score_of
from llm_engineering.domain.errors import ModelError
from llm_engineering.domain.evaluation import Score
from llm_engineering.domain.measures import JudgeScores

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

VERDICT_TOKENS = 300
"""Room for a model that thinks aloud first; one that is held to the schema writes ten."""
OUT_OF_REACH = 3
"""Calls that may fail one after the other before the judge is taken to be gone."""
LEAST_FOR_CORRELATION = 5
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"closer": {"type": "string", "enum": ["1", "2", "same"]}},
    "required": ["closer"],
    "additionalProperties": False,
}
Side = Literal["twin", "base", "same"]
POINTS: Mapping[Side | None, float] = {"twin": 1.0, "same": 0.5, "base": 0.0}
Read = TypeVar("Read")
Asked = Callable[[Sequence[prompting.Messages], str], list[str]]
"""Answers to prompts; the text tells a person what goes on."""

_OBJECT = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True)
class Judge:
    """A chat model under the name that answers are kept under."""

    name: str
    chat: "BaseChatModel"


def judged(
    judge: Judge,
    author: str,
    shown: Sequence[str],
    instructions: Sequence[str],
    twin: Sequence[str],
    base: Sequence[str],
    gains: Sequence[float],
    *,
    store: DocumentStore,
    progress: Progress,
    seed: int,
) -> JudgeScores:
    """Every pair twice, with the order swapped (Zheng et al., arXiv:2306.05685, on position bias).

    `shown` are passages of the author, `gains` the twin's style minus the base's, pair by pair. Two
    verdicts that differ make a tie. What cannot be had or read is asked once more, then counted as invalid.
    """
    triples = list(zip(instructions, twin, base, strict=True))
    forward = [prompting.judging(author, shown, asked, one, other) for asked, one, other in triples]
    swapped = [prompting.judging(author, shown, asked, other, one) for asked, one, other in triples]
    verdicts = answers_read(
        judge, [*forward, *swapped], SCHEMA, _closer, "judge comparing", store=store, progress=progress, seed=seed
    )
    first = [_side(verdict, "twin", "base") for verdict in verdicts[: len(triples)]]
    second = [_side(verdict, "base", "twin") for verdict in verdicts[len(triples) :]]
    return _scores(judge.name, first, second, gains, seed)


def answers_read(
    judge: Judge,
    prompts: Sequence[prompting.Messages],
    schema: Mapping[str, Any],
    read: Callable[[Mapping[str, Any]], Read | None],
    description: str,
    *,
    max_tokens: int = VERDICT_TOKENS,
    store: DocumentStore,
    progress: Progress,
    seed: int,
) -> list[Read | None]:
    """What `read` makes of the JSON object in each answer; None where a second try did not help either.

    Greedy, and held to the schema where the model can be. `read` returns None for an object that it
    cannot use. A failing model costs answers, never the run.
    """

    def asked(some: Sequence[prompting.Messages], told: str) -> list[str]:
        sampling: Sampling = {"max_tokens": max_tokens, "temperature": 0.0, "seed": seed}
        if chatting.keeps_to_schemas(judge.chat):
            sampling["schemas"] = [schema] * len(some)
        return generate(
            judge.chat, some, model_name=judge.name, store=store, progress=progress, description=told, **sampling
        )

    found = [_object_read(answer, read) for answer in _answers(asked, prompts, description, progress)]
    left = [at for at, one in enumerate(found) if one is None]
    again = [prompting.as_json_only(prompts[at]) for at in left]
    for at, answer in zip(left, _answers(asked, again, f"{description} once more", progress), strict=True):
        found[at] = _object_read(answer, read)
    return found


def _answers(asked: Asked, prompts: Sequence[prompting.Messages], told: str, progress: Progress) -> list[str]:
    """One answer a prompt; empty ones where the model failed."""
    try:
        return asked(prompts, told)
    except ModelError as error:
        progress.note(f"The judge failed, so it is asked one by one: {error}")
    answers: list[str] = []
    failures = 0
    for prompt in prompts:
        try:
            answers += asked([prompt], told)
            failures = 0
        except ModelError:
            answers.append("")
            failures += 1
        if failures == OUT_OF_REACH:
            break
    return answers + [""] * (len(prompts) - len(answers))


def _object_read(answer: str, read: Callable[[Mapping[str, Any]], Read | None]) -> Read | None:
    """The last readable object counts: models that think aloud quote others before."""
    for text in reversed(_OBJECT.findall(answer)):
        try:
            value = json.loads(text)
        except ValueError:
            continue
        if (found := read(value)) is not None:
            return found
    return None


def _closer(value: Mapping[str, Any]) -> str | None:
    closer = str(value.get("closer"))
    return closer if closer in ("1", "2", "same") else None


def _side(verdict: str | None, one: Side, two: Side) -> Side | None:
    match verdict:
        case "1":
            return one
        case "2":
            return two
        case "same":
            return "same"
    return None


def _scores(
    model: str, first: Sequence[Side | None], second: Sequence[Side | None], gains: Sequence[float], seed: int
) -> JudgeScores:
    """`first` and `second` are the verdicts in both orders, pair by pair."""
    pairs = [(one, other, gain) for one, other, gain in zip(first, second, gains, strict=True) if one and other]
    verdicts: list[Side] = [one if one == other else "same" for one, other, _ in pairs]
    wins, losses = verdicts.count("twin"), verdicts.count("base")
    points = [POINTS[verdict] for verdict in verdicts]
    rate = score_of(points, seed) if points else Score(value=0.0, low=0.0, high=1.0, n=0)
    style = [gain for _, _, gain in pairs]
    agreeing = [(side == "twin") == (gain > 0) for side, gain in zip(verdicts, style, strict=True) if side != "same"]
    return JudgeScores(
        model=model,
        wins=wins,
        ties=len(pairs) - wins - losses,
        losses=losses,
        invalid=len(first) - len(pairs),
        win_rate=rate.value,
        low=rate.low,
        high=rate.high,
        consistent=sum(one == other for one, other, _ in pairs) / len(pairs) if pairs else 0.0,
        prefers_first=_prefers_first(first, second),
        agrees_with_style=sum(agreeing) / len(agreeing) if agreeing else None,
        rank_correlation=rank_correlation(points, style),
    )


def _prefers_first(first: Sequence[Side | None], second: Sequence[Side | None]) -> float | None:
    """Share of the decided calls for the text that was shown first; the twin is first in `first`."""
    shown_first = [side == "twin" for side in first if side in ("twin", "base")]
    shown_first += [side == "base" for side in second if side in ("twin", "base")]
    return sum(shown_first) / len(shown_first) if shown_first else None


def rank_correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Spearman's rho, ties sharing their mean rank; None of too few pairs, or where one side is all alike."""
    if len(one) < LEAST_FOR_CORRELATION or len(set(one)) < 2 or len(set(other)) < 2:
        return None
    return float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])


def _ranks(values: Sequence[float]) -> np.ndarray:
    given = np.asarray(values)
    ranks: np.ndarray = (given[:, None] > given).sum(axis=1) + (given[:, None] == given).sum(axis=1) / 2
    return ranks
