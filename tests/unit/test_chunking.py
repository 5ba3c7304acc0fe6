"""Chunks fit the embedder, point at their text, and drop nothing."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from llm_engineering.application.chunking import chunk
from llm_engineering.application.sentences import sentence_spans
from llm_engineering.domain.chunks import Chunk
from llm_engineering.domain.documents import CleanedDocument
from tests.samples import cleaned_document

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


MARKDOWN = st.lists(
    st.one_of(
        st.lists(st.text(string.ascii_letters + ".,!?’—", min_size=1, max_size=14), min_size=1, max_size=60).map(
            " ".join
        ),
        st.text("ab \n.", max_size=120).map(lambda code: f"```\n{code}\n```"),
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
