"""Measure twins against their base model, other ways of asking it, and the author's own held-out text."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from llm_engineering.application import contenders, promoting, verdicts
from llm_engineering.application.contenders import BASE, WITH_SOURCES, Answers, Contender
from llm_engineering.application.fluency import held_out_loss
from llm_engineering.application.judging import Judge, judged
from llm_engineering.application.measured import Measure
from llm_engineering.application.ports import DocumentStore, Embedder, LossMeter, Progress
from llm_engineering.application.retrieval_figures import refusal_scores, retrieval_scores
from llm_engineering.application.style import sample_impostors
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Retrieved
from llm_engineering.domain.datasets import InstructDataset, InstructSample
from llm_engineering.domain.documents import CleanedDocument, RawDocument
from llm_engineering.domain.errors import EmptyCorpus
from llm_engineering.domain.evaluation import Candidate, EvaluationReport, PromotionResult, PromotionRule, StyleScores
from llm_engineering.domain.measures import HeldOutLoss, JudgeScores, RetrievalScores

SAMPLES_SHOWN = 10
MOST_SEARCHES = 100
PASSAGES_SHOWN = 3
"""Passages of the author that a judge sees."""


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    max_prompts: int = 10
    grounded_prompts: int = 8
    """Of these, how many are also answered with sources; 0 leaves truth to sources out."""
    seed: int = 17


def evaluate(
    author: Author,
    asked: Sequence[Contender],
    *,
    dataset: InstructDataset,
    documents: Sequence[CleanedDocument],
    impostors: Mapping[str, Sequence[str]],
    search: Callable[[str], Retrieved],
    embedder: Embedder,
    store: DocumentStore,
    progress: Progress,
    rule: PromotionRule | None = None,
    extent: Extent | None = None,
    judge: Judge | None = None,
    meter: LossMeter | None = None,
    also_read: Collection[UUID] = (),
) -> EvaluationReport:
    """Let every contender answer held-out instructions, and score style, truth, copying and fluency.

    `asked` holds the base model, which the others are compared with, and at least one twin, the
    first of which the report is about. `impostors` maps other authors' names to their style texts;
    `also_read` are documents that other twins than the first were trained on, which counts as copying,
    too. `search` finds the author's passages for an instruction as the service does. Raises EmptyCorpus
    when there is too little text to measure on.
    """
    started = time.monotonic()
    rule, extent = rule or PromotionRule(), extent or Extent()
    prompts = _chosen(dataset.test, extent.max_prompts)
    # First what may refuse, then what takes minutes.
    measure = Measure.of(
        author, dataset, documents, impostors, embedder, prompts=prompts, also_read=also_read, seed=extent.seed
    )
    twins = [one for one in asked if one.is_twin]
    retrieved = [search(sample.instruction) for sample in prompts]
    answers = _answered(author, asked, prompts, retrieved, store, progress, extent)
    base = next(one for one in answers if one.name == BASE)
    if judge:
        for one in answers:
            if one.found:
                measure.judge_truth(judge, one, store, progress)
    losses = _losses(author, asked, prompts, meter, progress, extent.seed)
    candidates = {one.name: measure.candidate(one, base, losses.get(one.name)) for one in answers}
    style = {twin.name: measure.style_scores(candidates[BASE], candidates[twin.name], answers) for twin in twins}
    promotions = [_promotion(rule, twin, answers, candidates, measure, style[twin.name]) for twin in twins]
    subject = promotions[0].twin
    return EvaluationReport(
        author_full_name=author.full_name,
        twin=subject,
        style=style[subject],
        members=measure.members,
        member_intervals=measure.member_intervals,
        copying={"base": candidates[BASE].copying, "twin": candidates[subject].copying},
        author_copying=measure.copies.scores(measure.own.held_out, extent.seed),
        author_fluency=measure.fluency([sample.answer for sample in prompts], range(len(prompts))),
        self_overlap=measure.copies.self_overlap(),
        candidates=list(candidates.values()),
        profile=measure.profile(answers),
        favourites=measure.favourites,
        refusals=refusal_scores(retrieved, search),
        retrieval=_retrieval(dataset, search, extent.seed),
        judge=judge and _judgement(judge, author, dataset, prompts, answers, subject, measure, store, progress),
        promotions=promotions,
        samples=measure.samples(prompts[:SAMPLES_SHOWN], answers),
        passed=promotions[0].passed,
        verdict=promotions[0].verdict,
        prompts=len(prompts),
        prompt_documents=[sample.document_id for sample in prompts],
        seed=extent.seed,
        seconds=time.monotonic() - started,
    )


def impostor_pool(
    author: Author, warehouse: Mapping[str, Sequence[str]], samples: Mapping[str, Sequence[RawDocument]]
) -> dict[str, Sequence[str]]:
    """Name → style texts of everybody whom the author is held against, never the author.

    The other authors of the warehouse, as `impostor_texts` finds them, and the sample authors. Who is in
    both counts once, as the warehouse has them.
    """
    known = {Author.named(name).id for name in warehouse}
    extra = sample_impostors(author.full_name, samples)
    return {**warehouse, **{name: texts for name, texts in extra.items() if Author.named(name).id not in known}}


def _answered(
    author: Author,
    asked: Sequence[Contender],
    prompts: Sequence[InstructSample],
    retrieved: Sequence[Retrieved],
    store: DocumentStore,
    progress: Progress,
    extent: Extent,
) -> list[Answers]:
    """Everybody's answers without sources, then those with sources of whoever is asked with them."""
    instructions = [sample.instruction for sample in prompts]
    found = {at: one for at, one in enumerate(retrieved[: extent.grounded_prompts]) if one.passages}
    answers = []
    for one in asked:
        answers.append(contenders.plain_answers(one, author.full_name, instructions, store, progress, extent.seed))
        if one.with_sources and found:
            answers.append(contenders.grounded_answers(one, author.full_name, found, store, progress, extent.seed))
    return answers


def _retrieval(dataset: InstructDataset, search: Callable[[str], Retrieved], seed: int) -> RetrievalScores | None:
    """Over more samples than are answered, since a search costs little."""
    samples = _chosen(dataset.test, MOST_SEARCHES)
    return retrieval_scores(samples, [search(sample.instruction) for sample in samples], seed=seed)


def _losses(
    author: Author,
    asked: Sequence[Contender],
    prompts: Sequence[InstructSample],
    meter: LossMeter | None,
    progress: Progress,
    seed: int,
) -> dict[str, HeldOutLoss]:
    """Contender → how well it predicts the held-out passages, of those whose weights are here."""
    found = {}
    for one in asked:
        if meter and one.weights:
            base_model, adapter = one.weights
            loss = held_out_loss(meter, base_model, adapter, author.full_name, prompts, progress=progress, seed=seed)
            if loss:
                found[one.name] = loss
    return found


def _judgement(
    judge: Judge,
    author: Author,
    dataset: InstructDataset,
    prompts: Sequence[InstructSample],
    answers: Sequence[Answers],
    subject: str,
    measure: Measure,
    store: DocumentStore,
    progress: Progress,
) -> JudgeScores:
    """The twin against the base model on every prompt, beside passages that no candidate was to write."""
    by_name = {one.name: one for one in answers}
    twin, base = by_name[subject], by_name[BASE]
    return judged(
        judge,
        author.full_name,
        [sample.answer for sample in dataset.train[:PASSAGES_SHOWN]],
        [sample.instruction for sample in prompts],
        twin.texts,
        base.texts,
        [float(gain) for gain in measure.values(twin) - measure.values(base)],
        store=store,
        progress=progress,
        seed=measure.seed,
    )


def _promotion(
    rule: PromotionRule,
    twin: Contender,
    answers: Sequence[Answers],
    candidates: Mapping[str, Candidate],
    measure: Measure,
    style: StyleScores,
) -> PromotionResult:
    by_name = {one.name: one for one in answers}
    own, sourced = candidates[twin.name], candidates.get(twin.name + WITH_SOURCES)
    if own.gain is None:
        raise EmptyCorpus("A twin is compared with its base model, which was not asked.")
    base_answers, own_answers = (by_name.get(name + WITH_SOURCES) for name in (BASE, twin.name))
    change = measure.truth_change(base_answers, own_answers) if base_answers and own_answers else None
    texts = [*by_name[twin.name].texts, *(own_answers.texts if own_answers else ())]
    silent = sum(not text.strip() for text in texts)
    result = promoting.judged(rule, own, gain=own.gain, silent=silent, sourced=sourced, truth_change=change)
    says = verdicts.verdict(measure.author, style, own, sourced, result)
    return result.model_copy(update={"verdict": says})


def _chosen(samples: Sequence[InstructSample], most: int) -> list[InstructSample]:
    """Spread over the held-out samples; none whose prompt gives the style away."""
    honest = [sample for sample in samples if not sample.shows_author_text]
    if not honest:
        raise EmptyCorpus("The dataset has no held-out sample to evaluate on; make it with a larger test_split_size.")
    return [honest[int(at)] for at in np.linspace(0, len(honest) - 1, min(most, len(honest)))]
