"""A training stage in processes of its own: one for each GPU, started by `accelerate launch`."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import IO

from llm_engineering.application.ports import Progress
from llm_engineering.domain.backends import Backend
from llm_engineering.domain.errors import TrainingError
from llm_engineering.domain.twins import TrainingResult
from llm_engineering.infrastructure.models.embedded import MODEL_PREFIX
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.run import Job
from llm_engineering.infrastructure.training.tracking import Tracking, reporting

PROCESS = "llm_engineering.infrastructure.training.process"
JOB, RESULT, ERROR, LOG = "job.json", "result.json", "error.txt", "launch.log"


def launched(job: Job, backend: Backend, models: ModelStore, tracking: Tracking, progress: Progress) -> TrainingResult:
    """As `run.run`, in processes that end with this one. What they say reaches `progress`.

    Raises TrainingError with the message of the process that failed.
    """
    directory = job.output_dir
    directory.mkdir(parents=True, exist_ok=True)
    for left in (RESULT, ERROR):
        (directory / left).unlink(missing_ok=True)
    description = {
        "job": job.model_dump(mode="json"),
        "backend": asdict(backend),
        "models_dir": _models_dir(job.base_model, models),
        "report_to": tracking.report_to,
    }
    (directory / JOB).write_text(json.dumps(description), "utf-8")
    with reporting(tracking), (directory / LOG).open("w", encoding="utf-8") as log:
        threads = max(1, (os.cpu_count() or 1) // backend.processes)
        code = _wait(command(directory / JOB, backend), _environment(threads, models), log, progress)
    if code != 0:
        raise TrainingError(_reason(directory, code))
    result = TrainingResult.model_validate_json((directory / RESULT).read_text("utf-8"))
    for done in (JOB, RESULT, LOG):
        (directory / done).unlink()
    return result


def command(job_file: Path, backend: Backend) -> list[str]:
    """The command line that trains the job in that file."""
    where = {"cpu": ["--cpu"], "mps": [], "cuda": ["--multi_gpu"] if backend.processes > 1 else []}[backend.device]
    launcher = [sys.executable, "-m", "accelerate.commands.launch", *where]
    # Number formats are the trainer's business, which knows the plan.
    fixed = ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    return [*launcher, *fixed, "--num_processes", str(backend.processes), "-m", PROCESS, str(job_file)]


def _models_dir(base_model: str, models: ModelStore) -> str | None:
    """Where the embedded model is, fetched by now; None for others, which need no store."""
    return str(models.path(base_model).parents[1]) if base_model.startswith(MODEL_PREFIX) else None


def _environment(threads: int, models: ModelStore) -> dict[str, str]:
    """That of the processes. The token of the hub is in it, since the job's file is no place for secrets."""
    token = {"HF_TOKEN": models.hub_token} if models.hub_token else {}
    return {"OMP_NUM_THREADS": str(threads)} | os.environ | token


def _wait(command: list[str], environment: dict[str, str], log: IO[str], progress: Progress) -> int:
    # The processes hold the other end of stdin, and end when it closes: with this one, however that ends.
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
    ) as process:
        for line in process.stdout or ():
            progress.note(line.rstrip("\n"))
    return process.returncode


def _reason(directory: Path, code: int) -> str:
    if (directory / ERROR).is_file():
        return (directory / ERROR).read_text("utf-8")
    return f"The training processes ended with code {code}; {directory / LOG} says more."
