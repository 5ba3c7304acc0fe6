"""Every outside thing that the application needs, as a small Protocol.

Adapters live in `llm_engineering.infrastructure`, are built in `bootstrap`, and pass the same
contract suite (`tests/contracts`) as the in-memory fakes. The chat model has no Protocol here:
its port is LangChain's `BaseChatModel`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar
from uuid import UUID

from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import InstructSample, PreferenceSample
from llm_engineering.domain.documents import Category, Outcome
from llm_engineering.domain.twins import TrainingPlan, TrainingResult

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")

Record: TypeAlias = dict[str, Any]
"""A JSON document; its identity is the string under "_id"."""

Scalar: TypeAlias = str | int | float | bool
Where: TypeAlias = Mapping[str, Scalar | Sequence[Scalar]]
"""Field → the value it must equal, or the values of which it must equal one. All must hold."""


class Progress(Protocol):
    """Tells a person how far a long piece of work is."""

    def track(self, items: Iterable[T], description: str, total: int | None = None) -> Iterable[T]:
        """The items, one by one, showing how many are done (of `total`, when known)."""
        ...

    def note(self, message: str) -> None:
        """A line to read, kept above the bar."""
        ...


class Silent:
    """Progress that nobody watches."""

    def track(self, items: Iterable[T], description: str, total: int | None = None) -> Iterable[T]:
        """The items, unchanged."""
        return items

    def note(self, message: str) -> None:
        """Nothing."""


# ------------------------------------------------------------------------------ stores


class DocumentStore(Protocol):
    """Named collections of JSON documents. A collection exists once something is in it.

    Every method raises StoreUnreachable when the database gives no answer or no permission,
    and StoreError for anything else that it refuses.
    """

    def upsert(self, collection: str, records: Iterable[Record]) -> int:
        """Write each record in place of the one with its "_id"; returns how many were written.

        Written in batches; a batch is all or nothing where the database can do so, and what
        was written before an interruption stays. Raises StoreError for a record without "_id".
        """
        ...

    def get(self, collection: str, id: str) -> Record | None:
        """The record of that id, or None."""
        ...

    def find(self, collection: str, where: Where | None = None) -> Iterator[Record]:
        """The records whose top-level fields match, ordered by "_id", streamed.

        Safe against writes to the same collection while it is being read.
        """
        ...

    def count(self, collection: str, where: Where | None = None) -> int:
        """How many records match."""
        ...

    def delete(self, collection: str, ids: Iterable[str]) -> int:
        """Remove these; an absent id is no error. Returns how many were there."""
        ...

    def close(self) -> None:
        """Release files and connections; calling it twice is no error."""
        ...


@dataclass(frozen=True)
class SparseVector:
    """Term ids and weights, in step."""

    indices: list[int]
    values: list[float]


@dataclass(frozen=True)
class VectorPoint:
    """A point of a vector collection. One without vectors is only kept and filtered."""

    id: UUID
    payload: Record
    dense: Sequence[float] | None = None
    sparse: SparseVector | None = None


@dataclass(frozen=True)
class VectorHit:
    """A point that a search found; a larger score is better."""

    id: UUID
    score: float
    payload: Record
    collection: str


@dataclass(frozen=True)
class HybridQuery:
    """A query in both forms. Either may be None, then only the other is searched."""

    dense: Sequence[float] | None
    sparse: SparseVector | None


class VectorStore(Protocol):
    """Collections of points with a cosine "dense" and a BM25 "sparse" vector, and a payload.

    Every method raises StoreUnreachable, StoreLocked (embedded: another process has it open)
    or StoreError. A collection that does not exist reads as an empty one.
    """

    def ensure_collection(self, name: str, dense_size: int | None, indexed: Sequence[str] = ()) -> None:
        """Make the collection unless it is there. `dense_size` None: payload only, no vectors.

        `indexed` names payload fields to filter by quickly (keywords). Raises StoreError when
        the collection is there with another dense size.
        """
        ...

    def upsert(self, collection: str, points: Iterable[VectorPoint]) -> int:
        """Write each point in place of the one with its id, in batches; returns how many."""
        ...

    def delete(self, collection: str, ids: Iterable[UUID]) -> None:
        """Remove these points; an absent id is no error."""
        ...

    def delete_where(self, collection: str, where: Where) -> None:
        """Remove the points whose payload matches. Raises ValueError for an empty `where`."""
        ...

    def search(self, collection: str, query: HybridQuery, limit: int, where: Where | None = None) -> list[VectorHit]:
        """The best `limit` points, best first.

        With both forms, dense and sparse results are fused by reciprocal rank (k = 2) inside
        the engine; the order among equal scores is not defined.
        """
        ...

    def scroll(self, collection: str, where: Where | None = None) -> Iterator[VectorPoint]:
        """All matching points, streamed, each once, without their vectors."""
        ...

    def count(self, collection: str, where: Where | None = None) -> int:
        """How many points match, exactly."""
        ...

    def close(self) -> None:
        """Flush and release; calling it twice is no error."""
        ...


# ------------------------------------------------------------------------------ collecting


@dataclass(frozen=True)
class Page:
    """A page as received; only ever one with status 200 or 304."""

    url: str
    """Where it finally came from, after redirects."""
    status: int
    html: str
    """Empty for a 304 (not modified)."""
    content_type: str = "text/html"
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""


class Fetcher(Protocol):
    """Gets pages politely and safely; the same rules hold for each redirect."""

    def fetch(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Page:
        """The page; with validators, maybe a 304.

        Raises CollectError with the reason: `PageGone` for 404 and 410, `FetchRefused` where a
        safety rule or robots.txt forbids it, `CollectError` for the rest (time out, 5xx, …).
        """
        ...

    def close(self) -> None:
        """Release connections."""
        ...


@dataclass(frozen=True)
class CollectedItem:
    """What a source found: text that may be the author's."""

    link: str
    """Canonical link or stable key."""
    category: Category
    platform: str
    title: str
    content: str
    """Markdown."""
    published_at: datetime | None = None
    language: str | None = None
    byline: str | None = None
    """The author as the page itself states, None when it does not."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    evidence: str = ""
    """The start of the page's visible text, for the quarantine."""


@dataclass(frozen=True)
class RefusedItem:
    """What a source could not or must not bring: GONE, QUARANTINED, FAILED, or UNCHANGED (a 304)."""

    link: str
    outcome: Outcome
    reason: str = ""
    evidence: str = ""


class Source(Protocol):
    """Somewhere that an author's words are: a site, a feed, a folder, an export."""

    @property
    def notes(self) -> Sequence[str]:
        """What a reader should know beside the items so far, e.g. how many drafts were left out."""
        ...

    def items(self, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """Everything there, each item once, as it arrives. One bad item never stops the rest.

        Raises BadInput when the source as a whole cannot be used (no such folder, no feed).
        """
        ...


# ------------------------------------------------------------------------------ models


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def model_id(self) -> str:
        """Names the model, its version and precision as far as vectors depend on them."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    @property
    def max_tokens(self) -> int:
        """Tokens that the model reads of a text, special ones included; the rest is ignored."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of the text, special ones included, not truncated."""
        ...

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> "np.ndarray":
        """Float32 array of shape (len(texts), dimensions), rows of length 1, in order."""
        ...


class SparseEncoder(Protocol):
    """Turns texts into BM25 term weights; the inverse document frequency is the store's."""

    def encode_documents(self, texts: Sequence[str]) -> list[SparseVector]:
        """One vector a text."""
        ...

    def encode_query(self, text: str) -> SparseVector:
        """The query's terms."""
        ...


class Reranker(Protocol):
    """Scores passages against a query, slower and better than a search."""

    def scores(self, query: str, passages: Sequence[str]) -> list[float]:
        """One score a passage, larger is better."""
        ...


class Trainer(Protocol):
    """Fine-tunes a base model by LoRA."""

    def train_sft(
        self,
        plan: TrainingPlan,
        *,
        base_model: str,
        conversations: Callable[[InstructSample], list[dict[str, str]]],
        train: Sequence[InstructSample],
        test: Sequence[InstructSample],
        output_dir: Path,
        progress: Progress,
    ) -> TrainingResult:
        """Train on the completion only; writes the adapter to `output_dir`/adapter."""
        ...

    def train_dpo(
        self,
        plan: TrainingPlan,
        *,
        base_model: str,
        adapter_dir: Path,
        prompts: Callable[[PreferenceSample], list[dict[str, str]]],
        train: Sequence[PreferenceSample],
        test: Sequence[PreferenceSample],
        output_dir: Path,
        progress: Progress,
    ) -> TrainingResult:
        """Continue the adapter against its own frozen copy; writes to `output_dir`/adapter."""
        ...


class Exporter(Protocol):
    """Makes an adapter servable."""

    def export(self, *, base_model: str, adapter_dir: Path, output_file: Path) -> None:
        """Merge the adapter into the base and write one GGUF file, atomically."""
        ...


class ChatModels(Protocol):
    """Opens chat models; what it opened is closed with the context."""

    def opened(self, model: str) -> AbstractContextManager[Any]:
        """A LangChain `BaseChatModel` for a `CHAT_MODEL` string or a path to a GGUF file."""
        ...
