"""The newest documents are held out, and no document ever changes sides."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_engineering.application.splits import Known, known_split, remember_split, split_by_document
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.errors import EmptyCorpus
from tests.fakes import InMemoryDocuments
from tests.samples import ADA, cleaned_document

FIRST = datetime(2020, 1, 1, tzinfo=UTC)


def dated(day: int | None) -> CleanedDocument:
    published = FIRST + timedelta(days=day) if day is not None else None
    return cleaned_document(f"Text {day}", link=f"https://a.example/{day}", published_at=published)


def test_the_newest_documents_are_held_out() -> None:
    split = split_by_document([dated(9), dated(1), dated(None), dated(5), dated(7)], 0.4)
    assert [document.id for document in split.test] == [dated(7).id, dated(9).id]
    assert [document.id for document in split.train] == [dated(None).id, dated(1).id, dated(5).id]


def test_two_documents_are_the_least_to_learn_from() -> None:
    with pytest.raises(EmptyCorpus, match="at least 2"):
        split_by_document([dated(1)], 0.2)


days = st.sets(st.integers(0, 400), min_size=2, max_size=25)
shares = st.floats(0.05, 0.6)


@settings(deadline=None)
@given(days, st.lists(st.sets(st.integers(0, 400), max_size=12), max_size=5), shares)
def test_adding_documents_never_moves_an_old_one(first: set[int], added: list[set[int]], share: float) -> None:
    store, present = InMemoryDocuments(), set(first)
    sides: dict[str, str] = {}
    for more in [set(), *added]:
        present |= more
        split = split_by_document([dated(day) for day in present], share, known_split(store, ADA, share))
        remember_split(store, ADA, share, split)
        now = {document.link: "train" for document in split.train} | {d.link: "test" for d in split.test}
        assert len(now) == len(present)
        assert all(now[link] == side for link, side in sides.items())
        sides = now


@settings(deadline=None)
@given(days, days, shares)
def test_the_share_held_out_is_within_one_document_where_new_ones_allow(
    first: set[int], more: set[int], share: float
) -> None:
    old = split_by_document([dated(day) for day in first], share)
    known = Known({d.id for d in old.test}, {d.id for d in old.train})
    everything = first | more
    new = split_by_document([dated(day) for day in everything], share, known)
    wanted = share * len(everything)
    assert len(new.test) <= max(1, wanted + 1, len(old.test))
    if len(more - first) >= wanted:
        assert len(new.test) >= min(wanted, len(everything) - 1)


@settings(deadline=None)
@given(days, shares)
def test_of_new_documents_none_is_trained_on_that_is_newer_than_one_held_out(some: set[int], share: float) -> None:
    split = split_by_document([dated(day) for day in some], share)
    assert max(d.published_at for d in split.train if d.published_at) < min(
        d.published_at for d in split.test if d.published_at
    )


def test_a_document_that_was_away_comes_back_to_its_side() -> None:
    store = InMemoryDocuments()
    everything = [dated(day) for day in range(5)]
    whole = split_by_document(everything, 0.2)
    remember_split(store, ADA, 0.2, whole)
    without = split_by_document([*everything[:-1], dated(9), dated(10)], 0.2, known_split(store, ADA, 0.2))
    remember_split(store, ADA, 0.2, without)
    back = split_by_document([*everything, dated(9), dated(10)], 0.2, known_split(store, ADA, 0.2))
    assert everything[-1].id in {document.id for document in back.test}


def test_each_author_and_share_has_a_split_of_its_own() -> None:
    store = InMemoryDocuments()
    remember_split(store, ADA, 0.2, split_by_document([dated(1), dated(2)], 0.2))
    assert known_split(store, ADA, 0.2).held_out == {dated(2).id}
    assert known_split(store, ADA, 0.3) == Known(set(), set())
    assert known_split(store, Author.named("Eve Example"), 0.2) == Known(set(), set())


def test_a_split_that_would_have_only_one_side_says_what_to_do() -> None:
    both = [dated(1), dated(2)]
    with pytest.raises(EmptyCorpus, match="were trained on before.*another test_split_size"):
        split_by_document(both, 0.2, Known(trained={document.id for document in both}))
    with pytest.raises(EmptyCorpus, match="were held out before"):
        split_by_document(both, 0.2, Known(held_out={document.id for document in both}))
