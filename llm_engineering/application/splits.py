"""Which documents are held out: the newest, and for good."""

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from llm_engineering.application.ports import DocumentStore
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.errors import EmptyCorpus

SPLITS = "dataset_splits"
"""Collection: {"_id": "AUTHOR_ID:SHARE", "author_id", "test_split_size", "held_out": [id], "trained": [id]}."""


@dataclass(frozen=True)
class Split:
    """Documents by the side on which they are, oldest first."""

    train: list[CleanedDocument]
    test: list[CleanedDocument]


@dataclass(frozen=True)
class Known:
    """Where documents were put before."""

    held_out: Set[UUID] = frozenset()
    trained: Set[UUID] = frozenset()


def split_by_document(documents: Sequence[CleanedDocument], test_split_size: float, known: Known = Known()) -> Split:
    """What was held out stays held out, and what was trained on is never held out later.

    Of the other documents the newest are held out until `test_split_size` of all are (at least
    one on either side); undated ones count as the oldest: it is safer to learn from them. Raises
    EmptyCorpus when that leaves nothing on one side.
    """
    if len(documents) < 2:
        raise EmptyCorpus(
            f"{len(documents)} document(s) with usable text: a twin needs at least 2, one to learn from and "
            "one to be measured on; collect more of the author first."
        )
    oldest_first = sorted(documents, key=lambda document: (_date(document), str(document.id)))
    new = [d for d in oldest_first if d.id not in known.held_out and d.id not in known.trained]
    held_out = {document.id for document in oldest_first if document.id in known.held_out}
    wanted = min(len(documents) - 1, max(1, math.ceil(len(documents) * test_split_size))) - len(held_out)
    held_out |= {document.id for document in new[max(0, len(new) - wanted) :] if wanted > 0}
    split = Split(
        train=[document for document in oldest_first if document.id not in held_out],
        test=[document for document in oldest_first if document.id in held_out],
    )
    if not split.train or not split.test:
        kept = "held out" if split.test else "trained on"
        raise EmptyCorpus(
            f"All {len(documents)} documents with usable text were {kept} before, and stay so; collect more of the "
            "author, or take another test_split_size, which begins a split of its own."
        )
    return split


def known_split(store: DocumentStore, author: Author, test_split_size: float) -> Known:
    """Where the author's documents were put by earlier datasets of this share."""
    record = store.get(SPLITS, _id(author, test_split_size)) or {"held_out": [], "trained": []}
    return Known(held_out={UUID(one) for one in record["held_out"]}, trained={UUID(one) for one in record["trained"]})


def remember_split(store: DocumentStore, author: Author, test_split_size: float, split: Split) -> None:
    """Keep it for the datasets to come, with the documents that are not here now but were before."""
    known = known_split(store, author, test_split_size)
    held_out = known.held_out | {document.id for document in split.test}
    trained = known.trained | {document.id for document in split.train}
    record = {
        "_id": _id(author, test_split_size),
        "author_id": str(author.id),
        "test_split_size": test_split_size,
        "held_out": sorted(map(str, held_out)),
        "trained": sorted(map(str, trained)),
    }
    store.upsert(SPLITS, [record])


def _id(author: Author, test_split_size: float) -> str:
    return f"{author.id}:{test_split_size:g}"


def _date(document: CleanedDocument) -> datetime:
    if document.published_at is None:
        return datetime.min.replace(tzinfo=UTC)
    return document.published_at if document.published_at.tzinfo else document.published_at.replace(tzinfo=UTC)
