"""The feature store follows the warehouse, and a search finds what was written, by whom."""

import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest

from llm_engineering.application.chunking import CHUNKER
from llm_engineering.application.cleaning import clean
from llm_engineering.application.indexing import DOCUMENTS_PER_BATCH, IndexReport, index, load_cleaned
from llm_engineering.application.pii import PiiRules
from llm_engineering.application.ports import PointsWhere, Progress, Silent, VectorPoint
from llm_engineering.application.retrieving import retrieve
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import RetrievedPassage
from llm_engineering.domain.documents import RawDocument
from tests.counting import Counted
from tests.fakes import InMemoryVectors, WordCounts, WordEmbedder
from tests.samples import ADA, article, raw_document

BOB = Author.named("Bob Other")


class Counting(WordEmbedder):
    """Keeps what it was asked to embed."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
        self.texts += texts
        return super().embed(texts, progress)


class Stopped(Exception):
    """What a kill looks like from inside."""


class Interrupted(InMemoryVectors):
    """Raises Stopped when it is to write, delete or switch for the n-th time."""

    def __init__(self) -> None:
        super().__init__()
        self.left = 10**9

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Stopped

    def upsert(self, collection: str, points: Iterable[VectorPoint]) -> int:
        written = 0
        for point in points:  # one by one, so that it can be stopped inside a document
            self._step()
            written += super().upsert(collection, [point])
        return written

    def delete(self, collection: str, ids: Iterable[UUID]) -> None:
        self._step()
        super().delete(collection, ids)

    def delete_where(self, collection: str, where: PointsWhere) -> None:
        self._step()
        super().delete_where(collection, where)

    def switch(self, name: str, to: str) -> None:
        self._step()
        super().switch(name, to)


class Features:
    """A feature store, with what it takes to fill and search it."""

    def __init__(self) -> None:
        self.vectors = Interrupted()
        self.embedder, self.sparse = Counting(), WordCounts()
        self.notes: list[str] = []

    def load(self, documents: list[RawDocument], *authors: Author, pii: PiiRules | None = None) -> IndexReport:
        progress = Counted()
        named = {"authors": authors or (ADA,), "vectors": self.vectors, "progress": progress}
        self.loaded = load_cleaned(documents, pii=pii, **named)
        report = index(embedder=self.embedder, sparse=self.sparse, **named)
        self.notes = progress.notes
        return report

    def ask(self, query: str, author: Author = ADA, k: int = 3) -> list[RetrievedPassage]:
        found = retrieve(
            query, author, vectors=self.vectors, embedder=self.embedder, sparse=self.sparse, reranker=None, k=k
        )
        return list(found.passages)

    def payloads(self) -> dict[str, dict]:
        return {
            f"{name}/{point.id}": point.payload
            for name in ("cleaned_articles", "embedded_articles")
            for point in self.vectors.scroll(name)
        }


@pytest.fixture
def features() -> Features:
    return Features()


def documents(count: int = 3, author: Author = ADA) -> list[RawDocument]:
    return [raw_document(article(n), f"https://a.example/{n}", author, title=f"Title {n}") for n in range(count)]


def test_a_second_run_embeds_nothing(features: Features) -> None:
    first = features.load(documents())
    before = features.payloads()
    features.embedder.texts.clear()
    second = features.load(documents())
    assert (first.embedded, first.documents) == (3, 3)
    assert (second.embedded, second.unchanged, second.chunks_written) == (0, 3, 0)
    assert second.chunks_total == first.chunks_total > 3
    assert (features.loaded.documents, features.loaded.written) == (3, 0)
    assert features.embedder.texts == []
    assert features.payloads() == before


def test_an_edited_document_loses_its_old_chunks_and_is_the_only_one_to_be_embedded(features: Features) -> None:
    features.load(documents())
    features.embedder.texts.clear()
    edited = raw_document("Much shorter now.", "https://a.example/1")
    report = features.load([documents()[0], edited, documents()[2]])
    assert (report.embedded, report.unchanged, features.loaded.written) == (1, 2, 1)
    assert features.embedder.texts == ["A title\nMuch shorter now."]
    texts = [p["text"] for key, p in features.payloads().items() if p.get("document_id") == str(edited.id)]
    assert texts == ["Much shorter now."]


def test_an_edited_document_that_is_edited_back_has_its_first_chunks_again(features: Features) -> None:
    features.load(documents())
    before = features.payloads()
    features.load([documents()[0], raw_document("Other.", "https://a.example/1"), documents()[2]])
    features.load(documents())
    assert features.payloads() == before


@pytest.mark.parametrize("changed", [{"published_at": None}, {"platform": "b.example"}, {"title": "Another title"}])
def test_what_a_chunk_says_of_its_document_follows_the_document(features: Features, changed: dict[str, Any]) -> None:
    features.load([raw_document("Marmalade wants bitter oranges.")])
    features.load([raw_document("Marmalade wants bitter oranges.", **changed)])
    for payload in features.payloads().values():
        assert changed.items() <= payload.items()


def test_another_way_of_cleaning_means_embedding_again(features: Features) -> None:
    features.load([raw_document("Write to ada@example.org about marmalade.")])
    assert features.load([raw_document("Write to ada@example.org about marmalade.")], pii=PiiRules()).embedded == 1
    assert "ada@example.org" not in str(features.payloads())
    assert features.load([raw_document("Write to ada@example.org about marmalade.")], pii=PiiRules()).embedded == 0


def test_a_document_that_is_gone_leaves_nothing_behind(features: Features) -> None:
    features.load(documents())
    report = features.load(documents(2))
    assert (report.removed, features.loaded.removed) == (1, 1)
    assert str(documents()[2].id) not in str(features.payloads())
    assert features.load([]).chunks_total == 0
    assert features.payloads() == {}


def test_one_author_run_does_not_touch_the_others(features: Features) -> None:
    features.load([*documents(), *documents(author=BOB)], ADA, BOB)
    features.load(documents(1), ADA)
    assert features.vectors.count("cleaned_articles", {"author_id": str(BOB.id)}) == 3
    assert len(features.vectors.counts_by("embedded_articles", "document_id", {"author_id": str(BOB.id)})) == 3


def test_a_half_loaded_document_is_completed(features: Features) -> None:
    features.load(documents())
    whole = features.payloads()
    lost = next(point.id for point in features.vectors.scroll("embedded_articles"))
    features.vectors.delete("embedded_articles", [lost])
    report = features.load(documents())
    assert report.embedded == 1
    assert features.payloads() == whole


def test_a_document_without_words_has_no_chunk_and_is_no_trouble(features: Features) -> None:
    report = features.load([raw_document("\n"), *documents(1)])
    assert (report.documents, report.embedded, report.unchanged) == (2, 1, 1)


def changed_store() -> Features:
    """Three documents in the store, of which the next run will find one edited, one gone, one new."""
    features = Features()
    features.load([*documents(), *documents(1, BOB)], ADA, BOB)
    return features


EDITED = [documents()[0], raw_document(article(7, 9), "https://a.example/1", title="Title 1"), *documents(4)[3:]]


@pytest.mark.parametrize("embedder", ["words", "words/2"])
def test_a_run_that_is_killed_anywhere_and_run_again_ends_like_an_undisturbed_one(embedder: str) -> None:
    undisturbed = changed_store()
    undisturbed.embedder.model_id = embedder
    undisturbed.load(EDITED)
    for steps in range(200):
        killed = changed_store()
        killed.embedder.model_id = embedder
        killed.vectors.left = steps
        try:
            killed.load(EDITED)
        except Stopped:
            killed.vectors.left = 10**9
            killed.load(EDITED)
            assert killed.payloads() == undisturbed.payloads(), f"killed at step {steps}"
        else:
            break
    assert 10 < steps < 199


def test_another_embedder_means_embedding_everything_again_for_all_authors(features: Features) -> None:
    features.load([*documents(), *documents(2, BOB)], ADA, BOB)
    before = {key for key in features.payloads() if key.startswith("embedded")}
    features.embedder.model_id, features.embedder.dimensions = "words/2", 32
    report = features.load(documents(), ADA)
    assert (report.embedded, report.documents) == (5, 5)
    assert {key for key in features.payloads() if key.startswith("embedded")} == before
    assert features.vectors.made_by("embedded_articles") == {"embedder": "words/2", "chunker": CHUNKER}
    assert any("words/2" in note for note in features.notes)
    assert features.ask(article(1)[:60], BOB)[0].chunk.author_id == BOB.id
    assert features.load([*documents(), *documents(2, BOB)], ADA, BOB).embedded == 0


def test_a_store_of_an_earlier_version_is_made_anew(features: Features) -> None:
    old = clean(documents(1, BOB)[0])
    features.vectors.ensure_collection("cleaned_articles", None)
    features.vectors.upsert("cleaned_articles", [VectorPoint(old.id, old.model_dump(mode="json", exclude={"id"}))])
    features.vectors.ensure_collection("embedded_articles", 8)
    features.vectors.upsert("embedded_articles", [VectorPoint(uuid4(), {"version": "old", "text": "x"}, [1.0] * 8)])
    assert features.load(documents()).embedded == 4
    assert {p["author_full_name"] for p in features.payloads().values()} == {ADA.full_name, BOB.full_name}
    assert features.load(documents(1, BOB), BOB).embedded == 1  # cleaned by the present rules
    assert features.load([*documents(), *documents(1, BOB)], ADA, BOB).embedded == 0


def test_the_old_collection_answers_until_the_new_one_is_complete(features: Features) -> None:
    features.load(documents())
    features.embedder.model_id = "words/2"
    features.vectors.left = 8  # deletions of nothing gone, then some of the chunks
    with pytest.raises(Stopped):
        features.load(documents())
    assert features.vectors.made_by("embedded_articles") == {"embedder": "words", "chunker": CHUNKER}
    assert len(features.ask("orchard")) == 3


def test_documents_are_read_as_a_stream(features: Features) -> None:
    """However many documents there are, a few are in memory at a time."""
    dropped: list[int] = []
    most = 0

    def stream() -> Iterator[RawDocument]:
        nonlocal most
        for n in range(300):
            document = raw_document(f"Text {n}.", f"https://a.example/{n}")
            weakref.finalize(document, dropped.append, n)
            most = max(most, n + 1 - len(dropped))
            yield document
            del document

    load_cleaned(stream(), authors=[ADA], vectors=features.vectors, progress=Silent())
    assert features.vectors.count("cleaned_articles") == 300
    assert most <= 2 * DOCUMENTS_PER_BATCH + 2
