"""The service as an ASGI application: POST /rag, GET /authors, GET /health, and /docs."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from typing import Any, Protocol

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request

from llm_engineering.infrastructure.api.errors import add_error_handlers
from llm_engineering.infrastructure.api.requests import BodyLimit, Hosts, RequestIds
from llm_engineering.infrastructure.api.schemas import Answered, Authors, Failed, Health, ListedAuthor, Question

ANSWERS_AT_ONCE = 4
"""Further questions wait; the embedded model has as many slots."""
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")

ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Failed, "description": description}
    for status, description in (
        (404, "No such author."),
        (409, "Nothing of the author is indexed, or the twin was trained with other templates."),
        (413, "The body is larger than 64 KB."),
        (422, "The question cannot be answered as it is put."),
        (500, "Something went wrong."),
        (503, "A store or a model cannot be used now."),
    )
}


class Answerer(Protocol):
    """What the service needs: answers, and who can give them. Called from several threads."""

    def ask(self, query: str, *, author: str | None, twin: str | int | None, k: int) -> Any:
        """An object with the attributes of `schemas.Answered`. Raises TwinError."""
        ...

    def authors(self) -> Sequence[Any]:
        """Objects with the attributes of `schemas.ListedAuthor`. Raises TwinError."""
        ...


def create_app(opening: Callable[[], AbstractContextManager[Answerer]], *, hosts: Sequence[str] = ()) -> FastAPI:
    """The application. `opening` is entered when the server starts and left when it stops.

    Entering it loads the models; that happens in a thread, as does all work for a request, so
    the event loop is always free. When it raises, the server does not start and the error is
    `app.state.failure`. Requests whose Host header is neither loopback nor one of `hosts` are
    refused, so that no web page can reach the service by a name of its own (DNS rebinding).
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        closing = ExitStack()
        try:
            answerer = await to_thread.run_sync(closing.enter_context, opening())
        except Exception as error:
            app.state.failure = error
            raise
        try:
            yield {"answerer": answerer, "answering": CapacityLimiter(ANSWERS_AT_ONCE)}
        finally:
            await to_thread.run_sync(closing.close)

    app = FastAPI(
        title="LLM Twin",
        description="Answers in an author's voice, from what the author wrote, with sources.",
        lifespan=lifespan,
        redoc_url=None,
    )
    app.state.failure = None
    app.add_middleware(BodyLimit)
    app.add_middleware(Hosts, names=[*LOOPBACK_NAMES, *hosts])
    app.add_middleware(RequestIds)  # added last, so it is the outermost
    add_error_handlers(app)
    _add_routes(app)
    return app


def _add_routes(app: FastAPI) -> None:
    @app.post("/rag", response_model=Answered, responses=ERRORS, summary="Ask an author's twin")
    async def rag(question: Question, request: Request) -> Answered:
        """Retrieve what the author wrote on the question, and answer from it in the author's voice."""

        def work() -> Answered:
            answer = request.state.answerer.ask(
                question.query, author=question.author, twin=question.twin, k=question.k
            )
            return Answered.model_validate(answer)

        return await to_thread.run_sync(work, limiter=request.state.answering)

    @app.get("/authors", response_model=Authors, responses={503: ERRORS[503]}, summary="Who can be asked")
    async def authors(request: Request) -> Authors:
        """The authors, and the versions of their twins."""

        def work() -> Authors:
            return Authors(authors=[ListedAuthor.model_validate(one) for one in request.state.answerer.authors()])

        return await to_thread.run_sync(work)

    @app.get("/health", summary="Whether the process is alive")
    async def health() -> Health:
        """Answers at once, also while questions are being answered."""
        return Health()
