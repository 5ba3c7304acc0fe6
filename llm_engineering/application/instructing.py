"""Give each passage its prompt: an instruction, a text to go on from or to rewrite, or what it answers."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from llm_engineering.application import instructions, prompting
from llm_engineering.application.chatting import keeps_to_schemas, penalises_repeats
from llm_engineering.application.costs import TOKENS_PER_WORD, Meter, Usage
from llm_engineering.application.gates import PII
from llm_engineering.application.generation import Sampling, generate, still_to_ask
from llm_engineering.application.passages import eight_grams, words
from llm_engineering.application.pii import scrubbed
from llm_engineering.application.ports import DocumentStore, Embedder, Progress
from llm_engineering.application.tasks import CONTINUATION_SHARE, REWRITE_SHARE, kind_of, place, text_before
from llm_engineering.domain.datasets import InstructSample, Passage, TaskKind
from llm_engineering.domain.documents import CleanedDocument

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

AUTHOR, THREAD = "author", "thread"
"""Who wrote a prompt that no model wrote."""

RETRY_TEMPERATURE = 0.7
REWRITE_LENGTHS = (0.5, 1.5)
"""Words of a plain text for each word of its passage."""
REWRITE_SIMILARITY = 0.6
"""Least cosine of a plain text and its passage."""

_FIRST_PERSON = re.compile(r"\b(?:I|me|my|mine|myself|we|us|our|ours|ourselves)\b|\bI['’]", re.IGNORECASE)


@dataclass(frozen=True)
class Task:
    """A passage, and what is asked for."""

    passage: Passage
    kind: TaskKind
    plain_kind: TaskKind
    """What is asked for where a prompt of `kind` cannot be had."""
    shown: str = ""
    """What the prompt shows: the text before the passage, its plain text, or what it answers."""


@dataclass
class Tally:
    """What became of the samples, for the metadata."""

    dropped: Counter[str] = field(default_factory=Counter)
    replaced: Counter[str] = field(default_factory=Counter)
    retried: int = 0
    cosines: list[float] = field(default_factory=list)
    """Of each instruction and its passage."""


@dataclass(frozen=True)
class Writer:
    """The chat model, and what goes with every call of it."""

    chat: "BaseChatModel"
    model_name: str
    store: DocumentStore
    embedder: Embedder
    progress: Progress
    seed: int
    meter: Meter | None = None

    def generated(self, prompts: Sequence[prompting.Messages], description: str, sampling: Sampling) -> list[str]:
        """One answer a prompt."""
        return generate(
            self.chat,
            prompts,
            model_name=self.model_name,
            store=self.store,
            progress=self.progress,
            description=description,
            meter=self.meter,
            **sampling,
        )


def planned(
    passages: Sequence[Passage],
    documents: Mapping[UUID, CleanedDocument],
    *,
    seed: int,
    least_plain: int = 0,
    unseen: Set[tuple[str, ...]] = frozenset(),
) -> list[Task]:
    """A task a passage, each passage once. The seed decides which become continuations and rewrites.

    At least `least_plain` instructions stay, where there are as many passages. No prompt shows
    one of the runs of eight words `unseen`, nor personal data.
    """
    special = max(0, len(passages) - least_plain)
    tasks = []
    for passage in passages:
        task = _task(passage, documents[passage.document_id], place(passage, seed) if special else 1.0, unseen)
        special -= task.kind in (TaskKind.CONTINUATION, TaskKind.REWRITE)
        tasks.append(task)
    return tasks


def _task(passage: Passage, document: CleanedDocument, lot: float, unseen: Set[tuple[str, ...]]) -> Task:
    kind = kind_of(passage, document)
    if kind is TaskKind.REPLY:
        if _may_be_shown(document.answers, unseen):
            return Task(passage, kind, TaskKind.POST, document.answers)
        return Task(passage, TaskKind.POST, TaskKind.POST)
    if kind is TaskKind.POST:
        return Task(passage, kind, kind)
    if lot < CONTINUATION_SHARE:
        before = text_before(passage, document)
        if before and _may_be_shown(before, unseen):
            return Task(passage, TaskKind.CONTINUATION, kind, before)
    elif lot < CONTINUATION_SHARE + REWRITE_SHARE:
        return Task(passage, TaskKind.REWRITE, kind)
    return Task(passage, kind, kind)


def _may_be_shown(text: str, unseen: Set[tuple[str, ...]]) -> bool:
    return eight_grams(text).isdisjoint(unseen) and not scrubbed(text, PII)[1]


def written(tasks: Sequence[Task], writer: Writer, tally: Tally) -> list[InstructSample]:
    """A sample a task, in order; the answer is the passage, verbatim."""
    tasks = _with_plain_texts(tasks, writer, tally)
    asked = [task for task in tasks if task.kind in prompting.REQUEST_FOR]
    by_task = _instructions(asked, writer, tally)
    return [_sample(task, *by_task.get(task, _shown(task, writer))) for task in tasks]


def calls_left(tasks: Sequence[Task], *, model_name: str, store: DocumentStore, seed: int, as_json: bool) -> Usage:
    """What `written` would ask the model at most.

    Every instruction may have to be written twice, and every rewrite become an instruction.
    """
    rewrites = [task for task in tasks if task.kind is TaskKind.REWRITE]
    flat = still_to_ask(
        _flattening_prompts(rewrites), model_name=model_name, store=store, **_flattening_sampling(rewrites, seed)
    )
    plain = [task for task in tasks if task.kind in prompting.REQUEST_FOR]
    plain += [replace(task, kind=task.plain_kind) for task in rewrites if flat.calls]
    first = still_to_ask(
        _instruction_prompts(plain, as_json),
        model_name=model_name,
        store=store,
        **_instruction_sampling(plain, seed, as_json),
    )
    return flat + first + first


def _sample(task: Task, instruction: str, by: str) -> InstructSample:
    passage = task.passage
    return InstructSample(
        instruction=instruction,
        answer=passage.text,
        document_id=passage.document_id,
        start=passage.start,
        end=passage.end,
        instruction_by=by,
        task=task.kind,
    )


def _shown(task: Task, writer: Writer) -> tuple[str, str]:
    """The prompt that shows a text, and who wrote that text."""
    match task.kind:
        case TaskKind.CONTINUATION:
            return prompting.continuation(task.shown), AUTHOR
        case TaskKind.REWRITE:
            return prompting.rewrite(task.shown), writer.model_name
        case _:
            return task.shown, THREAD


# ------------------------------------------------------------------------------ rewrites


def _with_plain_texts(tasks: Sequence[Task], writer: Writer, tally: Tally) -> list[Task]:
    """Each rewrite with the plain text that the model made of its passage, or as a plain task."""
    rewrites = [task for task in tasks if task.kind is TaskKind.REWRITE]
    if not rewrites:
        return list(tasks)
    texts = writer.generated(
        _flattening_prompts(rewrites), "flattening passages", _flattening_sampling(rewrites, writer.seed)
    )
    originals = [task.passage.text for task in rewrites]
    cosines = instructions.similarities(texts, originals, writer.embedder, writer.progress)
    plain = iter(zip(texts, cosines, strict=True))
    found = []
    for task in tasks:
        if task.kind is TaskKind.REWRITE:
            text, cosine = next(plain)
            if refusal := flattening_refusal(text, task.passage.text, cosine):
                tally.replaced[refusal] += 1
                task = replace(task, kind=task.plain_kind)
            else:
                task = replace(task, shown=text)
        found.append(task)
    return found


def flattening_refusal(plain: str, passage: str, cosine: float) -> str | None:
    """Why a plain text cannot stand for its passage: "rewrite_length", "rewrite_first_person", …"""
    low, high = REWRITE_LENGTHS
    if not low <= len(words(plain)) / max(1, len(words(passage))) <= high:
        return "rewrite_length"
    if _FIRST_PERSON.search(plain):
        return "rewrite_first_person"
    if eight_grams(plain) & eight_grams(passage):
        return "rewrite_copies"
    return "rewrite_unrelated" if cosine < REWRITE_SIMILARITY else None


def _flattening_prompts(tasks: Sequence[Task]) -> list[prompting.Messages]:
    return [prompting.flattening(task.passage.text) for task in tasks]


def _flattening_sampling(tasks: Sequence[Task], seed: int) -> Sampling:
    _, high = REWRITE_LENGTHS
    limits = [int(len(task.passage.text.split()) * high * TOKENS_PER_WORD) for task in tasks]
    return {"max_tokens": limits, "seed": seed}


# ------------------------------------------------------------------------------ instructions


def _instructions(tasks: Sequence[Task], writer: Writer, tally: Tally) -> dict[Task, tuple[str, str]]:
    """Each task with its instruction and who wrote it: the model, at the second attempt, else key phrases."""
    if not tasks:
        return {}
    as_json = keeps_to_schemas(writer.chat)
    found = _judged(tasks, writer, _instruction_sampling(tasks, writer.seed, as_json), "writing instructions", as_json)
    taken: set[str] = set()
    refusals = [_or_duplicate(one, taken) for one in found]
    again = [at for at, refusal in enumerate(refusals) if refusal]
    if again:
        refused = [tasks[at] for at in again]
        sampling = _instruction_sampling(refused, writer.seed + 1, as_json)
        sampling["temperature"] = RETRY_TEMPERATURE
        second = _judged(refused, writer, sampling, "writing some once more", as_json)
        tally.retried += len(again)
        for at, one in zip(again, second, strict=True):
            if not (refusal := _or_duplicate(one, taken)):
                found[at], refusals[at] = one, refusal
    return _with_key_phrases(tasks, found, refusals, taken, writer, tally)


def _with_key_phrases(
    tasks: Sequence[Task],
    found: Sequence[instructions.Judged],
    refusals: Sequence[str | None],
    taken: set[str],
    writer: Writer,
    tally: Tally,
) -> dict[Task, tuple[str, str]]:
    refused = [task.passage for task, refusal in zip(tasks, refusals, strict=True) if refusal]
    background = instructions.passage_frequencies([task.passage for task in tasks])
    phrases = instructions.key_phrases(refused, background, writer.embedder, writer.progress) if refused else []
    remaining = iter(phrases)
    done: dict[Task, tuple[str, str]] = {}
    for number, (task, one, refusal) in enumerate(zip(tasks, found, refusals, strict=True)):
        if refusal:
            tally.replaced[refusal] += 1
            text = instructions.from_key_phrases(_nameable(task.passage), task.kind, next(remaining), number, taken)
            taken.add(instructions.alike(text))
            done[task] = (text, instructions.KEY_PHRASES)
        else:
            done[task] = (one.instruction, writer.model_name)
    by_key_phrases = [text for text, by in done.values() if by == instructions.KEY_PHRASES]
    originals = [passage.text for passage in refused]
    tally.cosines += instructions.similarities(by_key_phrases, originals, writer.embedder, writer.progress)
    tally.cosines += [one.cosine for one, refusal in zip(found, refusals, strict=True) if not refusal]
    return done


def _nameable(passage: Passage) -> Passage:
    """Without its title, such as a mail's subject, where that holds personal data."""
    return passage.model_copy(update={"title": ""}) if scrubbed(passage.title, PII)[1] else passage


def _judged(
    tasks: Sequence[Task], writer: Writer, sampling: Sampling, description: str, as_json: bool
) -> list[instructions.Judged]:
    if penalises_repeats(writer.chat):
        # An instruction names what its passage names: with the penalty half as many of them fit.
        sampling["repeat_penalty"] = 1.0
    answers = writer.generated(_instruction_prompts(tasks, as_json), description, sampling)
    texts = [instructions.instruction_in(answer) if as_json else answer for answer in answers]
    return instructions.judged(texts, [task.passage for task in tasks], writer.embedder, writer.progress)


def _or_duplicate(one: instructions.Judged, taken: set[str]) -> str | None:
    """The refusal, also of an instruction that another passage already has; a good one is now taken."""
    if one.refusal:
        return one.refusal
    if instructions.alike(one.instruction) in taken:
        return "instruction_duplicate"
    taken.add(instructions.alike(one.instruction))
    return None


def _instruction_prompts(tasks: Sequence[Task], as_json: bool) -> list[prompting.Messages]:
    return [prompting.back_translation(task.passage.text, task.kind, as_json=as_json) for task in tasks]


def _instruction_sampling(tasks: Sequence[Task], seed: int, as_json: bool) -> Sampling:
    if as_json:
        return {"max_tokens": 72, "seed": seed, "schemas": [prompting.instruction_schema(task.kind) for task in tasks]}
    return {"max_tokens": 48, "seed": seed, "stop": ["\n"]}
