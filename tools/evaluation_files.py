"""The report of an evaluation as files: report.json for programs, report.html for people."""

import os
from pathlib import Path

from llm_engineering.domain.evaluation import EvaluationReport
from steps.evaluation_page import page


def written(report: EvaluationReport, directory: Path) -> Path:
    """Write both, each in one step; returns the page's path. Raises OSError when the disk refuses."""
    directory.mkdir(parents=True, exist_ok=True)
    files = {"report.json": report.model_dump_json(indent=2) + "\n", "report.html": page(report)}
    for name, text in files.items():
        temporary = directory / f".{name}.tmp"
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, directory / name)
    return directory / "report.html"


def directory_of(report: EvaluationReport, output_dir: Path) -> Path:
    """Where a twin's report stands: OUTPUT_DIR/evaluations/NAME/vVERSION."""
    name, _, version = report.twin.partition("/")
    return output_dir / "evaluations" / name / f"v{version}"
