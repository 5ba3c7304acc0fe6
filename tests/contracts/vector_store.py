"""What every VectorStore must do. An adapter's test class inherits this and provides `store`."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4, uuid5

import pytest

from llm_engineering.application.ports import (
    Between,
    HybridQuery,
    Index,
    PointsWhere,
    SearchRequest,
    SparseVector,
    VectorHit,
    VectorPoint,
    VectorStore,
)
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


def search(
    store: VectorStore, collection: str, query: HybridQuery, limit: int, where: PointsWhere | None = None
) -> list[VectorHit]:
    """The hits of one request."""
    [hits] = store.search_many([SearchRequest(collection, query, limit, where)])
    return hits


MINE = {"embedder": "a", "chunker": "1"}
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
        store.ensure_collection(collection, 4, {"author": Index.KEYWORD})
        assert store.upsert(collection, iter(COMPASS)) == 3
        return store

    # ------------------------------------------------------------------ search

    def test_a_dense_query_finds_the_nearest_by_angle(self, compass: VectorStore, collection: str) -> None:
        hits = search(compass, collection, query([0.2, 5.0, 0.0, 0.0]), 2)
        assert [hit.payload["name"] for hit in hits] == ["north", "east"]
        assert hits[0].id == COMPASS[0].id
        assert hits[0].payload == COMPASS[0].payload
        assert hits[0].collection == collection
        assert hits[0].score == pytest.approx(5 / math.hypot(0.2, 5), abs=1e-4)
        assert hits[0].score > hits[1].score

    def test_a_sparse_query_finds_only_points_that_share_a_term(self, compass: VectorStore, collection: str) -> None:
        hits = search(compass, collection, query(terms=[4, 50]), 10)
        assert [hit.payload["name"] for hit in hits] == ["south", "east"]
        assert hits[0].score > hits[1].score > 0

    def test_a_rare_term_weighs_more_than_a_common_one(self, compass: VectorStore, collection: str) -> None:
        hits = search(compass, collection, query(terms=[1, 3]), 3)
        assert hits[0].payload["name"] == "north"
        rare, common = (search(compass, collection, query(terms=[term]), 1)[0].score for term in (50, 3))
        assert rare > 2 * common

    def test_a_hybrid_query_puts_first_what_both_forms_find(self, store: VectorStore, collection: str) -> None:
        store.ensure_collection(collection, 4)
        both = point("both", [0.0, 0.9, 0.1, 0.0], [7, 8])
        only_dense = [point("dense 1", NORTH), point("dense 2", [0.0, 1.0, 0.01, 0.0])]
        only_sparse = [point("sparse 1", None, [7]), point("sparse 2", None, [8, 9])]
        store.upsert(collection, [*only_dense, *only_sparse, both])
        hits = search(store, collection, query(NORTH, [7, 8]), 5)
        assert hits[0].payload["name"] == "both"
        assert {hit.payload["name"] for hit in hits} == {p.payload["name"] for p in [both, *only_dense, *only_sparse]}

    def test_ranks_are_fused_with_k_2(self, compass: VectorStore, collection: str) -> None:
        hits = search(compass, collection, query([0.1, 1.0, 0.0, 0.0], [1]), 3)
        assert hits[0].payload["name"] == "north"  # first in both: 1/2 + 1/2; then second and third in one
        assert [hit.score for hit in hits] == pytest.approx([1.0, 1 / 3, 1 / 4], abs=1e-5)

    def test_at_most_limit_points_come_back(self, compass: VectorStore, collection: str) -> None:
        assert len(search(compass, collection, query(NORTH, [3]), 1)) == 1
        assert len(search(compass, collection, query(NORTH), 100)) == 3

    def test_a_filter_holds_in_every_form_of_search(self, compass: VectorStore, collection: str) -> None:
        for form in (query(NORTH), query(terms=[3]), query(NORTH, [3])):
            hits = search(compass, collection, form, 10, {"author": "bob"})
            assert [hit.payload["name"] for hit in hits] == ["south"]
            assert search(compass, collection, form, 10, {"author": "nobody"}) == []

    def test_points_that_have_one_form_only_are_found_by_it(self, store: VectorStore, collection: str) -> None:
        store.ensure_collection(collection, 4)
        store.upsert(
            collection, [point("dense", NORTH), point("sparse", None, [1]), point("none"), point("", None, [])]
        )
        assert [hit.payload["name"] for hit in search(store, collection, query(NORTH), 10)] == ["dense"]
        assert [hit.payload["name"] for hit in search(store, collection, query(terms=[1]), 10)] == ["sparse"]
        assert len(search(store, collection, query(NORTH, [1]), 10)) == 2
        assert store.count(collection) == 4

    def test_a_query_without_terms_falls_back_to_the_other_form(self, compass: VectorStore, collection: str) -> None:
        assert search(compass, collection, query(terms=[]), 10) == []
        assert search(compass, collection, query(NORTH, []), 1)[0].payload["name"] == "north"

    def test_a_query_in_no_form_is_a_mistake(self, compass: VectorStore, collection: str) -> None:
        with pytest.raises(ValueError, match="dense"):
            search(compass, collection, query(), 10)

    def test_a_query_of_another_size_is_refused(self, compass: VectorStore, collection: str) -> None:
        with pytest.raises(StoreError):
            search(compass, collection, query([1.0, 0.0]), 10)

    def test_each_request_of_a_batch_has_its_own_answer(self, compass: VectorStore, collection: str) -> None:
        other = f"{collection}_other"
        compass.ensure_collection(other, 2)
        compass.upsert(other, [point("left", [-1.0, 0.0]), point("right", [1.0, 0.0])])
        answers = compass.search_many(
            [
                SearchRequest(collection, query(EAST), 1),
                SearchRequest(other, query([1.0, 0.0]), 1),
                SearchRequest(f"{collection}_absent", query(EAST), 1),
                SearchRequest(collection, query(terms=[]), 9),
                SearchRequest(collection, query(SOUTH, [50]), 9, {"author": "bob"}),
                SearchRequest(other, query([-1.0, 0.0]), 2),
            ]
        )
        assert [[hit.payload["name"] for hit in hits] for hits in answers] == [
            ["east"],
            ["right"],
            [],
            [],
            ["south"],
            ["left", "right"],
        ]
        assert {hit.collection for hit in answers[1] + answers[5]} == {other}
        assert compass.search_many([]) == []

    def test_the_fusion_looks_deeper_than_what_is_wanted(self, store: VectorStore, collection: str) -> None:
        store.ensure_collection(collection, 4)
        both = VectorPoint(uuid4(), {"name": "both"}, [0.9, 0.1, 0.0, 0.0], SparseVector([7], [2.0]))
        sparse = VectorPoint(uuid4(), {"name": "sparse"}, None, SparseVector([7], [3.0]))
        store.upsert(collection, [point("dense", EAST), sparse, both])
        [first] = search(store, collection, query(EAST, [7]), 1)
        assert first.payload["name"] == "both"  # second in both forms: 2/3, where a first in one has 1/2

    def test_hits_bring_their_dense_vectors_when_asked(self, compass: VectorStore, collection: str) -> None:
        compass.upsert(collection, [point("long", [0.0, 3.0, 4.0, 0.0], [77]), point("sparse", None, [77])])
        request = SearchRequest(collection, query(terms=[77]), 9, with_dense=True)
        [hits] = compass.search_many([request])
        vectors = {hit.payload["name"]: hit.dense for hit in hits}
        assert list(vectors["long"] or []) == pytest.approx([0.0, 0.6, 0.8, 0.0], abs=1e-6)
        assert vectors["sparse"] is None
        assert [hit.dense for hit in search(compass, collection, query(NORTH), 1)] == [None]

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
        store.ensure_collection(collection, 4, {"id": Index.KEYWORD})
        store.upsert(collection, [VectorPoint(COMPASS[0].id, payload, NORTH)])
        assert [found.payload for found in store.scroll(collection)] == [payload]
        assert search(store, collection, query(NORTH), 1)[0].payload == payload

    def test_writing_an_id_again_replaces_payload_and_vectors(self, compass: VectorStore, collection: str) -> None:
        compass.upsert(collection, [point("north", None, [99], author="cid")])
        assert compass.count(collection) == 3
        assert [hit.payload for hit in search(compass, collection, query(terms=[99]), 9)] == [
            {"name": "north", "author": "cid"}
        ]
        assert [hit.payload["name"] for hit in search(compass, collection, query(NORTH), 9)] == ["east", "south"]
        assert search(compass, collection, query(terms=[1]), 9) == []

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
        assert search(store, collection, query(NORTH, [1]), 10) == []
        assert list(store.scroll(collection, {"author": "ada"})) == []
        assert store.count(collection) == 0
        store.delete(collection, [uuid4()])
        store.delete_where(collection, {"author": "ada"})

    def test_ensuring_twice_changes_nothing(self, compass: VectorStore, collection: str) -> None:
        compass.ensure_collection(collection, 4, {"author": Index.TENANT, "since": Index.DATETIME})
        compass.ensure_collection(collection, 4)
        assert compass.count(collection) == 3

    @pytest.mark.parametrize("other", [8, None])
    def test_another_dense_size_is_refused(self, compass: VectorStore, collection: str, other: int | None) -> None:
        with pytest.raises(StoreError, match="4"):
            compass.ensure_collection(collection, other)
        assert compass.count(collection) == 3

    def test_a_collection_without_vectors_keeps_and_filters_payloads(self, store: VectorStore, collection: str) -> None:
        store.ensure_collection(collection, None, {"author": Index.KEYWORD})
        store.ensure_collection(collection, None, {"author": Index.KEYWORD})
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
            search(store, collection, query(NORTH), 1)

    def test_collections_do_not_see_each_other(self, compass: VectorStore, collection: str) -> None:
        other = f"{collection}_other"
        compass.ensure_collection(other, 2)
        compass.upsert(other, [point("north", [1.0, 0.0])])
        compass.delete_where(other, {"name": "north"})
        assert compass.count(other) == 0
        assert compass.count(collection) == 3

    # ------------------------------------------------------------------ made by another embedder

    def test_what_a_collection_was_made_by_is_kept(self, store: VectorStore, collection: str) -> None:
        assert store.made_by(collection) is None
        assert store.ensure_collection(collection, 4, {"author": Index.TENANT}, MINE) == collection
        assert store.ensure_collection(collection, 4, {"author": Index.TENANT}, MINE) == collection
        assert store.made_by(collection) == MINE
        store.ensure_collection(f"{collection}_plain", 4)
        assert store.made_by(f"{collection}_plain") == {}

    @pytest.mark.parametrize(
        ("before", "size"), [(None, 4), ({"embedder": "b", "chunker": "1"}, 4), ({"embedder": "a", "chunker": "1"}, 2)]
    )
    def test_a_collection_made_by_something_else_stays_in_use_until_the_switch(
        self, store: VectorStore, collection: str, before: dict[str, str] | None, size: int
    ) -> None:
        store.ensure_collection(collection, size, {"author": Index.KEYWORD}, before)
        store.upsert(collection, [point("old", [1.0, 0.0, 0.0, 0.0][:size])])
        new = store.ensure_collection(collection, 4, {"author": Index.KEYWORD}, MINE)
        assert new != collection
        store.upsert(new, [point("new", NORTH, author="ada"), point("newer", EAST, author="bob")])
        assert [found.payload["name"] for found in store.scroll(collection)] == ["old"]
        assert store.made_by(collection) == (before or {})
        reading = store.scroll(collection)
        store.switch(collection, new)
        assert {found.payload["name"] for found in reading} <= {"old", "new", "newer"}  # open, and not in the way
        assert [hit.payload["name"] for hit in search(store, collection, query(EAST), 1)] == ["newer"]
        assert store.count(collection) == 2
        assert store.counts_by(collection, "author") == {"ada": 1, "bob": 1}
        assert store.made_by(collection) == MINE
        assert store.made_by(new) in (None, MINE)  # whether it has its old name too is the store's business
        assert store.ensure_collection(collection, 4, None, MINE) == collection
        store.upsert(collection, [point("newest", SOUTH)])
        assert store.count(collection) == 3

    def test_a_killed_rebuild_goes_on_with_what_it_has(self, store: VectorStore, collection: str) -> None:
        store.ensure_collection(collection, 2, None, MINE)
        new = store.ensure_collection(collection, 4, None, MINE)
        store.upsert(new, [point("done", NORTH)])
        assert store.ensure_collection(collection, 4, None, MINE) == new
        assert store.count(new) == 1

    def test_a_collection_can_be_replaced_again_and_again(self, store: VectorStore, collection: str) -> None:
        for number in range(3):
            made_by = {"embedder": "ab"[number % 2]}
            to = store.ensure_collection(collection, 4, None, made_by)
            store.upsert(to, [point(f"{number}", NORTH)])
            if to != collection:
                store.switch(collection, to)
            assert [found.payload["name"] for found in store.scroll(collection)] == [f"{number}"]
            assert store.made_by(collection) == made_by

    def test_switching_to_an_absent_collection_is_refused_and_changes_nothing(
        self, compass: VectorStore, collection: str
    ) -> None:
        with pytest.raises(StoreError):
            compass.switch(collection, f"{collection}-00000000")
        assert compass.count(collection) == 3

    def test_optimizing_changes_no_answer(self, compass: VectorStore, collection: str) -> None:
        before = search(compass, collection, query(NORTH), 9)
        compass.optimize(collection)
        compass.optimize(f"{collection}_absent")
        assert search(compass, collection, query(NORTH), 9) == before

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
        assert {found.payload["name"] for found in compass.scroll(collection, where)} == names
        assert compass.count(collection, where) == len(names)
        hits = search(compass, collection, query(NORTH), 10, where)
        assert {hit.payload["name"] for hit in hits} == names

    @pytest.mark.parametrize(
        ("where", "names"),
        [
            ({"year": Between(1815, 1843)}, {"a"}),
            ({"year": Between(1815.5)}, {"b"}),
            ({"year": Between(high=1843.5)}, {"a", "b"}),
            ({"draft": Between(0, 2)}, set()),
            ({"at": Between(0, 10**12)}, set()),
            ({"at": Between(datetime(2023, 1, 1), datetime(2024, 1, 1))}, {"a", "b"}),
            ({"at": Between(datetime(2023, 12, 31, 23, 30, tzinfo=UTC))}, {"b", "c"}),
            ({"at": Between(high=datetime(2023, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))))}, set()),
            ({"at": Between(datetime(2023, 1, 1), datetime(2023, 1, 1, 0, 0, 1)), "year": 1815}, {"a"}),
            ({"year": Between(datetime(1, 1, 1))}, set()),
            ({"absent": Between(1)}, set()),
        ],
    )
    @pytest.mark.parametrize("indexed", [True, False])
    def test_a_range_takes_its_low_end_and_leaves_its_high_end(
        self, store: VectorStore, collection: str, where: PointsWhere, names: set[str], indexed: bool
    ) -> None:
        store.ensure_collection(collection, 4, {"at": Index.DATETIME} if indexed else None)
        points = [
            point("a", NORTH, year=1815, at="2023-01-01T00:00:00Z", draft=True),
            point("b", NORTH, year=1843, at="2023-12-31T23:30:00"),
            point("c", NORTH, year="1900", at="2024-01-01T01:00:00+01:00"),
            point("d", NORTH, year=None, at=None),
            point("e", NORTH),
        ]
        store.upsert(collection, points)
        assert {found.payload["name"] for found in store.scroll(collection, where)} == names
        assert store.count(collection, where) == len(names)
        assert {hit.payload["name"] for hit in search(store, collection, query(NORTH), 10, where)} == names

    @pytest.mark.parametrize("ends", [(None, None), (1, datetime(2023, 1, 1))])
    def test_a_range_without_an_end_or_of_two_kinds_is_a_mistake(self, ends: tuple[float | None, None]) -> None:
        with pytest.raises(ValueError, match="range"):
            Between(*ends)

    def test_scroll_brings_only_the_fields_asked_for(self, compass: VectorStore, collection: str) -> None:
        found = list(compass.scroll(collection, {"author": "ada"}, ["year", "absent"]))
        assert sorted(point.payload["year"] for point in found) == [1815, 1843]
        assert {field for point in found for field in point.payload} == {"year"}
        assert {point.id for point in found} == {COMPASS[0].id, COMPASS[1].id}

    def test_points_are_counted_by_the_values_of_a_field(self, compass: VectorStore, collection: str) -> None:
        compass.upsert(collection, [point(f"{n}", author=f"author {n}") for n in range(300)])
        counts = compass.counts_by(collection, "author")
        assert len(counts) == 302
        assert (counts["ada"], counts["bob"], counts["author 7"]) == (2, 1, 1)
        assert compass.counts_by(collection, "author", {"year": 1843}) == {"ada": 1, "bob": 1}
        assert compass.counts_by(f"{collection}_absent", "author") == {}
        compass.delete_where(collection, {"author": "ada"})
        assert "ada" not in compass.counts_by(collection, "author")

    def test_a_list_matches_by_its_elements(self, store: VectorStore, collection: str) -> None:
        store.ensure_collection(collection, None, {"tags": Index.KEYWORD})
        store.upsert(collection, [point("a", tags=["x", "y"]), point("b", tags=["y"]), point("c", tags=[])])
        assert store.count(collection, {"tags": "y"}) == 2
        assert store.count(collection, {"tags": ["x", "z"]}) == 1

    def test_delete_removes_just_these(self, compass: VectorStore, collection: str) -> None:
        compass.delete(collection, {COMPASS[0].id, uuid4()})
        assert {found.payload["name"] for found in compass.scroll(collection)} == {"east", "south"}
        assert [hit.payload["name"] for hit in search(compass, collection, query(NORTH), 9)] == ["east", "south"]

    def test_delete_where_removes_just_what_matches(self, compass: VectorStore, collection: str) -> None:
        compass.delete_where(collection, {"author": "ada", "draft": True})
        assert {found.payload["name"] for found in compass.scroll(collection)} == {"north", "south"}
        compass.delete_where(collection, {"author": []})
        assert compass.count(collection) == 2

    def test_delete_where_with_an_empty_filter_is_a_mistake(self, compass: VectorStore, collection: str) -> None:
        with pytest.raises(ValueError, match="whole collection"):
            compass.delete_where(collection, {})
        assert compass.count(collection) == 3

    def test_points_are_got_by_their_ids_in_that_order(self, compass: VectorStore, collection: str) -> None:
        north, _, south = COMPASS
        found = compass.get(collection, [south.id, uuid4(), north.id])
        assert [(one.id, one.payload, one.dense) for one in found] == [
            (south.id, south.payload, None),
            (north.id, north.payload, None),
        ]
        assert compass.get(collection, []) == []
        assert compass.get(f"{collection}_absent", [north.id]) == []

    # ------------------------------------------------------------------ many points

    def test_scroll_brings_each_of_1000_points_once(self, store: VectorStore, collection: str) -> None:
        store.ensure_collection(collection, 4, {"author": Index.KEYWORD})
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
