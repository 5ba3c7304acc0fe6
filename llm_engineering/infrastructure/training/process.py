"""One process of a launched training stage; `launching.py` starts it as a module."""

import json
import os
import sys
import threading
from pathlib import Path

from llm_engineering.application.ports import Silent
from llm_engineering.domain.backends import Backend
from llm_engineering.domain.errors import TwinError
from llm_engineering.infrastructure.training.tracking import Tracking


class Lines(Silent):
    """Progress that writes its notes to standard output, for the process at the other end."""

    def note(self, message: str) -> None:
        """One line."""
        sys.stdout.write(f"{message}\n")
        sys.stdout.flush()


def main(job_file: Path) -> int:
    """Train the job of the file; the main process leaves the result, or the reason of a failure, beside it."""
    description = json.loads(job_file.read_text("utf-8"))
    if description["backend"]["name"] == "unsloth":
        import unsloth  # noqa: F401  # changes transformers, which therefore has to come later

    from llm_engineering.infrastructure.models.store import ModelStore
    from llm_engineering.infrastructure.training.launching import ERROR, RESULT
    from llm_engineering.infrastructure.training.run import Job, run

    is_main = os.environ.get("RANK", "0") == "0"
    progress = Lines() if is_main else Silent()
    try:
        result = run(
            Job.model_validate(description["job"]),
            Backend(**description["backend"]),
            ModelStore(Path(description["models_dir"] or "."), progress),
            Tracking(report_to=tuple(description["report_to"])),
            progress,
        )
    except TwinError as error:
        if is_main:
            job_file.with_name(ERROR).write_text(str(error), "utf-8")
        return 1
    if is_main:
        job_file.with_name(RESULT).write_text(result.model_dump_json(), "utf-8")
    return 0


def _end_with_the_one_who_started_this() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_one_who_started_this, daemon=True).start()
    sys.exit(main(Path(sys.argv[1])))
