"""JSON is read record by record: what a file holds is the same as read at once, and a break names its place."""

import gzip
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_engineering.application import json_reading
from llm_engineering.application.json_reading import Unreadable, elements, numbered_lines, object_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


class InPieces(io.StringIO):
    """A text of which one character comes at a time, so that every element is cut at every place."""

    def read(self, size: int | None = -1, /) -> str:
        return super().read(1)


@settings(max_examples=80, deadline=None)
@given(st.lists(JSON, max_size=5), st.sampled_from([None, 1]), st.booleans())
def test_a_list_read_in_pieces_is_the_list_read_at_once(values: list[Any], indent: int | None, ascii: bool) -> None:
    text = f" \n{json.dumps(values, indent=indent, ensure_ascii=ascii)}\n"
    assert list(elements(InPieces(text))) == values
    assert list(elements(io.StringIO(text))) == values


@pytest.mark.parametrize(
    "text", ["", "{}", "12", "[", "[1", "[1,", "[1,]", "[1 2]", "[1] 2", '["a', "[nul]", "[" * 100_000]
)
def test_a_list_that_is_broken_says_so_after_what_came_before(text: str) -> None:
    good = []
    with pytest.raises(Unreadable):
        good += list(elements(io.StringIO(text)))
    reading = elements(io.StringIO('[{"a": 1}, {"b": 2}, {"c"'))
    assert [next(reading), next(reading)] == [{"a": 1}, {"b": 2}]
    with pytest.raises(Unreadable, match="no readable JSON"):
        next(reading)


def test_a_list_larger_than_the_memory_that_it_may_take_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for number in range(20_000):
            file.write(f"{',' if number else ''}{json.dumps({'n': number, 'text': 'x' * 2000})}")
        file.write("]")
    tracemalloc.start()
    with path.open(encoding="utf-8") as file:
        assert sum(1 for _ in elements(file)) == 20_000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000


def test_lines_are_numbered_as_an_editor_numbers_them(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\n{"b": "\xe2\x80\xa8"}\n  \n{"c": 3}')
    assert [(number, object_of(line)) for number, line in numbered_lines(path)] == [
        (1, {"a": 1}),
        (3, {"b": "\u2028"}),
        (5, {"c": 3}),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"a": ', "no JSON"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": \xff}', "no text in UTF-8"),
        (b"[1]", "it is list, not an object"),
        (b'{"a": ' + b"[" * 100_000, "no JSON"),
        (b'{"a": ' + b"1" * 10_000 + b"}", "no JSON"),
        ('{"a": 1}'.encode("utf-16"), "no text in UTF-8"),
    ],
)
def test_a_line_that_is_no_object_says_why(line: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        object_of(line)


def test_a_line_that_is_too_long_is_cut_off_and_the_next_one_is_read(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(json_reading, "MOST_BYTES", 100)
    monkeypatch.setattr(json_reading, "CHUNK", 7)
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": "' + b"x" * 1000 + b'"}\n{"b": 2}\n')
    (_, long), (second, good) = numbered_lines(path)
    with pytest.raises(Unreadable, match="over 100 bytes"):
        object_of(long)
    assert (second, object_of(good)) == (2, {"b": 2})


def test_a_bomb_of_one_line_takes_no_more_memory_than_a_line_may(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(json_reading, "MOST_BYTES", 1_000_000)
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(200):
            file.write(b" " * 1_000_000)
        file.write(b'\n{"b": 2}\n')
    tracemalloc.start()
    numbers = [number for number, _ in numbered_lines(path)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert numbers[-1] == 2
    assert peak < 10_000_000


def test_a_compressed_file_that_breaks_off_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    whole = gzip.compress(b'{"a": 1}\n' * 3, mtime=0)
    path.write_bytes(whole[:-9])
    with pytest.raises(Unreadable, match=r"line \d: the file cannot be read any further"):
        list(numbered_lines(path))
    path.write_bytes(b"no gzip at all")
    with pytest.raises(Unreadable, match=r"line 1: .*Not a gzipped file"):
        list(numbered_lines(path))
