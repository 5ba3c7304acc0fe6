"""Every embedder, real and fake, passes the same suite."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llm_engineering.application.ports import Embedder, Silent
from llm_engineering.domain.errors import BadSettings, ModelError
from llm_engineering.infrastructure.models.sparse import Bm25Encoder
from llm_engineering.infrastructure.models.store import ModelStore
from tests.contracts.embedder import TEXTS, EmbedderContract
from tests.fakes import WordEmbedder


class TestWordEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return WordEmbedder()


@pytest.fixture(scope="module")
def minilm(embedded_models: ModelStore) -> Embedder:
    from llm_engineering.infrastructure.models.embedder import SentenceEmbedder

    return SentenceEmbedder(embedded_models.path("all-minilm-l6-v2"), model_id="embedded:all-minilm-l6-v2")


@pytest.mark.slow
class TestMiniLm(EmbedderContract):
    @pytest.fixture
    def embedder(self, minilm: Embedder) -> Embedder:
        return minilm

    def test_reads_256_tokens_and_ignores_the_rest(self, embedder: Embedder) -> None:
        assert (embedder.max_tokens, embedder.dimensions) == (256, 384)
        read = "sea " * 300
        assert float((embedder.embed([read])[0] * embedder.embed([read + "bank money"])[0]).sum()) > 0.9999

    def test_gives_the_vectors_of_whole_precision(self, embedder: Embedder, embedded_models: ModelStore) -> None:
        from sentence_transformers import SentenceTransformer

        whole = SentenceTransformer(str(embedded_models.path("all-minilm-l6-v2")), device="cpu", local_files_only=True)
        cosines = (embedder.embed(TEXTS) * whole.encode(TEXTS, normalize_embeddings=True)).sum(axis=1)
        assert cosines.min() > 0.9995

    def test_loading_and_embedding_touch_no_network_and_say_nothing(self, embedded_models: ModelStore) -> None:
        model = str(embedded_models.path("all-minilm-l6-v2"))
        done = subprocess.run([sys.executable, "-c", LISTENS, model], capture_output=True, text=True, check=True)
        assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.slow
def test_texts_are_read_in_batches_of_like_lengths_that_hold_few_enough_tokens(tmp_path: Path) -> None:
    from llm_engineering.infrastructure.models.embedder import TOKENS_PER_BATCH, SentenceEmbedder
    from tests.tiny_models import tiny_embedder

    embedder = SentenceEmbedder(tiny_embedder(tmp_path))
    texts = ["ab " * (1 + 37 * n % 160) for n in range(120)]
    progress = Read()
    embedder.embed(texts, progress)
    lengths = [[min(embedder.count_tokens(texts[place]), embedder.max_tokens) for place in b] for b in progress.batches]
    assert sorted(place for batch in progress.batches for place in batch) == list(range(120))
    assert max(len(batch) * max(batch) for batch in lengths) <= TOKENS_PER_BATCH
    padding = sum(len(batch) * max(batch) - sum(batch) for batch in lengths)
    assert padding < 0.15 * sum(map(sum, lengths))
    assert len(lengths) < 12


class Read(Silent):
    """Keeps the batches."""

    def track(self, items: Iterable[Any], description: str, total: Any = None, current: Any = None) -> Iterable[Any]:
        """The items, kept."""
        self.batches = list(items)
        return self.batches


LISTENS = """
import sys

def heard(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        print(event, arguments)

sys.addaudithook(heard)
from llm_engineering.infrastructure.models.embedder import SentenceEmbedder
embedder = SentenceEmbedder(sys.argv[1])
embedder.embed(["a text", "and " * 900])
embedder.count_tokens("and " * 900)
"""


@pytest.mark.slow
def test_an_embedder_that_is_not_there_names_the_setting(tmp_path: Path) -> None:
    from llm_engineering.infrastructure.models.embedder import SentenceEmbedder

    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="TEXT_EMBEDDING_MODEL_ID"):
        SentenceEmbedder(tmp_path / "empty")


@pytest.mark.slow
def test_a_device_that_is_not_there_names_its_setting(tmp_path: Path) -> None:
    from llm_engineering.infrastructure.models.embedder import SentenceEmbedder

    with pytest.raises(BadSettings, match="RAG_MODEL_DEVICE is cuda:99"):
        SentenceEmbedder(tmp_path, device="cuda:99")


@pytest.mark.slow
def test_a_reranker_without_a_trained_head_is_refused(embedded_models: ModelStore) -> None:
    from llm_engineering.infrastructure.models.reranker import CrossEncoderReranker

    with pytest.raises(ModelError, match="is no cross-encoder"):
        CrossEncoderReranker(str(embedded_models.path("all-minilm-l6-v2")))


@pytest.mark.slow
def test_a_cross_encoder_scores_each_passage_in_order(tmp_path: Path) -> None:
    from llm_engineering.infrastructure.models.reranker import CrossEncoderReranker
    from tests.tiny_models import tiny_cross_encoder

    reranker = CrossEncoderReranker(str(tiny_cross_encoder(tmp_path)))
    forward = reranker.scores("sea", ["a cat", "the sea", "no"])
    assert reranker.scores("sea", ["no", "the sea", "a cat"]) == pytest.approx(forward[::-1], abs=1e-5)
    assert reranker.scores("sea", []) == []


def test_bm25_weighs_a_repeated_rare_stem_and_leaves_out_stop_words() -> None:
    encoder = Bm25Encoder()
    query = encoder.encode_query("cats")
    [document] = encoder.encode_documents(["The cat and the cat's stove"])
    weights = dict(zip(document.indices, document.values, strict=True))
    assert query.values == [1.0]
    assert weights[query.indices[0]] == max(weights.values())
    assert len(weights) == 2
    assert encoder.encode_query("the of and").indices == []


def test_bm25_reads_accents_as_their_letters() -> None:
    encoder = Bm25Encoder()
    assert encoder.encode_query("naïve café") == encoder.encode_query("naive cafe")


def test_bm25_of_an_unknown_language_is_refused() -> None:
    with pytest.raises(ModelError, match="klingon"):
        Bm25Encoder(language="klingon")


def test_longer_documents_count_a_term_for_less() -> None:
    encoder = Bm25Encoder(average_length=10)
    [term] = encoder.encode_query("stove").indices
    short, long = (
        dict(zip(vector.indices, vector.values, strict=True))[term]
        for vector in encoder.encode_documents(["stove", "stove " + " ".join(f"word{n}" for n in range(50))])
    )
    assert short > long
    assert np.isfinite(long)
