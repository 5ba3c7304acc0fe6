"""Write the instruction that a passage answers: by a chat model, else from the passage's key phrases."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from llm_engineering.application.passages import eight_grams, words
from llm_engineering.application.ports import Embedder, Progress
from llm_engineering.domain.datasets import Passage

LEAST_SIMILARITY = 0.40
"""Cosine of instruction and passage. Half of the embedded model's instructions reach it, and nine of
ten of those find their own passage among the ten nearest."""
MOST_WORDS = 40
LEAST_WORDS = 4

REQUEST_WORDS = frozenset(
    "write explain tell describe why how what when where who which should can could do does is are would give "
    "say show compare summarise summarize discuss argue advise defend recount share list outline draft name".split()
)
"""An instruction asks for something: its first word is one of these, or it ends in a question mark."""

KEY_PHRASES = "key-phrases"

_FORMS = (
    'Write a paragraph for "{title}" about {phrases}.',
    'What do you say about {phrases} in "{title}"?',
    'Under the title "{title}", explain {phrases}.',
    'In "{title}", where do {phrases} come in?',
)


@dataclass(frozen=True)
class Judged:
    """A written instruction, or the reason why it cannot be used."""

    instruction: str
    refusal: str | None


def judged(
    instructions: Sequence[str], passages: Sequence[Passage], embedder: Embedder, progress: Progress
) -> list[Judged]:
    """Each instruction with the gate that refuses it, if any.

    Gates: "instruction_malformed" (length, or no request), "instruction_copies" (eight words of
    the passage), "instruction_unrelated" (cosine below LEAST_SIMILARITY).
    """
    tidy = [_tidy(instruction) for instruction in instructions]
    matrix = embedder.embed([*tidy, *(passage.text for passage in passages)], progress)
    cosines = np.sum(matrix[: len(tidy)] * matrix[len(tidy) :], axis=1)
    return [
        Judged(instruction, _refusal(instruction, passage, float(cosine)))
        for instruction, passage, cosine in zip(tidy, passages, cosines, strict=True)
    ]


def from_key_phrases(passage: Passage, phrases: Sequence[str], number: int) -> str:
    """A plain instruction from the title and the passage's phrases; `number` varies the form."""
    named = " and ".join(phrases) or "your main point"
    return _FORMS[number % len(_FORMS)].format(phrases=named, title=passage.title or "your notes")


def key_phrases(
    passages: Sequence[Passage], background: Counter[str], embedder: Embedder, progress: Progress
) -> list[list[str]]:
    """Two phrases a passage that lie nearest to it in meaning (the method of KeyBERT); deterministic.

    `background` counts in how many passages each word occurs, to choose the candidates.
    """
    candidates = [_candidates(passage.text, background) for passage in passages]
    vectors = embedder.embed([passage.text for passage in passages], progress)
    flat = embedder.embed([phrase for phrases in candidates for phrase in phrases] or [""], progress)
    chosen, position = [], 0
    for phrases, vector in zip(candidates, vectors, strict=True):
        cosines = flat[position : position + len(phrases)] @ vector
        position += len(phrases)
        chosen.append(_distinct([phrases[int(at)] for at in np.argsort(-cosines, kind="stable")], most=2))
    return chosen


def _candidates(text: str, background: Counter[str], most: int = 24) -> list[str]:
    """Runs of one to three telling words, those of words that are frequent here and rare elsewhere first."""
    scores: defaultdict[str, float] = defaultdict(float)
    for clause in re.split(r"[^\w\s'’-]+", text):
        run = words(clause)
        for length in (1, 2, 3):
            for at in range(len(run) - length + 1):
                phrase = run[at : at + length]
                if all(map(_telling, phrase)):
                    scores[" ".join(phrase)] += sum(1.0 / (1 + background[word]) for word in phrase)
    return [phrase for phrase, _ in sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:most]]


def _distinct(phrases: Sequence[str], most: int) -> list[str]:
    chosen: list[str] = []
    for phrase in phrases:
        if not any(set(phrase.split()) & set(other.split()) for other in chosen):
            chosen.append(phrase)
        if len(chosen) == most:
            break
    return chosen


def passage_frequencies(passages: Sequence[Passage]) -> Counter[str]:
    """Word → number of passages that it occurs in."""
    return Counter(word for passage in passages for word in set(words(passage.text)))


def _telling(word: str) -> bool:
    return (
        len(word) > 3 and word not in ENGLISH_STOP_WORDS and "'" not in word and "’" not in word and not word.isdigit()
    )


def _tidy(instruction: str) -> str:
    line = instruction.strip().splitlines()[0] if instruction.strip() else ""
    return re.sub(r"^(request|instruction|question)\s*:\s*", "", line.strip().strip('"“”').strip(), flags=re.IGNORECASE)


def _refusal(instruction: str, passage: Passage, cosine: float) -> str | None:
    first = instruction.split(maxsplit=1)[0].lower() if instruction else ""
    asks = first.rstrip(",") in REQUEST_WORDS or instruction.endswith("?")
    if not asks or not LEAST_WORDS <= len(instruction.split()) <= MOST_WORDS:
        return "instruction_malformed"
    if eight_grams(instruction) & eight_grams(passage.text):
        return "instruction_copies"
    return "instruction_unrelated" if cosine < LEAST_SIMILARITY else None
