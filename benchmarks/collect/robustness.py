"""What becomes of 500 pages on 20 hosts of which 30 % are trouble: outcomes, losses, doubles, memory, time."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from rich.table import Table

from benchmarks.collect.harness import (
    ATTEMPTS,
    PROCESSES,
    TIMEOUT_SECONDS,
    WRITER,
    collected,
    fresh_warehouse,
    page_reader,
)
from benchmarks.collect.judging import Wrong, kept, wrong_outcomes
from benchmarks.collect.memory import Peak
from benchmarks.collect.plan import WAITING, Kind, expected
from benchmarks.collect.server import REPOSITORY, Wanted, Web, serving

LONGEST_SECONDS = 600.0


def measure(
    pages: int = 500,
    hosts: int = 20,
    seed: int = 0,
    *,
    processes: int = PROCESSES,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> dict[str, Any]:
    """Collect the whole web of the seed twice into one warehouse, and judge both runs.

    `wrong_outcome`, `lost` and `doubled` count over both runs; what they count is listed in `wrong`, `lost_pages`
    and `doubled_pages`. `seconds` is the first run's time, `seconds_again` the second's; `seconds_waiting` is how
    long the pages that never answer keep the host that has most of them, in one run. Memory is the resident memory
    of a fresh process that collects and of its extraction processes, in MB of 2**20 bytes. Raises
    subprocess.TimeoutExpired after ten minutes, since a collection that hangs has no figures.
    """
    # What this process did before must not count, and much of what a process once held it never gives back.
    arguments = (pages, hosts, seed, processes, timeout_seconds)
    command = [sys.executable, "-m", "benchmarks.collect.robustness", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True, timeout=LONGEST_SECONDS
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _measured(pages: int, hosts: int, seed: int, processes: int, timeout_seconds: float) -> dict[str, Any]:
    with fresh_warehouse() as warehouse, serving(seed, pages, hosts) as web:
        wanted = web.wanted
        with page_reader(web, processes, timeout_seconds) as reader, Peak.watched(without=web.pid) as peak:
            first = collected(wanted, warehouse, reader)
            second = collected(wanted, warehouse, reader)
        stored = kept(wanted, warehouse.documents(WRITER))
    wrong = wrong_outcomes(wanted, first.result.items)
    wrong_again = wrong_outcomes(wanted, second.result.items, again=True)
    return {
        "pages": len(wanted),
        "stored": stored.stored,
        "wrong_outcome": len(wrong) + len(wrong_again),
        "lost": len(stored.lost),
        "doubled": len(stored.doubled),
        "peak_memory_mb": round(peak.highest, 1),
        "memory_before_mb": round(peak.before, 1),
        "seconds": round(first.seconds, 2),
        "seconds_again": round(second.seconds, 2),
        "seconds_waiting": _waiting(web) * timeout_seconds * ATTEMPTS,
        "processes": processes,
        "hosts": hosts,
        "good_pages": sum(page.is_good for page in wanted),
        "wrong": [{"run": run, **asdict(page)} for run, found in ((1, wrong), (2, wrong_again)) for page in found],
        "lost_pages": stored.lost,
        "doubled_pages": stored.doubled,
        "kinds": _kinds(wanted, [*wrong, *wrong_again]),
    }


def table(figures: dict[str, Any]) -> Table:
    """The figures for a person: a line a kind of page, then the sums."""
    grid = Table("page", "pages", "due", "wrong", title="Robustness")
    for kind in figures["kinds"]:
        grid.add_row(kind["kind"], str(kind["pages"]), kind["expected"] or "no item of its own", str(kind["wrong"]))
    grid.add_section()
    good = f"{figures['stored']} stored of {figures['good_pages']} good ones"
    grid.add_row(f"{figures['hosts']} hosts", str(figures["pages"]), good, str(figures["wrong_outcome"]))
    grid.add_row("lost, doubled", f"{figures['lost']}, {figures['doubled']}", "0, 0")
    grid.add_row("peak memory", f"{figures['peak_memory_mb']:.0f} MB", f"before {figures['memory_before_mb']:.0f} MB")
    waiting = f"{figures['seconds_waiting']:.0f} s of them wait for one host"
    grid.add_row("time, and again", f"{figures['seconds']:.1f} s, {figures['seconds_again']:.1f} s", waiting)
    return grid


def _waiting(web: Web) -> int:
    """Pages that never answer on the host that has most of them."""
    return max(Counter(page.host for page in web.pages if page.kind in WAITING).values(), default=0)


def _kinds(wanted: Iterable[Wanted], wrong: Iterable[Wrong]) -> list[dict[str, Any]]:
    """A row for each kind of page: how many there are, what was due, and how many were wrong in either run."""
    pages, bad = Counter(page.kind for page in wanted), Counter(page.kind for page in wrong)
    return [
        {"kind": kind.value, "pages": pages[kind], "expected": expected(kind), "wrong": bad[kind.value]}
        for kind in Kind
        if pages[kind]
    ]


if __name__ == "__main__":
    pages, hosts, seed, processes, timeout_seconds = sys.argv[1:]
    print(json.dumps(_measured(int(pages), int(hosts), int(seed), int(processes), float(timeout_seconds))))
