"""Put a question to an author's twin: who answers, from which text, by which weights."""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from llm_engineering.application import prompting
from llm_engineering.application.answering import Answer, material_room, prompt_for, searched
from llm_engineering.application.choosing import WantedTwin, chosen_author, chosen_twin, twin_name
from llm_engineering.application.features import features_command
from llm_engineering.application.feedback import keep
from llm_engineering.application.guarding import Guard, NoGuard
from llm_engineering.application.indexing import embedded_collection
from llm_engineering.application.inquiry import Inquiry, Mode, Patience
from llm_engineering.application.known import TwinFacts, facts_of
from llm_engineering.application.model_names import public_name
from llm_engineering.application.open_chats import OpenChats
from llm_engineering.application.ports import (
    ChatModels,
    Embedder,
    NoTracing,
    Reranker,
    SparseEncoder,
    Tracer,
    VectorStore,
)
from llm_engineering.application.retrieval.expanding import expanded
from llm_engineering.application.retrieving import retrieve
from llm_engineering.application.telling import Event, Prepared, answered, told
from llm_engineering.application.truth import supported
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.application.weights import Weights
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Retrieved
from llm_engineering.domain.documents import Category
from llm_engineering.domain.errors import EmptyCorpus, ModelError, TemplateMismatch
from llm_engineering.domain.feedback import Feedback
from llm_engineering.domain.twins import GGUF, TwinManifest, latest_of

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


class TwinVersion(BaseModel):
    """One trained version of an author's twin."""

    twin: str
    """Name and version, e.g. "mara-lindqvist/3"."""
    passed_evaluation: bool
    evaluated: bool
    base_model: str
    created_at: datetime


class KnownAuthor(BaseModel):
    """An author who can be asked."""

    full_name: str
    chunks: int
    """Pieces of text that answers can be drawn from; 0 until feature engineering has run."""
    latest: str | None
    """The twin that answers unless another one is asked for; None when none passed or was promoted."""
    twins: list[TwinVersion]


class Asking:
    """Answers questions by any author's twin, or by the base model, from what the author wrote.

    Safe for threads. Keeps the chat models that it opened until `close`.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        *,
        vectors: VectorStore,
        embedder: Embedder,
        sparse: SparseEncoder,
        reranker: Reranker | None,
        chat_models: ChatModels,
        base_model: str,
        twins_dir: Path,
        min_relevance: float = 0.0,
        query_expansions: int = 0,
        guard: Guard | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        """`min_relevance`: cosine that the best passage needs for an answer. `query_expansions`: wordings

        of a question that the base model adds to it. `guard` withholds answers; without one all are given.
        """
        self._warehouse = warehouse
        self._vectors = vectors
        self._embedder = embedder
        self._sparse = sparse
        self._reranker = reranker and _TracedReranker(reranker, tracer or NoTracing())
        self._chats = OpenChats(chat_models)
        self._base_model = base_model
        self._min_relevance = min_relevance
        self._query_expansions = query_expansions
        self._weights = Weights(twins_dir)
        self._guard = guard or NoGuard()
        self._tracer = tracer or NoTracing()

    def ask(self, query: str, *, author: str | None = None, twin: str | int | None = None, k: int = 5) -> Answer:
        """The answer with its sources, drawn from the `k` best passages.

        `author` may be left out when there is only one, or when the question or `twin` names
        one. `twin` is "latest" (also when left out), "base", a version or a name and version.
        Raises UnknownAuthor, BadInput, EmptyCorpus when nothing of the author is indexed,
        TemplateMismatch, ModelError, StoreError.
        """
        return self.answer(Inquiry(query, author=author, twin=twin, k=k))

    def answer(self, inquiry: Inquiry, patience: Patience | None = None) -> Answer:
        """The whole answer to any inquiry. Raises as `ask`, TimeLimitReached, and ServiceError once nobody waits."""
        with self._tracer.span("answer", {"llm_twin.mode": inquiry.mode}):
            waiting = patience or Patience()
            prepared, manifest = self._prepared(inquiry, waiting)
            given = answered(prepared, lambda: self._chat(manifest, waiting), self._guard, waiting, self._tracer)
            return self._supported(given, inquiry)

    def tell(self, inquiry: Inquiry, patience: Patience | None = None) -> Generator[Event, None, None]:
        """The answer as it is written; the last event is the whole. Closing the iterator stops the model.

        Raises as `answer`, before the first event where the inquiry is at fault.
        """
        with self._tracer.span("answer", {"llm_twin.mode": inquiry.mode}):
            waiting = patience or Patience()
            prepared, manifest = self._prepared(inquiry, waiting)
            for event in told(prepared, lambda: self._chat(manifest, waiting), self._guard, waiting, self._tracer):
                yield self._supported(event, inquiry) if isinstance(event, Answer) else event

    def _prepared(self, inquiry: Inquiry, patience: Patience) -> tuple[Prepared, TwinManifest | None]:
        began = time.monotonic()
        wanted = WantedTwin.of(inquiry.twin)
        person = chosen_author(self._warehouse, name=inquiry.author, wanted=wanted, query=inquiry.query)
        manifest = chosen_twin(person, wanted, self._warehouse.twins(person))
        count = self._embedder.count_tokens
        found = None
        if inquiry.retrieve and inquiry.mode is not Mode.REWRITE:
            found = self._found(searched(inquiry), person, inquiry.k, patience, material_room(inquiry, count))
        retrieved = time.monotonic()
        with self._tracer.span("prompt"):
            messages = prompt_for(inquiry, person, found, count)
        prepared = Prepared(
            inquiry=inquiry,
            author=person,
            twin=twin_name(manifest) if manifest else f"base ({public_name(self._base_model)})",
            found=found,
            messages=messages,
            began=began,
            retrieve_ms=round((retrieved - began) * 1000, 1) if found else 0.0,
        )
        return prepared, manifest

    def _supported(self, given: Answer, inquiry: Inquiry) -> Answer:
        if not inquiry.support or not given.answer or not given.sources:
            return given
        known = [inquiry.query, given.author, *(source.title for source in given.sources)]
        sentences = supported(given.answer, [source.text for source in given.sources], self._embedder, known)
        return given.model_copy(update={"support": sentences})

    def passages(
        self, query: str, *, author: str | None = None, k: int = 5, patience: Patience | None = None
    ) -> Retrieved:
        """The `k` best passages, whatever their length and relevance. Raises as `ask` does; opens no twin."""
        person = chosen_author(self._warehouse, name=author, wanted=WantedTwin(), query=query)
        return self._found(query, person, k, patience or Patience())

    def _found(self, query: str, author: Author, k: int, patience: Patience, budget: int | None = None) -> Retrieved:
        with self._tracer.span("retrieve", {"llm_twin.author": author.full_name, "llm_twin.k": k}) as span:
            found = self._retrieved(query, author, k, patience, budget)
            span.set({"llm_twin.passages": len(found.passages), "llm_twin.relevance": found.relevance})
        if not found.passages and not self._chunks(author):
            raise EmptyCorpus(
                f"Nothing that {author.full_name} wrote is in the feature store, so there is nothing to answer from; "
                f"fill it first: {features_command(author.full_name)}."
            )
        return found

    def _retrieved(self, query: str, author: Author, k: int, patience: Patience, budget: int | None) -> Retrieved:
        def wordings(question: str) -> list[str]:
            with self._chats.lent(self._base_model, patience=patience) as chat:
                return expanded(question, chat, self._query_expansions)

        return retrieve(
            query,
            author,
            vectors=self._vectors,
            embedder=self._embedder,
            sparse=self._sparse,
            reranker=self._reranker,
            k=k,
            budget=budget,
            min_relevance=self._min_relevance,
            authors=self._warehouse.authors(),
            expand=wordings if self._query_expansions else None,
        )

    def _chunks(self, author: Author) -> int:
        where = {"author_id": str(author.id)}
        return sum(self._vectors.count(embedded_collection(category), where) for category in Category)

    def authors(self) -> list[KnownAuthor]:
        """Everyone who can be asked, with their twins, by name."""
        return [self._known(author) for author in self._warehouse.authors()]

    def twins(self) -> list[TwinFacts]:
        """Every version of every author's twin, as the manifests have it."""
        return [
            facts_of(twin, latest_of(versions))
            for versions in map(self._warehouse.twins, self._warehouse.authors())
            for twin in versions
        ]

    def keep_feedback(self, author: str, **fields: Any) -> Feedback:
        """Store what a reader said of an answer; takes the arguments and raises the errors of `feedback.keep`."""
        return keep(self._warehouse, author=author, **fields)

    def check_documents(self) -> None:
        """Raises StoreError when the warehouse cannot be read."""
        self._warehouse.authors()

    def check_vectors(self) -> None:
        """Raises StoreError when the feature store cannot be read."""
        self._vectors.count(embedded_collection(Category.ARTICLES), {"author_id": ""})

    def check_models(self) -> None:
        """Raises ModelError when no chat model is open, because the last one wanted could not be."""
        self._chats.check()

    def warm_up(self) -> list[str]:
        """Do now what would make the first question slow; returns what a reader should know.

        Opens the stores, runs the embedder, and opens the twin when only one author has any. A
        twin that cannot be opened is a note, because the others and the base model still can.
        """
        self._embedder.embed(["warm-up"])
        self._sparse.encode_query("warm-up")
        self.authors()
        found = [self._warehouse.latest_twin(author) for author in self._warehouse.authors()]
        latest = [manifest for manifest in found if manifest]
        if len(latest) == 1:
            try:
                with self._chat(latest[0], Patience()):
                    pass
            except (ModelError, TemplateMismatch) as error:
                return [str(error)]
        return []

    def reload(self) -> list[KnownAuthor]:
        """Close the chat models that nobody uses, and read what the guard knows anew; returns who can be asked.

        Which twins there are needs no reload: the warehouse is asked for them with each question.
        """
        self._chats.close_unused()
        self._guard.forget()
        return self.authors()

    def close(self) -> None:
        """Close the chat models, after the answers under way; calling it twice is no error."""
        self._chats.close()

    @contextmanager
    def _chat(self, manifest: TwinManifest | None, patience: Patience) -> Iterator["BaseChatModel"]:
        if manifest is None:
            model, version = self._base_model, ""
        else:
            prompting.require_same_templates(twin_name(manifest), manifest.template_fingerprint)
            model, version = str(self._weights.file(manifest)), manifest.files[GGUF]
        with self._chats.lent(model, version, patience) as chat:
            yield chat

    def _known(self, author: Author) -> KnownAuthor:
        twins = self._warehouse.twins(author)
        latest = latest_of(twins)
        return KnownAuthor(
            full_name=author.full_name,
            chunks=self._chunks(author),
            latest=twin_name(latest) if latest else None,
            twins=[
                TwinVersion(
                    twin=twin_name(twin),
                    passed_evaluation=twin.passed_evaluation,
                    evaluated=bool(twin.scores),
                    base_model=public_name(twin.base_model),
                    created_at=twin.created_at,
                )
                for twin in twins
            ],
        )


class _TracedReranker:
    """A Reranker with a span around each call."""

    def __init__(self, reranker: Reranker, tracer: Tracer) -> None:
        self._reranker = reranker
        self._tracer = tracer

    def scores(self, query: str, passages: Sequence[str]) -> list[float]:
        with self._tracer.span("rerank", {"llm_twin.passages": len(passages)}):
            return self._reranker.scores(query, passages)
