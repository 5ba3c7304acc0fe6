"""Make the two datasets of one author. The target is always the author's passage, verbatim."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from llm_engineering.application import instructions, prompting
from llm_engineering.application.generation import generate
from llm_engineering.application.passages import (
    MAX_WORDS,
    MIN_WORDS,
    leak_share,
    passages,
    split_by_document,
    without_duplicates,
    without_leaks,
    words,
)
from llm_engineering.application.ports import DocumentStore, Embedder, Progress
from llm_engineering.application.sentences import sentence_spans
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import (
    DatasetMetadata,
    InstructDataset,
    InstructSample,
    Passage,
    PreferenceDataset,
    PreferenceSample,
    verbatim_share,
)
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.errors import BadInput, DatasetError, EmptyCorpus
from llm_engineering.domain.identity import content_hash

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

T = TypeVar("T")

TOKENS_PER_WORD = 1.4
"""Of English prose, rounded up; only sets how long a rejected answer may become."""
LENGTH_RATIOS = (0.5, 2.0)
"""Rejected words / chosen words outside of these would teach DPO length instead of voice."""


def corpus_fingerprint(documents: Sequence[CleanedDocument]) -> str:
    """sha256 over what the datasets depend on: each document's id, text, cleaning rules and date."""
    by_id = sorted(documents, key=lambda document: str(document.id))
    return content_hash(*(f"{d.id} {d.content_hash} {d.cleaner} {d.published_at}" for d in by_id))


def instruct_dataset(
    author: Author,
    documents: Sequence[CleanedDocument],
    *,
    chat: "BaseChatModel",
    model_name: str,
    embedder: Embedder,
    store: DocumentStore,
    progress: Progress,
    test_split_size: float = 0.2,
    max_samples: int | None = None,
    min_words: int = MIN_WORDS,
    max_words: int = MAX_WORDS,
    seed: int = 17,
) -> InstructDataset:
    """Instruction back-translation (arXiv:2308.06259): the model writes only the instruction.

    An instruction that fails a gate is replaced by one from the passage's key phrases, and
    counted. `max_samples` bounds the training samples, spread evenly over the documents.
    Raises BadInput for a split outside (0, 1), EmptyCorpus when there is too little prose, and
    DatasetError when training text reaches the test split.
    """
    if not 0 < test_split_size < 1:
        raise BadInput(f"test_split_size is {test_split_size}; give a share between 0 and 1, such as 0.2.")
    dropped: Counter[str] = Counter()
    usable = [d for d in documents if passages(d, min_words=min_words, max_words=max_words)]
    dropped["document_too_short"] = len(documents) - len(usable)
    train_documents, test_documents = split_by_document(usable, test_split_size)
    test = _passages_of(test_documents, min_words, max_words, dropped)
    train = without_leaks(_passages_of(train_documents, min_words, max_words, dropped), test, dropped)
    if not train or not test:
        raise EmptyCorpus(f"{author.full_name} has too little prose for a dataset: {dict(dropped)}; collect more.")
    train, test = _bounded(train, test, max_samples)

    asked = [prompting.back_translation(passage.text) for passage in [*train, *test]]
    written = generate(
        chat,
        asked,
        model_name=model_name,
        store=store,
        progress=progress,
        description="writing instructions",
        max_tokens=48,
        seed=seed,
        stop=["\n"],
    )
    samples = _instruct_samples([*train, *test], written, model_name, embedder, progress, dropped)
    metadata = DatasetMetadata(
        author_id=author.id,
        author_full_name=author.full_name,
        template_fingerprint=prompting.template_fingerprint(),
        corpus_fingerprint=corpus_fingerprint(documents),
        seed=seed,
        test_split_size=test_split_size,
        max_samples=max_samples,
        train_documents=[document.id for document in train_documents],
        test_documents=[document.id for document in test_documents],
        dropped=dict(dropped),
        verbatim_answer_share=verbatim_share((s.answer for s in samples), (d.style_text for d in usable)),
        leak_share=_checked_leak([p.text for p in train], [p.text for p in test]),
        model_ids={"instruction": model_name},
    )
    return InstructDataset(metadata=metadata, train=samples[: len(train)], test=samples[len(train) :])


def preference_dataset(
    instruct: InstructDataset,
    *,
    chat: "BaseChatModel",
    model_name: str,
    store: DocumentStore,
    progress: Progress,
    max_samples: int | None = None,
    seed: int = 17,
) -> PreferenceDataset:
    """Self-play pairs (arXiv:2401.01335): the author's passage against the model's own answer.

    A pair is dropped when the answer is empty, loops, is the passage again, or differs so much
    in length that DPO would learn length; each reason is counted.
    """
    dropped: Counter[str] = Counter()
    train, test = _bounded(instruct.train, instruct.test, max_samples)
    asked = [*train, *test]
    answers = generate(
        chat,
        [prompting.conversation(instruct.metadata.author_full_name, sample.instruction) for sample in asked],
        model_name=model_name,
        store=store,
        progress=progress,
        description="writing rejected answers",
        max_tokens=[int(len(sample.answer.split()) * TOKENS_PER_WORD) for sample in asked],
        temperature=0.7,
        seed=seed,
    )
    pairs = [_pair(sample, answer, model_name, dropped) for sample, answer in zip(asked, answers, strict=True)]
    metadata = instruct.metadata.model_copy(
        update={
            "seed": seed,
            "max_samples": max_samples,
            "instruct_fingerprint": instruct.fingerprint,
            "dropped": dict(dropped),
            "model_ids": {**instruct.metadata.model_ids, "rejected": model_name},
        }
    )
    dataset = PreferenceDataset(
        metadata=metadata,
        train=[pair for pair in pairs[: len(train)] if pair],
        test=[pair for pair in pairs[len(train) :] if pair],
    )
    if not dataset.train:
        raise DatasetError(f"No preference pair passed the gates: {dict(dropped)}; try another CHAT_MODEL.")
    return dataset


def _passages_of(
    documents: Sequence[CleanedDocument], min_words: int, max_words: int, dropped: Counter[str]
) -> list[Passage]:
    found = [p for document in documents for p in passages(document, min_words=min_words, max_words=max_words)]
    return without_duplicates(found, dropped)


def _instruct_samples(
    chosen: Sequence[Passage],
    written: Sequence[str],
    model_name: str,
    embedder: Embedder,
    progress: Progress,
    dropped: Counter[str],
) -> list[InstructSample]:
    verdicts = instructions.judged(written, chosen, embedder, progress)
    refusals = _with_duplicates(verdicts)
    refused = [passage for passage, refusal in zip(chosen, refusals, strict=True) if refusal]
    background = instructions.passage_frequencies(chosen)
    phrases = iter(instructions.key_phrases(refused, background, embedder, progress) if refused else [])
    samples = []
    for number, (passage, verdict, refusal) in enumerate(zip(chosen, verdicts, refusals, strict=True)):
        if refusal:
            dropped[refusal] += 1
        samples.append(
            InstructSample(
                instruction=instructions.from_key_phrases(passage, next(phrases), number)
                if refusal
                else verdict.instruction,
                answer=passage.text,
                document_id=passage.document_id,
                start=passage.start,
                end=passage.end,
                instruction_by=instructions.KEY_PHRASES if refusal else model_name,
            )
        )
    return samples


def _with_duplicates(verdicts: Sequence[instructions.Judged]) -> list[str | None]:
    """The refusals, and one for every instruction that another passage already has."""
    taken: set[str] = set()
    refusals: list[str | None] = []
    for verdict in verdicts:
        refusals.append(verdict.refusal or ("instruction_duplicate" if verdict.instruction in taken else None))
        taken.add(verdict.instruction)
    return refusals


def _pair(sample: InstructSample, answer: str, model_name: str, dropped: Counter[str]) -> PreferenceSample | None:
    rejected = _whole_sentences(answer)
    reason = _broken(rejected, sample.answer)
    if reason:
        dropped[reason] += 1
        return None
    return PreferenceSample(
        instruction=sample.instruction,
        chosen=sample.answer,
        rejected=rejected,
        document_id=sample.document_id,
        start=sample.start,
        end=sample.end,
        rejected_by=model_name,
    )


def _broken(rejected: str, chosen: str) -> str | None:
    mine, theirs = words(rejected), words(chosen)
    if not mine:
        return "rejected_empty"
    low, high = LENGTH_RATIOS
    if not low <= len(mine) / len(theirs) <= high:
        return "rejected_length"
    pairs = list(pairwise(mine))
    if pairs and len(set(pairs)) / len(pairs) < 0.5:
        return "rejected_loops"
    common = len(set(mine) & set(theirs)) / len(set(mine) | set(theirs))
    return "rejected_same" if common > 0.8 else None


def _whole_sentences(answer: str) -> str:
    """Without the last sentence when the token limit cut it off."""
    text = answer.strip()
    if not text or text[-1] in ".!?…\"'”’)":
        return text
    spans = sentence_spans(text)
    return text[: spans[-2][1]] if len(spans) > 1 else text


def _checked_leak(train: Sequence[str], test: Sequence[str]) -> float:
    share = leak_share(train, test)
    if share > 0:
        raise DatasetError(
            f"{share:.0%} of the held-out passages share eight words in a row with training text; "
            "the split is not clean, so nothing measured on it would mean anything."
        )
    return share


def _bounded(train: Sequence[T], test: Sequence[T], most: int | None) -> tuple[list[T], list[T]]:
    """At most `most` training samples and as large a share of the test samples, evenly over each."""
    if most is None or len(train) <= most:
        return list(train), list(test)
    if most < 1:
        raise BadInput(f"max_samples is {most}; give at least 1, or leave it out for all.")
    return _spread(train, most), _spread(test, max(1, round(len(test) * most / len(train))))


def _spread(items: Sequence[T], most: int) -> list[T]:
    return [items[int(at)] for at in np.linspace(0, len(items) - 1, min(most, len(items)))]
