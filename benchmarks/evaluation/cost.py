"""How long a whole evaluation takes: base model, style card and twin, with 40 prompts each."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.language_models import FakeListChatModel

from benchmarks.training import authors, made
from llm_engineering.application.chunking import chunk
from llm_engineering.application.contenders import base_contender
from llm_engineering.application.evaluating import Extent, evaluate
from llm_engineering.application.style_card import style_card_contender
from llm_engineering.bootstrap import Twin
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Retrieved, RetrievedPassage
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.settings import EMBEDDED_CHAT_MODEL

PROMPTS = 40
SAMPLES = 240
"""Training samples of the dataset, which also has the held-out ones."""
PASSAGES = 5
LEAST_RELEVANCE = 0.25


def measure(twin: Twin, text: Path, names: Sequence[str]) -> dict[str, Any]:
    """`seconds_three_candidates` for the first author, with the others as impostors.

    Answers are kept nowhere, so nothing comes from an earlier run. The twin is the base model's own
    file once more: what it costs to ask a model does not depend on what its weights say. The time
    of making the dataset and the features is not in it. `cost_prompts` is how many there were: a small
    corpus has no forty. Raises EmptyCorpus when it has too little text to evaluate on.
    """
    author, documents = authors.documents(text / names[0])
    impostors = {name: [one.style_text for one in authors.documents(text / name)[1]] for name in names[1:]}
    with tempfile.TemporaryDirectory() as scratch:
        store = made.store(Path(scratch))
        try:
            return _timed(twin, author, documents, impostors, store)
        finally:
            store.close()


def _timed(
    twin: Twin, author: Author, documents: Sequence[CleanedDocument], impostors: Mapping[str, Sequence[str]], store: Any
) -> dict[str, Any]:
    dataset = made.instruct(
        twin, author, documents, chat_model=EMBEDDED_CHAT_MODEL, store=store, most=SAMPLES, opened=_silent
    )
    search = _search(author, documents, twin)
    with twin.chat_models.opened(EMBEDDED_CHAT_MODEL) as base_chat, twin.chat_models.opened(EMBEDDED_CHAT_MODEL) as own:
        started = time.perf_counter()
        base = base_contender(EMBEDDED_CHAT_MODEL, base_chat)
        asked = [
            base,
            style_card_contender(author, base, dataset, documents, impostors, twin.embedder),
            replace(base, name="same/1", label="The same again as a twin", model="again", chat=own, is_twin=True),
        ]
        report = evaluate(
            author,
            asked,
            dataset=dataset,
            documents=documents,
            impostors=impostors,
            search=search,
            embedder=twin.embedder,
            store=store,
            progress=twin.progress,
            meter=twin.loss_meter,
            extent=Extent(max_prompts=PROMPTS),
        )
        seconds = time.perf_counter() - started
    return {"seconds_three_candidates": seconds, "cost_prompts": report.prompts, "cost_author": author.full_name}


@contextmanager
def _silent(model: str) -> Iterator[FakeListChatModel]:
    """A model that writes no instruction, so that all are made of key phrases, at once."""
    yield FakeListChatModel(responses=[""])


def _search(author: Author, documents: Sequence[CleanedDocument], twin: Twin) -> Callable[[str], Retrieved]:
    """Dense search over the author's chunks, which are embedded before the clock starts."""
    embedder = twin.embedder
    chunks = [one for document in documents for one in chunk(document, embedder.count_tokens, embedder.max_tokens)]
    vectors = embedder.embed([one.embedded_text for one in chunks], twin.progress)

    def search(question: str) -> Retrieved:
        likeness = vectors @ embedder.embed([question])[0]
        best = [(chunks[int(at)], float(likeness[at])) for at in np.argsort(-likeness, kind="stable")[:PASSAGES]]
        return Retrieved(
            question=question,
            author=author.full_name,
            searched=(question,),
            passages=tuple(RetrievedPassage(chunk=one, score=cosine, scores={"dense": cosine}) for one, cosine in best),
            relevance=best[0][1],
            is_answerable=best[0][1] >= LEAST_RELEVANCE,
        )

    return search
