"""Bring the feature store in line with the warehouse: write what changed, remove what is gone."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from llm_engineering.application.chunking import CHUNKER, chunk
from llm_engineering.application.ports import Embedder, Progress, SparseEncoder, VectorPoint, VectorStore
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Chunk
from llm_engineering.domain.documents import Category, CleanedDocument

CHUNKS_PER_BATCH = 256
INDEXED_FIELDS = ("author_id", "document_id", "platform")


class IndexReport(BaseModel):
    """What a feature engineering run did."""

    documents: int = 0
    unchanged: int = 0
    embedded: int = 0
    removed: int = 0
    """Documents whose chunks were removed because the warehouse has them no more."""
    chunks_written: int = 0
    chunks_total: int = 0
    """Chunks of these authors in the store at the end."""


def cleaned_collection(category: Category) -> str:
    """The collection of cleaned documents, e.g. "cleaned_articles"."""
    return f"cleaned_{category}"


def embedded_collection(category: Category) -> str:
    """The collection of embedded chunks, e.g. "embedded_articles"."""
    return f"embedded_{category}"


def load_cleaned(
    documents: Sequence[CleanedDocument], *, authors: Sequence[Author], vectors: VectorStore, progress: Progress
) -> int:
    """Make the cleaned_* collections of these authors hold exactly these documents.

    Returns how many were written, because they are new or differ.
    """
    written = 0
    for category in Category:
        name = cleaned_collection(category)
        mine = [document for document in documents if document.category is category]
        known = {point.id: point.payload for point in _of_authors(vectors, name, authors)}
        if not mine and not known:
            continue
        vectors.ensure_collection(name, None, INDEXED_FIELDS)
        changed = [document for document in mine if known.get(document.id) != _payload(document)]
        points = (VectorPoint(document.id, _payload(document)) for document in changed)
        written += vectors.upsert(name, progress.track(points, f"loading {name}", total=len(changed)))
        vectors.delete(name, known.keys() - {document.id for document in mine})
    return written


def index(
    documents: Sequence[CleanedDocument],
    *,
    authors: Sequence[Author],
    vectors: VectorStore,
    embedder: Embedder,
    sparse: SparseEncoder,
    progress: Progress,
) -> IndexReport:
    """Make the embedded_* collections of these authors hold exactly these documents' chunks.

    A document whose hash, cleaner, chunker and embedder are those on record, and whose chunks
    are all there, is left alone. Chunks are upserted by id, then the stale ones are removed, so
    a run that was killed is completed by the next one.
    """
    report = IndexReport(documents=len(documents))
    for category in Category:
        name = embedded_collection(category)
        mine = [document for document in documents if document.category is category]
        known = _known(vectors, name, authors)
        if not mine and not known:
            continue
        vectors.ensure_collection(name, embedder.dimensions, INDEXED_FIELDS)
        changed = [document for document in mine if not _is_current(document, known.get(document.id), embedder)]
        report.unchanged += len(mine) - len(changed)
        report.embedded += len(changed)
        for batch in _batches(_chunked(changed, embedder, progress, name), CHUNKS_PER_BATCH):
            report.chunks_written += vectors.upsert(name, _points(batch, embedder, sparse))
        report.removed += _remove_stale(vectors, name, authors, mine, embedder)
        report.chunks_total += sum(vectors.count(name, {"author_id": str(author.id)}) for author in authors)
    return report


def version(document: CleanedDocument, embedder: Embedder) -> str:
    """Changes whenever the document's chunks or vectors would."""
    return "|".join((document.content_hash, document.cleaner, CHUNKER, embedder.model_id, str(document.published_at)))


def _chunked(
    documents: Sequence[CleanedDocument], embedder: Embedder, progress: Progress, name: str
) -> Iterator[tuple[Chunk, int, str]]:
    for document in progress.track(documents, f"embedding for {name}"):
        chunks = chunk(document, embedder.count_tokens, embedder.max_tokens)
        yield from ((piece, len(chunks), version(document, embedder)) for piece in chunks)


def _points(
    batch: Sequence[tuple[Chunk, int, str]], embedder: Embedder, sparse: SparseEncoder
) -> Iterator[VectorPoint]:
    texts = [piece.embedded_text for piece, _, _ in batch]
    rows = zip(batch, embedder.embed(texts), sparse.encode_documents(texts), strict=True)
    for (piece, siblings, stamp), dense, terms in rows:
        payload = {**_payload(piece), "chunks": siblings, "version": stamp}
        yield VectorPoint(piece.id, payload, dense.tolist(), terms)


def _known(vectors: VectorStore, name: str, authors: Sequence[Author]) -> dict[UUID, list[tuple[str, int]]]:
    """Document id → (version, number of siblings) of each of its chunks on record."""
    found: dict[UUID, list[tuple[str, int]]] = {}
    for point in _of_authors(vectors, name, authors):
        stamp = (point.payload["version"], point.payload["chunks"])
        found.setdefault(UUID(point.payload["document_id"]), []).append(stamp)
    return found


def _is_current(document: CleanedDocument, chunks: list[tuple[str, int]] | None, embedder: Embedder) -> bool:
    if not chunks:
        return False
    wanted = (version(document, embedder), len(chunks))
    return all(stamped == wanted for stamped in chunks)


def _remove_stale(
    vectors: VectorStore, name: str, authors: Sequence[Author], documents: Sequence[CleanedDocument], embedder: Embedder
) -> int:
    current = {document.id: version(document, embedder) for document in documents}
    stale, gone = [], set()
    for point in _of_authors(vectors, name, authors):
        document = UUID(point.payload["document_id"])
        if current.get(document) != point.payload["version"]:
            stale.append(point.id)
            gone |= {document} - current.keys()
    vectors.delete(name, stale)
    return len(gone)


def _of_authors(vectors: VectorStore, name: str, authors: Sequence[Author]) -> Iterator[VectorPoint]:
    return vectors.scroll(name, {"author_id": [str(author.id) for author in authors]})


def _payload(model: CleanedDocument | Chunk) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude={"id"})


def _batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
