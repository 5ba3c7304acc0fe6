"""What the endpoints share while the server runs."""

from dataclasses import dataclass

from fastapi import Request

from llm_engineering.application.answering import Answer
from llm_engineering.infrastructure.api.desk import Desk
from llm_engineering.infrastructure.api.metrics import Metrics
from llm_engineering.infrastructure.api.service import Limits, Service


@dataclass(frozen=True)
class Running:
    """The service behind the endpoints, and where its work is done."""

    service: Service
    writing: Desk
    """For answers."""
    searching: Desk
    """For retrieval alone, which needs no slot of the model."""
    metrics: Metrics
    limits: Limits


def running(request: Request) -> Running:
    """Of the server that received the request."""
    found: Running = request.state.running
    return found


def note(request: Request, answer: Answer) -> None:
    """Count the answer, and put what the log may know of it beside the request."""
    used = answer.usage
    read, wrote = (used.prompt_tokens, used.completion_tokens) if used else (0, 0)
    running(request).metrics.answer(read, wrote, answer.withheld is not None)
    request.state.noted.update(twin=answer.twin, prompt_tokens=read, completion_tokens=wrote)
