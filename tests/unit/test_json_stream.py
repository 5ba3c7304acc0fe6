"""A JSON file is walked through from front to back, whatever its layout."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.domain.errors import BadInput
from llm_engineering.infrastructure.sources.exports import json_stream
from llm_engineering.infrastructure.sources.exports.json_stream import JsonStream

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def walked(json: JsonStream) -> Any:
    """The value, put together from single steps."""
    match json.kind():
        case "{":
            return {key: walked(json) for key in json.members()}
        case "[":
            return [walked(json) for _ in json.elements()]
        case _:
            return json.value()


def stream(text: str) -> JsonStream:
    return JsonStream(io.BytesIO(text.encode("utf-8", "surrogatepass")), "a.json")


@given(VALUES, st.sampled_from([None, 0, 3]), st.sampled_from([1, 2, 7, 1000]), st.booleans())
def test_steps_give_what_the_standard_library_reads(value, indent, step, ascii):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii)
    before = json_stream.STEP
    json_stream.STEP = step  # numbers and names are cut everywhere
    try:
        assert walked(stream(text)) == json.loads(text)
        assert stream(text).value() == json.loads(text)
    finally:
        json_stream.STEP = before


@pytest.mark.parametrize("text", ["", "{", "[1", "[1 2]", '{"a" 1}', "{1: 2}", "[1,]", '{"a": ', '["a', "[}", "nul"])
def test_what_is_no_json_is_an_error_that_names_the_file(text):
    with pytest.raises(BadInput, match=r"^a\.json is broken"):
        walked(stream(text))


def test_brackets_in_each_other_without_end_are_refused():
    with pytest.raises(BadInput, match="too many brackets"):
        stream("[" * 200_000).value()


def test_a_single_value_has_a_limit(monkeypatch):
    monkeypatch.setattr(json_stream, "MOST", 1000)
    monkeypatch.setattr(json_stream, "STEP", 100)
    with pytest.raises(BadInput):
        stream('["' + "x" * 100_000 + '"').value()


def test_a_byte_order_mark_and_the_javascript_before_it_are_passed_over():
    read = stream("\ufeffwindow.YTD.tweets.part0 = [1, 2]")
    read.starts_with("[")
    assert read.value() == [1, 2]
