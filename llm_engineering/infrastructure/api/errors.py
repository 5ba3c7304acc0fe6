"""Every failure as JSON: {"error": {"message", "type"}} with a fitting status, never a trace."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from llm_engineering.domain.errors import (
    BadInput,
    BadSettings,
    EmptyCorpus,
    ModelError,
    ServiceError,
    StoreError,
    TemplateMismatch,
    TwinError,
    UnknownAuthor,
)
from llm_engineering.infrastructure.api.schemas import Failed, Failure

log = logging.getLogger("llm_twin.service")

STATUS_OF = {
    UnknownAuthor: 404,
    EmptyCorpus: 409,
    BadSettings: 500,
    BadInput: 422,
    TemplateMismatch: 409,
    StoreError: 503,
    ModelError: 503,
    ServiceError: 503,
}
"""The first entry that fits decides, so a subclass stands before its parent."""


def add_error_handlers(app: FastAPI) -> None:
    """Let the app answer every failure in the one shape."""
    app.add_exception_handler(TwinError, _twin_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)


def failed(status: int, message: str, kind: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The response that says so."""
    body = Failed(error=Failure(message=message, type=kind))
    return JSONResponse(body.model_dump(), status, headers)


def unexpected(request_id: str) -> JSONResponse:
    """The response to a failure that nobody foresaw; what it was stands in the log only."""
    return failed(500, f"Something went wrong; the service's log says what, under request {request_id}.", "ServerError")


def http_failure(status: int, path: str, method: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The response to a request that no endpoint took."""
    match status:
        case 400:
            message = "The body cannot be read as JSON in UTF-8; correct it."
        case 404:
            message = f"There is nothing at {path[:200]}; /docs lists what there is."
        case 405:
            message = f"{path[:200]} does not take {method}; /docs lists what it takes."
        case 413:
            message = "The body is larger than 64 KB; send a shorter one."
        case _:
            message = f"{HTTPStatus(status).phrase}."
    return failed(status, message, "RequestError", headers)


async def _twin_error(request: Request, error: Exception) -> JSONResponse:
    status = next((status for kind, status in STATUS_OF.items() if isinstance(error, kind)), 500)
    if status >= 500:
        log.error("request %s: %s: %s", request.state.id, type(error).__name__, error)
    if isinstance(error, BadSettings):  # names values of settings, which are not the client's business
        return unexpected(request.state.id)
    return failed(status, str(error), type(error).__name__)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """The first thing that is wrong with the request. What was sent is not repeated."""
    first = error.errors()[0] if isinstance(error, RequestValidationError) else {}
    place = ".".join(str(part) for part in first.get("loc", ())[1:2])
    match first.get("type"):
        case "json_invalid":
            message = 'The body is not JSON; send an object such as {"query": "…"}.'
        case "missing" if place:
            message = f'"{place}" is missing; give it.'
        case "missing" | "model_attributes_type" | "model_type" | "dict_type":
            message = 'The body is no JSON object; send one, {"query": "…"}, with Content-Type: application/json.'
        case "extra_forbidden":
            message = f'There is no field "{place[:80]}"; /docs lists the fields.'
        case _:
            reason = str(first.get("msg", "invalid")).removeprefix("Value error, ")
            message = f'"{place}" is wrong: {reason}.'
    return failed(422, message, BadInput.__name__)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        return unexpected(request.state.id)
    return http_failure(error.status_code, request.url.path, request.method, dict(error.headers or {}))
