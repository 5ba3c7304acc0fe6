"""Measure a twin against the base model and the author's own held-out text."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from llm_engineering.application import prompting, style
from llm_engineering.application.generation import generate
from llm_engineering.application.passages import eight_grams, words
from llm_engineering.application.ports import DocumentStore, Progress
from llm_engineering.application.registering import save_described
from llm_engineering.application.twins import account
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import InstructDataset, InstructSample
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.errors import EmptyCorpus
from llm_engineering.domain.evaluation import CopyScores, EvaluationReport, GeneratedAnswer, StyleScores
from llm_engineering.domain.twins import Promotion, TwinManifest

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

ANSWER_TOKENS = 170
HELD_OUT_SHARE_OF_IMPOSTORS = 0.3
LEAST_PROMPTS = 8
"""With fewer answers an interval means little, and nothing is promoted."""
MOST_COPIED = 0.10
"""A twin that takes more than this share of its 8-grams from training text is not promoted."""


def evaluate(
    author: Author,
    manifest: TwinManifest,
    *,
    dataset: InstructDataset,
    documents: Sequence[CleanedDocument],
    impostors: Mapping[str, Sequence[str]],
    base_chat: "BaseChatModel",
    twin_chat: "BaseChatModel",
    store: DocumentStore,
    progress: Progress,
    max_prompts: int = 10,
    seed: int = 17,
) -> EvaluationReport:
    """Let base and twin answer held-out instructions, and score style and copying.

    `impostors` maps other authors' names to their style texts. Raises EmptyCorpus when there
    is too little text to measure on.
    """
    started = time.monotonic()
    prompts = _chosen(dataset.test, max_prompts)
    base = _answers(prompts, author, base_chat, manifest.base_model, store, progress, "base model answering", seed)
    twin_name = f"{manifest.name}/{manifest.version}"
    # A retrained twin may get the number of a deleted one, so the weights' hash names the model.
    weights = f"{twin_name}@{manifest.files.get('model.gguf', '')}"
    twin = _answers(prompts, author, twin_chat, weights, store, progress, "twin answering", seed)

    scores = _style(dataset, documents, impostors, base, twin, seed)
    training_text = [sample.answer for sample in dataset.train]
    copying = {"base": copied(base, training_text), "twin": copied(twin, training_text)}
    passed, verdict = _verdict(author, scores, copying["twin"], silent=sum(not text.strip() for text in twin))
    return EvaluationReport(
        author_full_name=author.full_name,
        twin=twin_name,
        style=scores,
        copying=copying,
        answers=[
            GeneratedAnswer(instruction=sample.instruction, author=sample.answer, base=plain, twin=own)
            for sample, plain, own in zip(prompts, base, twin, strict=True)
        ],
        passed=passed,
        verdict=verdict,
        seed=seed,
        seconds=time.monotonic() - started,
    )


def promote(manifest: TwinManifest, report: EvaluationReport, warehouse: Warehouse) -> TwinManifest:
    """Write the scores into manifest and model card; a twin that passed is thereby the author's `latest`.

    A promotion by hand stays, whatever the scores say.
    """
    scores = report.model_dump(mode="json", exclude={"answers"})
    promotion = manifest.promotion
    if promotion is None or promotion.by == "evaluation":
        by_evaluation = Promotion(by="evaluation", who=account(), at=datetime.now(UTC), why=report.verdict)
        promotion = by_evaluation if report.passed else None
    scored = {"scores": scores, "passed_evaluation": report.passed, "promotion": promotion}
    return save_described(manifest.model_copy(update=scored), warehouse)


def copied(texts: Sequence[str], training: Sequence[str]) -> CopyScores:
    """Longest run of words, and share of 8-grams, that the texts have from the training text."""
    seen = set().union(*(eight_grams(text) for text in training)) if training else set()
    grams = [gram for text in texts for gram in _runs_of_eight(text)]
    return CopyScores(
        longest_span_words=max((_longest_common_run(text, training) for text in texts), default=0),
        eight_gram_share=sum(gram in seen for gram in grams) / len(grams) if grams else 0.0,
    )


def _style(
    dataset: InstructDataset,
    documents: Sequence[CleanedDocument],
    impostors: Mapping[str, Sequence[str]],
    base: Sequence[str],
    twin: Sequence[str],
    seed: int,
) -> StyleScores:
    texts = {document.id: document.style_text for document in documents}
    own_train = [p for id in dataset.metadata.train_documents for p in style.pieces(texts.get(id, ""))]
    own_test = [p for id in dataset.metadata.test_documents for p in style.pieces(texts.get(id, ""))]
    other_train, other_test = _impostor_pieces(impostors)
    verifier = style.fitted(own_train, other_train, own_test, other_test, seed)
    candidates = {"author_held_out": own_test, "other_author": other_test, "base": base, "twin": twin}
    values = {name: _values(verifier, some) for name, some in candidates.items()}
    scored = {name: style.score_of(some, seed) for name, some in values.items()}
    background = [*own_train, *other_train]
    deltas = {name: style.burrows_delta(some, own_train, background) for name, some in candidates.items()}
    odds = {name: float(np.mean(verifier.log_odds(some))) for name, some in candidates.items()}
    return StyleScores(
        **scored,
        gain=style.score_of(values["twin"] - values["base"], seed),
        verifier_auc=verifier.auc,
        raw={"log_odds": odds, "burrows_delta": deltas, **style.candidates_profile(candidates)},
    )


def _values(verifier: style.Verifier, texts: Sequence[str]) -> np.ndarray:
    """Shape (len(texts),). An empty answer reads like nobody: 0, or what the worst of the others has."""
    values = verifier.scores(texts)
    empty = np.array([not text.strip() for text in texts])
    return np.where(empty, min(0.0, float(values.min())), values)


def _impostor_pieces(impostors: Mapping[str, Sequence[str]]) -> tuple[list[str], list[str]]:
    """(train, held out), split by document within each impostor."""
    train: list[str] = []
    held_out: list[str] = []
    for name in sorted(impostors):
        documents = [text for text in impostors[name] if text.strip()]
        last = max(1, round(len(documents) * HELD_OUT_SHARE_OF_IMPOSTORS))
        train += [piece for text in documents[:-last] for piece in style.pieces(text)]
        held_out += [piece for text in documents[-last:] for piece in style.pieces(text)]
    if not train:
        raise EmptyCorpus(
            "Style needs other authors to compare with, and the warehouse has none; collect a second author "
            "(the sample site has two: ./poe quickstart)."
        )
    return train, held_out


def _answers(
    prompts: Sequence[InstructSample],
    author: Author,
    chat: "BaseChatModel",
    model_name: str,
    store: DocumentStore,
    progress: Progress,
    description: str,
    seed: int,
) -> list[str]:
    return generate(
        chat,
        [prompting.conversation(author.full_name, sample.instruction) for sample in prompts],
        model_name=model_name,
        store=store,
        progress=progress,
        description=description,
        max_tokens=ANSWER_TOKENS,
        temperature=0.7,
        seed=seed,
    )


def _chosen(samples: Sequence[InstructSample], most: int) -> list[InstructSample]:
    honest = [sample for sample in samples if not sample.shows_author_text]  # no prompt gives the style away
    if not honest:
        raise EmptyCorpus("The dataset has no held-out sample to evaluate on; make it with a larger test_split_size.")
    return [honest[int(at)] for at in np.linspace(0, len(honest) - 1, min(most, len(honest)))]


def _verdict(author: Author, scores: StyleScores, copying: CopyScores, silent: int) -> tuple[bool, str]:
    enough = scores.twin.n >= LEAST_PROMPTS
    better = scores.gain.low > 0
    honest = copying.eight_gram_share <= MOST_COPIED
    gain = (
        f"On a scale from 0 (other authors) to 1 ({author.full_name}'s own held-out text) the twin scores "
        f"{scores.twin.value:.2f} and the base model {scores.base.value:.2f} (n = {scores.twin.n}; the verifier "
        f"tells the author's real text from others' with AUC {scores.verifier_auc:.2f})."
    )
    copy = f"It takes {copying.eight_gram_share:.0%} of its 8-word runs from training text."
    if enough and better and honest and not silent:
        return True, f"{gain} {copy} It passes."
    if silent:
        why = f"it left {silent} of {scores.twin.n} prompts without an answer"
    elif not enough:
        why = f"{scores.twin.n} prompts are too few to tell, {LEAST_PROMPTS} are needed"
    else:
        why = "it copies too much" if better else "the gain lies within the interval"
    return False, f"{gain} {copy} It does not pass: {why}."


def _runs_of_eight(text: str) -> list[tuple[str, ...]]:
    tokens = words(text)
    return [tuple(tokens[index : index + 8]) for index in range(len(tokens) - 7)]


def _longest_common_run(text: str, training: Sequence[str]) -> int:
    """Words of the longest run that the text shares with one training text."""
    mine = words(text)
    best = 0
    for other in training:
        previous: dict[int, int] = {}
        positions: dict[str, list[int]] = {}
        for index, word in enumerate(words(other)):
            positions.setdefault(word, []).append(index)
        for word in mine:
            current = {at: previous.get(at - 1, 0) + 1 for at in positions.get(word, ())}
            best = max(best, max(current.values(), default=0))
            previous = current
    return best
