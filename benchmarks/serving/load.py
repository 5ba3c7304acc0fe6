"""Many users at once: what is answered, how fast, what is sent away, and whether answers get mixed up."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from rich.table import Table

from benchmarks.serving.client import Told, ask, quantile, question
from benchmarks.serving.process import Service
from benchmarks.serving.stock import Question

TOKENS = 48
COLUMNS = {
    "clients": "users",
    "requests": "asked",
    "ok": "ok",
    "http_429": "429",
    "http_5xx": "5xx",
    "cut_off": "cut off",
    "mixed": "mixed",
    "recognised": "own",
    "p50": "p50 s",
    "p95": "p95 s",
    "p99": "p99 s",
    "tokens_per_second": "tok/s",
    "peak_memory_mb": "MB",
}
LONGEST_WAIT = 5.0
"""Seconds that a client waits after 429, even where it is told to wait for longer."""
WORDS = (
    "amber anchor anvil apple arrow basil beacon birch bridge candle canyon castle cedar cello cherry clock comet "
    "copper coral cotton desert dolphin dragon eagle falcon feather fjord forest garden ginger glacier guitar hammer "
    "harbor heron honey island ivory jasmine jungle kettle ladder lantern lemon lotus maple meadow mirror mountain "
    "needle nutmeg ocean olive orchid otter oyster panther parrot pearl pepper pigeon quartz saddle thunder"
).split()
TELLING = 20
"""First characters of an answer by which it is known again: later ones may differ, as requests share batches."""


@dataclass
class Seen:
    """What the clients of one level saw."""

    ok: list[Told] = field(default_factory=list)
    refused: int = 0
    broken: int = 0
    """Statuses of 500 and above."""
    other: int = 0
    cut_off: int = 0
    """Answers that began and did not come to their end."""
    mixed: int = 0
    recognised: int = 0
    to_recognise: int = 0


def measure(
    service: Service, questions: Sequence[Question], levels: Sequence[int], seconds: float
) -> list[dict[str, Any]]:
    """A row a level: counts, p50, p95 and p99 of a whole answer in seconds, tokens a second, memory."""
    alone = asyncio.run(_alone(service.address, questions, max(levels)))
    rows = []
    for clients in levels:
        with service.watched() as memory:
            seen, took = asyncio.run(_level(service.address, questions, alone, clients, seconds))
        rows.append(row(clients, seen, took, memory))
    return rows


def nonce_of(number: int) -> str:
    """What only this client asks for; up to as many clients as there are words share none."""
    return f"{WORDS[number % len(WORDS)]} {number}"


def _about_nonce(number: int, one: Question) -> dict[str, Any]:
    return question(f"Write one sentence about {nonce_of(number)}.", one.author, retrieve=False, max_tokens=TOKENS)


async def _alone(address: str, questions: Sequence[Question], clients: int) -> list[str]:
    """How the answer to each client's nonce begins when nobody else asks."""
    async with httpx.AsyncClient(base_url=address) as client:
        asked = [_about_nonce(number, questions[number % len(questions)]) for number in range(clients)]
        return [(await ask(client, {**body, "max_tokens": TOKENS // 2})).text[:TELLING] for body in asked]


async def _level(
    address: str, questions: Sequence[Question], alone: Sequence[str], clients: int, seconds: float
) -> tuple[Seen, float]:
    seen, began = Seen(), time.perf_counter()
    async with httpx.AsyncClient(base_url=address, limits=httpx.Limits(max_connections=clients)) as client:
        asking = [_client(client, number, questions, alone, began + seconds, seen) for number in range(clients)]
        await asyncio.gather(*asking)
    return seen, time.perf_counter() - began


async def _client(
    client: httpx.AsyncClient,
    number: int,
    questions: Sequence[Question],
    alone: Sequence[str],
    until: float,
    seen: Seen,
) -> None:
    """Ask in turn for a sentence about this client's nonce and a question on an author's texts; check what comes."""
    for turn in itertools.count():
        if turn and time.perf_counter() >= until:
            return
        by_nonce = turn % 2 == 0
        one = questions[(number if by_nonce else number + turn) % len(questions)]
        body = _about_nonce(number, one) if by_nonce else question(one.text, one.author, max_tokens=TOKENS)
        told = await ask(client, body)
        _note(seen, told)
        if told.status == 200 and told.whole:
            seen.mixed += is_of_others(told, one) or (by_nonce and is_foreign(told.text, number, alone))
            seen.to_recognise += by_nonce
            seen.recognised += by_nonce and told.text.startswith(alone[number])
        if told.status == 429:
            await asyncio.sleep(min(max(told.retry_after, 0.1), LONGEST_WAIT))


def _note(seen: Seen, told: Told) -> None:
    if told.status == 429:
        seen.refused += 1
    elif told.status >= 500:
        seen.broken += 1
    elif told.status != 200:
        seen.other += 1
    elif not told.whole:
        seen.cut_off += 1
    else:
        seen.ok.append(told)


def is_of_others(told: Told, one: Question) -> bool:
    """Whether an answer is by another author than was asked, or from another's texts."""
    return told.author != one.author or any(not link.startswith(one.links) for link in told.links)


def is_foreign(text: str, number: int, alone: Sequence[str]) -> bool:
    """Whether a text begins as the answer to another client's nonce does, and not as this one's."""
    own = alone[number]
    return not text.startswith(own) and any(other and text.startswith(other) for other in alone if other != own)


def row(clients: int, seen: Seen, took: float, memory: Sequence[float]) -> dict[str, Any]:
    """The figures of one level. `memory` in megabytes, in the order of time."""
    totals = [told.total for told in seen.ok]
    half = max(1, len(memory) // 2)
    return {
        "clients": clients,
        "requests": len(seen.ok) + seen.refused + seen.broken + seen.other + seen.cut_off,
        "ok": len(seen.ok),
        "http_429": seen.refused,
        "http_5xx": seen.broken,
        "http_other": seen.other,
        "cut_off": seen.cut_off,
        "mixed": seen.mixed,
        "recognised": round(seen.recognised / seen.to_recognise, 3) if seen.to_recognise else None,
        "p50": quantile(totals, 50),
        "p95": quantile(totals, 95),
        "p99": quantile(totals, 99),
        "ttft_p50": quantile([told.first for told in seen.ok if told.first is not None], 50),
        "tokens_per_second": round(sum(told.tokens for told in seen.ok) / took, 1),
        "peak_memory_mb": max(memory),
        "memory_growth_mb": round(max(memory[half:] or memory) - max(memory[:half]), 1),
        "seconds": round(took, 1),
    }


def table(rows: Sequence[dict[str, Any]]) -> Table:
    """One line a level."""
    shown = Table(title="Many users", title_justify="left")
    for heading in COLUMNS.values():
        shown.add_column(heading, justify="right")
    for one in rows:
        shown.add_row(*(f"{one[name]:.1f}" if isinstance(one[name], float) else str(one[name]) for name in COLUMNS))
    return shown
