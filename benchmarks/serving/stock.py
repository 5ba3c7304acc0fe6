"""A data directory for the service to be measured on: the sample site's articles, indexed, and no trained twin."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from llm_engineering.application.indexing import embedded_collection, index, load_cleaned
from llm_engineering.application.ports import Silent, VectorPoint
from llm_engineering.bootstrap import Twin, opened
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Chunk
from llm_engineering.domain.documents import Category, RawDocument
from llm_engineering.domain.identity import document_id
from llm_engineering.settings import Settings, load_settings
from tools.sample_site.content import SAMPLE_SITE_DIR, published

SITE = "https://sample.example"
NOISE = 0.02
"""Standard deviation that is added to each number of a copied vector: its cosine to the original is about 0.93."""
COLLECTION = embedded_collection(Category.ARTICLES)


@dataclass(frozen=True)
class Question:
    """Something to ask, whom, and where the answer's sources must lie."""

    text: str
    author: str
    links: str
    """What every link of that author begins with."""


def settings_of(home: Path) -> Settings:
    """Settings of a service that keeps its data in `home` and takes its models from where they are."""
    return load_settings(_env_file=None, DATA_DIR=home / "data", MODELS_DIR=load_settings().models_dir.resolve())


def stocked(home: Path, chunks: int = 0) -> list[Question]:
    """Fill `home`, with copies of its chunks up to so many; returns a question on each article."""
    with opened(settings_of(home)) as twin:
        _collect(twin)
        if chunks:
            twin.vectors.upsert(COLLECTION, _copies(twin, chunks))
            twin.vectors.optimize(COLLECTION)
    return [
        Question(f"What do you say about {article.title}?", article.author, f"{SITE}/{article.author_slug}/")
        for article in published(SAMPLE_SITE_DIR)
    ]


def _collect(twin: Twin) -> None:
    articles = published(SAMPLE_SITE_DIR)
    authors = {name: Author.named(name) for name in sorted({article.author for article in articles})}
    for author in authors.values():
        twin.warehouse.add_author(author)
    documents = [
        RawDocument.of(
            authors[article.author],
            link=SITE + article.path,
            content=article.body,
            category=Category.ARTICLES,
            platform="sample.example",
            title=article.title,
            fetched_at=datetime.now(UTC),
            published_at=datetime.combine(article.date, time(), UTC),
        )
        for article in articles
    ]
    known, vectors = list(authors.values()), twin.vectors
    load_cleaned(documents, authors=known, vectors=vectors, progress=Silent())
    index(authors=known, vectors=vectors, embedder=twin.embedder, sparse=twin.sparse, progress=Silent())


def _copies(twin: Twin, size: int) -> Iterator[VectorPoint]:
    """Copies of the chunks that are there, with jittered vectors, until there are `size` in all."""
    import numpy as np

    there = list(twin.vectors.scroll(COLLECTION))
    texts = [Chunk.model_validate({**point.payload, "id": str(point.id)}).embedded_text for point in there]
    dense, sparse = twin.embedder.embed(texts), twin.sparse.encode_documents(texts)
    chance = np.random.default_rng(0)
    for number in range(len(there), size):
        place, copy = number % len(there), number // len(there)
        payload = there[place].payload
        # One copy of a document has all its chunks under one id, as a real one has.
        document = document_id(Author.named("Copy").id, f"{payload['link']}/{copy}")
        row = dense[place] + chance.normal(0, NOISE, dense.shape[1])
        changed = {**payload, "document_id": str(document), "link": f"{payload['link']}?copy={copy}"}
        yield VectorPoint(document_id(document, str(number)), changed, row / np.linalg.norm(row), sparse[place])
