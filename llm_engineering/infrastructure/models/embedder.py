"""Dense vectors by any sentence-transformers model."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from llm_engineering.application.ports import Progress, Silent
from llm_engineering.domain.errors import ModelError
from llm_engineering.infrastructure.models.precision import (
    cpu_prefers_bfloat16,
    let_threads_wait_passively,
    require_device,
)
from llm_engineering.infrastructure.models.quiet import quiet_transformers

if TYPE_CHECKING:
    import numpy as np

TOKENS_PER_BATCH = 2048
"""Padded tokens that the model reads at a time on a CPU: about what stays in its caches. More is slower again."""
TOKENS_PER_BATCH_OF_ACCELERATORS = 16 * TOKENS_PER_BATCH


class SentenceEmbedder:
    """A sentence-transformers model: a directory, which is never looked up on a network, or a hub id.

    On CPUs with instructions for bfloat16 the model runs in it: nearly three times as fast, and
    the vectors' cosine to the float32 ones is above 0.9999, so stores made by either mix freely
    and the precision is no part of `model_id`. Safe to use from several threads.
    """

    def __init__(self, model: str | Path, *, device: str = "cpu", model_id: str | None = None) -> None:
        """Load it to `device` (cpu, mps, cuda, cuda:N). `model_id` is the name to go by.

        Raises ModelError when there is no such model, or it embeds no text, and BadSettings when there is no
        such device.
        """
        let_threads_wait_passively()
        import torch
        from sentence_transformers import SentenceTransformer

        require_device(device)
        quiet_transformers()
        dtype = torch.bfloat16 if device == "cpu" and cpu_prefers_bfloat16() else torch.float32
        is_directory = Path(model).is_dir()
        try:
            self._model = SentenceTransformer(
                str(model), device=device, local_files_only=is_directory, model_kwargs={"dtype": dtype}
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ModelError(
                f"The embedding model {str(model)!r} cannot be loaded ({reason}); check TEXT_EMBEDDING_MODEL_ID."
            ) from error
        self._model_id = model_id or (Path(model).name if is_directory else str(model))
        self._lock = threading.Lock()  # a fast tokenizer must not be used by two threads at once
        self._tokens_per_batch = TOKENS_PER_BATCH if device == "cpu" else TOKENS_PER_BATCH_OF_ACCELERATORS
        self._dimensions = len(self._encoded(["dimensions"])[0])

    @property
    def model_id(self) -> str:
        """The name given on construction, else the hub id or the directory's name."""
        return self._model_id

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._dimensions

    @property
    def max_tokens(self) -> int:
        """Tokens that the model reads of a text, special ones included; the rest is ignored."""
        return int(self._model.max_seq_length or self._model.tokenizer.model_max_length)

    def count_tokens(self, text: str) -> int:
        """Tokens of the text by the model's tokenizer, special ones included, not truncated."""
        with self._lock:
            return len(self._model.tokenizer(text, truncation=False, verbose=False)["input_ids"])

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> "np.ndarray":
        """Float32 array of shape (len(texts), dimensions), rows of length 1, in order."""
        import numpy as np

        if not texts:
            return np.empty((0, self._dimensions), dtype=np.float32)
        batches = self._batches(texts)
        vectors = np.empty((len(texts), self._dimensions), dtype=np.float32)
        for batch in (progress or Silent()).track(batches, "Embedding", total=len(batches)):
            vectors[batch] = self._encoded([texts[place] for place in batch])
        # Normalised here and not by the model, whose bfloat16 rows are off length 1 by 0.2 %.
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors

    def _batches(self, texts: Sequence[str]) -> list[list[int]]:
        """The places of the texts, the longest first, in batches of as many tokens as are quickest.

        Texts of one length need no padding, which is twice as fast as in the order given; so the
        more texts are given at once, the better. The longest come first, so that a lack of memory
        shows at once.
        """
        with self._lock:
            read = self._model.tokenizer(list(texts), truncation=True, max_length=self.max_tokens)["input_ids"]
        lengths = [max(1, len(tokens)) for tokens in read]
        order = sorted(range(len(texts)), key=lengths.__getitem__, reverse=True)
        batches, start = [], 0
        while start < len(order):
            end = start + max(1, self._tokens_per_batch // lengths[order[start]])
            batches.append(order[start:end])
            start = end
        return batches

    def _encoded(self, texts: list[str]) -> "np.ndarray":
        import numpy as np

        with self._lock:
            raw = self._model.encode(texts, batch_size=len(texts), show_progress_bar=False)
        return np.asarray(raw, dtype=np.float32)
