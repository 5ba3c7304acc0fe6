"""What computes: embedders, rerankers, trainers, chat models."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from llm_engineering.application.ports.progress import Progress
from llm_engineering.application.ports.stores import SparseVector
from llm_engineering.domain.datasets import InstructSample, PreferenceSample
from llm_engineering.domain.twins import BaseModelFacts, TrainingPlan, TrainingResult

if TYPE_CHECKING:
    import numpy as np


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
        """Train on the completion only; writes the adapter to `output_dir`/adapter.

        A run that was killed goes on in its directory, which therefore belongs to one plan, base and dataset.
        """
        ...

    def train_preferences(
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
        """Continue the adapter, by DPO or KTO as the plan says, against its own frozen copy; writes as `train_sft`."""
        ...


class Exporter(Protocol):
    """Makes an adapter servable."""

    def require(self, base_model: str) -> None:
        """Raises MissingDependency when `export` would lack something; asked before anything is trained."""
        ...

    def export(self, *, base_model: str, adapter_dir: Path, output_dir: Path, progress: Progress) -> BaseModelFacts:
        """Merge the adapter into the base, and write model.gguf, model-f16.gguf and, if it is kept, merged/.

        An interruption may leave some of them; whoever calls this takes the directory only when it ended.
        """
        ...


class LossMeter(Protocol):
    """Tells how well a model whose weights are at hand predicts answers."""

    def losses(
        self,
        base_model: str,
        adapter_dir: Path | None,
        conversations: Sequence[Sequence[Mapping[str, str]]],
        progress: Progress,
    ) -> list[tuple[float, int]]:
        """For each conversation, whose last message is the answer: its negative log-likelihood in nats, and its tokens.

        Prompts are not counted. (0.0, 0) where the prompt alone is longer than the meter reads. Raises
        ModelError when base model or adapter are not to be had here, as with a model behind an address.
        """
        ...


class ModelHub(Protocol):
    """Where models are published, on one account."""

    def push(self, files: Mapping[str, Path | bytes], model_id: str, *, public: bool, message: str) -> str:
        """Write the files (path there → file here, or its content) in one commit; returns the address.

        A repository that is new is private unless `public`. Raises BadInput for a malformed id, and
        for one that is public where `public` is False; StoreError when the hub refuses or is out of reach.
        """
        ...


class ChatModels(Protocol):
    """Opens chat models; what it opened is closed with the context."""

    def opened(self, model: str) -> AbstractContextManager[Any]:
        """A LangChain `BaseChatModel` for a `CHAT_MODEL` string or a path to a GGUF file."""
        ...
