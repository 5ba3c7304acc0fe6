"""The warehouse travels as JSON Lines with every field, both ways; what is broken is named and the rest goes in."""

import gzip
import json
import shutil
import tempfile
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_engineering.application import json_reading
from llm_engineering.application.ports import Record, Silent
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.application.warehouse_intake import MOST_PROBLEMS, ImportReport
from llm_engineering.application.warehouse_transfer import Format, export_warehouse, import_warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, Decision, QuarantinedPage, RawDocument
from llm_engineering.domain.errors import StoreError, StoreUnreachable
from llm_engineering.domain.identity import document_id
from tests.fakes import InMemoryDocuments
from tools.warehouse import warehouse as command

ANN, BOB = Author.named("Ann Marie Lee"), Author.named("Bob Ray")
MONDAY = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
DAY = timedelta(days=1)


def document(author: Author = ANN, link: str = "https://blog.example/bread", **fields: Any) -> RawDocument:
    given = {
        "category": Category.ARTICLES,
        "platform": "blog.example",
        "title": "On Bread",
        "content": "It’s  flour.\n\n  * a\n",
        "published_at": MONDAY - DAY,
        "language": "en",
        "fetched_at": MONDAY,
        "extra": {"subtitle": "and rye", "etag": '"1"', "tags": ["bread", "🍞"]},
    }
    return RawDocument.of(author, link=link, **{**given, **fields})


def page(author: Author = ANN, link: str = "https://blog.example/cookies", **fields: Any) -> QuarantinedPage:
    given = {"reason": "a cookie wall", "evidence": "We value your privacy.", "seen_at": MONDAY}
    return QuarantinedPage(id=document_id(author.id, link), author_id=author.id, link=link, **{**given, **fields})


def filled(*models: RawDocument | QuarantinedPage, authors: Iterable[Author] = ()) -> Warehouse:
    warehouse = Warehouse(InMemoryDocuments())
    for author in authors:
        warehouse.add_author(author)
    for model in models:
        if isinstance(model, QuarantinedPage):
            warehouse.quarantine(model)
        else:
            warehouse.add_author(Author.named(model.author_full_name))
            warehouse.save(model)
    return warehouse


def contents(warehouse: Warehouse) -> list[Any]:
    authors = warehouse.authors()
    documents = [found for author in authors for found in warehouse.documents(author, include_gone=True)]
    return [authors, documents, list(warehouse.quarantined())]


def exported(warehouse: Warehouse, directory: Path, *names: str) -> Path:
    export_warehouse(directory, warehouse, Silent(), form=Format.JSONL, names=names)
    return directory


def imported(directory: Path, warehouse: Warehouse) -> ImportReport:
    return import_warehouse(directory, warehouse, Silent())


def with_line(directory: Path, name: str, *lines: Any) -> Path:
    directory.mkdir(exist_ok=True)
    texts = [line if isinstance(line, str) else line.model_dump_json() for line in lines]
    (directory / name).write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return directory


# ------------------------------------------------------------------------------ there and back

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from(
    '\u2028\u2029\x85\u200d\ufeff\r\n\t\x1e’—"\\👩‍👩‍👧'
)
TEXTS = st.text(CHARACTERS, max_size=30)
NAMES = TEXTS.filter(lambda text: text.split()).map(lambda text: Author.named(text))
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
EXTRAS = st.dictionaries(
    TEXTS, TEXTS | st.integers(-(2**53), 2**53) | st.none() | st.lists(TEXTS, max_size=2), max_size=3
)


@st.composite
def documents(draw: st.DrawFn) -> RawDocument:
    return RawDocument.of(
        draw(NAMES),
        link=draw(TEXTS),
        category=draw(st.sampled_from(Category)),
        platform=draw(TEXTS),
        title=draw(TEXTS),
        content=draw(TEXTS),
        published_at=draw(st.none() | TIMES),
        language=draw(st.none() | st.just("en")),
        fetched_at=draw(TIMES),
        tombstoned_at=draw(st.none() | TIMES),
        extra=draw(EXTRAS),
    )


@st.composite
def pages(draw: st.DrawFn) -> QuarantinedPage:
    held_back = draw(documents())
    return QuarantinedPage(
        id=held_back.id,
        author_id=held_back.author_id,
        link=held_back.link,
        reason=draw(TEXTS),
        evidence=draw(TEXTS),
        document=draw(st.sampled_from([None, held_back])),
        seen_at=draw(TIMES),
        decision=draw(st.sampled_from(Decision)),
        decided_at=draw(st.none() | TIMES),
    )


@settings(max_examples=80, deadline=None)
@given(st.lists(documents(), max_size=4, unique_by=lambda found: found.id), st.lists(pages(), max_size=2))
def test_what_is_exported_comes_back_with_every_field_and_twice_changes_nothing(documents, pages):
    ids = {found.id for found in documents}
    warehouse = filled(*documents, *(page for page in pages if page.id not in ids))
    other = Warehouse(InMemoryDocuments())
    with tempfile.TemporaryDirectory() as folder:
        report = imported(exported(warehouse, Path(folder)), other)
        assert (report.new, report.problems, report.notes) == (len(documents), [], [])
        assert contents(other) == contents(warehouse)
        assert [found.hash for found in contents(other)[1]] == [found.hash for found in contents(warehouse)[1]]
        again = imported(Path(folder), other)
        assert (again.new, again.updated, again.unchanged, again.older, again.pages) == (0, 0, len(documents), 0, 0)
        assert contents(other) == contents(warehouse)
        for file in Path(folder).iterdir():  # also for readers that end a line at U+2028
            assert all(json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())


def test_a_line_has_every_field_of_our_models(tmp_path):
    gone = document(link="https://blog.example/old", tombstoned_at=MONDAY + DAY)
    post = document(BOB, link="telegram:1/2", category=Category.POSTS)
    held = page(document=document(link="https://blog.example/cookies"), decision=Decision.REJECTED)
    report = export_warehouse(tmp_path, filled(document(), gone, post, held), Silent(), form=Format.JSONL)
    assert [(file.name, file.records, file.gone) for file in (report.authors, *report.files)] == [
        ("users.jsonl", 2, 0),
        ("articles.jsonl", 2, 1),
        ("posts.jsonl", 1, 0),
        ("repositories.jsonl", 0, 0),
        ("quarantine.jsonl", 1, 0),
    ]
    for name, model in (("articles", RawDocument), ("quarantine", QuarantinedPage), ("users", Author)):
        first = (tmp_path / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")[0]
        assert json.loads(first).keys() == model.model_fields.keys()
    assert report.files[0].size == (tmp_path / "articles.jsonl").stat().st_size


def test_one_authors_export_has_nothing_of_anybody_else(tmp_path):
    warehouse = filled(
        document(), document(BOB, link="https://bob.example/"), page(), page(BOB, link="https://b.example")
    )
    exported(warehouse, tmp_path, "bob ray")
    other = Warehouse(InMemoryDocuments())
    imported(tmp_path, other)
    assert contents(other)[0] == [BOB]
    assert {found.author_id for found in [*contents(other)[1], *contents(other)[2]]} == {BOB.id}


def test_pages_of_somebody_of_whom_all_was_held_back_are_exported_too(tmp_path):
    warehouse = filled(page(BOB))
    other = Warehouse(InMemoryDocuments())
    assert imported(exported(warehouse, tmp_path), other).pages == 1
    assert contents(other) == [[], [], [page(BOB)]]


def test_compressed_files_come_in_like_others(tmp_path):
    warehouse = filled(document(), document(link="https://blog.example/rye"), page())
    exported(warehouse, tmp_path)
    for name in ("articles.jsonl", "quarantine.jsonl"):
        with (tmp_path / name).open("rb") as plain, gzip.open(tmp_path / f"{name}.gz", "wb") as packed:
            shutil.copyfileobj(plain, packed)
        (tmp_path / name).unlink()
    other = Warehouse(InMemoryDocuments())
    assert imported(tmp_path, other).problems == []
    assert contents(other) == contents(warehouse)


# ------------------------------------------------------------------------------ what is broken


def line_with(**changes: Any) -> str:
    record = document().model_dump(mode="json")
    return json.dumps({**record, **changes})


def line_without(field: str) -> str:
    record = document().model_dump(mode="json")
    del record[field]
    return json.dumps(record)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "no JSON"),
        ('"text"', "str, not an object"),
        (line_without("link"), "no field link"),
        (line_without("fetched_at"), "no field fetched_at"),
        (line_with(title=None), "field title is wrong"),
        (line_with(content=7), "field content is wrong"),
        (line_with(fetched_at=1714979289), "field fetched_at is wrong"),
        (line_with(published_at="last week"), "field published_at is wrong"),
        (line_with(category="books"), "field category is wrong"),
        (line_with(category="posts"), "its category is posts, which belongs in posts.jsonl"),
        (line_with(id="5f0f2d5e-8d1e-5d0b-9a54-0f1d6d2b7c11"), "its id does not follow from its author and link"),
        (line_with(link="https://blog.example/other"), "its id does not follow from its author and link"),
        (line_with(author_full_name="Bob Ray"), "its author_id is not the one of Bob Ray"),
        (line_with(author_full_name=" "), "its author has no name"),
        (line_with(extra={"half": "\ud83d"}), "Invalid JSON"),
        (line_with(extra={"number": float("nan")}), "NaN"),
        (line_with(extra=json.loads('{"a":' * 250 + "1" + "}" * 250)), "recursion"),
    ],
)
def test_a_broken_line_is_named_by_file_and_line_and_the_rest_goes_in(tmp_path, line, reason):
    good = [document(link=f"https://blog.example/{number}") for number in (1, 2)]
    warehouse = Warehouse(InMemoryDocuments())
    report = imported(with_line(tmp_path, "articles.jsonl", good[0], line, good[1]), warehouse)
    [problem] = report.problems
    assert problem.startswith("articles.jsonl line 2: ")
    assert reason in problem
    assert (report.new, report.not_imported) == (2, 1)
    assert {found.id for found in contents(warehouse)[1]} == {found.id for found in good}


def test_broken_authors_and_pages_are_named_too(tmp_path):
    with_line(tmp_path, "users.jsonl", json.dumps({"id": str(BOB.id), "full_name": "Ann Marie Lee"}), BOB)
    elsewhere = document(BOB, link="https://blog.example/cookies")
    other_link = page(BOB).model_dump(mode="json") | {"link": "https://blog.example/else"}
    with_line(tmp_path, "quarantine.jsonl", json.dumps(other_link), page(document=elsewhere), page())
    report = imported(tmp_path, Warehouse(InMemoryDocuments()))
    assert [problem.split(":")[0] for problem in report.problems] == [
        "users.jsonl line 1",
        "quarantine.jsonl line 1",
        "quarantine.jsonl line 2",
    ]
    assert (report.authors, report.pages) == (["Bob Ray"], 1)


def test_a_line_over_the_limit_is_named_and_the_next_one_goes_in(tmp_path, monkeypatch):
    monkeypatch.setattr(json_reading, "MOST_BYTES", 2000)
    report = imported(
        with_line(tmp_path, "articles.jsonl", document(content="x" * 5000), document()), Warehouse(InMemoryDocuments())
    )
    assert report.problems == ["articles.jsonl line 1: it has over 2,000 bytes."]
    assert report.new == 1


def test_a_damaged_archive_is_named_with_its_line_and_the_other_files_go_in(tmp_path):
    exported(filled(*(document(link=f"https://blog.example/{n}") for n in range(300)), page()), tmp_path)
    packed = gzip.compress((tmp_path / "articles.jsonl").read_bytes())
    (tmp_path / "articles.jsonl").unlink()
    (tmp_path / "articles.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    report = imported(tmp_path, Warehouse(InMemoryDocuments()))
    [problem] = report.problems
    assert problem.startswith(f"articles.jsonl.gz line {report.new + 1}: the file cannot be read any further")
    assert report.pages == 1


def test_a_field_that_nobody_knows_is_named_once_and_its_documents_go_in(tmp_path):
    lines = [json.dumps(document(link=f"k{n}").model_dump(mode="json") | {"mood": "good"}) for n in range(3)]
    report = imported(with_line(tmp_path, "articles.jsonl", *lines), Warehouse(InMemoryDocuments()))
    assert (report.new, report.problems) == (3, [])
    assert report.notes == ["articles.jsonl: the field mood is not known and was left out."]


def test_a_file_that_is_broken_throughout_does_not_fill_the_memory_with_reasons(tmp_path):
    report = imported(
        with_line(tmp_path, "articles.jsonl", *(["{"] * (MOST_PROBLEMS + 5))), Warehouse(InMemoryDocuments())
    )
    assert (report.not_imported, len(report.problems)) == (MOST_PROBLEMS + 5, MOST_PROBLEMS)


class Refusing(InMemoryDocuments):
    """A store that takes no document whose content is too long, or nothing at all."""

    def __init__(self, error: type[StoreError] = StoreError) -> None:
        super().__init__()
        self._error = error

    def upsert(self, collection: str, records: Iterable[Record]) -> int:
        found = list(records)
        if any(len(record.get("content", "")) > 100 for record in found):
            raise self._error("The database takes no document of over 100 characters.")
        return super().upsert(collection, found)


def test_a_document_that_the_store_refuses_is_named_and_the_rest_goes_in(tmp_path):
    lines = [document(link=f"k{n}", content="x" * (200 if n % 2 else 20)) for n in range(14)]
    report = imported(with_line(tmp_path, "articles.jsonl", *lines), Warehouse(Refusing()))
    assert (report.new, report.not_imported) == (7, 7)
    assert report.problems[0] == "articles.jsonl line 2: The database takes no document of over 100 characters."


def test_a_store_that_refuses_everything_or_is_gone_ends_the_import(tmp_path):
    lines = [document(link=f"k{n}", content="x" * 200) for n in range(9)]
    with_line(tmp_path, "articles.jsonl", *lines)
    with pytest.raises(StoreError, match="over 100"):
        imported(tmp_path, Warehouse(Refusing()))
    with_line(tmp_path, "articles.jsonl", lines[0])
    with pytest.raises(StoreUnreachable):
        imported(tmp_path, Warehouse(Refusing(StoreUnreachable)))


# ------------------------------------------------------------------------------ what is stored already

OLD, NEW = document(), document(content="It’s rye.", fetched_at=MONDAY + 2 * DAY)
GONE = document(tombstoned_at=MONDAY + DAY)


@pytest.mark.parametrize(
    ("stored", "file", "left", "counts"),
    [
        (OLD, NEW, NEW, (1, 0, 0)),
        (NEW, OLD, NEW, (0, 1, 1)),
        (OLD, GONE, GONE, (1, 0, 0)),
        (GONE, OLD, GONE, (0, 1, 1)),
        (GONE, NEW, NEW, (1, 0, 0)),
        (NEW, GONE, NEW, (0, 1, 1)),
        (OLD, OLD.model_copy(update={"fetched_at": MONDAY + DAY}), OLD, (0, 1, 0)),
        (
            OLD,
            OLD.model_copy(update={"content": "Corrected."}),
            OLD.model_copy(update={"content": "Corrected."}),
            (1, 0, 0),
        ),
        (OLD, OLD.model_copy(update={"extra": {"etag": '"0"'}}), OLD, (0, 1, 1)),
    ],
    ids=[
        "a newer text replaces the stored one",
        "an older text does not",
        "a newer tombstone marks it as gone",
        "an older document does not bring it back",
        "a newer one does",
        "an older tombstone does not mark it",
        "the same fetched again changes nothing",
        "a text corrected in the file comes in",
        "older validators do not",
    ],
)
def test_the_newer_version_wins(tmp_path, stored, file, left, counts):
    warehouse = filled(stored)
    report = imported(with_line(tmp_path, "articles.jsonl", file), warehouse)
    assert (report.updated, report.unchanged, report.older) == counts
    assert contents(warehouse)[1] == [left]
    again = imported(tmp_path, warehouse)
    assert (again.updated, again.unchanged) == (0, 1)
    assert contents(warehouse)[1] == [left]


def test_what_a_newer_version_says_beyond_the_text_comes_in_once(tmp_path):
    warehouse = filled(OLD)
    dated = OLD.model_copy(update={"published_at": MONDAY - 9 * DAY, "fetched_at": MONDAY + DAY})
    with_line(tmp_path, "articles.jsonl", dated)
    assert [imported(tmp_path, warehouse).updated for _ in range(2)] == [1, 0]
    assert contents(warehouse)[1] == [dated.model_copy(update={"fetched_at": MONDAY})]


def test_an_older_export_undoes_no_decision_and_holds_nothing_back_that_is_stored_since(tmp_path):
    decided = page(decision=Decision.ACCEPTED, decided_at=MONDAY + 3 * DAY)
    stored = document(link="https://blog.example/late", fetched_at=MONDAY + DAY)
    held_before = page(link="https://blog.example/late")
    warehouse = filled(decided, stored)
    report = imported(with_line(tmp_path, "quarantine.jsonl", page(), held_before), warehouse)
    assert report.pages == 0
    assert contents(warehouse)[2] == [decided]
    with_line(tmp_path, "quarantine.jsonl", page(decision=Decision.REJECTED, decided_at=MONDAY + 4 * DAY))
    assert [imported(tmp_path, warehouse).pages for _ in range(2)] == [1, 0]


def test_a_link_that_is_stored_in_another_category_is_not_stored_twice(tmp_path):
    warehouse = filled(document())
    report = imported(with_line(tmp_path, "posts.jsonl", document(category=Category.POSTS)), warehouse)
    assert "stored already, among the articles" in report.problems[0]
    assert len(contents(warehouse)[1]) == 1


def test_where_both_formats_are_there_the_lines_count_and_the_rest_of_the_others_comes_in(tmp_path):
    export_warehouse(tmp_path, filled(OLD, document(link="https://blog.example/rye")), Silent())
    exported(filled(NEW, document(link="https://blog.example/gone", tombstoned_at=MONDAY)), tmp_path)
    warehouse = Warehouse(InMemoryDocuments())
    for new, unchanged in ((3, 1), (0, 4)):
        report = imported(tmp_path, warehouse)
        assert (report.new, report.updated, report.unchanged, report.problems) == (new, 0, unchanged, [])
    found = {model.link: model for model in contents(warehouse)[1]}
    assert found[NEW.link] == NEW
    assert set(found) == {NEW.link, "https://blog.example/rye", "https://blog.example/gone"}


# ------------------------------------------------------------------------------ how much, and how far


class Interrupted(Silent):
    """Somebody who presses Ctrl-C after so many items."""

    def __init__(self, after: int) -> None:
        self._left = after

    def track(self, items: Iterable[Any], description: str, total: int | None = None, current: Any = None) -> Any:
        for item in items:
            if not self._left:
                raise KeyboardInterrupt
            self._left -= 1
            yield item


def test_an_interrupted_import_keeps_what_it_had_with_its_author_and_goes_on(tmp_path):
    lines = [document(link=f"k{n}") for n in range(9)]
    with_line(tmp_path, "articles.jsonl", *lines)
    warehouse = Warehouse(InMemoryDocuments())
    with pytest.raises(KeyboardInterrupt):
        import_warehouse(tmp_path, warehouse, Interrupted(4))
    assert (contents(warehouse)[0], len(contents(warehouse)[1])) == ([ANN], 4)
    report = imported(tmp_path, warehouse)
    assert (report.new, report.unchanged) == (5, 4)


def bytes_of(directory: Path) -> dict[str, bytes]:
    """File name → what is in it; a link to a device, which may have no end, is named only."""
    return {file.name: b"" if file.is_symlink() else file.read_bytes() for file in directory.iterdir()}


@pytest.mark.parametrize("form", list(Format))
def test_an_interrupted_export_leaves_the_old_files_and_no_part_of_new_ones(tmp_path, form):
    export_warehouse(tmp_path, filled(OLD), Silent(), form=form)
    before = bytes_of(tmp_path)
    more = filled(OLD, *(document(link=f"k{n}") for n in range(9)))
    with pytest.raises(KeyboardInterrupt):
        export_warehouse(tmp_path, more, Interrupted(5), form=form)
    assert bytes_of(tmp_path) == before


def test_an_export_that_finds_no_room_names_the_file_and_leaves_the_old_ones(tmp_path):
    exported(filled(OLD), tmp_path)
    before = bytes_of(tmp_path)
    (tmp_path / "articles.jsonl.partial").symlink_to("/dev/full")
    with pytest.raises(StoreError, match=r"articles\.jsonl could not be written \(No space left on device\)"):
        exported(filled(OLD, document(BOB)), tmp_path)
    assert bytes_of(tmp_path) == before


class Passing(InMemoryDocuments):
    """A store that makes up the articles that are read of it, and counts those that are written to it."""

    MADE_UP = 20_000
    CONTENT = "Flour, water, salt. " * 100

    def __init__(self) -> None:
        super().__init__()
        self.written = 0

    def find(self, collection: str, where: Any = None) -> Iterator[Record]:
        if collection != "articles":
            yield from super().find(collection, where)
            return
        for number in range(self.MADE_UP):
            record = document(link=f"https://blog.example/{number}", content=self.CONTENT).model_dump(mode="json")
            yield {"_id": record.pop("id"), **record}

    def upsert(self, collection: str, records: Iterable[Record]) -> int:
        if collection != "articles":
            return super().upsert(collection, records)
        count = sum(1 for _ in records)
        self.written += count
        return count


@pytest.mark.slow
@pytest.mark.parametrize("form", list(Format))
def test_twenty_thousand_documents_go_out_and_come_in_without_filling_the_memory(tmp_path, form):
    store = Passing()
    warehouse = Warehouse(store)
    warehouse.add_author(ANN)
    tracemalloc.start()
    try:
        report = export_warehouse(tmp_path, warehouse, Silent(), form=form)
        _, out = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        imported(tmp_path, warehouse)
        _, back = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert report.files[0].size > 40_000_000
    assert store.written == Passing.MADE_UP
    assert max(out, back) < 20_000_000


# ------------------------------------------------------------------------------ the commands


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Runs `python -m tools.warehouse …` on a SQLite warehouse below the test's folder."""
    monkeypatch.setenv("DATABASE_HOST", str(tmp_path / "w.sqlite3"))
    monkeypatch.delenv("POE_PWD", raising=False)
    return lambda *words: CliRunner().invoke(command, [str(word) for word in words], standalone_mode=False)


def test_the_commands_say_what_went_out_and_in_and_exit_with_1_when_something_did_not(tmp_path, run):
    broken = line_with(id="5f0f2d5e-8d1e-5d0b-9a54-0f1d6d2b7c11")
    with_line(tmp_path / "in", "articles.jsonl", document(), broken, GONE.model_copy(update={"fetched_at": MONDAY}))
    first = run("import", "--data-dir", tmp_path / "in")
    assert first.return_value == 1
    assert "1 new, 1 updated, 0 unchanged documents of Ann Marie Lee" in first.output
    assert "Not imported: articles.jsonl line 2: its id does not follow" in first.output

    out = run("export", "--data-dir", tmp_path / "out", "--format", "jsonl", "--author", "Ann Marie Lee")
    assert out.exception is None
    assert "articles.jsonl: 1 records (1 of them tombstones)" in out.output
    again = run("import", "--data-dir", tmp_path / "out")
    assert again.return_value == 0
    assert "0 new, 0 updated, 1 unchanged documents" in again.output

    reference = run("export", "--data-dir", tmp_path / "out2")
    assert "1 that are gone at their source stayed out" in reference.output
    assert json.loads((tmp_path / "out2" / "ArticleDocument.json").read_text()) == []
