"""A client of the service that notes what it was told, and when."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

PATIENCE = 300.0
"""Seconds; longer than the service lets any request take."""


@dataclass
class Told:
    """What came of one question. Times are in seconds from its sending."""

    status: int = 0
    text: str = ""
    author: str = ""
    links: list[str] = field(default_factory=list)
    tokens: int = 0
    first: float | None = None
    """When the first piece of the text came."""
    total: float = 0.0
    whole: bool = False
    """Whether the answer came to its end."""
    retry_after: float = 0.0


def question(text: str, author: str, *, retrieve: bool = True, **options: Any) -> dict[str, Any]:
    """The body of a streamed question to the base model in the author's voice, always with the same seed."""
    return {
        "model": "base",
        "messages": [{"role": "user", "content": text}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "twin": {"author": author, "retrieve": retrieve, "refuse": False},
        **options,
    }


async def ask(client: httpx.AsyncClient, body: dict[str, Any]) -> Told:
    """Ask and read to the end. Whatever goes wrong is in the result, not raised."""
    told, began = Told(), time.perf_counter()
    try:
        async with client.stream("POST", "/v1/chat/completions", json=body, timeout=PATIENCE) as response:
            told.status = response.status_code
            told.retry_after = float(response.headers.get("retry-after", 0))
            async for line in response.aiter_lines():
                if line == "data: [DONE]":
                    told.whole = True
                elif line.startswith("data: "):
                    _take(told, json.loads(line[6:]), began)
    except (httpx.HTTPError, ValueError):
        told.whole = False
    told.total = time.perf_counter() - began
    return told


def _take(told: Told, chunk: dict[str, Any], began: float) -> None:
    told.author = chunk.get("author") or told.author
    if sources := chunk.get("sources"):
        told.links = [source["link"] for source in sources]
    if usage := chunk.get("usage"):
        told.tokens = usage["completion_tokens"]
    for choice in chunk.get("choices") or ():
        if piece := choice["delta"].get("content"):
            told.first = told.first or time.perf_counter() - began
            told.text += piece


def quantile(values: list[float], share: float) -> float | None:
    """The value that so many percent do not pass, by nearest rank; None of nothing."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))], 4) if ordered else None
