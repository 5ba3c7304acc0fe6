"""Every failure as JSON with a fitting status, never a trace.

{"error": {"message", "type"}}, and below /v1 OpenAI's shape {"error": {"message", "type", "param", "code"}}.
"""

import logging
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from llm_engineering.domain.errors import (
    BadInput,
    BadSettings,
    EmptyCorpus,
    ModelError,
    PromptTooLong,
    ServiceBusy,
    ServiceError,
    StoreError,
    TemplateMismatch,
    TimeLimitReached,
    TwinError,
    UnknownAuthor,
    UnknownTwin,
)
from llm_engineering.infrastructure.api.desk import ClientGone
from llm_engineering.infrastructure.api.schemas import Failed, Failure

log = logging.getLogger("llm_twin.service")

STATUS_OF = {
    UnknownAuthor: 404,
    EmptyCorpus: 409,
    BadSettings: 500,
    BadInput: 422,
    TemplateMismatch: 409,
    PromptTooLong: 422,
    StoreError: 503,
    ModelError: 503,
    ServiceBusy: 429,
    TimeLimitReached: 504,
    ServiceError: 503,
}
"""The first entry that fits decides, so a subclass stands before its parent."""
OPENAI_STATUS = {409: 400, 422: 400}
"""OpenAI says 400 of whatever the client can correct; its client tries a 409 again."""
OPENAI_CODE = {401: "invalid_api_key", 404: "not_found", 413: "request_too_large", 429: "rate_limit_exceeded"}
BODY_SECONDS = 20
"""In which a body of the largest size has arrived over any line."""
TOO_LONG = "The question and what goes with it are longer than the model reads; shorten it, or the messages before it."
OWN_TROUBLE = {StoreError: "A store of the service cannot be used now", ModelError: "The model cannot be used now"}
"""What clients hear instead of an error's own sentence, which names files and servers."""
CLIENT_CLOSED = 499
"""As nginx notes it; nobody receives it."""


def add_error_handlers(app: FastAPI) -> None:
    """Let the app answer every failure in the shape of its path."""
    app.add_exception_handler(TwinError, _twin_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientGone, _client_gone)


def failed(
    path: str, status: int, message: str, kind: str, headers: dict[str, str] | None = None, code: str | None = None
) -> JSONResponse:
    """The response that says so."""
    if not path.startswith("/v1/"):
        body = Failed(error=Failure(message=message, type=kind))
        return JSONResponse(body.model_dump(), status, headers)
    status = OPENAI_STATUS.get(status, status)
    return JSONResponse({"error": openai_error(status, message, code)}, status, headers)


def openai_error(status: int, message: str, code: str | None = None) -> dict[str, Any]:
    """An error in OpenAI's words."""
    kind = "server_error" if status >= 500 else "rate_limit_error" if status == 429 else "invalid_request_error"
    return {"message": message, "type": kind, "param": None, "code": code or OPENAI_CODE.get(status)}


def unexpected(path: str, request_id: str) -> JSONResponse:
    """The response to a failure that nobody foresaw; what it was stands in the log only."""
    return failed(path, 500, unforeseen(request_id), "ServerError")


def unforeseen(request_id: str) -> str:
    """What is said of a failure that nobody foresaw."""
    return f"Something went wrong; the service's log says what, under request {request_id}."


def http_failure(status: int, path: str, method: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The response to a request that no endpoint took."""
    match status:
        case 400:
            message = "The body cannot be read as JSON in UTF-8; correct it."
        case 404:
            message = f"There is nothing at {path[:200]}; /docs lists what there is."
        case 405:
            message = f"{path[:200]} does not take {method}; /docs lists what it takes."
        case 408:
            message = "The body did not arrive in time; send it at once."
        case 413:
            message = "The body is larger than 64 KB; send a shorter one."
        case _:
            message = f"{HTTPStatus(status).phrase}."
    return failed(path, status, message, "RequestError", headers)


def told_of(error: Exception, request_id: str, path: str) -> tuple[int, str, str | None]:
    """Status, sentence and OpenAI's code for an error, which is logged when it is the service's own."""
    status = next((status for kind, status in STATUS_OF.items() if isinstance(error, kind)), 500)
    if not isinstance(error, TwinError):
        log.error("request %s failed", request_id, exc_info=error)
    elif status >= 500:
        log.error("request %s: %s: %s", request_id, type(error).__name__, error)
    if not isinstance(error, TwinError) or isinstance(error, BadSettings):
        return 500, unforeseen(request_id), None  # settings and traces are not the client's business
    if isinstance(error, UnknownTwin | UnknownAuthor) and path.startswith("/v1/"):
        return 404, str(error), "model_not_found" if isinstance(error, UnknownTwin) else "author_not_found"
    if isinstance(error, PromptTooLong):
        return status, TOO_LONG, "context_length_exceeded"
    for kind, trouble in OWN_TROUBLE.items():
        if isinstance(error, kind):
            return status, f"{trouble}; ask again later. The service's log says why, under request {request_id}.", None
    return status, str(error), None


async def _twin_error(request: Request, error: Exception) -> JSONResponse:
    path = request.url.path
    status, message, code = told_of(error, request.state.id, path)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, ServiceBusy) else None
    kind = "ServerError" if isinstance(error, BadSettings) else type(error).__name__
    return failed(path, status, message, kind, headers, code)


async def _client_gone(request: Request, error: Exception) -> Response:
    return Response(status_code=CLIENT_CLOSED)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """The first thing that is wrong with the request. What was sent is not repeated."""
    first = error.errors()[0] if isinstance(error, RequestValidationError) else {}
    place = _place(first.get("loc", ()))
    match first.get("type"):
        case "json_invalid":
            message = 'The body is not JSON; send an object such as {"query": "…"}.'
        case "missing" if place:
            message = f'"{place}" is missing; give it.'
        case "missing" | "model_attributes_type" | "model_type" | "dict_type" if not place:
            message = 'The body is no JSON object; send one, {"query": "…"}, with Content-Type: application/json.'
        case "extra_forbidden":
            message = f'There is no field "{place[:80]}"; /docs lists the fields.'
        case _:
            reason = str(first.get("msg", "invalid")).removeprefix("Value error, ").rstrip(".")
            message = f'"{place[:80]}" is wrong: {reason}.'
    return failed(request.url.path, 422, message, BadInput.__name__)


def _place(location: Sequence[str | int]) -> str:
    """Where it is in the body, e.g. "messages.0.role"; without pydantic's own words for alternatives."""
    names = [str(part) for part in location[1:5]]
    fields = [name for name in names[1:] if re.fullmatch(r"[a-z_]{1,40}|\d{1,6}", name) and name not in ("str", "int")]
    return ".".join([*names[:1], *fields])


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        return unexpected(request.url.path, request.state.id)
    return http_failure(error.status_code, request.url.path, request.method, dict(error.headers or {}))
