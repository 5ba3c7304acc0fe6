"""Nothing that a page holds makes extraction raise, take long or lose a word that a reader sees."""

import time
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.collect.reading import read_text
from benchmarks.collect.scoring import words
from llm_engineering.infrastructure.sources.extraction import extract, fragment_markdown
from llm_engineering.infrastructure.sources.html_markdown import to_markdown, visible_text
from llm_engineering.infrastructure.sources.html_tree import parsed

TEXT = "Bees fly out at ten degrees and come home before the rain, which I have seen often enough to say so. " * 4
LIMIT = 20
"""CPU seconds for the worst page, on a machine that does other things too; half a minute once meant a square."""

PAGES = {
    "200,000 nested boxes": "<div>" * 200_000 + "deep" + "</div>" * 200_000,
    "200,000 nested spans": "<p>" + "<span>" * 200_000 + TEXT,
    "3,000 nested quotes": "<blockquote><p>" * 3_000 + TEXT,
    "20,000 nested lists": "<ul><li>" * 20_000 + TEXT,
    "2,000 nested tables": "<table><tr><td>" * 2_000 + TEXT,
    "ten megabytes in one node": "<p>" + "word " * 2_000_000,
    "a hundred thousand links": "<p><a href=x>a link</a></p>" * 100_000,
    "a hundred thousand attributes": "<p " + " ".join(f"a{n}=1" for n in range(100_000)) + f">{TEXT}",
    "an attribute of ten megabytes": f"<p class='{'x-' * 5_000_000}'>{TEXT}",
    "a class that almost names chrome": f"<div class='{'post-' * 100_000}'>{TEXT}</div>",
    "null bytes": f"<article><p>a\0b {TEXT}</p></article>",
    "half a character": f"<p>\ud800 {TEXT}",
    "broken entities": f"<p>&#xD800; &#99999999999; &bogus; &amp &lt {TEXT}",
    "numbered lines of code": "<pre>" + "<span class=ln>1</span>x\n" * 50_000 + "</pre>",
    "thirty thousand comments": f"<p class=comment>{TEXT[:60]}</p>" * 30_000,
    "twenty thousand footnotes": f"<div class=footnote><p>{TEXT[:60]}</p></div>" * 20_000,
    "nested JSON-LD": "<script type='application/ld+json'>" + "[" * 100_000 + f"</script><p>{TEXT}",
    "many dates": "<p>" + "May 2 of 2024 " * 50_000,
    "many titles": "<title>" + "a | " * 50_000 + f"</title><h1>a</h1><p>{TEXT}",
}


@pytest.mark.parametrize("html", PAGES.values(), ids=PAGES.keys())
def test_a_hostile_page_is_read_in_bounded_time(html):
    start = time.process_time()
    extract(html, "https://a.example/x")
    assert time.process_time() - start < LIMIT


@pytest.mark.parametrize("name", ["null bytes", "half a character", "broken entities"])
def test_the_text_of_a_broken_page_is_still_there(name):
    assert "Bees fly out at ten degrees" in extract(PAGES[name], "https://a.example/x").markdown


def test_a_text_of_more_than_ten_megabytes_is_read_to_its_end():
    assert visible_text(parsed("<p>" + "word " * 2_200_000 + "end")).endswith("word end")


def test_what_is_nested_too_deep_becomes_plain_text():
    assert "deep words" in fragment_markdown("<p>before</p>" + "<div>" * 500 + "deep words" + "</div>" * 500)


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_text_makes_extraction_raise(text):
    extract(text, "https://a.example/x")
    extract(f"<html><body><article>{text}</article></body></html>", "https://[broken")


BLOCKS = ["p", "div", "blockquote", "section", "aside", "figure", "figcaption", "h2", "h3", "ul", "ol", "li", "details",
          "summary", "table", "tr", "td", "th", "dl", "dt", "dd", "pre"]  # fmt: skip
INLINES = ["b", "em", "code", "a", "span", "sup", "q", "small", "del", "cite", "kbd"]

word = st.integers(0, 999).map(lambda number: f" w{number} ")
html = st.recursive(
    word,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.tuples(st.sampled_from(BLOCKS + INLINES), inner).map(lambda pair: f"<{pair[0]}>{pair[1]}</{pair[0]}>"),
    ),
    max_leaves=12,
)


@given(html)
@settings(max_examples=400, deadline=None)
def test_markdown_has_every_visible_word_once(source):
    tree = parsed(f"<!DOCTYPE html><body>{source}</body>")
    assert tree is not None
    seen = Counter(words(visible_text(tree)))
    assert Counter(words(read_text(to_markdown(tree.find("body"))))) == seen


@given(
    st.lists(
        st.sampled_from(["*", "_", "`", "[", "]", "(", ")", "\\", "<", "#", "a", "b", " ", "1.", "-", "~", "|", "&"]),
        max_size=25,
    )
)
@settings(max_examples=300, deadline=None)
def test_what_an_author_typed_is_read_back_as_typed(pieces):
    typed = "".join(pieces)
    source = typed.replace("&", "&amp;").replace("<", "&lt;")
    assert " ".join(read_text(fragment_markdown(f"<p>{source}</p>")).split()) == " ".join(typed.split())
