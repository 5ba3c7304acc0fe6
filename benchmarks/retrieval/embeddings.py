"""Vectors that were computed once, so that a repeated benchmark is quick."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from llm_engineering.application.ports import Embedder, Progress

if TYPE_CHECKING:
    import numpy as np


class RememberedEmbedder:
    """An Embedder that keeps each text's vector in a file of its model, below `directory`."""

    def __init__(self, embedder: Embedder, directory: Path) -> None:
        import numpy as np

        self._embedder = embedder
        self._file = directory / f"{sha256(embedder.model_id.encode()).hexdigest()[:16]}.npz"
        self._rows: dict[bytes, np.ndarray] = {}
        if self._file.exists():
            with np.load(self._file) as kept:
                self._rows = dict(zip((key.tobytes() for key in kept["keys"]), kept["rows"], strict=True))

    @property
    def model_id(self) -> str:
        """That of the embedder."""
        return self._embedder.model_id

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._embedder.dimensions

    @property
    def max_tokens(self) -> int:
        """Tokens that the model reads of a text."""
        return self._embedder.max_tokens

    def count_tokens(self, text: str) -> int:
        """Tokens of the text, special ones included."""
        return self._embedder.count_tokens(text)

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> "np.ndarray":
        """The vectors, in order; those of new texts are computed and kept."""
        import numpy as np

        keys = [sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._rows}
        if new:
            rows = self._embedder.embed(list(new.values()), progress)
            self._rows.update(zip(new, rows, strict=True))
            self._save()
        if not texts:
            return np.empty((0, self.dimensions), dtype=np.float32)
        return np.stack([self._rows[key] for key in keys])

    def _save(self) -> None:
        import numpy as np

        self._file.parent.mkdir(parents=True, exist_ok=True)
        part = self._file.with_suffix(".part.npz")
        keys = np.stack([np.frombuffer(key, dtype=np.uint8) for key in self._rows])
        np.savez(part, keys=keys, rows=np.stack(list(self._rows.values())))
        part.replace(self._file)
