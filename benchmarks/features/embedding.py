"""Chunks a second, and how far the vectors are from those of whole precision."""

import statistics
import time
from collections.abc import Sequence
from typing import Any

from benchmarks.features import reference_way
from llm_engineering.application.chunking import chunk
from llm_engineering.application.cleaning import clean
from llm_engineering.application.ports import Embedder
from llm_engineering.domain.documents import RawDocument


def measure(
    documents: Sequence[RawDocument], embedder: Embedder, model: str, *, rounds: int, most: int
) -> dict[str, Any]:
    """Both ways in turn on the same chunks, `most` of them at least; the ratio is the median of the rounds."""
    plain = reference_way.whole_precision(model)
    by_document = _chunks(documents, embedder, most)
    texts = [text for chunks in by_document for text in chunks]
    embedder.embed(texts[:8])
    plain.encode(texts[:8], show_progress_bar=False)
    usual, ours = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        true = reference_way.embedded(plain, by_document)
        usual.append(len(texts) / (time.perf_counter() - start))
        start = time.perf_counter()
        found = embedder.embed(texts)
        ours.append(len(texts) / (time.perf_counter() - start))
    cosines = (found * true).sum(axis=1) / (true**2).sum(axis=1) ** 0.5
    return {
        "embed_speedup": statistics.median(fast / slow for fast, slow in zip(ours, usual, strict=True)),
        "embed_cosine": float(cosines.mean()),
        "embed_cosine_worst": float(cosines.min()),
        "embed_chunks": len(texts),
        "embed_chunks_per_second": {"usual": statistics.median(usual), "ours": statistics.median(ours)},
    }


def _chunks(documents: Sequence[RawDocument], embedder: Embedder, most: int) -> list[list[str]]:
    found: list[list[str]] = []
    for document in documents:
        chunks = chunk(clean(document), embedder.count_tokens, embedder.max_tokens)
        found += [[piece.embedded_text for piece in chunks]] if chunks else []
        if sum(map(len, found)) >= most:
            break
    return found
