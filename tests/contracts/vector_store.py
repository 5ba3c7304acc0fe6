"""What every VectorStore must do. An adapter's test class inherits this and provides `store`."""

import math
from collections.abc import Sequence
from uuid import UUID, uuid4, uuid5

import pytest

from llm_engineering.application.ports import HybridQuery, SparseVector, VectorPoint, VectorStore
from llm_engineering.domain.errors import StoreError

SPACE = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


def point(
    name: str, dense: Sequence[float] | None = None, terms: Sequence[int] | None = None, **payload: object
) -> VectorPoint:
    """A point whose id follows from its name, holding these terms once each."""
    sparse = None if terms is None else SparseVector(list(terms), [1.0] * len(terms))
    return VectorPoint(uuid5(SPACE, name), {"name": name, **payload}, dense, sparse)


def query(dense: Sequence[float] | None = None, terms: Sequence[int] | None = None) -> HybridQuery:
    """A query in the forms given."""
    return HybridQuery(dense, None if terms is None else SparseVector(list(terms), [1.0] * len(terms)))


NORTH, EAST, SOUTH = [0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, -1.0, 0.0, 0.0]
COMPASS = [
    point("north", NORTH, [1, 2, 3], author="ada", year=1843, draft=False),
    point("east", EAST, [2, 3, 4], author="ada", year=1815, draft=True),
    point("south", SOUTH, [3, 4, 50], author="bob", year=1843, draft=False),
]


class VectorStoreContract:
    """Each test starts with an empty store."""

    @pytest.fixture
    def store(self) -> VectorStore:
        raise NotImplementedError("The adapter's test class provides the store.")

    @pytest.fixture
    def collection(self) -> str:
        """A name that nobody else uses; others are made from it."""
        return "embedded_articles"

    @pytest.fixture
    def compass(self, store: VectorStore, collection: str) -> VectorStore:
        """The store, with three points."""
        store.ensure_collection(collection, 4, ("author",))
        assert store.upsert(collection, iter(COMPASS)) == 3
        return store

    # ------------------------------------------------------------------ search

    def test_a_dense_query_finds_the_nearest_by_angle(self, compass: VectorStore, collection: str) -> None:
        hits = compass.search(collection, query([0.2, 5.0, 0.0, 0.0]), 2)
        assert [hit.payload["name"] for hit in hits] == ["north", "east"]
        assert hits[0].id == COMPASS[0].id
        assert hits[0].payload == COMPASS[0].payload
        assert hits[0].collection == collection
        assert hits[0].score == pytest.approx(5 / math.hypot(0.2, 5), abs=1e-4)
        assert hits[0].score > hits[1].score

    def test_a_sparse_query_finds_only_points_that_share_a_term(self, compass: VectorStore, collection: str) -> None:
        hits = compass.search(collection, query(terms=[4, 50]), 10)
        assert [hit.payload["name"] for hit in hits] == ["south", "east"]
        assert hits[0].score > hits[1].score > 0

    def test_a_rare_term_weighs_more_than_a_common_one(self, compass: VectorStore, collection: str) -> None:
        hits = compass.search(collection, query(terms=[1, 3]), 3)
        assert hits[0].payload["name"] == "north"
        rare, common = (compass.search(collection, query(terms=[term]), 1)[0].score for term in (50, 3))
        assert rare > 2 * common

    def test_a_hybrid_query_puts_first_what_both_forms_find(self, store: VectorStore, collection: str) -> None:
        store.ensure_collection(collection, 4)
        both = point("both", [0.0, 0.9, 0.1, 0.0], [7, 8])
        only_dense = [point("dense 1", NORTH), point("dense 2", [0.0, 1.0, 0.01, 0.0])]
        only_sparse = [point("sparse 1", None, [7]), point("sparse 2", None, [8, 9])]
        store.upsert(collection, [*only_dense, *only_sparse, both])
        hits = store.search(collection, query(NORTH, [7, 8]), 5)
        assert hits[0].payload["name"] == "both"
        assert {hit.payload["name"] for hit in hits} == {p.payload["name"] for p in [both, *only_dense, *only_sparse]}

    def test_ranks_are_fused_with_k_2(self, compass: VectorStore, collection: str) -> None:
        hits = compass.search(collection, query([0.1, 1.0, 0.0, 0.0], [1]), 3)
        assert hits[0].payload["name"] == "north"  # first in both: 1/2 + 1/2; then second and third in one
        assert [hit.score for hit in hits] == pytest.approx([1.0, 1 / 3, 1 / 4], abs=1e-5)

    def test_at_most_limit_points_come_back(self, compass: VectorStore, collection: str) -> None:
        assert len(compass.search(collection, query(NORTH, [3]), 1)) == 1
        assert len(compass.search(collection, query(NORTH), 100)) == 3

    def test_a_filter_holds_in_every_form_of_search(self, compass: VectorStore, collection: str) -> None:
        for form in (query(NORTH), query(terms=[3]), query(NORTH, [3])):
            hits = compass.search(collection, form, 10, {"author": "bob"})
            assert [hit.payload["name"] for hit in hits] == ["south"]
            assert compass.search(collection, form, 10, {"author": "nobody"}) == []

    def test_points_that_have_one_form_only_are_found_by_it(self, store: VectorStore, collection: str) -> None:
        store.ensure_collection(collection, 4)
        store.upsert(
            collection, [point("dense", NORTH), point("sparse", None, [1]), point("none"), point("", None, [])]
        )
        assert [hit.payload["name"] for hit in store.search(collection, query(NORTH), 10)] == ["dense"]
        assert [hit.payload["name"] for hit in store.search(collection, query(terms=[1]), 10)] == ["sparse"]
        assert len(store.search(collection, query(NORTH, [1]), 10)) == 2
        assert store.count(collection) == 4

    def test_a_query_without_terms_falls_back_to_the_other_form(self, compass: VectorStore, collection: str) -> None:
        assert compass.search(collection, query(terms=[]), 10) == []
        assert compass.search(collection, query(NORTH, []), 1)[0].payload["name"] == "north"

    def test_a_query_in_no_form_is_a_mistake(self, compass: VectorStore, collection: str) -> None:
        with pytest.raises(ValueError, match="dense"):
            compass.search(collection, query(), 10)

    def test_a_query_of_another_size_is_refused(self, compass: VectorStore, collection: str) -> None:
        with pytest.raises(StoreError):
            compass.search(collection, query([1.0, 0.0]), 10)

    # ------------------------------------------------------------------ writing

    def test_a_payload_comes_back_as_it_was_written(self, store: VectorStore, collection: str) -> None:
        payload = {
            "text": "naïve — “quoted” 👩🏽‍🚀\n\t \u0000",
            "none": None,
            "flags": {"yes": True, "no": False},
            "yes": True,
            "no": False,
            "whole": 2**53,
            "part": 0.1,
            "list": ["a", 1, None, {"b": []}],
            "id": str(uuid4()),
        }
        store.ensure_collection(collection, 4, ("id",))
        store.upsert(collection, [VectorPoint(COMPASS[0].id, payload, NORTH)])
        assert [found.payload for found in store.scroll(collection)] == [payload]
        assert store.search(collection, query(NORTH), 1)[0].payload == payload

    def test_writing_an_id_again_replaces_payload_and_vectors(self, compass: VectorStore, collection: str) -> None:
        compass.upsert(collection, [point("north", None, [99], author="cid")])
        assert compass.count(collection) == 3
        assert [hit.payload for hit in compass.search(collection, query(terms=[99]), 9)] == [
            {"name": "north", "author": "cid"}
        ]
        assert [hit.payload["name"] for hit in compass.search(collection, query(NORTH), 9)] == ["east", "south"]
        assert compass.search(collection, query(terms=[1]), 9) == []

    def test_the_last_of_two_points_with_one_id_stays(self, store: VectorStore, collection: str) -> None:
        store.ensure_collection(collection, 4)
        store.upsert(collection, [point("a", NORTH, n=1), point("a", SOUTH, n=2)])
        assert [found.payload["n"] for found in store.scroll(collection)] == [2]

    def test_a_point_of_another_size_is_refused_and_leaves_nothing(self, store: VectorStore, collection: str) -> None:
        store.ensure_collection(collection, 4)
        with pytest.raises(StoreError, match="3"):
            store.upsert(collection, [point("a", NORTH), point("b", [1.0, 0.0, 0.0]), point("c", NORTH)])
        assert store.count(collection) == 0

    @pytest.mark.parametrize("value", [uuid4(), {1, 2}, float("nan"), "half a pair \ud83d"])
    def test_what_json_has_no_form_for_is_refused(self, store: VectorStore, collection: str, value: object) -> None:
        store.ensure_collection(collection, 4)
        with pytest.raises(StoreError):
            store.upsert(collection, [point("a", NORTH, value=value)])
        assert store.count(collection) == 0

    def test_writing_to_an_absent_collection_is_refused(self, store: VectorStore, collection: str) -> None:
        with pytest.raises(StoreError, match=collection):
            store.upsert(collection, [point("a", NORTH)])

    def test_writing_nothing_is_no_error(self, compass: VectorStore, collection: str) -> None:
        assert compass.upsert(collection, []) == 0
        compass.delete(collection, [])
        assert compass.count(collection) == 3

    # ------------------------------------------------------------------ collections

    def test_an_absent_collection_reads_as_empty(self, store: VectorStore, collection: str) -> None:
        assert store.search(collection, query(NORTH, [1]), 10) == []
        assert list(store.scroll(collection, {"author": "ada"})) == []
        assert store.count(collection) == 0
        store.delete(collection, [uuid4()])
        store.delete_where(collection, {"author": "ada"})

    def test_ensuring_twice_changes_nothing(self, compass: VectorStore, collection: str) -> None:
        compass.ensure_collection(collection, 4, ("author", "year"))
        compass.ensure_collection(collection, 4)
        assert compass.count(collection) == 3

    @pytest.mark.parametrize("other", [8, None])
    def test_another_dense_size_is_refused(self, compass: VectorStore, collection: str, other: int | None) -> None:
        with pytest.raises(StoreError, match="4"):
            compass.ensure_collection(collection, other)
        assert compass.count(collection) == 3

    def test_a_collection_without_vectors_keeps_and_filters_payloads(self, store: VectorStore, collection: str) -> None:
        store.ensure_collection(collection, None, ("author",))
        store.ensure_collection(collection, None, ("author",))
        store.upsert(collection, [point("a", author="ada"), point("b", author="bob")])
        assert [found.payload for found in store.scroll(collection, {"author": "bob"})] == [
            {"name": "b", "author": "bob"}
        ]
        assert store.count(collection) == 2
        with pytest.raises(StoreError):
            store.ensure_collection(collection, 4)
        with pytest.raises(StoreError):
            store.upsert(collection, [point("c", NORTH)])
        with pytest.raises(StoreError):
            store.search(collection, query(NORTH), 1)

    def test_collections_do_not_see_each_other(self, compass: VectorStore, collection: str) -> None:
        other = f"{collection}_other"
        compass.ensure_collection(other, 2)
        compass.upsert(other, [point("north", [1.0, 0.0])])
        compass.delete_where(other, {"name": "north"})
        assert compass.count(other) == 0
        assert compass.count(collection) == 3

    # ------------------------------------------------------------------ filters

    @pytest.mark.parametrize(
        ("where", "names"),
        [
            ({"author": "ada"}, {"north", "east"}),
            ({"author": ["ada", "bob", "zoe"]}, {"north", "east", "south"}),
            ({"author": ("bob",)}, {"south"}),
            ({"author": []}, set()),
            ({"author": "ad"}, set()),
            ({"year": 1843}, {"north", "south"}),
            ({"year": 1843.0}, {"north", "south"}),
            ({"year": [1815, 1900]}, {"east"}),
            ({"year": "1843"}, set()),
            ({"draft": True}, {"east"}),
            ({"draft": False}, {"north", "south"}),
            ({"draft": [True, False]}, {"north", "east", "south"}),
            ({"draft": 1}, set()),
            ({"year": True}, set()),
            ({"author": "ada", "year": 1843}, {"north"}),
            ({"author": "ada", "draft": False, "name": ["north", "south"]}, {"north"}),
            ({"absent": "x"}, set()),
            (None, {"north", "east", "south"}),
        ],
    )
    def test_a_filter_means_the_same_in_scroll_count_and_search(
        self, compass: VectorStore, collection: str, where: dict[str, object] | None, names: set[str]
    ) -> None:
        assert {found.payload["name"] for found in compass.scroll(collection, where)} == names  # type: ignore[arg-type]
        assert compass.count(collection, where) == len(names)  # type: ignore[arg-type]
        hits = compass.search(collection, query(NORTH), 10, where)  # type: ignore[arg-type]
        assert {hit.payload["name"] for hit in hits} == names

    def test_a_list_matches_by_its_elements(self, store: VectorStore, collection: str) -> None:
        store.ensure_collection(collection, None, ("tags",))
        store.upsert(collection, [point("a", tags=["x", "y"]), point("b", tags=["y"]), point("c", tags=[])])
        assert store.count(collection, {"tags": "y"}) == 2
        assert store.count(collection, {"tags": ["x", "z"]}) == 1

    def test_delete_removes_just_these(self, compass: VectorStore, collection: str) -> None:
        compass.delete(collection, {COMPASS[0].id, uuid4()})
        assert {found.payload["name"] for found in compass.scroll(collection)} == {"east", "south"}
        assert [hit.payload["name"] for hit in compass.search(collection, query(NORTH), 9)] == ["east", "south"]

    def test_delete_where_removes_just_what_matches(self, compass: VectorStore, collection: str) -> None:
        compass.delete_where(collection, {"author": "ada", "draft": True})
        assert {found.payload["name"] for found in compass.scroll(collection)} == {"north", "south"}
        compass.delete_where(collection, {"author": []})
        assert compass.count(collection) == 2

    def test_delete_where_with_an_empty_filter_is_a_mistake(self, compass: VectorStore, collection: str) -> None:
        with pytest.raises(ValueError, match="whole collection"):
            compass.delete_where(collection, {})
        assert compass.count(collection) == 3

    # ------------------------------------------------------------------ many points

    def test_scroll_brings_each_of_1000_points_once(self, store: VectorStore, collection: str) -> None:
        store.ensure_collection(collection, 4, ("author",))
        names = [f"point {n}" for n in range(1000)]
        turned = [[math.sin(n), math.cos(n), 0.0, 0.0] for n in range(1000)]
        store.upsert(collection, (point(name, turned[n], [n % 9], author="ab"[n % 2]) for n, name in enumerate(names)))
        found = list(store.scroll(collection))
        assert sorted(point.payload["name"] for point in found) == sorted(names)
        assert all(one.dense is None and one.sparse is None for one in found)
        assert isinstance(found[0].id, UUID)
        assert len(list(store.scroll(collection, {"author": "b"}))) == store.count(collection, {"author": "b"}) == 500

    def test_what_is_being_scrolled_may_be_deleted(self, store: VectorStore, collection: str) -> None:
        store.ensure_collection(collection, None)
        store.upsert(collection, [point(f"{n}") for n in range(600)])
        seen = 0
        for found in store.scroll(collection):
            seen += 1
            if seen % 50 == 0:
                store.delete(collection, [found.id])
        assert seen == 600
        assert store.count(collection) == 588

    def test_closing_twice_is_no_error(self, compass: VectorStore) -> None:
        compass.close()
        compass.close()
