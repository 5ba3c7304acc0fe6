"""The service as an ASGI application: what is opened when it starts, and what stands around every request."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from typing import Any

from anyio import to_thread
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from llm_engineering.infrastructure.api import openai, routes
from llm_engineering.infrastructure.api.desk import Desk
from llm_engineering.infrastructure.api.errors import add_error_handlers
from llm_engineering.infrastructure.api.keys import Keys, Rates
from llm_engineering.infrastructure.api.metrics import Metrics
from llm_engineering.infrastructure.api.requests import BodyLimit, Hosts, RequestIds
from llm_engineering.infrastructure.api.running import Running
from llm_engineering.infrastructure.api.service import Access, Limits, Service
from llm_engineering.infrastructure.ui.page import add_page

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
SEARCHES_AT_ONCE = 2
"""The embedder takes all processors for one text already."""


def create_app(
    opening: Callable[[], AbstractContextManager[Service]],
    *,
    access: Access | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """The application. `opening` is entered when the server starts and left when it stops.

    Entering it loads the models; that happens in a thread, as does all work for a request, so
    the event loop is always free. When it raises, the server does not start and the error is
    `app.state.failure`. Unless `access` says otherwise, everybody is let in, but only under this
    machine's own names in the Host header, so that no web page can reach the service by a name of
    its own (DNS rebinding).
    """
    access, limits, metrics = access or Access(), limits or Limits(), Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        closing = ExitStack()
        try:
            service = await to_thread.run_sync(closing.enter_context, opening())
        except Exception as error:
            app.state.failure = error
            raise
        writing = Desk("answer", workers=limits.workers, queue=limits.queue, seconds=limits.seconds)
        searching = Desk("search", workers=SEARCHES_AT_ONCE, queue=limits.queue, seconds=limits.seconds)
        for desk in (writing, searching):
            closing.callback(desk.close)  # before the models: their users end first
        try:
            yield {"running": Running(service, writing, searching, metrics, limits)}
        finally:
            await to_thread.run_sync(closing.close)

    app = FastAPI(
        title="LLM Twin",
        description="Answers in an author's voice, from what the author wrote, with sources.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.failure = None
    _add_middleware(app, access, limits, metrics)
    add_error_handlers(app)
    for router in (routes.router, openai.router):
        app.include_router(router)
    add_page(app)
    return app


def _add_middleware(app: FastAPI, access: Access, limits: Limits, metrics: Metrics) -> None:
    """The one added last is the outermost."""
    app.add_middleware(BodyLimit, seconds=limits.body_seconds)
    app.add_middleware(Rates, per_minute=limits.rate_per_minute)
    app.add_middleware(Keys, hashes=access.keys)
    if access.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(access.origins),
            allow_methods=["GET", "POST"],
            allow_headers=["*"],  # OpenAI's client for browsers sends headers of its own
            expose_headers=["Retry-After", "X-Request-Id"],
        )
    if not access.any_host:
        app.add_middleware(Hosts, names=[*LOOPBACK_NAMES, *access.hosts], addresses=access.any_address)
    app.add_middleware(RequestIds, metrics=metrics)
