"""The failures that the OpenAPI document tells of."""

from typing import Any

from pydantic import BaseModel, Field

from llm_engineering.infrastructure.api.schemas import Failed

WHAT_FAILED = {
    400: "The Host header or the body cannot be read.",
    401: "No valid API key.",
    404: "No such author.",
    408: "The body did not arrive in time.",
    409: "Nothing of the author is indexed, or the twin was trained with other templates.",
    413: "The body is larger than 64 KB.",
    422: "The request cannot be answered as it is put.",
    429: "The queue is full, or the client asks too often; Retry-After says when to come again.",
    500: "Something went wrong.",
    503: "A store or a model cannot be used now.",
    504: "It took longer than one request may.",
}


class OpenAiError(BaseModel):
    """What failed, as OpenAI says it."""

    message: str
    type: str
    param: str | None
    code: str | None = Field(description='E.g. "model_not_found", "invalid_api_key", "rate_limit_exceeded".')


class OpenAiFailed(BaseModel):
    """The shape of an error below /v1."""

    error: OpenAiError


Responses = dict[int | str, dict[str, Any]]
ERRORS: Responses = {status: {"model": Failed, "description": says} for status, says in WHAT_FAILED.items()}
OPENAI_ERRORS: Responses = {
    status: {"model": OpenAiFailed, "description": says} for status, says in WHAT_FAILED.items() if status != 409
}
