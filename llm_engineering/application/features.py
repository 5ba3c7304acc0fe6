"""What the pipelines read: raw documents from the warehouse, cleaned ones from the feature store."""

import heapq
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count

from llm_engineering.application.cleaning import clean
from llm_engineering.application.indexing import cleaned_collection, cleaned_of
from llm_engineering.application.ports import VectorStore
from llm_engineering.application.style.features import content_words
from llm_engineering.application.warehouse import COLLECT_COMMAND, Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, CleanedDocument, RawDocument
from llm_engineering.domain.errors import EmptyCorpus

MOST_IMPOSTORS = 10
"""Other authors that style is measured against; more add time, hardly anything else."""

MOST_SHOWN = 200
"""Documents of a sample; the dashboard's page shows fewer, an exported artifact these."""

_UNDATED = datetime.min.replace(tzinfo=UTC)


def features_command(author: str) -> str:
    """What a user runs to fill the feature store with the texts of the author of that full name."""
    return f"./poe run-feature-engineering-pipeline --set author_full_names={shlex.quote(f'[{author}]')}"


def raw_documents(authors: Sequence[Author], warehouse: Warehouse) -> Iterator[RawDocument]:
    """All documents of these authors that are not gone, streamed, author by author.

    Raises EmptyCorpus, before the first document, for an author of whom nothing was ever collected.
    One whose documents are all gone has none here, and that is no error: the feature store is to
    forget them.
    """
    for author in authors:
        if next(warehouse.documents(author, include_gone=True), None) is None:
            raise EmptyCorpus(
                f"The warehouse has no documents of {author.full_name}; collect some first: {COLLECT_COMMAND}."
            )
    for author in authors:
        yield from warehouse.documents(author)


def sample(documents: Iterable[RawDocument]) -> tuple[list[RawDocument], int]:
    """Some documents to look at, oldest first, and how many there are: all, or MOST_SHOWN of them.

    Which are taken depends on their ids alone, which are hashes: so they are a random sample, and
    the same one as long as these documents are there.
    """
    counter = count()
    shown = heapq.nsmallest(MOST_SHOWN, (document for document, _ in zip(documents, counter, strict=False)), key=_place)
    return sorted(shown, key=_age), next(counter)


def cleaned_documents(author: Author, vectors: VectorStore) -> list[CleanedDocument]:
    """The author's cleaned documents, oldest first. Raises EmptyCorpus when there are none."""
    found = [
        cleaned_of(point)
        for category in Category
        for point in vectors.scroll(cleaned_collection(category), {"author_id": str(author.id)})
    ]
    if not found:
        raise EmptyCorpus(
            f"The feature store has no documents of {author.full_name}; "
            f"fill it first: {features_command(author.full_name)}."
        )
    return sorted(found, key=_age)


def impostor_texts(author: Author, warehouse: Warehouse) -> Mapping[str, list[str]]:
    """Other authors' style texts by name, oldest first; of the MOST_IMPOSTORS nearest in topic, by name.

    Cleaned here rather than read from the feature store, so that authors count whose features
    have not been made.
    """
    others = [other for other in warehouse.authors() if other.id != author.id]
    texts = {other.full_name: found for other in others if (found := _style_texts(other, warehouse))}
    if len(texts) <= MOST_IMPOSTORS:
        return texts
    likeness = _likeness(_style_texts(author, warehouse), list(texts.values()))
    nearest = {list(texts)[at] for at in heapq.nlargest(MOST_IMPOSTORS, range(len(texts)), key=likeness.__getitem__)}
    return {name: found for name, found in texts.items() if name in nearest}


def _style_texts(author: Author, warehouse: Warehouse) -> list[str]:
    return [clean(document).style_text for document in sorted(warehouse.documents(author), key=_age)]


def _likeness(own: Sequence[str], others: Sequence[Sequence[str]]) -> list[float]:
    """Of each of the others to the author: cosine (0 to 1) of TF-IDF over content words."""
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

    # By hashes, as a vocabulary of texts without a content word would be an error.
    counted = HashingVectorizer(analyzer=content_words, alternate_sign=False, norm=None)
    counts = counted.transform(["\n".join(texts) for texts in (own, *others)])
    weighed = TfidfTransformer(sublinear_tf=True).fit_transform(counts)
    return [float(one) for one in (weighed[1:] @ weighed[0].T).toarray().ravel()]


def _place(document: RawDocument) -> int:
    return document.id.int


def _age(document: RawDocument | CleanedDocument) -> tuple[datetime, str]:
    published = document.published_at or _UNDATED
    return (published if published.tzinfo else published.replace(tzinfo=UTC), str(document.id))
