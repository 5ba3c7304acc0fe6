"""Late interaction over the embedder's own token vectors, to see whether it pays (arXiv:2004.12832)."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from llm_engineering.application.retrieval.candidates import Candidate
from llm_engineering.application.retrieval.ranking import mixed

if TYPE_CHECKING:
    import numpy as np

BATCH = 32


class LateInteraction:
    """Scores candidates by the sum, over the question's tokens, of the greatest cosine to a token of the chunk.

    Tokens are weighted by their inverse document frequency among the chunks that were read. Each
    chunk's token vectors are computed once and kept in memory in half precision.
    """

    def __init__(self, model: str | Path) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        from llm_engineering.infrastructure.models.precision import cpu_prefers_bfloat16

        dtype = torch.bfloat16 if cpu_prefers_bfloat16() else torch.float32
        self._model: Any = SentenceTransformer(str(model), device="cpu", model_kwargs={"dtype": dtype})
        self._chunks: dict[UUID, np.ndarray] = {}
        self._holders: Counter[int] = Counter()

    def scores(self, question: str, found: Sequence[Candidate]) -> list[float]:
        """One score a candidate, 0 to 1."""
        import numpy as np

        self.read(found)
        ids, (query,) = self._ids(question), self._vectors([question])
        idf = np.array([self._idf(id) for id in ids])
        query = query.astype(np.float32)
        return [
            float((idf * (query @ self._chunks[one.chunk.id].astype(np.float32).T).max(axis=1)).sum() / idf.sum())
            for one in found
        ]

    def mixed(self, question: str, found: Sequence[Candidate]) -> list[float]:
        """The late interaction and the mix of dense and BM25, each in units of its spread."""
        before = mixed([one.scores["dense"] for one in found], [one.scores["bm25"] for one in found])
        return mixed(self.scores(question, found), before, 0.5)

    def read(self, found: Sequence[Candidate]) -> None:
        """Compute the token vectors of these chunks, and count their tokens."""
        import numpy as np

        new = [one for one in found if one.chunk.id not in self._chunks]
        texts = [one.chunk.embedded_text for one in new]
        for one, text, vectors in zip(new, texts, self._vectors(texts), strict=True):
            self._chunks[one.chunk.id] = vectors.astype(np.float16)
            self._holders.update(set(self._ids(text)))

    def _vectors(self, texts: Sequence[str]) -> "list[np.ndarray]":
        """Rows of length 1, one for each token without the special ones."""
        import numpy as np

        found = []
        rows = self._model.encode(
            list(texts), output_value="token_embeddings", batch_size=BATCH, show_progress_bar=False
        )
        for row in rows:
            vectors = row.float().numpy()[1:-1]
            found.append(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))
        return found

    def _ids(self, text: str) -> list[int]:
        tokens: Mapping[str, Any] = self._model.tokenizer(
            text, truncation=True, max_length=self._model.max_seq_length, add_special_tokens=True
        )
        return list(tokens["input_ids"][1:-1])

    def _idf(self, id: int) -> float:
        holders = self._holders[id]
        return math.log(1 + (len(self._chunks) - holders + 0.5) / (holders + 0.5))
