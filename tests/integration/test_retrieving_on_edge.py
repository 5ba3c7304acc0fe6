"""Retrieval on the embedded store: what the fakes promise holds on the real engine."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from llm_engineering.application.indexing import index, load_cleaned
from llm_engineering.application.ports import Silent
from llm_engineering.application.retrieving import retrieve
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Retrieved
from llm_engineering.domain.documents import Category, RawDocument
from llm_engineering.infrastructure.models.sparse import Bm25Encoder
from llm_engineering.infrastructure.stores.edge_vectors import EdgeVectors
from tests.fakes import WordEmbedder
from tests.samples import ADA, article, cleaned_document, raw_document

BOB = Author.named("Bob Other")
LONG = raw_document(article(1, 24), "https://a.example/long")


def dated(year: int, platform: str, category: Category = Category.ARTICLES, author: Author = ADA) -> RawDocument:
    return raw_document(
        f"Tea of {year} on {platform}.",
        f"https://{platform}/{category}/{year}",
        author,
        published_at=datetime(year, 6, 1, tzinfo=UTC),
        platform=platform,
        category=category,
    )


DOCUMENTS = [
    LONG,
    dated(2022, "a.example"),
    dated(2023, "a.example"),
    dated(2023, "gist.github.com"),
    dated(2022, "github.com", Category.REPOSITORIES),
    dated(2023, "github.com", Category.REPOSITORIES),
    dated(2023, "linkedin", Category.POSTS),
    dated(2023, "b.example", author=BOB),
]


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeVectors]:
    place: Path = tmp_path_factory.mktemp("qdrant")
    with closing(EdgeVectors(place)) as store:
        load_cleaned(DOCUMENTS, authors=[ADA, BOB], vectors=store, progress=Silent())
        index(authors=[ADA, BOB], vectors=store, embedder=WordEmbedder(), sparse=Bm25Encoder(), progress=Silent())
        yield store


def found(vectors: EdgeVectors, question: str, **options: int) -> Retrieved:
    tools = {"vectors": vectors, "embedder": WordEmbedder(), "sparse": Bm25Encoder(), "reranker": None}
    return retrieve(question, ADA, **tools, **{"k": 10, **options})


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        (
            "What did you write in 2023 about tea on GitHub?",
            ["Tea of 2023 on gist.github.com.", "Tea of 2023 on github.com."],
        ),
        ("What is tea in your posts on LinkedIn?", ["Tea of 2023 on linkedin."]),
        ("How is tea in your repositories?", ["Tea of 2022 on github.com.", "Tea of 2023 on github.com."]),
        ("What did you write before 2023 about tea?", ["Tea of 2022 on a.example.", "Tea of 2022 on github.com."]),
        ("What did you write in 1999 about tea?", []),
        ("What did you write about tea on Medium?", []),
    ],
)
def test_filters_hold_in_every_category(vectors: EdgeVectors, question: str, texts: list[str]) -> None:
    assert sorted(passage.chunk.text for passage in found(vectors, question).passages) == texts


def test_every_stage_has_a_score_and_nobody_elses_text_is_found(vectors: EdgeVectors) -> None:
    passages = found(vectors, "tea").passages
    assert len(passages) > 5
    for passage in passages:
        assert passage.scores.keys() == {"hybrid", "dense", "bm25", "mix"}
        assert passage.chunk.author_id == ADA.id
        assert -1.0001 <= passage.scores["dense"] <= 1.0001


def test_a_question_of_stop_words_alone_is_searched_by_its_meaning(vectors: EdgeVectors) -> None:
    assert len(found(vectors, "what is it?").passages) > 1


def test_neighbours_come_with_the_exact_text(vectors: EdgeVectors) -> None:
    text = cleaned_document(LONG.content, LONG.link).search_text
    best = found(vectors, text.split("\n\n")[10], k=1, budget=2000).passages[0].chunk
    assert best.document_id == LONG.id
    assert best.text == text[best.start : best.end]
    assert best.text.count("\n\n") > 3
