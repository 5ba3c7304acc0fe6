"""Ranked chunks become passages: each thing said once, neighbours together, no more than fits."""

from uuid import UUID

import pytest

from llm_engineering.application.indexing import index, load_cleaned
from llm_engineering.application.ports import Silent
from llm_engineering.application.retrieval.joining import MOST_JOINED, joined, selected, within
from llm_engineering.application.retrieving import retrieve
from llm_engineering.domain.chunks import Chunk, RetrievedPassage
from llm_engineering.domain.documents import Category, CleanedDocument, RawDocument
from tests.fakes import InMemoryVectors, WordCounts, WordEmbedder
from tests.samples import ADA, article, cleaned_document, raw_document

LONG = raw_document(article(1, 24), "https://a.example/long")


class Store:
    """A feature store of some documents."""

    def __init__(self, *documents: RawDocument) -> None:
        self.vectors, self.embedder = InMemoryVectors(), WordEmbedder()
        load_cleaned(documents, authors=[ADA], vectors=self.vectors, progress=Silent())
        index(authors=[ADA], vectors=self.vectors, embedder=self.embedder, sparse=WordCounts(), progress=Silent())

    def chunks(self, document: RawDocument) -> list[Chunk]:
        points = self.vectors.scroll("embedded_articles", {"document_id": str(document.id)})
        found = [Chunk.model_validate({"id": point.id, **point.payload}) for point in points]
        return sorted(found, key=lambda chunk: chunk.ordinal)

    def within(self, budget: int, *passages: RetrievedPassage) -> list[RetrievedPassage]:
        groups = selected(passages, unlike, 5)
        kept = within(budget, groups, vectors=self.vectors, count_tokens=self.embedder.count_tokens)
        return joined(kept, self.vectors)


def unlike(left: UUID, right: UUID) -> float:
    return 0.0


def ranked(*chunks: Chunk) -> list[RetrievedPassage]:
    return [
        RetrievedPassage(chunk=chunk, score=float(-place), scores={"mix": float(-place)})
        for place, chunk in enumerate(chunks)
    ]


def ordinals(passages: list[RetrievedPassage]) -> list[tuple[int, ...]]:
    return [passage.joined for passage in passages]


@pytest.fixture(scope="module")
def store() -> Store:
    return Store(LONG, *[raw_document(article(n), f"https://a.example/{n}") for n in range(3, 6)])


@pytest.fixture(scope="module")
def long(store: Store) -> list[Chunk]:
    found = store.chunks(LONG)
    assert len(found) > 6
    return found


@pytest.fixture
def text() -> str:
    return cleaned_document(LONG.content, LONG.link).search_text


def test_neighbours_are_joined_into_the_exact_span(store: Store, long: list[Chunk], text: str) -> None:
    (passage,) = joined(selected(ranked(long[3], long[4], long[2]), unlike, 5), store.vectors)
    assert passage.joined == (2, 3, 4)
    assert (passage.chunk.start, passage.chunk.end) == (long[2].start, long[4].end)
    assert passage.chunk.text == text[long[2].start : long[4].end]
    assert (passage.chunk.id, passage.score) == (long[3].id, 0.0)


def test_overlapping_chunks_do_not_double_their_overlap() -> None:
    prose = " ".join(f"Sentence {n} of one long paragraph is here." for n in range(120))
    store = Store(document := raw_document(prose, "https://a.example/prose"))
    first, second, *_ = store.chunks(document)
    assert second.start < first.end
    (passage,) = joined(selected(ranked(first, second), unlike, 5), store.vectors)
    assert passage.chunk.text == prose[: second.end]


def test_a_joined_chunk_leaves_its_place_to_the_next_one(long: list[Chunk], store: Store) -> None:
    groups = selected(ranked(long[0], long[1], long[4]), unlike, 2)
    assert ordinals(joined(groups, store.vectors)) == [(0, 1), (4,)]


def test_no_passage_grows_without_end(long: list[Chunk], store: Store) -> None:
    first, *_ = joined(selected(ranked(*long), unlike, 3), store.vectors)
    assert len(first.joined) == MOST_JOINED


def test_a_chunk_that_says_the_same_as_a_better_one_is_left_out(long: list[Chunk]) -> None:
    alike = {long[0].id, long[4].id}
    groups = selected(ranked(long[0], long[4], long[2]), lambda left, right: float({left, right} == alike), 5)
    assert [group.best.chunk.ordinal for group in groups] == [0, 2]


def test_chunks_that_an_embedder_cannot_tell_apart_are_told_apart_by_their_words(long: list[Chunk]) -> None:
    other = long[4].model_copy(update={"text": "Marmalade wants bitter oranges."})
    groups = selected(ranked(long[0], other), lambda left, right: 1.0, 5)
    assert [group.best.chunk for group in groups] == [long[0], other]


def test_one_document_does_not_crowd_out_the_others(store: Store, long: list[Chunk]) -> None:
    other = store.chunks(raw_document(article(3), "https://a.example/3"))[0]
    groups = selected(ranked(long[0], long[2], long[4], long[6], other), unlike, 4)
    assert [group.best.chunk.document_id for group in groups] == [LONG.id, LONG.id, other.document_id, LONG.id]


def test_an_article_that_was_published_twice_is_one_passage() -> None:
    twice = [raw_document("Marmalade wants bitter oranges.", f"https://{name}.example/m") for name in "ab"]
    store = Store(*twice, raw_document("Tea.", "https://a.example/t"))
    found = retrieve(
        "marmalade", ADA, vectors=store.vectors, embedder=store.embedder, sparse=WordCounts(), reranker=None
    )
    assert sorted(passage.chunk.text for passage in found.passages) == ["Marmalade wants bitter oranges.", "Tea."]


def test_a_budget_keeps_the_best_and_at_least_one(store: Store, long: list[Chunk]) -> None:
    cost = store.embedder.count_tokens(long[0].text)
    assert ordinals(store.within(1, *ranked(long[0], long[3]))) == [(0,)]
    assert ordinals(store.within(2 * cost, *ranked(long[0], long[3], long[6])))[:1] == [(0,)]
    assert len(store.within(10 * cost, *ranked(long[0], long[3], long[6]))) == 3


def test_a_joined_passage_that_does_not_fit_is_cut_to_its_best_chunk(store: Store, long: list[Chunk]) -> None:
    passages = store.within(len(long[1].text) // 3, *ranked(long[1], long[2]))
    assert ordinals(passages) == [(1,)]


def test_what_is_left_of_a_budget_goes_to_the_neighbours(store: Store, long: list[Chunk], text: str) -> None:
    (passage,) = store.within(100_000, *ranked(long[3]))
    assert passage.joined == (2, 3, 4)
    assert passage.chunk.text == text[long[2].start : long[4].end]
    assert ordinals(store.within(100_000, *ranked(long[0], long[2]))) == [(0, 1), (2, 3)]


def test_code_counts_by_its_length_too() -> None:
    code = "```\n" + "\n".join("    " * 12 + f"x{n}" for n in range(8)) + "\n```"
    store = Store(
        one := raw_document(code, "https://a.example/1"), raw_document(f"Two.\n\n{code}", "https://a.example/2")
    )
    two = store.chunks(raw_document("", "https://a.example/2"))
    assert store.embedder.count_tokens(code) < 30
    assert len(store.within(120, *ranked(store.chunks(one)[0], two[0]))) == 1


def test_a_document_that_was_edited_meanwhile_is_not_quoted_wrongly(long: list[Chunk]) -> None:
    edited = Store(raw_document(article(2, 24), LONG.link))
    (passage,) = joined(selected(ranked(long[3], long[4]), unlike, 5), edited.vectors)
    assert (passage.joined, passage.chunk) == ((3,), long[3])


def test_a_document_that_is_gone_meanwhile_is_no_error(long: list[Chunk]) -> None:
    (passage,) = joined(selected(ranked(long[3], long[4]), unlike, 5), InMemoryVectors())
    assert passage.chunk == long[3]


def test_chunks_of_different_categories_are_joined_from_their_own_documents() -> None:
    post = raw_document(article(9, 12), "https://a.example/post", category=Category.POSTS)
    store = Store(LONG, post)
    points = store.vectors.scroll("embedded_posts")
    chunks = sorted((Chunk.model_validate({"id": p.id, **p.payload}) for p in points), key=lambda one: one.ordinal)
    passages = joined(
        selected(ranked(store.chunks(LONG)[0], *chunks[:2], store.chunks(LONG)[1]), unlike, 5), store.vectors
    )
    texts: dict[UUID, CleanedDocument] = {
        LONG.id: cleaned_document(LONG.content, LONG.link),
        post.id: cleaned_document(post.content, post.link, category=Category.POSTS),
    }
    assert ordinals(passages) == [(0, 1), (0, 1)]
    for passage in passages:
        chunk = passage.chunk
        assert texts[chunk.document_id].search_text[chunk.start : chunk.end] == chunk.text
