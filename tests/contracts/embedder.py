"""What every Embedder does."""

import numpy as np
import pytest

from llm_engineering.application.ports import Embedder
from tests.counting import Counted

TEXTS = [
    "A cat sleeps on the warm stove all afternoon.",
    "Interest rates were raised by the central bank.",
    "The cat sleeps on a warm stove.",
    "No.",
    "A long one. " + "It goes on and on about the sea and the weather. " * 40,
]


class EmbedderContract:
    """Inherit, and give an `embedder` fixture."""

    def test_gives_one_unit_vector_a_text_in_float32(self, embedder: Embedder) -> None:
        vectors = embedder.embed(TEXTS)
        assert vectors.shape == (len(TEXTS), embedder.dimensions)
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)

    def test_keeps_the_order_of_the_texts_whatever_their_lengths(self, embedder: Embedder) -> None:
        together = embedder.embed(TEXTS)
        for text, vector in zip(TEXTS, together, strict=True):
            assert float(embedder.embed([text])[0] @ vector) > 0.999

    def test_gives_no_rows_for_no_texts(self, embedder: Embedder) -> None:
        assert embedder.embed([]).shape == (0, embedder.dimensions)

    @pytest.mark.parametrize("text", ["", " \n", "日本語 🙂", "\x00"])
    def test_gives_a_unit_vector_for_any_text(self, embedder: Embedder, text: str) -> None:
        assert np.linalg.norm(embedder.embed([text])) == pytest.approx(1, abs=1e-5)

    def test_puts_texts_about_one_thing_nearer_than_others(self, embedder: Embedder) -> None:
        cat, bank, same_cat, *_ = embedder.embed(TEXTS)
        assert cat @ same_cat > cat @ bank

    def test_counts_tokens_beyond_what_it_reads(self, embedder: Embedder) -> None:
        assert embedder.count_tokens("sea " * 2 * embedder.max_tokens) > embedder.max_tokens
        assert 2 < embedder.count_tokens("one two three") < 12

    def test_shows_progress_to_the_end(self, embedder: Embedder) -> None:
        progress = Counted()
        embedder.embed(TEXTS, progress)
        assert progress.done == progress.total

    def test_has_a_name(self, embedder: Embedder) -> None:
        assert embedder.model_id
