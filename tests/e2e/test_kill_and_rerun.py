"""kill -9 in the middle of a pipeline, then the same command again: the stores end as if nothing had happened."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.stores.edge_vectors import EdgeVectors
from llm_engineering.infrastructure.stores.sqlite_documents import SqliteDocuments
from tools.sample_site import SAMPLE_SITE_DIR, served

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
NAME = "Mara Lindqvist"
VOLATILE = {"fetched_at", "seen_at", "tombstoned_at"}
"""Times of day, which differ between two runs that did the same."""
LONGEST_RUN = 180


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with served(SAMPLE_SITE_DIR, port=0) as base_url:
        yield base_url


class Machine:
    """A data directory and the pipelines that fill it, each in a process of its own."""

    def __init__(self, data: Path, zenml: Path, models: Path, site: str) -> None:
        self.data = data
        self._site = site
        self._environment = {
            **os.environ,
            "DATA_DIR": str(data),
            "MODELS_DIR": str(models),
            "OUTPUT_DIR": str(data / "output"),
            "ZENML_CONFIG_PATH": str(zenml),
            "CRAWLER_ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
            "CRAWLER_DELAY_SECONDS": "0.02",
            "DATABASE_HOST": "",
            "QDRANT_DATABASE_HOST": "",
        }

    def collect(self, until: Callable[[], bool] | None = None) -> None:
        feed = f"sources=[{{kind: sitemap, url: '{self._site}/sitemap.xml', prefix: /mara-lindqvist/}}]"
        self._run("digital_data_etl", f"user_full_name={NAME}", feed, until=until)

    def make_features(self, until: Callable[[], bool] | None = None) -> None:
        self._run("feature_engineering", f"author_full_names=[{NAME}]", until=until)

    def _run(self, pipeline: str, *assignments: str, until: Callable[[], bool] | None = None) -> None:
        options = [word for assignment in assignments for word in ("--set", assignment)]
        command = [sys.executable, "-m", "tools.run", pipeline, *options]
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        if until is None:
            output, _ = process.communicate(timeout=LONGEST_RUN)
            assert process.returncode == 0, output
            return
        deadline = time.monotonic() + LONGEST_RUN
        while process.poll() is None and not until() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert process.poll() is None, f"It ended before it could be killed: {process.communicate()[0]}"
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def count(self, collection: str) -> int:
        if not (self.data / "twin.sqlite3").exists():
            return 0
        store = SqliteDocuments(self.data / "twin.sqlite3")
        try:
            return store.count(collection)
        finally:
            store.close()

    def contents(self) -> dict[str, Any]:
        """Everything in both stores but for times of day."""
        documents = SqliteDocuments(self.data / "twin.sqlite3")
        vectors = EdgeVectors(self.data / "qdrant")
        try:
            records = {
                f"{name}/{record['_id']}": _lasting(record)
                for name in ("users", "articles", "posts", "repositories", "quarantine")
                for record in documents.find(name)
            }
            points = {
                f"{name}/{point.id}": point.payload
                for name in ("cleaned_articles", "embedded_articles")
                for point in vectors.scroll(name)
            }
            return records | points
        finally:
            documents.close()
            vectors.close()


def _lasting(record: dict[str, Any]) -> dict[str, Any]:
    """The record, and the document that a quarantined one holds, without times of day."""
    lasting = {key: value for key, value in record.items() if key not in VOLATILE}
    return {**lasting, "document": _lasting(record["document"])} if record.get("document") else lasting


@pytest.fixture(scope="module")
def zenml(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("zenml")


@pytest.fixture
def machine(tmp_path: Path, zenml: Path, models_dir: Path, embedded_models: ModelStore, site: str) -> Machine:
    return Machine(tmp_path / "killed", zenml, models_dir, site)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, zenml: Path, models_dir: Path, site: str) -> dict[str, Any]:
    machine = Machine(tmp_path_factory.mktemp("undisturbed") / "data", zenml, models_dir, site)
    machine.collect()
    machine.make_features()
    contents = machine.contents()
    assert sum(key.startswith("articles/") for key in contents) >= 16
    assert sum(key.startswith("embedded_articles/") for key in contents) > 50
    return contents


def test_both_pipelines_killed_and_run_again_end_like_an_undisturbed_run(
    machine: Machine, undisturbed: dict[str, Any]
) -> None:
    machine.collect(until=lambda: machine.count("users") == 1)
    machine.collect(until=lambda: machine.count("articles") >= 7)
    machine.collect()
    machine.make_features(until=lambda: (machine.data / "qdrant" / "cleaned_articles").exists())
    machine.make_features(until=lambda: (machine.data / "qdrant" / "embedded_articles").exists())
    machine.make_features()
    assert machine.contents() == undisturbed


def test_a_second_undisturbed_run_changes_nothing(machine: Machine, undisturbed: dict[str, Any]) -> None:
    machine.collect()
    machine.make_features()
    first = machine.contents()
    machine.collect()
    machine.make_features()
    assert machine.contents() == first == undisturbed
