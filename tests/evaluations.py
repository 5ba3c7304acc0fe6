"""Evaluations of twins that say what a test wants, against authors of two voices."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from uuid import UUID

from llm_engineering.application.contenders import BASE, Contender, twin_contender
from llm_engineering.application.evaluating import Extent, evaluate
from llm_engineering.application.judging import Judge
from llm_engineering.application.ports import Silent
from llm_engineering.application.prompting import template_fingerprint
from llm_engineering.domain.chunks import Retrieved
from llm_engineering.domain.datasets import InstructDataset, TaskKind
from llm_engineering.domain.evaluation import EvaluationReport, PromotionRule
from llm_engineering.domain.twins import TwinManifest
from tests import made_twins
from tests.fakes import InMemoryDocuments, SayingChat, WordEmbedder
from tests.samples import ADA, retrieved_passage
from tests.unit.test_generating import made
from tests.voices import CHATTY, FORMAL, IMPOSTORS, chatty_documents, text

SHOWN = "Go on from here: I water the garden."


LIKE_ADA = text(CHATTY, 900, 12)
LIKE_BOB = text(FORMAL, 7, 12)
FACT = "The garden has three apple trees and a well."


def twin_of(directory: Path, version: int = 1) -> TwinManifest:
    return made_twins.manifest(directory, version, template_fingerprint=template_fingerprint())


def found(question: str) -> Retrieved:
    passage = retrieved_passage(FACT)
    return Retrieved(
        question=question,
        author=ADA.full_name,
        searched=(question,),
        passages=(passage,),
        relevance=0.9,
        is_answerable="garden" in question or "Note" in question,
    )


def dataset_of(test_task: TaskKind | None = None) -> InstructDataset:
    """With `test_task` every second held-out sample is of that kind."""
    dataset = made(chatty_documents(), test_split_size=0.25, embedder=WordEmbedder())
    if test_task:
        some = [s.model_copy(update={"task": test_task, "instruction": SHOWN}) for s in dataset.test[::2]]
        dataset = dataset.model_copy(update={"test": [*some, *dataset.test[1::2]]})
    return dataset


def saying(plain: str, sourced: str = FACT) -> SayingChat:
    return SayingChat(says=lambda prompt: sourced if "<passage" in prompt else plain)


def evaluated(
    tmp_path: Path,
    twin_says: str,
    base_says: str = LIKE_BOB,
    *,
    twin_says_of_sources: str = FACT,
    max_prompts: int = 8,
    test_task: TaskKind | None = None,
    rule: PromotionRule | None = None,
    more: tuple[Contender, ...] = (),
    search: Callable[[str], Retrieved] = found,
    also_read: Collection[UUID] = (),
    impostors: Mapping[str, Sequence[str]] = IMPOSTORS,
    judge: Judge | None = None,
) -> EvaluationReport:
    twin = twin_contender(twin_of(tmp_path), saying(twin_says, twin_says_of_sources))
    return evaluate(
        ADA,
        [Contender(BASE, "Base model", "base", saying(base_says), with_sources=True), twin, *more],
        dataset=dataset_of(test_task),
        documents=chatty_documents(),
        impostors=impostors,
        search=search,
        embedder=WordEmbedder(),
        store=InMemoryDocuments(),
        progress=Silent(),
        rule=rule,
        also_read=also_read,
        judge=judge,
        extent=Extent(max_prompts=max_prompts, grounded_prompts=4),
    )
