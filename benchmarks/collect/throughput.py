"""Pages a second from a calm loopback web into a warehouse, beside plain httpx, and where the time goes."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
from rich.table import Table

from benchmarks.collect.harness import (
    HOSTS_AT_ONCE,
    PROCESSES,
    WRITER,
    collected,
    fetcher_for,
    fresh_warehouse,
    page_reader,
)
from benchmarks.collect.judging import kept
from benchmarks.collect.server import LOOPBACK, Wanted, Web, serving
from benchmarks.collect.timing import Timed, timed
from llm_engineering.application.collecting import collect
from llm_engineering.application.ports import CollectedItem, ListedPage, Page, PageReader, Silent
from llm_engineering.application.quarantine import Examined, examined
from llm_engineering.domain.documents import CollectionReport
from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.page_item import read_page

ROUNDS = 3
WARMING = 16
"""Pages for which the processes start, and load what they need."""
SAMPLE = 100
"""Pages of which extracting, judging and storing are timed alone, each round."""


def measure(
    pages: int = 500, hosts: int = 20, seed: int = 0, *, rounds: int = ROUNDS, processes: int = PROCESSES
) -> dict[str, Any]:
    """Collect the same pages in three ways, in turn, `rounds` times; every figure is the median over the rounds.

    Each round has `pages` pages of its own, so that nothing is quicker for having been read before.

    `pages_per_second` is our collection into a fresh SQLite warehouse, with its processes started before
    (`start_seconds`). `bare_fetch_pages_per_second` is httpx.Client over HTTP/1.1 in as many threads, which decodes
    the text and does no more. `fetch_only_pages_per_second` is our fetcher without extraction. `ratio` and
    `fetch_only_ratio` are to the bare figure of the same round. `collecting_seconds` is what a page takes of a CPU
    while it is collected, in all our processes; `fetching_seconds`, `extraction_seconds`, `judging_seconds` and
    `storing_seconds` are what each part takes alone. `bound_pages_per_second` is what this machine's cores would
    allow if nothing else, the server included, used them. Raises CollectError when a page got lost, since speed
    without the text is worth nothing.
    """
    with (
        serving(seed, pages * rounds + WARMING, hosts, trouble=False) as web,
        page_reader(web, processes) as reader,
    ):
        wanted = web.wanted
        start = timed(lambda: _warmed(reader, wanted[:WARMING]))
        found = [_round(web, wanted[WARMING + number :: rounds], reader) for number in range(rounds)]
    middle = {name: median(one[name] for one in found) for name in found[0]}
    return {
        **{name: round(value, 5 if name.endswith("_seconds") else 1) for name, value in middle.items()},
        "ratio": round(_ratio(found, "pages_per_second"), 3),
        "fetch_only_ratio": round(_ratio(found, "fetch_only_pages_per_second"), 3),
        "bound_pages_per_second": round((os.cpu_count() or 1) / middle["collecting_seconds"], 1),
        "start_seconds": round(start.seconds, 2),
        "pages": pages,
        "hosts": hosts,
        "rounds": rounds,
        "processes": processes,
        "threads": HOSTS_AT_ONCE,
    }


def table(figures: dict[str, Any]) -> Table:
    """The figures for a person."""
    grid = Table("way", "pages/s", "of bare fetching", title=f"Throughput ({figures['pages']} pages)")
    for name, key, ratio in (
        ("collected: fetched to stored", "pages_per_second", f"{figures['ratio']:.0%}"),
        ("fetched by our fetcher", "fetch_only_pages_per_second", f"{figures['fetch_only_ratio']:.0%}"),
        ("fetched by plain httpx", "bare_fetch_pages_per_second", "100%"),
        ("collected, if the CPUs were ours alone", "bound_pages_per_second", ""),
    ):
        grid.add_row(name, f"{figures[key]:.1f}", ratio)
    grid.add_section()
    for name, where in (
        ("collecting", "in all processes"),
        ("fetching", f"alone, in {figures['threads']} threads"),
        ("extraction", f"alone; else in {figures['processes']} processes"),
        ("judging", f"alone; else in {figures['processes']} processes"),
        ("storing", "alone, in one thread"),
    ):
        grid.add_row(f"{name}, CPU time of a page", f"{1000 * figures[f'{name}_seconds']:.1f} ms", where)
    grid.add_row("starting the processes", f"{figures['start_seconds']:.1f} s", "before the first round")
    return grid


def _ratio(rounds: Sequence[dict[str, float]], name: str) -> float:
    return median(one[name] / one["bare_fetch_pages_per_second"] for one in rounds)


def _round(web: Web, wanted: Sequence[Wanted], reader: PageReader) -> dict[str, float]:
    ours, ours_cpu = _collected(web, wanted, reader)
    bare = timed(lambda: _bare(wanted))
    fetching = timed(lambda: list(_fetched(web, wanted)))
    sample = fetching.result[:: max(1, len(wanted) // SAMPLE)]
    extraction = timed(lambda: [read_page(ListedPage(page.url), page).item for page in sample])
    judging = timed(lambda: [_judge()(item) for item in extraction.result])
    storing = _stored(judging.result)
    return {
        "pages_per_second": len(wanted) / ours.seconds,
        "collecting_seconds": ours_cpu / len(wanted),
        "bare_fetch_pages_per_second": len(wanted) / bare.seconds,
        "fetch_only_pages_per_second": len(wanted) / fetching.seconds,
        "fetching_seconds": fetching.cpu_seconds / len(wanted),
        "extraction_seconds": extraction.cpu_seconds / len(sample),
        "judging_seconds": judging.cpu_seconds / len(sample),
        "storing_seconds": storing.cpu_seconds / len(sample),
    }


def _judge() -> Callable[[CollectedItem], Examined]:
    """What `collect` does with an item before it compares it with others."""
    return partial(examined, author=WRITER, language=None)


def _warmed(reader: PageReader, wanted: Sequence[Wanted]) -> None:
    """Let the reader start its processes, and these load what they need."""
    for _ in reader.read([ListedPage(page.url) for page in wanted], lambda link: None, _judge()):
        pass


def _collected(web: Web, wanted: Sequence[Wanted], reader: PageReader) -> tuple[Timed[CollectionReport], float]:
    """A collection into a fresh warehouse, and the CPU seconds of all processes that took part."""
    with fresh_warehouse() as warehouse:
        before = _cpu_seconds(web)
        done = collected(wanted, warehouse, reader)
        cpu_seconds = _cpu_seconds(web) - before
        found = kept(wanted, warehouse.documents(WRITER))
    if found.lost or found.doubled:
        raise CollectError(f"Pages of the calm web were lost or doubled: {[*found.lost, *found.doubled][:3]}.")
    return done, cpu_seconds


def _cpu_seconds(web: Web) -> float:
    """Of this process and those it started, ended ones included, but not of the server."""
    total = sum(os.times()[:4])
    for child in psutil.Process().children(recursive=True):
        if child.pid != web.pid:
            with suppress(psutil.Error):  # it has ended meanwhile
                total += sum(child.cpu_times()[:2])
    return total


def _bare(wanted: Sequence[Wanted]) -> None:
    """Every page by plain httpx, with as many threads as the reader has; hosts are told apart by their header."""
    with httpx.Client(trust_env=False) as client, ThreadPoolExecutor(HOSTS_AT_ONCE) as pool:

        def fetch(page: Wanted) -> int:
            parts = urlsplit(page.url)
            answer = client.get(f"http://{LOOPBACK}:{parts.port}{parts.path}", headers={"Host": parts.netloc})
            return len(answer.raise_for_status().text)

        sum(pool.map(fetch, wanted))


def _fetched(web: Web, wanted: Sequence[Wanted]) -> Iterator[Page]:
    """Every page by our fetcher, a thread a host."""
    by_host: dict[str, list[str]] = defaultdict(list)
    for page in wanted:
        by_host[urlsplit(page.url).netloc].append(page.url)
    with closing(fetcher_for(web)) as fetcher, ThreadPoolExecutor(HOSTS_AT_ONCE) as pool:
        for texts in pool.map(lambda urls: [fetcher.fetch(url) for url in urls], by_host.values()):
            yield from texts


def _stored(judged: Sequence[Examined]) -> Timed[CollectionReport]:
    """Comparing and storing items that are read and judged already."""
    with fresh_warehouse() as warehouse:
        reader = _Prepared(judged)
        return timed(lambda: collect(WRITER, [], warehouse, reader=reader, progress=Silent()))


class _Prepared:
    """A PageReader whose work is done before it is asked."""

    def __init__(self, judged: Sequence[Examined]) -> None:
        self._judged = judged

    def read(self, arriving: object, known: object, examine: object) -> Iterator[Any]:
        """What was prepared."""
        yield from self._judged
