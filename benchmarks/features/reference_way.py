"""Making features in the usual way: a call for each document, ten chunks a batch, four points an upsert.

Written from the description of the pipeline that everybody knows, to have something to compare
with in the same run, on the same model, texts and store.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from llm_engineering.application.ports import VectorPoint, VectorStore
from llm_engineering.domain.documents import RawDocument

if TYPE_CHECKING:
    import numpy as np
    from sentence_transformers import SentenceTransformer

CHUNKS_PER_BATCH = 10
POINTS_PER_UPSERT = 4
CHARACTERS = 500
TOKENS = 256
OVERLAP = 50


def whole_precision(model: str) -> "SentenceTransformer":
    """The model in fp32."""
    from pathlib import Path

    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(model, device="cpu", local_files_only=Path(model).is_dir())


def embedded(model: "SentenceTransformer", documents: Sequence[Sequence[str]]) -> "np.ndarray":
    """The vectors of each document's chunks, a document at a time."""
    import numpy as np

    rows = [model.encode(list(chunks), batch_size=CHUNKS_PER_BATCH, show_progress_bar=False) for chunks in documents]
    return np.concatenate(rows)


def make_features(
    documents: Sequence[RawDocument], model: "SentenceTransformer", model_path: str, vectors: VectorStore
) -> int:
    """Clean, chunk, embed and load; returns how many chunks there are."""
    cleaned = [(document, re.sub(r"\s+", " ", re.sub(r"[^\w\s.,!?]", " ", document.content))) for document in documents]
    vectors.ensure_collection("cleaned", None)
    _load(vectors, "cleaned", [VectorPoint(uuid4(), _payload(document, text)) for document, text in cleaned])
    points = []
    for document, text in cleaned:
        chunks = list(_split(text, model_path))
        for start in range(0, len(chunks), CHUNKS_PER_BATCH):
            batch = chunks[start : start + CHUNKS_PER_BATCH]
            rows = model.encode(batch, show_progress_bar=False)
            points += [
                VectorPoint(uuid4(), _payload(document, chunk), row.tolist())
                for chunk, row in zip(batch, rows, strict=True)
            ]
    vectors.ensure_collection("embedded", len(points[0].dense or ()))
    _load(vectors, "embedded", points)
    return len(points)


def _load(vectors: VectorStore, collection: str, points: Sequence[VectorPoint]) -> None:
    for start in range(0, len(points), POINTS_PER_UPSERT):
        vectors.upsert(collection, points[start : start + POINTS_PER_UPSERT])


def _split(text: str, model_path: str) -> Iterator[str]:
    """By characters, then by tokens, with splitters built for each document; LangChain's loads the model for it."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter, SentenceTransformersTokenTextSplitter

    by_characters = RecursiveCharacterTextSplitter(chunk_size=CHARACTERS, chunk_overlap=0)
    by_tokens = SentenceTransformersTokenTextSplitter(
        chunk_overlap=OVERLAP, model_name=model_path, tokens_per_chunk=TOKENS, model_kwargs={"device": "cpu"}
    )
    for section in by_characters.split_text(text):
        yield from by_tokens.split_text(section)


def _payload(document: RawDocument, text: str) -> dict[str, Any]:
    return {"text": text, **document.model_dump(mode="json", include={"author_id", "platform", "link", "title"})}
