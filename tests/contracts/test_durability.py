"""What the embedded stores promise when a process is killed, or another one comes along."""

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid5

import pytest

from llm_engineering.application.ports import VectorPoint
from llm_engineering.domain.errors import StoreLocked
from llm_engineering.infrastructure.stores.edge_vectors import EdgeVectors
from llm_engineering.infrastructure.stores.sqlite_documents import SqliteDocuments
from tests.contracts.vector_store import SPACE

BATCHES, BATCH = 250, 50

DOCUMENT_WRITER = """
import sys
from pathlib import Path
from llm_engineering.infrastructure.stores.sqlite_documents import SqliteDocuments
from tests.contracts.test_durability import BATCHES, record_batch
store = SqliteDocuments(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(BATCHES):
    store.upsert("articles", record_batch(number, sys.argv[2]))
    print(number, flush=True)
store.close()
"""

VECTOR_WRITER = """
import sys
from pathlib import Path
from llm_engineering.application.ports import Index
from llm_engineering.infrastructure.stores.edge_vectors import EdgeVectors
from tests.contracts.test_durability import BATCHES, point_batch
store = EdgeVectors(Path(sys.argv[1]))
store.ensure_collection("embedded_articles", 8, {"batch": Index.KEYWORD})
print("ready", flush=True)
sys.stdin.readline()
for number in range(BATCHES):
    store.upsert("embedded_articles", point_batch(number))
    print(number, flush=True)
store.close()
"""


def record_batch(number: int, writer: str = "") -> list[dict[str, object]]:
    """The records of one call; the same number gives the same records."""
    return [
        {"_id": f"{writer}{number:04d}-{n:02d}", "batch": number, "by": writer, "text": "word " * 200}
        for n in range(BATCH)
    ]


def point_batch(number: int) -> list[VectorPoint]:
    """The points of one call; the same number gives the same points."""
    return [
        VectorPoint(uuid5(SPACE, f"{number}-{n}"), {"batch": str(number)}, [1.0, float(number), float(n), *[0.0] * 5])
        for n in range(BATCH)
    ]


def started(program: str, *arguments: object) -> "subprocess.Popen[str]":
    """A process that runs the program and has said that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def killed_in_the_middle(process: "subprocess.Popen[str]", after: int, delay: float) -> int:
    """Let it write, kill -9 it; returns how many calls it had acknowledged by then."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    for _ in range(after):
        process.stdout.readline()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(delay)  # still writing: into the middle of some call
    process.kill()
    return after + len(process.stdout.read().splitlines())


def finished(processes: Sequence["subprocess.Popen[str]"]) -> None:
    """Let all of them write at once, to the end."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_writer_leaves_whole_batches_in_sqlite_and_each_acknowledged_one(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "twin.sqlite3"
    chance = random.Random(seed)
    acknowledged = killed_in_the_middle(started(DOCUMENT_WRITER, path, ""), chance.randint(5, 60), chance.random() / 50)
    store = SqliteDocuments(path)
    found = Counter(record["batch"] for record in store.find("articles"))
    there = [found[number] for number in range(BATCHES)]
    assert there[:acknowledged] == [BATCH] * acknowledged
    assert set(there[acknowledged:]) <= {0, BATCH}
    assert sum(there) < BATCHES * BATCH

    for number in range(BATCHES):
        store.upsert("articles", record_batch(number))
    assert list(store.find("articles")) == [record for number in range(BATCHES) for record in record_batch(number)]
    store.close()


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_writer_leaves_each_acknowledged_batch_in_qdrant_edge(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "qdrant"
    chance = random.Random(seed)
    acknowledged = killed_in_the_middle(started(VECTOR_WRITER, path), chance.randint(2, 10), chance.random() / 5)
    store = EdgeVectors(path)
    found = Counter(point.payload["batch"] for point in store.scroll("embedded_articles"))
    there = [found[str(number)] for number in range(BATCHES)]
    assert there[:acknowledged] == [BATCH] * acknowledged
    assert set(there[acknowledged:]) <= {0, BATCH}
    assert sum(there) < BATCHES * BATCH

    again = [point for number in range(acknowledged + 2) for point in point_batch(number)]
    store.upsert("embedded_articles", again)
    assert {point.id for point in store.scroll("embedded_articles")} == {point.id for point in again}
    store.close()


def test_processes_may_write_to_one_sqlite_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "twin.sqlite3"  # which does not exist yet: they also meet while making it
    writers = ["ada", "bob"]
    finished([started(DOCUMENT_WRITER, path, writer) for writer in writers])
    store = SqliteDocuments(path)
    assert [store.count("articles", {"by": writer}) for writer in writers] == [BATCHES * BATCH] * 2
    assert store.count("articles") == 2 * BATCHES * BATCH
    store.close()


def test_processes_that_write_the_same_records_to_one_sqlite_file_double_nothing(tmp_path: Path) -> None:
    path = tmp_path / "twin.sqlite3"
    finished([started(DOCUMENT_WRITER, path, "same") for _ in range(2)])
    store = SqliteDocuments(path)
    assert store.count("articles") == BATCHES * BATCH
    store.close()


def test_a_locked_directory_says_which_process_to_stop(tmp_path: Path) -> None:
    path = tmp_path / "qdrant"
    holder = started(VECTOR_WRITER, path)
    try:
        store = EdgeVectors(path)
        with pytest.raises(StoreLocked, match="QDRANT_DATABASE_HOST") as locked:
            store.count("embedded_articles")
        assert f"process (id {holder.pid})" in str(locked.value)
        assert str(path) in str(locked.value)
    finally:
        holder.kill()
        holder.communicate()
    assert store.count("embedded_articles") == 0  # the holder is gone, and so is its lock
    store.close()
