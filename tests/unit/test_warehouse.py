"""The warehouse keeps each author's documents by identity and content."""

from datetime import UTC, datetime

import pytest

from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, Outcome, QuarantinedPage
from llm_engineering.domain.errors import UnknownAuthor
from llm_engineering.domain.identity import document_id
from tests.fakes import InMemoryDocuments
from tests.samples import ADA, raw_document


@pytest.fixture
def warehouse() -> Warehouse:
    return Warehouse(InMemoryDocuments())


def test_a_document_is_new_then_unchanged_then_updated(warehouse: Warehouse) -> None:
    assert warehouse.save(raw_document("First.")) is Outcome.NEW
    assert warehouse.save(raw_document("First.")) is Outcome.UNCHANGED
    assert warehouse.save(raw_document("Edited.")) is Outcome.UPDATED
    assert [document.content for document in warehouse.documents(ADA)] == ["Edited."]


def test_an_unchanged_document_keeps_the_time_it_was_first_fetched(warehouse: Warehouse) -> None:
    warehouse.save(raw_document("Same.", fetched_at=datetime(2025, 1, 1, tzinfo=UTC)))
    warehouse.save(raw_document("Same.", fetched_at=datetime(2026, 1, 1, tzinfo=UTC), extra={"etag": "new"}))
    (kept,) = warehouse.documents(ADA)
    assert kept.fetched_at.year == 2025
    assert kept.extra == {"etag": "new"}


def test_a_tombstoned_document_is_out_of_sight_until_it_comes_back(warehouse: Warehouse) -> None:
    document = raw_document("Gone soon.")
    warehouse.save(document)
    assert warehouse.tombstone(document.id)
    assert not warehouse.tombstone(document.id)
    assert list(warehouse.documents(ADA)) == []
    assert len(list(warehouse.documents(ADA, include_gone=True))) == 1
    assert warehouse.save(document) is Outcome.UPDATED
    assert len(list(warehouse.documents(ADA))) == 1


def test_documents_of_every_category_are_found(warehouse: Warehouse) -> None:
    for category in Category:
        warehouse.save(raw_document(f"In {category}.", link=f"k:{category}", category=category))
    assert {document.category for document in warehouse.documents(ADA)} == set(Category)


def test_asking_for_an_unknown_author_creates_nobody(warehouse: Warehouse) -> None:
    with pytest.raises(UnknownAuthor, match="empty"):
        warehouse.author("Nobody Known")
    assert warehouse.authors() == []


def test_a_misspelt_author_is_told_the_likely_name(warehouse: Warehouse) -> None:
    warehouse.add_author(Author.named("Mara Lindqvist"))
    with pytest.raises(UnknownAuthor, match="Did you mean Mara Lindqvist"):
        warehouse.author("Mara Lindquist")


@pytest.mark.parametrize("name", ["Mara Lindqvist", "Madonna", "Boutros Boutros", "Ana María de la Cruz"])
def test_a_name_comes_back_as_it_was_given(warehouse: Warehouse, name: str) -> None:
    warehouse.add_author(Author.named(name))
    assert warehouse.author(name.upper()).full_name == name


def test_quarantine_keeps_one_entry_a_link_and_lets_it_go(warehouse: Warehouse) -> None:
    id = document_id(ADA.id, "https://a.example/x")
    for reason in ("captcha", "paywall"):
        page = QuarantinedPage(
            id=id, author_id=ADA.id, link="https://a.example/x", reason=reason, evidence="…", seen_at=datetime.now(UTC)
        )
        warehouse.quarantine(page)
    assert [page.reason for page in warehouse.quarantined(ADA)] == ["paywall"]
    warehouse.release(id)
    assert list(warehouse.quarantined(ADA)) == []
