"""What the pipelines read, and what they say when there is nothing to read."""

from datetime import UTC, datetime

import pytest

from llm_engineering.application.cleaning import clean
from llm_engineering.application.features import (
    MOST_IMPOSTORS,
    MOST_SHOWN,
    cleaned_documents,
    impostor_texts,
    raw_documents,
    sample,
)
from llm_engineering.application.indexing import load_cleaned
from llm_engineering.application.ports import Silent
from llm_engineering.application.twins import twin_version
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.errors import BadInput, EmptyCorpus
from tests.fakes import InMemoryDocuments, InMemoryVectors
from tests.samples import ADA, raw_document

EVE = Author.named("Eve Example")


@pytest.fixture
def warehouse() -> Warehouse:
    warehouse = Warehouse(InMemoryDocuments())
    for author in (ADA, EVE):
        warehouse.add_author(author)
    return warehouse


def test_documents_of_several_authors_are_all_there(warehouse: Warehouse) -> None:
    for author, year in ((ADA, 2023), (EVE, 2021), (ADA, 2022)):
        published = datetime(year, 1, 1, tzinfo=UTC)
        warehouse.save(raw_document(f"{year}", f"https://x.example/{year}", author, published_at=published))
    warehouse.save(raw_document("undated", "https://x.example/undated", published_at=None))
    assert {d.content for d in raw_documents([ADA, EVE], warehouse)} == {"undated", "2021", "2022", "2023"}
    shown, count = sample(raw_documents([ADA, EVE], warehouse))
    assert [d.content for d in shown] == ["undated", "2021", "2022", "2023"]  # oldest first
    assert count == 4


def test_a_sample_of_many_documents_is_of_a_fixed_size_and_stays_the_same() -> None:
    documents = [raw_document(f"{n}", f"https://x.example/{n}") for n in range(MOST_SHOWN + 50)]
    shown, count = sample(iter(documents))
    assert (len(shown), count) == (MOST_SHOWN, MOST_SHOWN + 50)
    assert sample(documents[::-1]) == (shown, count)
    assert len({int(document.content) // 50 for document in shown}) == 5  # from the whole range


def test_an_author_of_whom_nothing_was_collected_is_named(warehouse: Warehouse) -> None:
    warehouse.save(raw_document("text"))
    with pytest.raises(EmptyCorpus, match=r"no documents of Eve Example; .*run-digital-data-etl"):
        next(raw_documents([ADA, EVE], warehouse))


def test_an_author_whose_documents_are_all_gone_has_none_so_that_their_chunks_are_removed(warehouse: Warehouse) -> None:
    document = raw_document("text")
    warehouse.save(document)
    warehouse.tombstone(document.id)
    assert list(raw_documents([ADA], warehouse)) == []


def test_cleaned_documents_come_back_as_they_were_loaded() -> None:
    vectors = InMemoryVectors()
    mine, theirs = raw_document("mine"), raw_document("theirs", "https://e.example/p", EVE)
    load_cleaned([mine, theirs], authors=[ADA, EVE], vectors=vectors, progress=Silent())
    assert cleaned_documents(ADA, vectors) == [clean(mine)]


def test_an_author_without_features_is_sent_to_the_pipeline_that_makes_them() -> None:
    with pytest.raises(EmptyCorpus, match="run-feature-engineering-pipeline"):
        cleaned_documents(ADA, InMemoryVectors())


def test_impostors_are_the_other_authors_who_wrote_something(warehouse: Warehouse) -> None:
    warehouse.add_author(Author.named("Silent Third"))
    warehouse.save(raw_document("mine"))
    warehouse.save(raw_document("# Title\n\ntheirs", "https://e.example/p", EVE))
    assert impostor_texts(ADA, warehouse) == {"Eve Example": ["Title\n\ntheirs"]}


def test_of_many_others_those_who_write_about_the_same_are_the_impostors(warehouse: Warehouse) -> None:
    warehouse.save(raw_document("The apple trees want pruning, and the orchard wants a ladder."))
    gardeners = {f"Zoe Gardener {n}" for n in range(MOST_IMPOSTORS)}
    for name in (*(f"Bob Sailor {n}" for n in range(5)), *gardeners):
        text = "We pruned the apple trees." if name in gardeners else "We sailed the boat past the lighthouse."
        author = Author.named(name)
        warehouse.add_author(author)
        warehouse.save(raw_document(text, f"https://x.example/{name[-1]}{name[0]}", author))
    assert set(impostor_texts(ADA, warehouse)) == gardeners


def test_an_author_without_a_twin_is_sent_to_training(warehouse: Warehouse) -> None:
    with pytest.raises(BadInput, match="no twin yet; train one"):
        twin_version(warehouse, ADA)
