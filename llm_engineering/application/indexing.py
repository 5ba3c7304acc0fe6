"""Bring the feature store in line with the warehouse: write what changed, remove what is gone.

Nothing holds all documents at once, and nothing is read that did not change:

- A cleaned document is stored with its *version*, a hash of whatever it was made from. A run reads
  the versions alone and cleans the documents whose version is another.
- A chunk is stored with its document's id and version and the number of its siblings, as one text.
  The store counts the chunks by that text, which says of each document whether all are there.
- What all vectors depend on (embedder, chunker) is kept with the collection. When it is another, a
  new collection is filled for every author, and takes the old one's place when it is complete.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel

from llm_engineering.application.chunking import CHUNKER, chunk
from llm_engineering.application.cleaning import clean, cleaner_version
from llm_engineering.application.pii import PiiRules
from llm_engineering.application.ports import (
    Embedder,
    Index,
    PointsWhere,
    Progress,
    SparseEncoder,
    VectorPoint,
    VectorStore,
)
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Chunk
from llm_engineering.domain.documents import Category, CleanedDocument, RawDocument
from llm_engineering.domain.identity import content_hash

T = TypeVar("T")

DOCUMENTS_PER_BATCH = 64
"""Cleaned documents in memory at a time."""
CHUNKS_PER_WINDOW = 2048
"""Chunks that are embedded together: the more there are, the more of one length are found for a batch.
With their vectors about 20 MB."""
STALE_PER_CALL = 500

VERSION = "version"
"""Payload field: of a cleaned document what it was made from, of a chunk see `_state`."""
CLEANED_INDEXES = {"author_id": Index.TENANT, "platform": Index.KEYWORD, "published_at": Index.DATETIME}
EMBEDDED_INDEXES = {**CLEANED_INDEXES, "document_id": Index.KEYWORD, VERSION: Index.KEYWORD}


class LoadReport(BaseModel):
    """What became of the cleaned documents."""

    documents: int = 0
    written: int = 0
    """New or changed, by their text or by the rules of cleaning."""
    removed: int = 0


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


# ---------------------------------------------------------------------------------- cleaned documents


def load_cleaned(
    documents: Iterable[RawDocument],
    *,
    authors: Sequence[Author],
    vectors: VectorStore,
    progress: Progress,
    pii: PiiRules | None = None,
) -> LoadReport:
    """Make the cleaned_* collections of these authors hold exactly these documents, cleaned.

    Those whose version is on record are neither cleaned nor written. `documents` may be a stream.
    """
    report, cleaner = LoadReport(), cleaner_version(pii)
    known = {category: _versions(vectors, cleaned_collection(category), _of(authors)) for category in Category}
    for batch in _batches(progress.track(documents, "cleaning"), DOCUMENTS_PER_BATCH):
        versions = {document.id: _version(document, cleaner) for document in batch}
        changed = [one for one in batch if known[one.category].pop(one.id, None) != versions[one.id]]
        report.documents += len(batch)
        for category in {document.category for document in changed}:
            name = cleaned_collection(category)
            vectors.ensure_collection(name, None, CLEANED_INDEXES)
            cleaned = (clean(document, pii) for document in changed if document.category is category)
            points = (VectorPoint(one.id, {**_payload(one), VERSION: versions[one.id]}) for one in cleaned)
            report.written += vectors.upsert(name, points)
    for category, gone in known.items():
        report.removed += len(gone)
        vectors.delete(cleaned_collection(category), gone)
    return report


def _version(document: RawDocument, cleaner: str) -> str:
    """Changes whenever the cleaned document would."""
    about = document.model_dump_json(
        include={"author_full_name", "category", "platform", "link", "published_at", "language"}
    )
    return content_hash(document.hash, cleaner, about)[:20]


# ---------------------------------------------------------------------------------- chunks


def index(
    *, authors: Sequence[Author], vectors: VectorStore, embedder: Embedder, sparse: SparseEncoder, progress: Progress
) -> IndexReport:
    """Make the embedded_* collections of these authors hold exactly the chunks of their cleaned documents.

    A document whose version is on record, and whose chunks are all there, is left alone. Chunks
    are upserted by id, then the stale ones are removed, so a run that was killed is completed by
    the next one. A collection of another embedder or chunker is rebuilt, for all authors.
    """
    report = IndexReport()
    indexing = _Indexing(vectors, embedder, sparse, progress, report)
    for category in Category:
        indexing.bring_up_to_date(category, authors)
    return report


class _Indexing:
    """One run over the categories."""

    def __init__(
        self, vectors: VectorStore, embedder: Embedder, sparse: SparseEncoder, progress: Progress, report: IndexReport
    ) -> None:
        self._vectors = vectors
        self._embedder = embedder
        self._sparse = sparse
        self._progress = progress
        self._report = report

    def bring_up_to_date(self, category: Category, authors: Sequence[Author]) -> None:
        """Embed what is new or another, remove what is stale; rebuild the collection where it must be."""
        name, source = embedded_collection(category), cleaned_collection(category)
        made_by = self._vectors.made_by(name)
        if made_by is None and not self._vectors.count(source, _of(authors)):
            return
        wanted = {"embedder": self._embedder.model_id, "chunker": CHUNKER}
        target = self._vectors.ensure_collection(name, self._embedder.dimensions, EMBEDDED_INDEXES, wanted)
        if target == name:
            self._update(source, name, _of(authors))
        else:
            before = ", ".join((made_by or {}).values()) or "an earlier version of this program"
            self._progress.note(f"  {name} was made by {before}; all of it is embedded again by {wanted['embedder']}.")
            self._update(source, target, None)
            self._vectors.switch(name, target)
        self._report.chunks_total += self._vectors.count(name, _of(authors))

    def _update(self, source: str, target: str, where: PointsWhere | None) -> None:
        versions = _versions(self._vectors, source, where)
        there = self._vectors.counts_by(target, VERSION, where)
        complete = {_document_of(state) for state in there if _is_whole(state, there[state], versions)}
        changed = [id for id in versions if id not in complete]
        current = {state for state in there if _document_of(state) in complete and _is_of(state, versions)}
        written = self._embed(source, target, {id: versions[id] for id in changed})
        stale = there.keys() - current - written
        for batch in _batches(stale, STALE_PER_CALL):
            self._vectors.delete_where(target, {VERSION: batch})
        if written or stale:
            self._vectors.optimize(target)
        embedded = len({_document_of(state) for state in written})  # some are empty: those have no chunk
        self._report.documents += len(versions)
        self._report.embedded += embedded
        self._report.unchanged += len(versions) - embedded
        self._report.removed += len({_document_of(state) for state in stale} - versions.keys())

    def _embed(self, source: str, target: str, versions: dict[UUID, str]) -> set[str]:
        """Chunk, embed and write these documents; returns the states of their chunks."""
        written: set[str] = set()
        for window in _batches(self._chunked(source, versions), CHUNKS_PER_WINDOW):
            if written:  # a corpus of one window is told of by its bar alone
                self._progress.note(f"  {target}: {len(written)} of {len(versions)} documents embedded")
            self._report.chunks_written += self._vectors.upsert(target, self._points(window))
            written |= {state for _, state in window}
        return written

    def _chunked(self, source: str, versions: dict[UUID, str]) -> Iterator[tuple[Chunk, str]]:
        """Each chunk with its state."""
        count, most = self._embedder.count_tokens, self._embedder.max_tokens
        for document in self._documents(source, versions):
            chunks = chunk(document, count, most)
            state = _state(document.id, versions[document.id], len(chunks))
            yield from ((piece, state) for piece in chunks)

    def _documents(self, source: str, ids: Iterable[UUID]) -> Iterator[CleanedDocument]:
        for batch in _batches(ids, DOCUMENTS_PER_BATCH):
            yield from map(cleaned_of, self._vectors.get(source, batch))

    def _points(self, window: Sequence[tuple[Chunk, str]]) -> Iterator[VectorPoint]:
        texts = [piece.embedded_text for piece, _ in window]
        vectors = self._embedder.embed(texts, self._progress)
        rows = zip(window, vectors, self._sparse.encode_documents(texts), strict=True)
        for (piece, state), dense, terms in rows:
            yield VectorPoint(piece.id, {**_payload(piece), VERSION: state}, dense, terms)


def cleaned_of(point: VectorPoint) -> CleanedDocument:
    """The document that a point of a cleaned_* collection holds."""
    return CleanedDocument.model_validate({"id": point.id, **point.payload})


def _state(document: UUID, version: str, chunks: int) -> str:
    """What each of a document's chunks says: whose it is, of which version, and how many there are."""
    return f"{document}:{version}:{chunks}"


def _document_of(state: str) -> UUID:
    return UUID(state.partition(":")[0])


def _is_of(state: str, versions: dict[UUID, str]) -> bool:
    """Whether the chunks that say so are of the document's present version."""
    document, version, _ = state.split(":")
    return versions.get(UUID(document)) == version


def _is_whole(state: str, there: int, versions: dict[UUID, str]) -> bool:
    return _is_of(state, versions) and there == int(state.rpartition(":")[2])


def _versions(vectors: VectorStore, name: str, where: PointsWhere | None) -> dict[UUID, str]:
    """Document id → version, "" for one that an earlier version of this program has written."""
    return {point.id: point.payload.get(VERSION, "") for point in vectors.scroll(name, where, [VERSION])}


def _of(authors: Sequence[Author]) -> PointsWhere:
    return {"author_id": [str(author.id) for author in authors]}


def _payload(model: CleanedDocument | Chunk) -> dict[str, Any]:
    return model.model_dump(mode="json", exclude={"id"})


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
