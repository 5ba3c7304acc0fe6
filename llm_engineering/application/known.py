"""What the service tells about the twins there are."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from llm_engineering.application.choosing import twin_name
from llm_engineering.application.model_names import public_name
from llm_engineering.domain.twins import Promotion, TwinManifest

FIGURES = ("style", "copying")


class TwinFacts(BaseModel):
    """One version of a twin, as its manifest has it."""

    twin: str
    """Name and version, e.g. "mara-lindqvist/3"."""
    author: str
    version: int
    base_model: str
    stages: list[str]
    created_at: datetime
    is_latest: bool
    """Whether it answers unless another version is asked for."""
    passed_evaluation: bool
    verdict: str | None
    """The evaluation's result in a few sentences; None before it."""
    scores: dict[str, Any]
    """Its headline figures."""
    rule: dict[str, Any] | None
    """What the rule of promotion says of it, check by check."""
    promotion: Promotion | None


def facts_of(twin: TwinManifest, latest: TwinManifest | None) -> TwinFacts:
    """What is told of a version; nothing of directories and accounts."""
    promotion = twin.promotion.model_copy(update={"who": ""}) if twin.promotion else None
    return TwinFacts(
        twin=twin_name(twin),
        author=twin.author_full_name,
        version=twin.version,
        base_model=public_name(twin.base_model),
        stages=twin.stages,
        created_at=twin.created_at,
        is_latest=latest is not None and latest.id == twin.id,
        passed_evaluation=twin.passed_evaluation,
        verdict=str(twin.scores["verdict"]) if twin.scores.get("verdict") else None,
        scores={name: twin.scores[name] for name in FIGURES if name in twin.scores},
        rule=twin.scores.get("promotion"),
        promotion=promotion,
    )
