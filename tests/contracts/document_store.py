"""What every DocumentStore must do. An adapter's test class inherits this and provides `store`."""

from enum import StrEnum
from itertools import islice
from uuid import uuid4

import pytest

from llm_engineering.application.ports import DocumentStore
from llm_engineering.domain.errors import StoreError


class Kind(StrEnum):
    """A filter value as the domain has them."""

    NOTE = "note"


class DocumentStoreContract:
    """Each test starts with an empty store."""

    @pytest.fixture
    def store(self) -> DocumentStore:
        raise NotImplementedError("The adapter's test class provides the store.")

    def test_a_record_comes_back_as_it_was_written(self, store: DocumentStore) -> None:
        record = {
            "_id": "1",
            "title": "Fjällräven — “draft” 👩🏽‍🚀 \u0000 \n\t",
            "nothing": None,
            "yes": True,
            "whole": 2**53,
            "part": 0.1,
            "empty": {"list": [], "dict": {}, "text": ""},
            "nested": {"tags": ["a", {"b": [1, 2.5, None, False]}], "ключ": "значение"},
        }
        assert store.upsert("articles", [record]) == 1
        assert store.get("articles", "1") == record
        assert list(store.find("articles")) == [record]

    def test_keys_may_be_any_text(self, store: DocumentStore) -> None:
        keys = ["a.b", ".", "$set", "a$", "", "50%", "%2E", "x\x00y", 'say "hi"', "ключ 🔑"]
        record = {"_id": "1", **{key or "top": key for key in keys}, "nested": [{key: {key: 1} for key in keys}]}
        store.upsert("articles", [record])
        assert store.get("articles", "1") == record
        assert list(store.find("articles", {"a.b": "a.b"})) == [record]

    def test_a_number_stays_whole_and_a_flag_stays_a_flag(self, store: DocumentStore) -> None:
        store.upsert("articles", [{"_id": "1", "whole": 3, "flag": True}])
        found = store.get("articles", "1")
        assert found is not None
        assert type(found["whole"]) is int
        assert found["flag"] is True

    def test_writing_an_id_again_replaces_the_whole_record(self, store: DocumentStore) -> None:
        store.upsert("articles", [{"_id": "1", "title": "old", "draft": True}])
        store.upsert("articles", [{"_id": "1", "title": "new"}])
        assert list(store.find("articles")) == [{"_id": "1", "title": "new"}]

    def test_the_last_of_two_records_with_one_id_stays(self, store: DocumentStore) -> None:
        store.upsert("articles", [{"_id": "1", "n": 1}, {"_id": "1", "n": 2}])
        assert list(store.find("articles")) == [{"_id": "1", "n": 2}]

    def test_collections_do_not_see_each_other(self, store: DocumentStore) -> None:
        store.upsert("articles", [{"_id": "1", "in": "articles"}])
        store.upsert("posts", [{"_id": "1", "in": "posts"}])
        store.delete("posts", ["1"])
        assert store.get("articles", "1") == {"_id": "1", "in": "articles"}
        assert store.get("posts", "1") is None

    def test_an_absent_collection_reads_as_empty(self, store: DocumentStore) -> None:
        assert store.get("nowhere", "1") is None
        assert list(store.find("nowhere")) == []
        assert list(store.find("nowhere", {"a": "b"})) == []
        assert store.count("nowhere") == 0
        assert store.delete("nowhere", ["1"]) == 0

    def test_writing_nothing_is_no_error(self, store: DocumentStore) -> None:
        assert store.upsert("articles", []) == 0
        assert store.delete("articles", []) == 0

    @pytest.mark.parametrize("record", [{"title": "no id"}, {"_id": None}, {"_id": ""}, {"_id": 7}])
    def test_a_record_without_an_id_of_text_is_refused(self, store: DocumentStore, record: dict[str, object]) -> None:
        with pytest.raises(StoreError, match="articles"):
            store.upsert("articles", [record])
        assert store.count("articles") == 0

    @pytest.mark.parametrize("value", [uuid4(), {1, 2}, float("nan"), "half a pair \ud83d", b"bytes"])
    def test_what_json_has_no_form_for_is_refused_everywhere(self, store: DocumentStore, value: object) -> None:
        with pytest.raises(StoreError):
            store.upsert("articles", [{"_id": "1", "value": value}])
        assert store.get("articles", "1") is None

    def test_find_brings_2000_records_in_the_order_of_their_ids(self, store: DocumentStore) -> None:
        records = [{"_id": f"{(n * 7919) % 2000:05d}", "n": n, "half": n % 2} for n in range(2000)]
        assert store.upsert("articles", iter(records)) == 2000
        assert list(store.find("articles")) == sorted(records, key=lambda record: str(record["_id"]))
        assert store.count("articles") == 2000
        assert store.count("articles", {"half": 1}) == len(list(store.find("articles", {"half": 1}))) == 1000

    def test_ids_are_ordered_by_code_point(self, store: DocumentStore) -> None:
        ids = ["Z", "a", "é", "ｚ", "𝔄", "10", "9", "a b", "a/b?c=d&e#f", "\uffff"]
        store.upsert("articles", [{"_id": id} for id in ids])
        assert [record["_id"] for record in store.find("articles")] == sorted(ids)

    def test_find_survives_writes_to_what_it_reads(self, store: DocumentStore) -> None:
        store.upsert("articles", [{"_id": f"{n:04d}", "round": 0} for n in range(450)])
        seen = []
        for record in store.find("articles"):
            seen.append(record["_id"])
            store.upsert("articles", [{**record, "round": 1}])
            store.delete("articles", [f"{len(seen) - 2:04d}"])
        assert seen == [f"{n:04d}" for n in range(450)]
        assert [record["round"] for record in store.find("articles")] == [1]

    def test_two_readers_may_stand_at_different_places(self, store: DocumentStore) -> None:
        store.upsert("articles", [{"_id": f"{n:04d}"} for n in range(500)])
        first, second = store.find("articles"), store.find("articles")
        assert len(list(islice(first, 300))) == 300
        assert len(list(second)) == 500
        assert len(list(first)) == 200

    def test_filters_compare_values_of_their_own_kind(self, store: DocumentStore) -> None:
        store.upsert(
            "articles",
            [
                {"_id": "text", "field": "1"},
                {"_id": "number", "field": 1},
                {"_id": "part", "field": 1.5},
                {"_id": "flag", "field": True},
                {"_id": "no", "field": False},
                {"_id": "null", "field": None},
                {"_id": "absent"},
                {"_id": "inside", "field": {"field": "1", "n": 1}},
                {"_id": "list", "field": ["0", "1"]},
            ],
        )

        def found(wanted: object) -> set[str]:
            return {record["_id"] for record in store.find("articles", {"field": wanted})}

        assert found("1") == {"text", "list"}
        assert found(1) == {"number"}
        assert found(1.5) == {"part"}
        assert found(True) == {"flag"}
        assert found(False) == {"no"}
        assert found(["1", 1.5, False]) == {"text", "list", "part", "no"}
        assert found(("nothing", "like it")) == set()
        assert found([]) == set()

    def test_all_fields_of_a_filter_must_match(self, store: DocumentStore) -> None:
        store.upsert(
            "articles",
            [
                {"_id": "1", "author": "a", "kind": "note"},
                {"_id": "2", "author": "a", "kind": "essay"},
                {"_id": "3", "author": "b", "kind": "note"},
            ],
        )
        where = {"author": ["a", "b"], "kind": Kind.NOTE}
        assert [record["_id"] for record in store.find("articles", where)] == ["1", "3"]
        assert store.count("articles", where) == 2
        assert store.count("articles", {**where, "unheard": "of"}) == 0

    def test_records_can_be_filtered_by_their_ids(self, store: DocumentStore) -> None:
        store.upsert("articles", [{"_id": f"{n:04d}"} for n in range(450)])
        wanted = [f"{n:04d}" for n in range(0, 450, 2)]
        assert [record["_id"] for record in store.find("articles", {"_id": wanted})] == wanted

    def test_a_quote_in_a_value_is_only_a_quote(self, store: DocumentStore) -> None:
        title = """it's "quoted"; DROP TABLE documents; -- $where"""
        store.upsert("articles", [{"_id": title, "title": title}])
        assert store.count("articles", {"title": title}) == 1
        assert store.get("articles", title) is not None

    def test_delete_counts_only_what_was_there(self, store: DocumentStore) -> None:
        store.upsert("articles", [{"_id": f"{n}"} for n in range(5)])
        assert store.delete("articles", ["1", "3", "nobody"]) == 2
        assert store.delete("articles", iter(["1"])) == 0
        assert [record["_id"] for record in store.find("articles")] == ["0", "2", "4"]

    def test_delete_takes_more_ids_than_a_batch(self, store: DocumentStore) -> None:
        store.upsert("articles", [{"_id": f"{n}"} for n in range(1200)])
        assert store.delete("articles", [f"{n}" for n in range(1199)]) == 1199
        assert store.count("articles") == 1

    def test_closing_twice_is_no_error(self, store: DocumentStore) -> None:
        store.upsert("articles", [{"_id": "1"}])
        store.close()
        store.close()
