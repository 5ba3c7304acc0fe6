"""A chat model in place of thresholds: what the sources say of each sentence of an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llm_engineering.application import prompting
from llm_engineering.application.judging import Judge, answers_read
from llm_engineering.application.ports import DocumentStore, Progress
from llm_engineering.domain.measures import SentenceSupport, Support

TOKENS_PER_LABEL = 12
TOKENS_BESIDE = 100
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"labels": {"type": "array", "items": {"type": "string", "enum": [one.value for one in Support]}}},
    "required": ["labels"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Grounded:
    """An answer with the passages that it was given and its sentences, as `truth.supported` labels them."""

    answer: str
    passages: Sequence[str]
    sentences: Sequence[SentenceSupport]


def relabelled(
    judge: Judge, answers: Sequence[Grounded], *, store: DocumentStore, progress: Progress, seed: int
) -> tuple[list[list[SentenceSupport]], int]:
    """(The sentences of each answer with the judge's labels, how many answers kept theirs).

    Nearest passages and scores stay. An answer keeps its own labels where the judge failed twice to
    give one label a sentence, and where there is nothing to judge.
    """
    places = [at for at, one in enumerate(answers) if one.sentences and one.passages]
    most = max((len(answers[at].sentences) for at in places), default=0)
    judgements = answers_read(
        judge,
        [_prompt(answers[at]) for at in places],
        SCHEMA,
        _labels,
        "judge checking sentences against their sources",
        max_tokens=TOKENS_BESIDE + TOKENS_PER_LABEL * most,
        store=store,
        progress=progress,
        seed=seed,
    )
    found = [list(one.sentences) for one in answers]
    kept = 0
    for at, labels in zip(places, judgements, strict=True):
        if labels is None or len(labels) != len(found[at]):
            kept += 1
            continue
        pairs = zip(found[at], labels, strict=True)
        found[at] = [sentence.model_copy(update={"label": label}) for sentence, label in pairs]
    return found, kept


def _prompt(one: Grounded) -> prompting.Messages:
    return prompting.checking(one.passages, [one.answer[sentence.start : sentence.end] for sentence in one.sentences])


def _labels(value: Mapping[str, Any]) -> list[Support] | None:
    try:
        return [Support(label) for label in value["labels"]]
    except (KeyError, TypeError, ValueError):
        return None
