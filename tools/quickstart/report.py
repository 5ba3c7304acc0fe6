"""The quickstart's report: `report.json` for programs, `report.html` for people."""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from pydantic import BaseModel, Field

from llm_engineering.application.answering import SourceReference
from llm_engineering.domain.twins import TwinManifest

TEMPLATES = Path(__file__).parent
EVALUATION_DIR = "evaluation"
"""Directory beside the report that holds the whole evaluation."""


class QuarantinedLink(BaseModel):
    """An item that was kept out of the warehouse, and why."""

    link: str
    reason: str


class SideBySide(BaseModel):
    """One question, what the base model says, what the twin says, and from what."""

    question: str
    base: str
    twin: str
    sources: list[SourceReference]


class Report(BaseModel):
    """What a quickstart run did and measured. The names are read by other programs: keep them."""

    author: str
    twin: str
    base_model: str
    created_at: datetime
    stages: dict[str, float]
    """Stage → wall seconds of this run; 0 for one whose earlier result still holds."""
    reused: list[str] = Field(default_factory=list)
    """Stages whose earlier result still holds."""
    documents: dict[str, int]
    quarantined: list[QuarantinedLink]
    chunks: int
    instruct_samples: dict[str, int]
    preference_samples: dict[str, int]
    verbatim_answer_share: float
    sft: dict[str, float]
    dpo: dict[str, float]
    style: dict[str, float]
    """0 = other authors' mean, 1 = the author's own held-out mean."""
    style_detail: dict[str, Any]
    copying: dict[str, Any]
    candidates: list[dict[str, Any]] = Field(default_factory=list)
    """Base model and twin, each with sources and without: style, copying, truth, fluency."""
    promotion: dict[str, Any] = Field(default_factory=dict)
    """The rule by which a twin becomes `latest`, and what was found for each of its conditions."""
    verdict: str
    answers: list[SideBySide]
    training: list[dict[str, Any]]
    versions: dict[str, str]


def training_figures(manifest: TwinManifest) -> tuple[dict[str, float], dict[str, float]]:
    """(sft, dpo) as the report names them; empty for a stage that the twin has not been through."""
    results = {entry["result"]["finetuning_type"]: entry["result"] for entry in manifest.training}
    wanted = {
        "sft": ("loss_first", "loss_last", "heldout_loss_before", "heldout_loss_after", "tokens_per_second", "steps"),
        "dpo": ("loss_first", "loss_last", "reward_margin_last", "tokens_per_second", "steps"),
    }
    figures = {
        stage: {name: results[stage][name] for name in names if results[stage].get(name) is not None}
        if stage in results
        else {}
        for stage, names in wanted.items()
    }
    return figures["sft"], figures["dpo"]


def style_figures(scores: dict[str, Any]) -> dict[str, float]:
    """Candidate → style score, from a manifest's scores."""
    return {
        name: _shown(scores["style"][name]["value"]) for name in ("base", "twin", "author_held_out", "other_author")
    }


def write(report: Report, directory: Path) -> tuple[Path, Path]:
    """Write report.json and report.html, each in one step; returns both paths."""
    directory.mkdir(parents=True, exist_ok=True)
    pages = {"report.json": report.model_dump_json(indent=2) + "\n", "report.html": html(report)}
    for name, text in pages.items():
        temporary = directory / f".{name}.tmp"
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, directory / name)
    return directory / "report.json", directory / "report.html"


def html(report: Report) -> str:
    """One self-contained page: no script, no request to anywhere."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["duration"] = duration
    template = environment.get_template("report.html.jinja")
    return template.render(
        report=report,
        evaluation=f"{EVALUATION_DIR}/report.html",
        scale=_scale(report) if report.style_detail else {},
        curves=_curves(report.training),
    )


def duration(seconds: float) -> str:
    """ "3 min 05 s", "12 s", "0.4 s"."""
    if seconds >= 60:
        return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def _shown(value: float) -> float:
    """To four places, and never "-0.00"."""
    return round(value, 4) + 0.0


def _scale(report: Report) -> dict[str, Any]:
    """Positions (0 to 100 % of the axis) of each candidate and its interval."""
    style = report.style_detail
    named = [("other_author", "Other authors", style["other_author"])]
    if report.candidates:
        named += [(_colour(one["name"]), one["label"], one["style"]) for one in report.candidates]
    else:  # a twin that was measured by an earlier version
        named += [("base", "Base model", style["base"]), ("twin", "Twin", style["twin"])]
    named.append(("author_held_out", "The author, held-out text", style["author_held_out"]))
    rows = [{"key": key, "label": label, **score, "value": _shown(score["value"])} for key, label, score in named]
    least = min(0.0, *(row["low"] for row in rows)) - 0.05
    most = max(1.0, *(row["high"] for row in rows)) + 0.05

    def place(value: float) -> float:
        return float(round(100 * (value - least) / (most - least), 2))

    for row in rows:
        row |= {"at": place(row["value"]), "from": place(row["low"]), "to": place(row["high"])}
    return {"rows": rows, "zero": place(0.0), "one": place(1.0)}


def _colour(candidate: str) -> str:
    return "base" if candidate.partition("+")[0] in ("base", "style-card") else "twin"


def _curves(training: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One loss curve a stage, as points of a 300 by 90 drawing."""
    curves = []
    for entry in training:
        result = entry["result"]
        losses = [step["loss"] for step in result["history"] if "loss" in step]
        if len(losses) < 2:
            continue
        low, high = min(losses), max(losses)
        width, height = 300 / (len(losses) - 1), 80 / ((high - low) or 1)
        points = " ".join(f"{index * width:.1f},{85 - (loss - low) * height:.1f}" for index, loss in enumerate(losses))
        curves.append(
            {"stage": result["finetuning_type"].upper(), "points": points, "low": low, "high": high, **result}
        )
    return curves
