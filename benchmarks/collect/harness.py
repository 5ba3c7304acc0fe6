"""The real collector, pointed at the loopback web with politeness off."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.collect.layouts import AUTHOR
from benchmarks.collect.server import Wanted, Web
from benchmarks.collect.timing import Timed, timed
from llm_engineering.application.collecting import collect
from llm_engineering.application.ports import PageReader, Silent
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import CollectionReport
from llm_engineering.infrastructure.sources.fetcher import HttpFetcher
from llm_engineering.infrastructure.sources.page_reader import ConcurrentReader
from llm_engineering.infrastructure.sources.processes import Processes
from llm_engineering.infrastructure.sources.web import WebPages
from llm_engineering.infrastructure.stores.sqlite_documents import SqliteDocuments

WRITER = Author.named(AUTHOR)
"""Who wrote all the pages."""
TIMEOUT_SECONDS = 5.0
ATTEMPTS = 2
PROCESSES = 2
HOSTS_AT_ONCE = 16


@contextmanager
def fresh_warehouse() -> Iterator[Warehouse]:
    """An empty one in SQLite, on a disk, gone in the end."""
    with TemporaryDirectory() as place, closing(SqliteDocuments(Path(place) / "warehouse.db")) as store:
        yield Warehouse(store)


@contextmanager
def page_reader(web: Web, processes: int, timeout_seconds: float = TIMEOUT_SECONDS) -> Iterator[PageReader]:
    """The real reader, which asks the hosts of this web only, and without delay."""
    with (
        closing(fetcher_for(web, timeout_seconds)) as fetcher,
        closing(ConcurrentReader(fetcher, processes=Processes(processes), hosts_at_once=HOSTS_AT_ONCE)) as reader,
    ):
        yield reader


def fetcher_for(web: Web, timeout_seconds: float = TIMEOUT_SECONDS) -> HttpFetcher:
    """The real fetcher with politeness off, for the hosts of this web."""
    return HttpFetcher(
        allowed_private_hosts=web.hosts,
        delay_seconds=0,
        timeout_seconds=timeout_seconds,
        attempts=ATTEMPTS,
        backoff_seconds=0.05,
        resolve=web.resolve,
    )


def collected(wanted: Sequence[Wanted], warehouse: Warehouse, reader: PageReader) -> Timed[CollectionReport]:
    """A collection of all these addresses."""
    source = WebPages([page.url for page in wanted])
    return timed(lambda: collect(WRITER, [source], warehouse, reader=reader, progress=Silent(), max_failure_share=1.0))
