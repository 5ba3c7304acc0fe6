"""The twin without training: an untrained model that is told the author's habits and shown nearby passages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from llm_engineering.application import prompting, style
from llm_engineering.application.contenders import STYLE_CARD, Contender
from llm_engineering.application.ports import Embedder
from llm_engineering.application.prompting import Messages
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import InstructDataset, InstructSample
from llm_engineering.domain.documents import CleanedDocument

EXEMPLARS = 2
"""Passages shown; a small model's context holds no more beside the card and the question."""
EXEMPLAR_WORDS = 80


@dataclass(frozen=True)
class Habit:
    """One line of the card: what is said when the author does it clearly more, or less, than others do."""

    rate: str
    more: str
    less: str


HABITS = (
    Habit("sentence_words", "Your sentences are long.", "Your sentences are short."),
    Habit("first_person", "You say I and we often.", "You hardly ever say I."),
    Habit("contractions", "You contract: don't, it's, we'll.", "You never contract: do not, it is."),
    Habit("questions", "You ask the reader questions.", "You ask no questions."),
    Habit("exclamations", "You use exclamation marks.", "You use no exclamation marks."),
    Habit("dashes", "You set off asides with dashes.", "You use no dashes."),
    Habit("semicolons", "You join clauses with semicolons.", "You use no semicolons."),
    Habit("parentheses", "You add asides in parentheses.", "You use no parentheses."),
)
CLEARLY = 1.3
"""How many times the others' rate makes a habit."""


def card(own: Mapping[str, float], others: Mapping[str, float]) -> str:
    """The author's habits in plain sentences, from the rates of `style.profile`; empty when none stands out."""
    said = []
    for habit in HABITS:
        mine, theirs = own.get(habit.rate, 0.0), others.get(habit.rate, 0.0)
        if mine > CLEARLY * theirs:
            said.append(habit.more)
        elif theirs > CLEARLY * mine:
            said.append(habit.less)
    return " ".join(said)


def style_card_contender(
    author: Author,
    base: Contender,
    dataset: InstructDataset,
    documents: Sequence[CleanedDocument],
    impostors: Mapping[str, Sequence[str]],
    embedder: Embedder,
) -> Contender:
    """The base model with the author's habits and nearby training passages in its prompt."""
    training = set(dataset.metadata.train_documents)
    own = style.profile([document.style_text for document in documents if document.id in training])
    others = style.profile([text for texts in impostors.values() for text in texts])
    prompt = _prompter(author.full_name, card(own, others), dataset.train, embedder)
    return Contender(STYLE_CARD, "Base model with a style card", base.model, base.chat, prompt=prompt)


def _prompter(
    author: str, habits: str, training: Sequence[InstructSample], embedder: Embedder
) -> Callable[[str], Messages]:
    """What makes a prompt of an instruction: the card, the nearest exemplars, the instruction.

    Exemplars are training passages only, nearest by the embedder; a held-out text is never shown.
    """
    vectors = embedder.embed([f"{sample.instruction}\n{sample.answer}" for sample in training])

    def prompt(instruction: str) -> Messages:
        likeness = vectors @ embedder.embed([instruction])[0]
        nearest = [training[int(at)] for at in np.argsort(-likeness, kind="stable")[:EXEMPLARS]]
        return prompting.style_card_conversation(
            author, habits, [_opening(sample.answer) for sample in nearest], instruction
        )

    return prompt


def _opening(text: str) -> str:
    words = text.split()
    return text if len(words) <= EXEMPLAR_WORDS else " ".join(words[:EXEMPLAR_WORDS]) + " …"
