"""A service that keeps the API's contract and has no model: its answers come when a test lets them."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from llm_engineering.infrastructure.ui.page import add_page

MARA = "Mara Lindqvist"
PASSAGE = (
    "Crawling is polite or it is nothing. I read the feed before the sitemap 🐚, for it costs one request. I wait."
)
QUOTE = "I read the feed before the sitemap 🐚, for it costs one request."
FIRST, SECOND = "I read the feed 🐚 first, for it costs one request.", " The moon is made of <b>cheese</b>."
PATIENCE = 60.0
EVIL = "<img src=x onerror=document.title='owned'>"


@dataclass
class FakeService:
    """What the service is to do, and what it was asked. `free` lets the second half of an answer come."""

    free: Event = field(default_factory=Event)
    left: Event = field(default_factory=Event)
    """A client went away while its answer was being written."""
    failing: dict[str, Response] = field(default_factory=dict)
    """Path → what is answered there instead, once."""
    breaks: bool = False
    withheld: str | None = None
    key: str | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    feedback: list[dict[str, Any]] = field(default_factory=list)
    address: str = ""


def failure(status: int, message: str, **headers: str) -> JSONResponse:
    body = {"error": {"message": message, "type": "x", "param": None, "code": None}}
    return JSONResponse(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


def source() -> dict[str, Any]:
    start = PASSAGE.index(QUOTE)
    return {
        "document_id": "6f2c4b1e-0000-4000-8000-000000000001",
        "link": "https://lindqvist.example/feeds",
        "title": f"Feeds first {EVIL}",
        "published_at": "2024-03-09T00:00:00Z",
        "start": 100,
        "end": 100 + len(PASSAGE),
        "text": PASSAGE,
        "quote": QUOTE,
        "quote_start": 100 + start,
        "quote_end": 100 + start + len(QUOTE),
        "score": 0.8,
    }


def twins(slug: str, versions: int) -> list[dict[str, Any]]:
    return [
        {
            "twin": f"{slug}/{number}",
            "passed_evaluation": True,
            "evaluated": True,
            "base_model": "m",
            "created_at": f"2026-01-0{number}T00:00:00Z",
        }
        for number in range(1, versions + 1)
    ]


AUTHORS = [
    {"full_name": "Edmund Achterberg", "chunks": 41, "latest": None, "twins": []},
    {"full_name": MARA, "chunks": 1204, "latest": "mara-lindqvist/2", "twins": twins("mara-lindqvist", 2)},
]


def support() -> list[dict[str, Any]]:
    at, quoted = len(FIRST), PASSAGE.index(QUOTE)
    return [
        {
            "start": 0,
            "end": at,
            "label": "supported",
            "source": 0,
            "score": 0.9,
            "source_start": quoted,
            "source_end": quoted + len(QUOTE),
        },
        {"start": at + 1, "end": at + len(SECOND), "label": "unsupported", "source": 0, "score": 0.1},
    ]


def fake_app(fake: FakeService) -> FastAPI:
    """The endpoints that the page uses."""
    app = FastAPI(title="LLM Twin", description="Answers in an author’s voice.", docs_url=None, redoc_url=None)
    add_page(app)

    @app.middleware("http")
    async def guarded(request: Request, go_on: Any) -> Any:
        path = request.url.path
        if path in fake.failing:
            return fake.failing.pop(path)
        if fake.key and path.startswith("/v1/") and request.headers.get("authorization") != f"Bearer {fake.key}":
            return failure(401, "Give an API key.")
        return await go_on(request)

    @app.get("/v1/authors")
    async def authors() -> dict[str, Any]:
        """Who can be asked."""
        return {"authors": AUTHORS}

    @app.post("/v1/feedback")
    async def feedback(body: dict[str, Any]) -> dict[str, Any]:
        fake.feedback.append(body)
        return {"stored": True}

    @app.post("/v1/chat/completions")
    async def chat(body: dict[str, Any]) -> StreamingResponse:
        fake.asked.append(body)
        return StreamingResponse(_events(fake, body), media_type="text/event-stream")

    return app


async def _events(fake: FakeService, body: dict[str, Any]) -> AsyncIterator[str]:
    whole = False
    try:
        extra = {"sources": [source()], "author": MARA, "twin": body["model"]}
        yield _chunk({"role": "assistant", "content": ""}, **extra)
        for word in FIRST.split(" "):
            yield _chunk({"content": word if word == "I" else f" {word}"})
        until = time.monotonic() + PATIENCE
        while not fake.free.is_set() and time.monotonic() < until:  # noqa: ASYNC110 - a test in another thread sets it
            await asyncio.sleep(0.02)
        if fake.breaks:
            whole = True
            yield f"data: {json.dumps({'error': {'message': 'The model stopped.', 'type': 'ModelError'}})}\n\n"
            return
        yield _chunk({"content": SECOND})
        judged = support() if body["twin"].get("support") else None
        last: dict[str, Any] = {"support": judged, "withheld": fake.withheld, "timings": {"total_ms": 1234.0}}
        yield _chunk({}, finish="stop", **last)
        yield f"data: {json.dumps({'choices': [], 'usage': {'completion_tokens': 21}})}\n\n"
        yield "data: [DONE]\n\n"
        whole = True
    finally:
        if not whole:
            fake.left.set()


def _chunk(delta: dict[str, str], finish: str | None = None, **extra: Any) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    # With CRLF between events, as some proxies have it.
    return f"data: {json.dumps({'object': 'chat.completion.chunk', 'choices': [choice], **extra})}\r\n\r\n"


@contextmanager
def running(app: FastAPI) -> Iterator[str]:
    """Serve the app on a free port of 127.0.0.1; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + PATIENCE
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
