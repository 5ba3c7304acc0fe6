"""What computes: embedders, rerankers, trainers, chat models."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from llm_engineering.application.ports.progress import Progress
from llm_engineering.application.ports.stores import SparseVector
from llm_engineering.domain.datasets import InstructSample, PreferenceSample
from llm_engineering.domain.twins import TrainingPlan, TrainingResult

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
