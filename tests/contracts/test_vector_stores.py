"""Every vector store passes the same suite; what is special about one is tested below it."""

import os
import random
import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from llm_engineering.application.ports import Index
from llm_engineering.domain.errors import BadSettings, StoreError, StoreLocked, StoreUnreachable
from llm_engineering.infrastructure.stores.edge_vectors import EdgeVectors
from llm_engineering.infrastructure.stores.server_vectors import ServerVectors
from tests.contracts.vector_store import COMPASS, NORTH, VectorStoreContract, point, query, search
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
        assert [hit.payload for hit in search(again, "embedded_articles", query(NORTH, [1]), 1)] == [COMPASS[0].payload]
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

    def test_a_switch_survives_reopening_and_leaves_one_directory(self, compass: EdgeVectors, path: Path) -> None:
        to = compass.ensure_collection("embedded_articles", 4, None, {"embedder": "b"})
        compass.upsert(to, [point("new", NORTH)])
        compass.switch("embedded_articles", to)
        compass.close()
        again = EdgeVectors(path)
        assert [found.payload["name"] for found in again.scroll("embedded_articles")] == ["new"]
        assert again.made_by("embedded_articles") == {"embedder": "b"}
        again.close()
        assert [found.name for found in path.iterdir() if found.is_dir()] == [to]

    def test_what_a_kill_left_behind_is_removed_by_the_next_run(self, compass: EdgeVectors, path: Path) -> None:
        compass.ensure_collection("embedded_articles", 4, None, {"embedder": "given up"})
        to = compass.ensure_collection("embedded_articles", 4, None, {"embedder": "b"})
        compass.ensure_collection("embedded_articles_of_mine", 4)
        compass.close()
        (path / ".embedded_articles.now").write_text(to)  # killed when it had switched, before it removed the old
        again = EdgeVectors(path)
        assert again.ensure_collection("embedded_articles", 4, None, {"embedder": "b"}) == "embedded_articles"
        again.close()
        assert {found.name for found in path.iterdir() if found.is_dir()} == {to, "embedded_articles_of_mine"}

    def test_a_name_that_leads_nowhere_is_an_absent_collection(self, compass: EdgeVectors, path: Path) -> None:
        to = compass.ensure_collection("embedded_articles", 4, None, {"embedder": "b"})
        compass.switch("embedded_articles", to)
        compass.close()
        shutil.rmtree(path / to)
        again = EdgeVectors(path)
        assert again.count("embedded_articles") == 0
        assert again.ensure_collection("embedded_articles", 4) == "embedded_articles"
        assert again.upsert("embedded_articles", COMPASS) == 3
        assert again.count("embedded_articles") == 3
        again.close()

    def test_threads_may_search_while_the_collection_is_replaced(self, compass: EdgeVectors) -> None:
        def searched(_: int) -> set[str]:
            requests = (search(compass, "embedded_articles", query(NORTH, [1]), 1) for _ in range(300))
            return {hit.payload["name"] for hits in requests for hit in hits}

        with ThreadPoolExecutor(4) as pool:
            found = pool.map(searched, range(3))
            for number in range(5):
                to = compass.ensure_collection("embedded_articles", 4, None, {"embedder": str(number)})
                compass.upsert(to, [point("north", NORTH, [1])])
                compass.switch("embedded_articles", to)
            assert list(found) == [{"north"}] * 3

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
        def searched(_: int) -> int:
            return sum(len(search(compass, "embedded_articles", query(NORTH, [1]), 1)) for _ in range(50))

        with ThreadPoolExecutor(4) as pool:
            found = pool.map(searched, range(3))
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
        store.ensure_collection("embedded_articles", 384, {"author_id": Index.TENANT})
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

    def test_the_name_is_an_alias_of_one_real_collection(self) -> None:
        from qdrant_client import QdrantClient

        client = QdrantClient(":memory:")
        store = ServerVectors.on(client)
        for embedder in "ab":
            to = store.ensure_collection("embedded_articles", 4, None, {"embedder": embedder})
            if to != "embedded_articles":
                store.switch("embedded_articles", to)
            [alias] = client.get_aliases().aliases
            [real] = client.get_collections().collections
            assert (alias.alias_name, alias.collection_name) == ("embedded_articles", real.name)
            assert client.get_collection("embedded_articles").config.metadata == {"embedder": embedder}

    def test_a_reader_that_was_there_before_the_switch_searches_the_new_collection(self) -> None:
        from qdrant_client import QdrantClient

        client = QdrantClient(":memory:")
        reader, writer = ServerVectors.on(client), ServerVectors.on(client)
        writer.ensure_collection("embedded_articles", 2, None, {"embedder": "small"})
        assert search(reader, "embedded_articles", query([0.0, 1.0]), 1) == []
        to = writer.ensure_collection("embedded_articles", 4, None, {"embedder": "large"})
        writer.upsert(to, COMPASS)
        writer.switch("embedded_articles", to)
        assert [hit.payload["name"] for hit in search(reader, "embedded_articles", query(NORTH), 1)] == ["north"]

    def test_a_collection_of_another_program_is_neither_filled_nor_removed(self) -> None:
        from qdrant_client import QdrantClient
        from qdrant_client.models import Distance, VectorParams

        client = QdrantClient(":memory:")
        client.create_collection("embedded_articles", VectorParams(size=4, distance=Distance.COSINE))
        store = ServerVectors.on(client)
        with pytest.raises(StoreError, match="another program"):
            store.ensure_collection("embedded_articles", 4, None, {"embedder": "a"})
        assert client.collection_exists("embedded_articles")


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
        assert [hit.payload for hit in search(other, collection, query(NORTH, [1]), 1)] == [COMPASS[0].payload]
        other.close()

    def test_two_clients_may_make_one_collection_at_the_same_time(self, store: ServerVectors, collection: str) -> None:
        others = [ServerVectors(QDRANT_URL) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda other: other.ensure_collection(collection, 4, {"author": Index.KEYWORD}), others))
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
