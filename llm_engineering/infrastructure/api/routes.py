"""What the service takes beside OpenAI's calls."""

from collections.abc import Callable
from urllib.parse import urlsplit

from anyio import create_task_group, fail_after, to_thread
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from llm_engineering.domain.chunks import Retrieved, RetrievedPassage
from llm_engineering.domain.errors import TwinError
from llm_engineering.infrastructure.api.errors import failed
from llm_engineering.infrastructure.api.metrics import CONTENT_TYPE
from llm_engineering.infrastructure.api.responses import ERRORS, OPENAI_ERRORS
from llm_engineering.infrastructure.api.running import note, running
from llm_engineering.infrastructure.api.schemas import (
    Answered,
    Authors,
    Failed,
    Found,
    FoundPassage,
    GivenFeedback,
    Health,
    KeptFeedback,
    ListedAuthor,
    ListedTwin,
    Part,
    Question,
    Readiness,
    Search,
    Twins,
)

CHECK_SECONDS = 1.5
"""A store that gives no answer within this time is not ready."""

router = APIRouter()


@router.post("/rag", response_model=Answered, responses=ERRORS, summary="Ask an author's twin")
async def rag(question: Question, request: Request) -> Answered:
    """Retrieve what the author wrote on the question, and answer from it in the author's voice."""
    state = running(request)
    inquiry = question.inquiry(state.limits.most_tokens)
    answer = await state.writing.run(request, lambda patience: state.service.answer(inquiry, patience))
    note(request, answer)
    return Answered.model_validate(answer)


@router.post("/v1/retrieve", response_model=Found, responses=OPENAI_ERRORS, summary="Find passages")
async def retrieve(search: Search, request: Request) -> Found:
    """The author's passages that answer the question, with the scores of each stage; no model writes anything."""
    state = running(request)
    found = await state.searching.run(
        request,
        lambda patience: state.service.passages(search.query, author=search.author, k=search.k, patience=patience),
    )
    return _found(found)


@router.get("/authors", response_model=Authors, responses=ERRORS, summary="Who can be asked")
@router.get("/v1/authors", response_model=Authors, responses=OPENAI_ERRORS, summary="Who can be asked")
async def authors(request: Request) -> Authors:
    """The authors, and the versions of their twins."""
    service = running(request).service
    return await to_thread.run_sync(
        lambda: Authors(authors=[ListedAuthor.model_validate(one) for one in service.authors()])
    )


@router.get("/v1/twins", response_model=Twins, responses=OPENAI_ERRORS, summary="What is known of the twins")
async def twins(request: Request) -> Twins:
    """Every version with its stages, its scores, and why it may answer or not."""
    service = running(request).service
    return await to_thread.run_sync(lambda: Twins(twins=[ListedTwin.model_validate(one) for one in service.twins()]))


@router.post(
    "/v1/feedback", response_model=KeptFeedback, responses=OPENAI_ERRORS, summary="Say what an answer is worth"
)
async def feedback(given: GivenFeedback, request: Request) -> KeptFeedback:
    """Stored in the warehouse. What was put right can be exported as preference pairs: ./poe feedback export."""
    service = running(request).service
    return await to_thread.run_sync(lambda: KeptFeedback(id=service.keep_feedback(**given.model_dump(mode="json")).id))


@router.post(
    "/admin/reload",
    response_model=Authors,
    responses={**ERRORS, 403: {"model": Failed, "description": "A page of another site asks."}},
    summary="Let go of what has changed",
)
async def reload(request: Request) -> Response | Authors:
    """Closes the models that nobody uses; the next question opens what is `latest` then."""
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        return failed(request.url.path, 403, "A page of another site may not do this.", "AccessDenied")
    service = running(request).service
    return await to_thread.run_sync(
        lambda: Authors(authors=[ListedAuthor.model_validate(one) for one in service.reload()])
    )


@router.get("/health", response_model=Health, summary="Whether the process is alive")
async def health() -> Health:
    """Answers at once, also while questions are being answered."""
    return Health()


@router.get(
    "/ready",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "A part that is needed cannot be used."}},
    summary="Whether questions can be answered",
)
async def ready(request: Request) -> Response | Readiness:
    """Asks each store, for no longer than 1.5 seconds, and whether a chat model could be opened."""
    service = running(request).service
    checks = {
        "warehouse": service.check_documents,
        "feature store": service.check_vectors,
        "models": service.check_models,
    }
    found: dict[str, Part] = {}

    async def look(name: str, check: Callable[[], None]) -> None:
        found[name] = await _checked(name, check)

    async with create_task_group() as together:
        for name, check in checks.items():
            together.start_soon(look, name, check)
    parts = [found[name] for name in checks]
    if all(part.ok for part in parts):
        return Readiness(status="ready", parts=parts)
    return JSONResponse(Readiness(status="not ready", parts=parts).model_dump(), 503)


@router.get("/metrics", response_class=PlainTextResponse, responses=ERRORS, summary="Figures for Prometheus")
async def metrics(request: Request) -> Response:
    """Requests, tokens, waiting times, and who waits, in Prometheus's text format."""
    state = running(request)
    text = state.metrics.text(requests_present=state.writing.present, requests_waiting=state.writing.waiting, up=1)
    return Response(text, media_type=CONTENT_TYPE)


async def _checked(name: str, check: Callable[[], None]) -> Part:
    try:
        with fail_after(CHECK_SECONDS):
            await to_thread.run_sync(check, abandon_on_cancel=True)
    except TimeoutError:
        return Part(name=name, ok=False, problem=f"It gives no answer within {CHECK_SECONDS} seconds.")
    except TwinError as error:
        return Part(name=name, ok=False, problem=type(error).__name__)
    return Part(name=name, ok=True)


def _found(found: Retrieved) -> Found:
    return Found(
        author=found.author,
        searched=list(found.searched),
        filters=found.filters.shown,
        relevance=found.relevance,
        is_answerable=found.is_answerable,
        passages=[_passage(passage) for passage in found.passages],
    )


def _passage(passage: RetrievedPassage) -> FoundPassage:
    shown = {"document_id", "link", "title", "published_at", "platform", "start", "end", "text"}
    return FoundPassage(
        **passage.chunk.model_dump(include=shown),
        score=passage.score,
        scores=passage.scores,
        ranks=passage.ranks,
    )
