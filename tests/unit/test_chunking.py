"""Chunks fit the embedder, point at their text, and drop nothing."""

import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm_engineering.application.chunking import chunk
from llm_engineering.application.ports import Embedder
from llm_engineering.application.sentences import sentence_spans
from llm_engineering.domain.chunks import Chunk
from llm_engineering.domain.documents import Category, CleanedDocument
from llm_engineering.domain.repository_text import as_markdown
from llm_engineering.infrastructure.models.store import ModelStore
from tests.samples import ADA, NOW, article, cleaned_document

MAX_TOKENS = 40


def count(text: str) -> int:
    """A token a word, a long word in pieces of eight, and two special ones."""
    return 2 + sum(-(-len(word) // 8) for word in text.split())


def document(content: str, title: str = "A title") -> CleanedDocument:
    return cleaned_document(content, title=title)


def uncovered(text: str, chunks: list[Chunk]) -> str:
    covered = {at for piece in chunks for at in range(piece.start, piece.end)}
    return "".join(char for at, char in enumerate(text) if at not in covered and not char.isspace())


def test_a_short_post_is_one_chunk() -> None:
    chunks = chunk(document("Just one thought."), count, MAX_TOKENS)
    assert [piece.text for piece in chunks] == ["Just one thought."]


def test_a_chunk_knows_the_headings_above_it_and_its_exact_span() -> None:
    text = "# Top\n\nIntro words here.\n\n## Deep\n\n" + "Some sentence of six words here. " * 12
    cleaned = document(text)
    chunks = chunk(cleaned, count, MAX_TOKENS)
    assert chunks[-1].heading_path == ("Top", "Deep")
    assert all(cleaned.search_text[piece.start : piece.end] == piece.text for piece in chunks)
    assert [piece.ordinal for piece in chunks] == list(range(len(chunks)))


def test_a_heading_stays_with_the_text_below_it() -> None:
    text = "First. " * 20 + "\n\n## Next\n\n" + "Second. " * 20
    chunks = chunk(document(text), count, MAX_TOKENS)
    assert not any(piece.text.rstrip().endswith("## Next") for piece in chunks)


def test_a_sentence_is_not_cut_at_an_abbreviation() -> None:
    text = "We asked Dr. Smith, e.g. about 3.5 of them. Then we left."
    assert [text[start:end] for start, end in sentence_spans(text)] == [
        "We asked Dr. Smith, e.g. about 3.5 of them.",
        "Then we left.",
    ]


def test_a_word_longer_than_the_embedder_reads_is_still_all_there() -> None:
    cleaned = document("x" * 2000)
    chunks = chunk(cleaned, count, MAX_TOKENS)
    assert uncovered(cleaned.search_text, chunks) == ""
    assert all(count(piece.embedded_text) <= MAX_TOKENS for piece in chunks)


def test_a_very_long_title_leaves_room_for_the_text() -> None:
    chunks = chunk(document("Some words to keep.", title="word " * 8), count, MAX_TOKENS)
    assert chunks[0].text == "Some words to keep."


def test_a_title_that_fills_the_embedder_is_cut_and_nothing_else_is() -> None:
    chunks = chunk(document("Some words to keep.", title="word " * 500), count, MAX_TOKENS)
    assert [piece.text for piece in chunks] == ["Some words to keep."]
    assert count(chunks[0].embedded_text) <= MAX_TOKENS
    assert chunks[0].title == "word " * 500


def test_a_chunk_says_whose_text_it_is_and_where_it_stands() -> None:
    cleaned = document("# A title\n\n## Deep\n\n" + "One more sentence of six words. " * 12)
    for ordinal, piece in enumerate(chunk(cleaned, count, MAX_TOKENS)):
        assert (piece.document_id, piece.ordinal, piece.title) == (cleaned.id, ordinal, "A title")
        assert (piece.link, piece.platform, piece.author_id, piece.published_at) == (
            "https://a.example/p",
            "a.example",
            ADA.id,
            NOW,
        )
    assert piece.heading_path == ("A title", "Deep")
    assert piece.context == "A title › Deep"


def test_all_headings_are_kept_though_only_the_innermost_fit_the_embedder() -> None:
    text = "# " + "outer " * 9 + "\n\n## Inner\n\n" + "Some sentence of six words here. " * 12
    last = chunk(document(text), count, MAX_TOKENS)[-1]
    assert last.heading_path == (("outer " * 9).strip(), "Inner")
    assert last.context == "A title › Inner"


def test_code_that_fits_stays_whole_and_a_fence_is_not_left_behind() -> None:
    code = "```py\n" + "\n".join(f"value_{n} = {n}" for n in range(8)) + "\n```"
    chunks = chunk(document("Some words before. " * 8 + f"\n\n{code}\n\n" + "And after. " * 8), count, MAX_TOKENS)
    assert any(code in piece.text for piece in chunks)


def test_a_function_in_a_repository_stays_whole_below_its_path() -> None:
    functions = [f"def f{n}(x):\n    first = x + {n}\n\n    return first" for n in range(12)]
    markdown, _ = as_markdown([("src/a.py", "\n\n\n".join(functions) + "\n")])
    chunks = chunk(cleaned_document(markdown, title="repo", category=Category.REPOSITORIES), count, MAX_TOKENS)
    assert len(chunks) > 2
    assert all(any(function in piece.text for piece in chunks) for function in functions)
    assert {piece.heading_path for piece in chunks[1:]} == {("src/a.py",)}


def test_a_list_is_cut_between_its_items() -> None:
    items = [f"- Item {n} is here.\n  - And an inner one of" + " some" * n + " words." for n in range(14)]
    chunks = chunk(document("\n".join(items)), count, MAX_TOKENS)
    assert len(chunks) > 1
    assert all(any(item in piece.text for piece in chunks) for item in items)


def test_a_sentence_is_repeated_where_a_paragraph_is_cut_and_nothing_where_code_is() -> None:
    prose = " ".join(f"Sentence {n}." for n in range(60))
    code = "```\n" + "\n".join(f"line {n}" for n in range(60)) + "\n```"
    (first, second, *_), (one, two, *_) = (chunk(document(text), count, MAX_TOKENS) for text in (prose, code))
    assert second.start < first.end
    assert prose[second.start : first.end].count(".") == 1
    assert two.start >= one.end


def test_what_markdown_shows_nobody_is_in_a_chunk_too() -> None:
    cleaned = document(
        "See [it].\n\n[it]: https://x.example/a\n\n<!-- a note -->\n\n---\n\nEnd.\n\n[at]: https://x.example/b"
    )
    assert uncovered(cleaned.search_text, chunk(cleaned, count, MAX_TOKENS)) == ""


def test_a_tokenizer_that_reads_white_space_is_never_given_too_much() -> None:
    def letters(text: str) -> int:
        return 2 + len(text)

    cleaned = document("\n\n".join(f"Word {n}." for n in range(200)), title="T")
    chunks = chunk(cleaned, letters, 64)
    assert uncovered(cleaned.search_text, chunks) == ""
    assert max(letters(piece.embedded_text) for piece in chunks) <= 64
    assert len(chunks) < 70


def test_counting_asks_the_tokenizer_about_each_part_a_few_times_at_most() -> None:
    asked: list[int] = []

    def counted(text: str) -> int:
        asked.append(len(text))
        return count(text)

    cleaned = document("\n\n".join(f"## Part {n}\n\n{article(n)}" for n in range(20)))
    chunk(cleaned, counted, 250)
    assert sum(asked) < 3 * len(cleaned.search_text)
    assert len(asked) < 260


@pytest.mark.parametrize(
    "unit", ["x", "x ", "- a\n", "a. ", "> ", "[", "# a\n", "| a ", "```\n", "def f():\n", "\n \n", "<p>"]
)
def test_a_hostile_text_takes_no_longer_than_another(unit: str) -> None:
    cleaned = document(unit * (40_000 // len(unit)))
    start = time.process_time()
    chunk(cleaned, count, 250)
    assert time.process_time() - start < 5


MARKDOWN = st.lists(
    st.one_of(
        st.lists(st.text(string.ascii_letters + ".,!?’—", min_size=1, max_size=14), min_size=1, max_size=60).map(
            " ".join
        ),
        st.text("ab \n.", max_size=120).map(lambda code: f"```\n{code}\n```"),
        st.text("ab[]:<>|#-* \n\t.", max_size=80),
        st.text(string.ascii_letters + " ", min_size=1, max_size=20).map(lambda heading: f"## {heading}"),
        st.lists(st.text(string.ascii_letters + " ", min_size=1, max_size=30), min_size=1, max_size=8).map(
            lambda items: "\n".join(f"- {item}" for item in items)
        ),
    ),
    min_size=1,
    max_size=8,
).map("\n\n".join)


@settings(max_examples=150, deadline=None)
@given(MARKDOWN)
def test_whatever_the_document_every_visible_character_is_in_a_chunk_that_fits(text: str) -> None:
    cleaned = document(text)
    chunks = chunk(cleaned, count, MAX_TOKENS)
    assert uncovered(cleaned.search_text, chunks) == ""
    assert all(count(piece.embedded_text) <= MAX_TOKENS for piece in chunks)
    assert all(cleaned.search_text[piece.start : piece.end] == piece.text for piece in chunks)


@pytest.fixture(scope="module")
def minilm(embedded_models: ModelStore) -> Embedder:
    from llm_engineering.infrastructure.models.embedder import SentenceEmbedder

    return SentenceEmbedder(embedded_models.path("all-minilm-l6-v2"), model_id="embedded:all-minilm-l6-v2")


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(text=st.one_of(MARKDOWN, st.text(max_size=2000)), title=st.text(max_size=400), repeats=st.integers(1, 20))
def test_no_chunk_is_longer_than_the_embedded_model_reads(
    minilm: Embedder, text: str, title: str, repeats: int
) -> None:
    cleaned = document("\n\n".join([text] * repeats), title)
    chunks = chunk(cleaned, minilm.count_tokens, minilm.max_tokens)
    assert uncovered(cleaned.search_text, chunks) == ""
    assert all(minilm.count_tokens(piece.embedded_text) <= minilm.max_tokens for piece in chunks)
