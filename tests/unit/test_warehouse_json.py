"""The warehouse travels as the reference's JSON files, both ways, without loss and without doubles."""

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_engineering.application.ports import Silent
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.application.warehouse_files import ARRAY, write_files
from llm_engineering.application.warehouse_transfer import export_warehouse, import_warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, RawDocument
from llm_engineering.domain.errors import BadInput, StoreError, UnknownAuthor
from tests.fakes import InMemoryDocuments

ANN = Author.named("Ann Marie Lee")
USER = {"_id": "u1", "first_name": "Ann Marie", "last_name": "Lee"}


def article(**fields: Any) -> dict[str, Any]:
    content = {"Title": "On Bread", "Subtitle": "None", "Content": "It’s  flour.\n\n  * a\n", "language": "en"}
    return {
        "_id": "a1",
        "content": content,
        "platform": "blog.example",
        "author_id": "u1",
        "author_full_name": "Ann Marie Lee",
        "link": "https://Blog.example/bread?utm_source=x",
        **fields,
    }


def written(directory: Path, **files: Any) -> Path:
    for name, records in files.items():
        (directory / f"{name}Document.json").write_text(json.dumps(records), encoding="utf-8")
    return directory


@pytest.fixture
def warehouse() -> Warehouse:
    return Warehouse(InMemoryDocuments())


def documents(warehouse: Warehouse) -> list[RawDocument]:
    return list(warehouse.documents(ANN))


def test_an_article_gets_our_identity_and_keeps_its_text(tmp_path, warehouse):
    report = import_warehouse(written(tmp_path, User=[USER], Article=[article()]), warehouse, Silent())
    [document] = documents(warehouse)
    assert (report.new, report.problems, report.authors) == (1, [], ["Ann Marie Lee"])
    assert document.link == "https://blog.example/bread"
    assert document.content == "It’s  flour.\n\n  * a\n"
    assert (document.title, document.extra, document.language) == ("On Bread", {}, "en")
    assert warehouse.author("ann marie lee") == ANN


def test_importing_twice_changes_nothing_and_a_new_text_is_an_update(tmp_path, warehouse):
    written(tmp_path, User=[USER], Article=[article()])
    import_warehouse(tmp_path, warehouse, Silent())
    again = import_warehouse(tmp_path, warehouse, Silent())
    assert (again.new, again.updated, again.unchanged) == (0, 0, 1)
    written(tmp_path, Article=[article(content={"Title": "On Bread", "Content": "It’s rye."})])
    assert import_warehouse(tmp_path, warehouse, Silent()).updated == 1
    assert [document.content for document in documents(warehouse)] == ["It’s rye."]


def test_an_import_keeps_what_the_stored_version_knows_beyond_the_format(tmp_path, warehouse):
    stored = RawDocument.of(
        ANN,
        link="https://blog.example/bread",
        category=Category.ARTICLES,
        platform="blog.example",
        title="On Bread",
        content="Old.",
        published_at=datetime(2024, 5, 2, tzinfo=UTC),
        fetched_at=datetime(2024, 5, 3, tzinfo=UTC),
        extra={"etag": '"1"'},
    )
    warehouse.save(stored)
    import_warehouse(written(tmp_path, Article=[article()]), warehouse, Silent())
    [document] = documents(warehouse)
    assert (document.published_at, document.extra) == (stored.published_at, {"etag": '"1"'})


def test_posts_and_repositories_come_in_too(tmp_path, warehouse):
    post = article(_id="p1", link=None, content={"Post_1": "Hello, it’s me."}, platform="linkedin")
    code = article(
        _id="r1", name="oven", link="https://github.com/ann/oven", content={"a.py": "x  =  1\n", "R.md": "Hi"}
    )
    report = import_warehouse(written(tmp_path, User=[USER], Post=[post], Repository=[code]), warehouse, Silent())
    assert report.new == 2
    found = {document.category: document for document in documents(warehouse)}
    assert found[Category.POSTS].content == "Hello, it’s me."
    assert found[Category.POSTS].link == "imported:p1"
    assert "x  =  1\n" in found[Category.REPOSITORIES].content


def test_a_record_without_a_name_is_matched_by_its_author_id(tmp_path, warehouse):
    import_warehouse(written(tmp_path, User=[USER], Article=[article(author_full_name=None)]), warehouse, Silent())
    assert len(documents(warehouse)) == 1


def test_a_broken_record_is_named_and_the_rest_goes_in(tmp_path, warehouse):
    records = [
        "no object",
        article(content=None),
        article(content={"Title": "Empty", "Content": " "}),
        article(author_full_name=None, author_id="unknown"),
        article(link=None, _id=None),
        article(),
    ]
    report = import_warehouse(written(tmp_path, User=[USER, {"_id": "u2"}], Article=records), warehouse, Silent())
    assert report.new == 1
    assert [problem.split(":")[0] for problem in report.problems] == [
        "UserDocument.json, record 2",
        *(f"ArticleDocument.json, record {number}" for number in range(1, 6)),
    ]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (article(link="http://[half/of/an/address"), "is no URL"),
        (article(content="half a pair: \ud83d"), "no Unicode text"),
        (article(author_full_name="Ann \udc4d"), "no Unicode text"),
    ],
)
def test_what_no_store_takes_is_a_problem_of_its_record(tmp_path, warehouse, broken, reason):
    report = import_warehouse(written(tmp_path, User=[USER], Article=[broken, article()]), warehouse, Silent())
    [problem] = report.problems
    assert problem.startswith("ArticleDocument.json, record 1: ")
    assert reason in problem
    assert report.new == 1


def test_a_file_that_breaks_off_is_read_up_to_there(tmp_path, warehouse):
    whole = json.dumps([article(), article(link="https://blog.example/rye")])
    (tmp_path / "ArticleDocument.json").write_text(whole[:-30])
    report = import_warehouse(tmp_path, warehouse, Silent())
    assert (report.new, report.not_imported) == (1, 1)
    assert report.problems[0].startswith("ArticleDocument.json: it is no readable JSON")


def test_a_link_that_is_stored_in_another_category_is_not_stored_twice(tmp_path, warehouse):
    import_warehouse(written(tmp_path, User=[USER], Article=[article()]), warehouse, Silent())
    (tmp_path / "ArticleDocument.json").unlink()
    report = import_warehouse(written(tmp_path, Post=[article()]), warehouse, Silent())
    assert "stored already, among the articles" in report.problems[0]
    assert len(documents(warehouse)) == 1


def test_a_broken_file_is_named_and_the_others_go_in(tmp_path, warehouse):
    written(tmp_path, User=[USER], Article=[article()], Repository={"not": "a list"})
    (tmp_path / "PostDocument.json").write_text('[{"broken": ')
    report = import_warehouse(tmp_path, warehouse, Silent())
    assert report.new == 1
    assert [problem.split(":")[0] for problem in report.problems] == ["PostDocument.json", "RepositoryDocument.json"]


def test_a_directory_without_the_files_is_refused(tmp_path, warehouse):
    with pytest.raises(BadInput, match="nowhere"):
        import_warehouse(tmp_path / "nowhere", warehouse, Silent())
    with pytest.raises(BadInput, match=r"ArticleDocument\.json"):
        import_warehouse(tmp_path, warehouse, Silent())


def test_what_is_exported_comes_back_unchanged(tmp_path, warehouse):
    post = article(_id="p1", link="https://linkedin.example/1", content="Hello")
    code = article(_id="r1", name="oven", link="https://github.com/ann/oven", content={"a.py": "x  =  1", "R.md": "Hi"})
    import_warehouse(
        written(tmp_path, User=[USER], Article=[article()], Post=[post], Repository=[code]), warehouse, Silent()
    )
    report = export_warehouse(tmp_path / "out", warehouse, Silent())
    assert report.documents == {"ArticleDocument.json": 1, "PostDocument.json": 1, "RepositoryDocument.json": 1}
    again = import_warehouse(tmp_path / "out", warehouse, Silent())
    assert (again.new, again.updated, again.unchanged, again.problems) == (0, 0, 3, [])
    other = Warehouse(InMemoryDocuments())
    import_warehouse(tmp_path / "out", other, Silent())
    assert [d.hash for d in documents(other)] == [d.hash for d in documents(warehouse)]


def test_the_export_has_the_references_shape(tmp_path, warehouse):
    import_warehouse(written(tmp_path, User=[USER], Article=[article()]), warehouse, Silent())
    export_warehouse(tmp_path / "out", warehouse, Silent())
    [record] = json.loads((tmp_path / "out" / "ArticleDocument.json").read_text(encoding="utf-8"))
    assert set(record) == {"_id", "author_id", "author_full_name", "platform", "link", "content"}
    assert record["content"] == {
        "Title": "On Bread",
        "Subtitle": None,
        "Content": "It’s  flour.\n\n  * a\n",
        "language": "en",
    }
    [user] = json.loads((tmp_path / "out" / "UserDocument.json").read_text(encoding="utf-8"))
    assert user == {"_id": str(ANN.id), "first_name": "Ann Marie", "last_name": "Lee"}


def test_an_export_that_finds_no_room_names_the_file_and_leaves_no_part_of_one(tmp_path, warehouse):
    import_warehouse(written(tmp_path, User=[USER], Article=[article()]), warehouse, Silent())
    full = tmp_path / "full"
    full.mkdir()
    (full / "ArticleDocument.json.partial").symlink_to("/dev/full")
    with pytest.raises(StoreError, match=r"ArticleDocument\.json could not be written \(No space left on device\)"):
        export_warehouse(full, warehouse, Silent())
    assert [file.name for file in full.iterdir()] == ["UserDocument.json"]
    with pytest.raises(StoreError, match="cannot be made"):
        export_warehouse(full / "UserDocument.json" / "deeper", warehouse, Silent())


def test_documents_that_are_gone_are_not_exported_and_are_counted(tmp_path, warehouse):
    import_warehouse(written(tmp_path, Article=[article()]), warehouse, Silent())
    warehouse.tombstone(documents(warehouse)[0].id)
    report = export_warehouse(tmp_path / "out", warehouse, Silent())
    assert (report.documents["ArticleDocument.json"], report.left_out) == (0, 1)


def test_only_the_authors_who_were_named_are_exported(tmp_path, warehouse):
    other = article(author_full_name="Bob Ray", link="https://blog.example/bob")
    import_warehouse(written(tmp_path, Article=[article(), other]), warehouse, Silent())
    report = export_warehouse(tmp_path / "out", warehouse, Silent(), names=["bob ray", "Bob Ray"])
    assert (report.authors.records, report.documents["ArticleDocument.json"]) == (1, 1)
    [record] = json.loads((tmp_path / "out" / "ArticleDocument.json").read_text(encoding="utf-8"))
    assert record["author_full_name"] == "Bob Ray"
    with pytest.raises(UnknownAuthor, match="Bob Roy"):
        export_warehouse(tmp_path / "none", warehouse, Silent(), names=["Bob Ray", "Bob Roy"])
    assert not (tmp_path / "none").exists()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=4))
def test_a_file_that_is_written_record_by_record_is_byte_for_byte_what_json_writes_at_once(records):
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), ["a.json"], ARRAY, (("a.json", record) for record in records))
        written_ = (Path(folder) / "a.json").read_bytes()
    assert written_ == json.dumps(records, ensure_ascii=False, indent=1).encode("utf-8")
