"""POST /v1/retrieve: requests a second, and how long one takes."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import httpx

from benchmarks.serving.client import PATIENCE, quantile
from benchmarks.serving.process import Service
from benchmarks.serving.stock import Question

CLIENTS = 4


def measure(service: Service, questions: Sequence[Question], seconds: float) -> dict[str, Any]:
    """rps, and p50 and p95 in seconds, with CLIENTS asking at once; `failed` counts what was not 200."""
    return asyncio.run(_measured(service.address, questions, seconds))


async def _measured(address: str, questions: Sequence[Question], seconds: float) -> dict[str, Any]:
    times: list[float] = []
    failed = 0

    async def client(http: httpx.AsyncClient, number: int, until: float) -> None:
        nonlocal failed
        turn = number
        while (sent := time.perf_counter()) < until:
            one = questions[turn % len(questions)]
            body = {"query": f"{one.text} {turn}", "author": one.author}
            response = await http.post("/v1/retrieve", json=body, timeout=PATIENCE)
            turn += CLIENTS
            if response.status_code == 200:
                times.append(time.perf_counter() - sent)
            else:
                failed += 1

    async with httpx.AsyncClient(base_url=address) as http:
        await client(http, 0, time.perf_counter() + min(2.0, seconds / 4))  # warms up
        times.clear()
        began = time.perf_counter()
        await asyncio.gather(*(client(http, number, began + seconds) for number in range(CLIENTS)))
        took = time.perf_counter() - began
    return {
        "rps": round(len(times) / took, 1),
        "p50": quantile(times, 50),
        "p95": quantile(times, 95),
        "clients": CLIENTS,
        "failed": failed,
    }
