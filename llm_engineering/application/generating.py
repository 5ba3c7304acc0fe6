"""Make an author's instruction dataset. The target is always the author's passage, verbatim."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm_engineering.application import instructions, prompting
from llm_engineering.application.costs import Meter
from llm_engineering.application.gates import main_language, require_no_leak, usable, without_duplicates, without_leaks
from llm_engineering.application.instructing import Tally, Task, Writer, planned, written
from llm_engineering.application.passages import (
    MAX_WORDS,
    MIN_WORDS,
    boilerplate_sentences,
    eight_grams,
    passages,
)
from llm_engineering.application.ports import DocumentStore, Embedder, Progress
from llm_engineering.application.sampling import bounded, distributions_of
from llm_engineering.application.splits import Split, known_split, remember_split, split_by_document
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import (
    DatasetMetadata,
    Distribution,
    InstructDataset,
    InstructSample,
    Passage,
    verbatim_share,
)
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.errors import BadInput, DatasetError, EmptyCorpus
from llm_engineering.domain.identity import content_hash

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

LEAST_PLAIN_TESTS = 20
"""Held-out instructions that show nothing of the author's text, where there are as many: style is measured on them."""


@dataclass(frozen=True)
class Request:
    """What was asked for."""

    test_split_size: float = 0.2
    max_samples: int | None = None
    """Training samples at most, spread evenly over the documents; the test split shrinks alike."""
    seed: int = 17
    min_words: int = MIN_WORDS
    max_words: int = MAX_WORDS


@dataclass(frozen=True)
class Material:
    """What a dataset is made of, before any model is asked."""

    documents: Sequence[CleanedDocument]
    split: Split
    train: list[Task]
    test: list[Task]
    language: str | None
    tally: Tally


def corpus_fingerprint(documents: Sequence[CleanedDocument]) -> str:
    """sha256 over what the datasets depend on: each document's id, text, cleaning rules and date."""
    by_id = sorted(documents, key=lambda document: str(document.id))
    return content_hash(*(f"{d.id} {d.content_hash} {d.cleaner} {d.published_at}" for d in by_id))


def material(author: Author, documents: Sequence[CleanedDocument], store: DocumentStore, request: Request) -> Material:
    """Passages through all gates, split by document, each with its task. Asks no model and writes nothing.

    Raises BadInput for a share outside (0, 1) and EmptyCorpus when there is too little prose.
    """
    if not 0 < request.test_split_size < 1:
        raise BadInput(f"test_split_size is {request.test_split_size}; give a share between 0 and 1, such as 0.2.")
    tally = Tally()
    language = main_language(documents)
    found = _usable_passages(documents, language, request, tally)
    with_passages = [document for document in documents if found.get(document.id)]
    split = split_by_document(
        with_passages, request.test_split_size, known_split(store, author, request.test_split_size)
    )
    test = without_duplicates([p for document in split.test for p in found[document.id]], tally.dropped)
    train = without_duplicates([p for document in split.train for p in found[document.id]], tally.dropped)
    train = without_leaks(train, test, tally.dropped)
    if not train or not test:
        raise EmptyCorpus(
            f"{author.full_name} has too little prose for a dataset: {dict(tally.dropped)}; collect more."
        )
    held_out = set().union(*(eight_grams(passage.text) for passage in test))
    train, test = bounded(train, test, request.max_samples)
    by_id = {document.id: document for document in documents}
    return Material(
        documents=documents,
        split=split,
        train=planned(train, by_id, seed=request.seed, unseen=held_out),
        test=planned(test, by_id, seed=request.seed, least_plain=LEAST_PLAIN_TESTS),
        language=language,
        tally=tally,
    )


def instruct_dataset(
    author: Author,
    documents: Sequence[CleanedDocument],
    *,
    chat: "BaseChatModel",
    model_name: str,
    embedder: Embedder,
    store: DocumentStore,
    progress: Progress,
    meter: Meter | None = None,
    test_split_size: float = 0.2,
    max_samples: int | None = None,
    seed: int = 17,
    min_words: int = MIN_WORDS,
    max_words: int = MAX_WORDS,
) -> InstructDataset:
    """Instruction back-translation (arXiv:2308.06259): the model writes only the prompt.

    A prompt that fails its gates twice is replaced by one from the passage's key phrases, and
    counted. `Request` says what the parameters mean. Raises what `material` raises, DatasetError
    when training text reaches the test split or an answer is not the author's text, and
    BudgetReached when `meter` allows no more calls.
    """
    request = Request(test_split_size, max_samples, seed, min_words, max_words)
    writer = Writer(chat, model_name, store, embedder, progress, seed, meter)
    made_of = material(author, documents, store, request)
    train, test = made_of.train, made_of.test
    leaking = require_no_leak([task.passage.text for task in train], [task.passage.text for task in test])
    samples = written([*train, *test], writer, made_of.tally)
    verbatim = require_verbatim((s.answer for s in samples), (d.style_text for d in documents))
    remember_split(store, author, request.test_split_size, made_of.split)
    metadata = DatasetMetadata(
        author_id=author.id,
        author_full_name=author.full_name,
        template_fingerprint=prompting.template_fingerprint(),
        recipe=prompting.dataset_recipe(),
        corpus_fingerprint=corpus_fingerprint(documents),
        seed=request.seed,
        test_split_size=request.test_split_size,
        max_samples=request.max_samples,
        language=made_of.language,
        train_documents=[document.id for document in made_of.split.train],
        test_documents=[document.id for document in made_of.split.test],
        dropped=dict(+made_of.tally.dropped),
        replaced=dict(+made_of.tally.replaced),
        retried=made_of.tally.retried,
        distributions=_distributions(samples, made_of.tally),
        verbatim_answer_share=verbatim,
        leak_share=leaking,
        model_ids={"instruction": model_name},
    )
    return InstructDataset(metadata=metadata, train=samples[: len(train)], test=samples[len(train) :])


def require_verbatim(answers: Iterable[str], corpus: Iterable[str]) -> float:
    """The verbatim share, which is 1. Raises DatasetError when an answer is not the author's text."""
    share = verbatim_share(answers, corpus)
    if share < 1:
        raise DatasetError(
            f"Only {share:.2%} of the answers are the author's text, character by character; run the feature "
            "engineering again, and report it as a bug if that changes nothing."
        )
    return share


def _usable_passages(
    documents: Sequence[CleanedDocument], language: str | None, request: Request, tally: Tally
) -> dict[object, list[Passage]]:
    repeated = boilerplate_sentences(documents)
    found: dict[object, list[Passage]] = {}
    for document in documents:
        cut = passages(document, min_words=request.min_words, max_words=request.max_words, boilerplate=repeated)
        tally.dropped["document_too_short"] += not cut
        found[document.id] = usable(cut, document, boilerplate=repeated, language=language, dropped=tally.dropped)
    return found


def _distributions(samples: Sequence[InstructSample], tally: Tally) -> dict[str, Distribution]:
    plain = [sample for sample in samples if sample.task in prompting.REQUEST_FOR]
    return distributions_of(
        answer_words=[float(len(sample.answer.split())) for sample in samples],
        prompt_words=[float(len(sample.instruction.split())) for sample in samples],
        instruction_similarity=tally.cosines,
        instruction_named_share=[instructions.named_share(sample.instruction, sample.answer) for sample in plain],
    )
