"""BM25 term weights by the vector engine's own encoder."""

from collections.abc import Sequence
from typing import Any

from llm_engineering.application.ports import SparseVector
from llm_engineering.domain.errors import ModelError


class Bm25Encoder:
    """Okapi BM25 term weights (Robertson & Zaragoza 2009), without the idf, which the store applies.

    The embedded engine and a Qdrant server are given the same vectors, so both rank alike. A
    term's index is a hash of its stem, so nothing has to be fitted or kept.
    """

    def __init__(
        self, *, language: str = "english", k1: float = 1.2, b: float = 0.75, average_length: float = 110.0
    ) -> None:
        """`language` sets stemmer and stop words. `average_length` is in terms after stop words:

        a chunk that fills a 256-token embedder has about 110. Raises ModelError for a language
        that the encoder does not know, or a constant out of its range.
        """
        from qdrant_edge import Bm25, Bm25Config

        try:
            self._bm25 = Bm25(Bm25Config(k=k1, b=b, avg_len=average_length, language=language, ascii_folding=True))
        except ValueError as error:
            raise ModelError(f"BM25 cannot be set up with these values: {error}.") from error

    def encode_documents(self, texts: Sequence[str]) -> list[SparseVector]:
        """One vector a text; a text of stop words only has an empty one."""
        return [_sparse(self._bm25.embed_document(text)) for text in texts]

    def encode_query(self, text: str) -> SparseVector:
        """The query's terms, each with weight 1."""
        return _sparse(self._bm25.embed_query(text))


def _sparse(vector: Any) -> SparseVector:
    return SparseVector(indices=list(vector.indices), values=list(vector.values))
