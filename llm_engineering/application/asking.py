"""Put a question to an author's twin: who answers, from which text, by which weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import BaseModel

from llm_engineering.application import prompting
from llm_engineering.application.answering import MATERIAL_TOKENS, Answer, answer
from llm_engineering.application.choosing import WantedTwin, chosen_author, chosen_twin, twin_name
from llm_engineering.application.features import features_command
from llm_engineering.application.indexing import embedded_collection
from llm_engineering.application.open_chats import OpenChats
from llm_engineering.application.ports import ChatModels, Embedder, Reranker, SparseEncoder, VectorStore
from llm_engineering.application.retrieval.expanding import expanded
from llm_engineering.application.retrieving import retrieve
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.application.weights import Weights
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Retrieved
from llm_engineering.domain.documents import Category
from llm_engineering.domain.errors import EmptyCorpus, ModelError, TemplateMismatch
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
    ) -> None:
        """`min_relevance`: cosine that the best passage needs for an answer. `query_expansions`: wordings

        of a question that the base model adds to it.
        """
        self._warehouse = warehouse
        self._vectors = vectors
        self._embedder = embedder
        self._sparse = sparse
        self._reranker = reranker
        self._chats = OpenChats(chat_models)
        self._base_model = base_model
        self._min_relevance = min_relevance
        self._query_expansions = query_expansions
        self._weights = Weights(twins_dir)

    def ask(self, query: str, *, author: str | None = None, twin: str | int | None = None, k: int = 5) -> Answer:
        """The answer with its sources, drawn from the `k` best passages.

        `author` may be left out when there is only one, or when the question or `twin` names
        one. `twin` is "latest" (also when left out), "base", a version or a name and version.
        Raises UnknownAuthor, BadInput, EmptyCorpus when nothing of the author is indexed,
        TemplateMismatch, ModelError, StoreError.
        """
        wanted = WantedTwin.of(twin)
        person = chosen_author(self._warehouse, name=author, wanted=wanted, query=query)
        manifest = chosen_twin(person, wanted, self._warehouse.twins(person))
        found = self._found(query, person, k, budget=MATERIAL_TOKENS)
        with self._chat(manifest) as chat:
            name = twin_name(manifest) if manifest else f"base ({_shown(self._base_model)})"
            return answer(query, person, chat=chat, twin_name=name, found=found)

    def passages(self, query: str, *, author: str | None = None, k: int = 5) -> Retrieved:
        """The `k` best passages, whatever their length and relevance. Raises as `ask` does; opens no twin."""
        person = chosen_author(self._warehouse, name=author, wanted=WantedTwin(), query=query)
        return self._found(query, person, k)

    def _found(self, query: str, author: Author, k: int, budget: int | None = None) -> Retrieved:
        found = retrieve(
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
            expand=self._expanded if self._query_expansions else None,
        )
        if not found.passages and not self._chunks(author):
            raise EmptyCorpus(
                f"Nothing that {author.full_name} wrote is in the feature store, so there is nothing to answer from; "
                f"fill it first: {features_command(author.full_name)}."
            )
        return found

    def _expanded(self, question: str) -> list[str]:
        with self._chats.lent(self._base_model) as chat:
            return expanded(question, chat, self._query_expansions)

    def _chunks(self, author: Author) -> int:
        where = {"author_id": str(author.id)}
        return sum(self._vectors.count(embedded_collection(category), where) for category in Category)

    def authors(self) -> list[KnownAuthor]:
        """Everyone who can be asked, with their twins, by name."""
        return [self._known(author) for author in self._warehouse.authors()]

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
                with self._chat(latest[0]):
                    pass
            except (ModelError, TemplateMismatch) as error:
                return [str(error)]
        return []

    def close(self) -> None:
        """Close the chat models, after the answers under way; calling it twice is no error."""
        self._chats.close()

    @contextmanager
    def _chat(self, manifest: TwinManifest | None) -> Iterator["BaseChatModel"]:
        if manifest is None:
            model, version = self._base_model, ""
        else:
            prompting.require_same_templates(twin_name(manifest), manifest.template_fingerprint)
            model, version = str(self._weights.file(manifest)), manifest.files[GGUF]
        with self._chats.lent(model, version) as chat:
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
                    base_model=_shown(twin.base_model),
                    created_at=twin.created_at,
                )
                for twin in twins
            ],
        )


def _shown(model: str) -> str:
    """The model's name without what is nobody else's business: credentials in a URL, directories."""
    if "://" in model:
        parts = urlsplit(model)
        return parts.fragment or parts.hostname or "a server"
    return Path(model).name if Path(model).is_absolute() else model
