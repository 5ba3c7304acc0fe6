"""Every vector store passes the same suite; what is special about one is tested below it."""

import os
import random
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from llm_engineering.domain.errors import BadSettings, StoreError, StoreLocked, StoreUnreachable
from llm_engineering.infrastructure.stores.edge_vectors import EdgeVectors
from llm_engineering.infrastructure.stores.server_vectors import ServerVectors
from tests.contracts.vector_store import COMPASS, NORTH, VectorStoreContract, point, query
from tests.fakes import InMemoryVectors

QDRANT_URL = os.environ.get("TEST_QDRANT_URL", "")


class TestInMemoryVectors(VectorStoreContract):
    @pytest.fixture
    def store(self) -> InMemoryVectors:
        return InMemoryVectors()


class TestEdgeVectors(VectorStoreContract):
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "not yet" / "qdrant"

    @pytest.fixture
    def store(self, path: Path) -> Iterator[EdgeVectors]:
        store = EdgeVectors(path)
        yield store
        store.close()

    def test_reading_makes_no_files(self, store: EdgeVectors, path: Path) -> None:
        assert store.count("embedded_articles") == 0
        assert not path.parent.exists()

    def test_reopening_finds_everything(self, compass: EdgeVectors, path: Path) -> None:
        compass.ensure_collection("cleaned_articles", None)
        compass.upsert("cleaned_articles", [point("kept", text="x")])
        compass.close()
        again = EdgeVectors(path)
        assert again.count("embedded_articles") == 3
        assert [hit.payload for hit in again.search("embedded_articles", query(NORTH, [1]), 1)] == [COMPASS[0].payload]
        assert [found.payload for found in again.scroll("cleaned_articles")] == [{"name": "kept", "text": "x"}]
        with pytest.raises(StoreError):
            again.ensure_collection("embedded_articles", 8)
        again.close()

    def test_a_second_opener_is_told_who_has_it_and_gets_in_after_close(self, compass: EdgeVectors, path: Path) -> None:
        second = EdgeVectors(path)
        with pytest.raises(StoreLocked, match=r"(?s)this process.*QDRANT_DATABASE_HOST"):
            second.count("another_collection")
        compass.close()
        assert second.count("embedded_articles") == 3
        second.close()

    def test_a_collection_that_was_half_made_is_made_again(self, store: EdgeVectors, path: Path) -> None:
        (path / ".embedded_articles.unfinished" / "segments").mkdir(parents=True)
        store.ensure_collection("embedded_articles", 4)
        store.upsert("embedded_articles", COMPASS)
        assert store.count("embedded_articles") == 3
        assert not (path / ".embedded_articles.unfinished").exists()

    @pytest.mark.parametrize("damaged", ["edge_config.json", "**/has_values/status.dat"])  # an error; a panic
    def test_a_damaged_collection_is_named(self, compass: EdgeVectors, path: Path, damaged: str) -> None:
        compass.close()
        next((path / "embedded_articles").glob(damaged)).write_text("garbage")
        again = EdgeVectors(path)
        with pytest.raises(StoreError, match=r"(?s)embedded_articles.*index again"):
            again.ensure_collection("embedded_articles", 4)
        again.close()

    @pytest.mark.parametrize("name", ["", "../escape", "a/b", ".hidden", "a b"])
    def test_a_name_that_is_no_directory_of_its_own_is_refused(self, store: EdgeVectors, name: str) -> None:
        with pytest.raises(StoreError, match="no name for a collection"):
            store.ensure_collection(name, 4)

    def test_a_path_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "a file").write_text("in the way")
        store = EdgeVectors(tmp_path / "a file" / "qdrant")
        with pytest.raises(StoreUnreachable, match=r"(?s)a file.*QDRANT_PATH"):
            store.ensure_collection("embedded_articles", 4)

    def test_a_call_after_close_says_so(self, compass: EdgeVectors) -> None:
        compass.close()
        with pytest.raises(StoreError, match="was closed"):
            compass.count("embedded_articles")

    def test_threads_may_search_while_one_writes(self, compass: EdgeVectors) -> None:
        def search(_: int) -> int:
            return sum(len(compass.search("embedded_articles", query(NORTH, [1]), 1)) for _ in range(50))

        with ThreadPoolExecutor(4) as pool:
            found = pool.map(search, range(3))
            for n in range(10):
                compass.upsert("embedded_articles", [point(f"{n}-{m}", [0.0, 0.0, 1.0, 0.0], [9]) for m in range(20)])
            assert list(found) == [50] * 3
        assert compass.count("embedded_articles") == 203

    def test_a_thousand_points_take_less_than_a_second(self, store: EdgeVectors) -> None:
        some = random.Random(7)
        terms = list(range(60))
        points = [
            point(f"{n}", [some.gauss(0, 1) for _ in range(384)], terms, author_id="a", text="x" * 1000)
            for n in range(1000)
        ]
        store.ensure_collection("embedded_articles", 384, ("author_id",))
        took = []
        for _ in range(3):  # the best of three: the machine has other work
            start = time.perf_counter()
            store.upsert("embedded_articles", points)
            took.append(time.perf_counter() - start)
        assert min(took) < 1.0


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")
class TestServerVectorsOnTheClientsLocalMode(VectorStoreContract):
    """The adapter's requests, executed by qdrant-client's own Python engine. No server is involved."""

    @pytest.fixture
    def store(self) -> Iterator[ServerVectors]:
        from qdrant_client import QdrantClient

        store = ServerVectors.on(QdrantClient(":memory:"))
        yield store
        store.close()


@pytest.mark.server
@pytest.mark.skipif(not QDRANT_URL, reason="TEST_QDRANT_URL is not set")
class TestServerVectors(VectorStoreContract):
    @pytest.fixture
    def collection(self) -> str:
        return f"test_{uuid4().hex[:12]}"

    @pytest.fixture
    def store(self, collection: str) -> Iterator[ServerVectors]:
        from qdrant_client import QdrantClient

        store = ServerVectors(QDRANT_URL)
        yield store
        store.close()
        client = QdrantClient(url=QDRANT_URL, check_compatibility=False)
        for made in client.get_collections().collections:
            if made.name.startswith(collection):
                client.delete_collection(made.name)
        client.close()

    def test_another_client_finds_everything(self, compass: ServerVectors, collection: str) -> None:
        other = ServerVectors(QDRANT_URL)
        assert other.count(collection) == 3
        assert [hit.payload for hit in other.search(collection, query(NORTH, [1]), 1)] == [COMPASS[0].payload]
        other.close()

    def test_two_clients_may_make_one_collection_at_the_same_time(self, store: ServerVectors, collection: str) -> None:
        others = [ServerVectors(QDRANT_URL) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda other: other.ensure_collection(collection, 4, ("author",)), others))
        assert store.upsert(collection, COMPASS) == 3
        for other in others:
            other.close()


@pytest.mark.filterwarnings("error:Api key is used with an insecure connection")
def test_a_qdrant_that_does_not_answer_is_reported_without_the_key() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        store = ServerVectors(url, "hunter2", timeout_seconds=1)
        with pytest.raises(StoreUnreachable, match="QDRANT_DATABASE_HOST") as unreachable:
            store.ensure_collection("embedded_articles", 4)
        assert url in str(unreachable.value)
        assert "hunter2" not in str(unreachable.value)
        with pytest.raises(StoreUnreachable):
            list(store.scroll("embedded_articles"))
        store.close()


def test_a_qdrant_that_accepts_and_stays_silent_is_reported_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = ServerVectors(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_seconds=1)
        start = time.monotonic()
        with pytest.raises(StoreUnreachable, match="QDRANT_DATABASE_HOST"):
            store.count("embedded_articles")
        assert time.monotonic() - start < 5
        store.close()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("url", "times"),
    [
        ("http://qdrant.example:6333", 1),
        ("http://10.1.2.3:6333", 1),
        ("http://localhost:6333", 0),
        ("http://127.0.0.1:6333", 0),
        ("http://[::1]:6333", 0),
        ("https://cloud.example", 0),
    ],
)
def test_a_key_that_others_can_overhear_is_a_sentence_said_once(
    url: str, times: int, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        ServerVectors(url, "hunter2").close()
    said = [message for message in caplog.messages if "unencrypted" in message]
    assert len(said) == times
    assert "hunter2" not in caplog.text


def test_a_key_that_no_header_can_carry_is_refused_without_repeating_it() -> None:
    with pytest.raises(BadSettings, match="QDRANT_APIKEY") as refused:
        ServerVectors("https://qdrant.example", "hunter2\n")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("url", ["ftp://qdrant.example", "http://me:hunter2@qdrant.example:port"])
def test_an_address_that_is_none_is_refused_without_a_login(url: str) -> None:
    with pytest.raises(BadSettings, match="QDRANT_DATABASE_HOST") as refused:
        ServerVectors(url)
    assert "hunter2" not in str(refused.value)
