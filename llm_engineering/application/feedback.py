"""Keep what readers say of answers, and make preference pairs of what they put right."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Unpack

from llm_engineering.application import prompting
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.datasets import PreferenceSample, TaskKind
from llm_engineering.domain.errors import BadInput
from llm_engineering.domain.feedback import Feedback, Said


def keep(warehouse: Warehouse, *, author: str, **said: Unpack[Said]) -> Feedback:
    """Store the feedback; saying the same again changes nothing.

    Raises UnknownAuthor, and BadInput for an edit that changes nothing.
    """
    edited = said.get("edited_answer")
    if edited is not None and edited.strip() == said["answer"].strip():
        raise BadInput("The edited answer is the answer itself; change it, or leave it out.")
    feedback = Feedback.of(warehouse.author(author), datetime.now(UTC), **said)
    warehouse.save_feedback(feedback)
    return feedback


def pairs(feedback: Iterable[Feedback]) -> Iterator[PreferenceSample]:
    """One sample for each question whose answer was put right; of several versions the last one counts.

    The prompt is the one that the service asked the twin with, without passages and earlier turns.

    A thumb alone makes none: it says that an answer is bad, but not what a good one is. The chosen
    text stands in no document of the author's, so the feedback's own id stands for one.
    """
    put_right: dict[tuple[str, ...], Feedback] = {}
    for one in sorted(feedback, key=lambda one: (one.given_at, str(one.id))):
        if one.edited_answer and one.edited_answer.strip():
            put_right[(str(one.author_id), one.mode, one.question, one.answer)] = one
    for one in put_right.values():
        chosen = (one.edited_answer or "").strip()
        yield PreferenceSample(
            instruction=prompting.rewrite(one.question) if one.mode == "rewrite" else one.question,
            chosen=chosen,
            rejected=one.answer,
            document_id=one.id,
            start=0,
            end=len(chosen),
            rejected_by=one.twin,
            task=TaskKind.REWRITE if one.mode == "rewrite" else TaskKind.PARAGRAPH,
        )
