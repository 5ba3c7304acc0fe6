"""What OpenAI's clients call: GET /v1/models and POST /v1/chat/completions."""

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from llm_engineering.application.answering import Answer
from llm_engineering.application.registering import slug
from llm_engineering.application.telling import Begun, Event, Said
from llm_engineering.domain.errors import UnknownTwin
from llm_engineering.infrastructure.api.desk import ClientGone
from llm_engineering.infrastructure.api.errors import openai_error, told_of
from llm_engineering.infrastructure.api.openai_schemas import (
    ChatCompletion,
    ChatRequest,
    Completion,
    CompletionUsage,
    ListedModel,
    Models,
)
from llm_engineering.infrastructure.api.responses import OPENAI_ERRORS
from llm_engineering.infrastructure.api.running import Running, note, running
from llm_engineering.infrastructure.api.schemas import Source

router = APIRouter(prefix="/v1", tags=["OpenAI"])
STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""The second keeps nginx from collecting a stream before it passes it on."""


@router.get("/models", response_model=Models, responses=OPENAI_ERRORS, summary="The twins, as models")
async def models(request: Request) -> Models:
    """The base model, each author's latest twin, and every version."""

    def work() -> Models:
        return Models(data=list(_listed(running(request))))

    return await to_thread.run_sync(work)


@router.get("/models/{model:path}", response_model=ListedModel, responses=OPENAI_ERRORS, summary="One of them")
async def model(model: str, request: Request) -> ListedModel:
    """The model of that id."""

    def work() -> ListedModel:
        for one in _listed(running(request)):
            if one.id == model:
                return one
        raise UnknownTwin(f'There is no model "{model[:80]}"; GET /v1/models lists them.')

    return await to_thread.run_sync(work)


@router.post(
    "/chat/completions",
    response_model=ChatCompletion,
    responses={**OPENAI_ERRORS, 200: {"content": {"text/event-stream": {}}, "model": ChatCompletion}},
    summary="Let a twin go on with a conversation",
)
async def chat_completions(asked: ChatRequest, request: Request) -> Any:
    """Answers the user's last message from what the author wrote, as OpenAI's chat completions do; also as a stream."""
    began, state = time.monotonic(), running(request)
    inquiry = asked.inquiry(state.limits.most_tokens)
    completion = Completion(asked.model)
    if not asked.stream:
        answer = await state.writing.run(request, lambda patience: state.service.answer(inquiry, patience))
        note(request, answer)
        return completion.whole(answer)
    events = state.writing.stream(request, lambda patience: state.service.tell(inquiry, patience))
    first = await anext(events)  # what is wrong with the request is known by now, and gets a status of its own
    with_usage = bool(asked.stream_options and asked.stream_options.include_usage)
    stream = _lines(request, completion, first, events, with_usage, began)
    return StreamingResponse(stream, media_type="text/event-stream", headers=STREAM_HEADERS)


async def _lines(
    request: Request,
    completion: Completion,
    first: Event,
    events: AsyncGenerator[Event, None],
    with_usage: bool,
    began: float,
) -> AsyncIterator[str]:
    """Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
    waits = True
    try:
        yield _data(_chunk(completion, first))
        async for event in events:
            if waits and isinstance(event, Said):
                waits = False
                running(request).metrics.first_token(time.monotonic() - began)
            yield _data(_chunk(completion, event))
            if isinstance(event, Answer):
                note(request, event)
                if with_usage:
                    usage = CompletionUsage.of(event.usage).model_dump()
                    yield _data(completion.chunk(None, usage=usage))
        yield "data: [DONE]\n\n"
    except ClientGone:
        return
    except Exception as error:  # noqa: BLE001  (the status is sent already, so the failure becomes a part of the stream)
        status, message, code = told_of(error, request.state.id, request.url.path)
        yield _data({"error": {**openai_error(status, message, code), "status": status}})
    finally:
        await events.aclose()  # frees the slot


def _chunk(completion: Completion, event: Event) -> dict[str, Any]:
    match event:
        case Begun():
            sources = [Source.model_validate(source, from_attributes=True) for source in event.sources]
            shown = [source.model_dump(mode="json") for source in sources]
            delta = {"role": "assistant", "content": ""}
            return completion.chunk(delta, sources=shown, author=event.author, twin=event.twin)
        case Said():
            return completion.chunk({"content": event.text})
        case _:
            return completion.last_chunk(event)


def _data(event: dict[str, Any]) -> str:
    return f"data: {json.dumps(event, ensure_ascii=False)}\n\n"


def _listed(state: Running) -> list[ListedModel]:
    listed = [ListedModel(id="base", created=0, owned_by="llm-twin", author=None, kind="base")]
    for author in state.service.authors():
        name = author.full_name
        made = {twin.twin: int(twin.created_at.timestamp()) for twin in author.twins}
        if author.latest:
            newest = made.get(author.latest, 0)
            listed.append(ListedModel(id=slug(name), created=newest, owned_by=name, author=name, kind="latest"))
        for twin, created in made.items():
            listed.append(ListedModel(id=twin, created=created, owned_by=name, author=name, kind="version"))
    return listed
