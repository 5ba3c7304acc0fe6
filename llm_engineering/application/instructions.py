"""Judge the instruction that a model wrote for a passage; write one from the passage's key phrases."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from llm_engineering.application.passages import eight_grams, words
from llm_engineering.application.ports import Embedder, Progress
from llm_engineering.application.prompting import KEY_PHRASE_FORMS
from llm_engineering.domain.datasets import Passage, TaskKind

LEAST_SIMILARITY = 0.40
"""Cosine of instruction and passage. Half of the embedded model's instructions reach it, and nine of
ten of those find their own passage among the ten nearest."""
MOST_WORDS = 40
LEAST_WORDS = 4
MOST_OF_ITS_WORDS = 0.5
"""Share of the passage's telling words that an instruction may name; more gives the answer away."""

REQUEST_WORDS = frozenset(
    "write explain tell describe why how what when where who which should can could do does is are would give "
    "say show compare summarise summarize discuss argue advise defend recount share list outline draft name begin "
    "open start post introduce".split()
)
"""An instruction asks for something: its first word is one of these, or it ends in a question mark."""

KEY_PHRASES = "key-phrases"

MOST_IN_PHRASE = 3
_BEFORE_THINGS = {
    **dict.fromkeys(("the", "this", "that", "these", "those"), "the"),
    **{"a": "a", "an": "an", "my": "your", "our": "your"},
    **dict.fromkeys("of in on with for from about by between every each some any no".split(), ""),
}
"""Word before a thing → the article that it gets in an instruction."""
_OBJECTS = frozenset("the a an my your his her its our their this that these it them me you him us".split())

_ABOUT_THE_TEXT = re.compile(
    r"\b(?:the|this|that) (?:passage|author|writer|narrator|speaker|excerpt|text|paragraph|given)\b", re.IGNORECASE
)
"""An instruction that talks of the passage was not there before it."""


@dataclass(frozen=True)
class Judged:
    """A written instruction, or the reason why it cannot be used."""

    instruction: str
    refusal: str | None
    cosine: float
    """Of instruction and passage."""


def judged(
    instructions: Sequence[str], passages: Sequence[Passage], embedder: Embedder, progress: Progress
) -> list[Judged]:
    """Each instruction with the gate that refuses it, if any.

    Gates: "instruction_malformed" (length, or no request), "instruction_about_text" (it talks of
    the passage), "instruction_copies" (eight words of the passage), "instruction_leaks" (most of
    the passage's telling words), "instruction_unrelated" (cosine below LEAST_SIMILARITY).
    """
    tidy = [_tidy(instruction) for instruction in instructions]
    cosines = similarities(tidy, [passage.text for passage in passages], embedder, progress)
    return [
        Judged(instruction, _refusal(instruction, passage, cosine), cosine)
        for instruction, passage, cosine in zip(tidy, passages, cosines, strict=True)
    ]


def similarities(left: Sequence[str], right: Sequence[str], embedder: Embedder, progress: Progress) -> list[float]:
    """The cosine of each pair of texts."""
    if not left:
        return []
    matrix = embedder.embed([*left, *right], progress)
    return [float(cosine) for cosine in np.sum(matrix[: len(left)] * matrix[len(left) :], axis=1)]


def instruction_in(answer: str) -> str:
    """The instruction of a JSON answer, "" when it is no such JSON."""
    try:
        found = json.loads(answer)
    except ValueError:
        return ""
    instruction = found.get("instruction") if isinstance(found, dict) else None
    return instruction if isinstance(instruction, str) else ""


def named_share(instruction: str, passage: str) -> float:
    """Share (0 to 1) of the passage's telling words that the instruction names."""
    telling = {word for word in words(passage) if _telling(word)}
    return len(telling & set(words(instruction))) / len(telling) if telling else 0.0


def alike(instruction: str) -> str:
    """The same for two instructions that differ in case and marks only."""
    return " ".join(words(instruction))


def from_key_phrases(passage: Passage, kind: TaskKind, phrases: Sequence[str], number: int, taken: Set[str]) -> str:
    """A plain instruction from the title and the passage's phrases; `number` varies the form.

    The first form that gives none of the instructions `taken` (as `alike` writes them), if any does.
    """
    named = " and ".join(phrases[:2]) or "your main point"
    own, any_kind = (
        [form for form in KEY_PHRASE_FORMS[one] if passage.title or "{title}" not in form]
        for one in (kind, TaskKind.PARAGRAPH)
    )
    number %= len(own)
    forms = [*own[number:], *own[:number], *any_kind]
    written = [form.format(phrases=named, title=passage.title) for form in forms]
    return next((instruction for instruction in written if alike(instruction) not in taken), written[0])


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


def passage_frequencies(passages: Sequence[Passage]) -> Counter[str]:
    """Word → number of passages that it occurs in."""
    return Counter(word for passage in passages for word in set(words(passage.text)))


def _candidates(text: str, background: Counter[str], most: int = 24) -> list[str]:
    """Things that the text names, those of words that are frequent here and rare elsewhere first.

    A thing is what stands between a word such as "the", "my" or "of" and the next small word: a
    run of up to three telling words, which seldom holds a verb. Where there are fewer than two, any run counts.
    """
    scores: defaultdict[str, float] = defaultdict(float)
    for clause in re.split(r"[^\w\s'’-]+", text):
        for before, run in _runs(words(clause)):
            if before in _BEFORE_THINGS and len(run) <= MOST_IN_PHRASE:
                article = _BEFORE_THINGS[before]
                scores[f"{article} {' '.join(run)}".strip()] += _rarity(run, background)
    if len(scores) < 2:
        for clause in re.split(r"[^\w\s'’-]+", text):
            for _, run in _runs(words(clause)):
                scores[" ".join(run[-MOST_IN_PHRASE:])] += _rarity(run[-MOST_IN_PHRASE:], background)
    best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:most]
    return [_as_written(phrase, text) for phrase, _ in best]


def _as_written(phrase: str, text: str) -> str:
    """With the capitals that its words have in the text."""
    article, _, things = phrase.partition(" ") if phrase.split(" ")[0] in _BEFORE_THINGS.values() else ("", "", phrase)
    found = re.search(r"\s+".join(map(re.escape, things.split())), text, re.IGNORECASE)
    return f"{article} {' '.join(found.group().split()) if found else things}".strip()


def _runs(clause: Sequence[str]) -> list[tuple[str, list[str]]]:
    """(the word before, the run) of each run of telling words."""
    found: list[tuple[str, list[str]]] = []
    before, run = "", []
    for word in [*clause, ""]:
        if _telling(word, least=3):
            run.append(word)
            continue
        if len(run) > 1 and (run[-1].endswith("ed") or word in _OBJECTS):
            run.pop()  # a verb: "my grandmother weighed …", "a template wrote it"
        if run:
            found.append((before, run))
        before, run = word, []
    return found


def _rarity(run: Sequence[str], background: Counter[str]) -> float:
    return sum(1.0 / (1 + background[word]) for word in run)


def _distinct(phrases: Sequence[str], most: int) -> list[str]:
    chosen: list[str] = []
    for phrase in phrases:
        if not any(_telling_words(phrase) & _telling_words(other) for other in chosen):
            chosen.append(phrase)
        if len(chosen) == most:
            break
    return chosen


def _telling_words(phrase: str) -> set[str]:
    return {word for word in phrase.split() if _telling(word)}


def _telling(word: str, least: int = 4) -> bool:
    return (
        len(word) >= least
        and word not in ENGLISH_STOP_WORDS
        and not word.endswith("ly")
        and "'" not in word
        and "’" not in word
        and not word.isdigit()
    )


def _tidy(instruction: str) -> str:
    line = instruction.strip().splitlines()[0] if instruction.strip() else ""
    return re.sub(r"^(request|instruction|question)\s*:\s*", "", line.strip().strip('"“”').strip(), flags=re.IGNORECASE)


def _refusal(instruction: str, passage: Passage, cosine: float) -> str | None:
    first = instruction.split(maxsplit=1)[0].lower() if instruction else ""
    asks = first.rstrip(",") in REQUEST_WORDS or instruction.endswith("?")
    if not asks or not LEAST_WORDS <= len(instruction.split()) <= MOST_WORDS:
        return "instruction_malformed"
    if _ABOUT_THE_TEXT.search(instruction):
        return "instruction_about_text"
    if eight_grams(instruction) & eight_grams(passage.text):
        return "instruction_copies"
    if named_share(instruction, passage.text) > MOST_OF_ITS_WORDS:
        return "instruction_leaks"
    return "instruction_unrelated" if cosine < LEAST_SIMILARITY else None
