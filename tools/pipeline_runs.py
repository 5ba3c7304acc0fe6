"""Run a pipeline by ZenML from code, quietly, and say afterwards what came of it.

    summary = run_pipeline("feature_engineering", {"author_full_names": ["Mara Lindqvist"]})
    report = summary.artifact("chunk_and_embed")

Importing this is quick; ZenML is imported by the first run.
"""

import logging
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import yaml

from llm_engineering.domain.errors import StoreUnreachable, TwinError
from pipelines import PIPELINES, as_zenml
from tools import environment
from tools.console import say
from tools.zenml_store import ensure_store

if TYPE_CHECKING:
    from zenml.models import PipelineRunResponse, StepRunResponse
    from zenml.pipelines.pipeline_definition import Pipeline

DASHBOARD_PORT = 8237
SETTINGS_SECRET = "settings"
"""The ZenML secret that `export-settings-to-zenml` makes."""


@dataclass(frozen=True)
class StepSummary:
    """A step of a run, and what its outputs say of themselves."""

    name: str
    status: str
    """completed, cached, failed, …"""
    seconds: float
    results: list[str]


@dataclass(frozen=True)
class RunSummary:
    """A run of a pipeline."""

    pipeline: str
    run_id: UUID
    run_name: str
    status: str
    """completed, or what a remote orchestrator says: initializing, running, …"""
    seconds: float
    url: str | None
    """Where the run is to be seen, if a dashboard is running."""
    steps: list[StepSummary]

    @property
    def running_elsewhere(self) -> bool:
        """Whether the stack goes on with the run, so that its artifacts are not there yet."""
        return self.status != "completed"

    def artifact(self, step: str, output: str | None = None) -> Any:
        """What the step put out, loaded; `output` names it when there are several."""
        from zenml.client import Client

        outputs = Client().get_pipeline_run(self.run_id).steps[step].outputs
        versions = outputs[output] if output else next(iter(outputs.values()))
        return versions[0].load()


def run_pipeline(
    name: str,
    parameters: Mapping[str, Any],
    *,
    run_settings: Mapping[str, Any] | None = None,
    cache: bool = True,
) -> RunSummary:
    """Run the pipeline of that name on the active ZenML stack and wait for it, if the stack does.

    `parameters` are taken as checked (`tools.config_files.read_config`); `run_settings` are the
    other keys of a config file. Without `cache` every step runs, also a training that would be
    the same again. A TwinError of a step is raised as it is.
    """
    session = zenml_session()
    started = time.monotonic()
    with _as_sentences():
        pipeline = _configured(as_zenml(PIPELINES[name]), session, dict(run_settings or {}), cache)
        run = pipeline(**parameters)
    if run is None:
        raise TwinError(f"ZenML did not start {name}: it only scheduled it; look at the schedules in the dashboard.")
    summary = _summary(name, run, time.monotonic() - started)
    if run.status.is_failed:
        where = summary.url or "./poe zenml-dashboard"
        raise TwinError(f"{name} failed on the stack that ran it; the logs of its steps are at {where}.")
    return summary


@dataclass(frozen=True)
class Session:
    """What a run has to know of the active stack."""

    orchestrator: str
    """Its flavor: local, kubernetes, sagemaker, …"""
    fails_fast: bool
    """Whether it can stop at the first step that fails, and raises what that step raised."""

    @property
    def is_local(self) -> bool:
        """Whether steps run in this process."""
        return self.orchestrator == "local"


def zenml_session() -> Session:
    """Import ZenML and open its store, which the first time on a machine takes a while. Quiet from then on."""
    environment.prepare()
    from zenml.client import Client
    from zenml.enums import ExecutionMode

    _quiet()
    _without_integrations()
    with _as_sentences():
        ensure_store()
        orchestrator = Client().active_stack.orchestrator
    return Session(orchestrator.flavor, ExecutionMode.FAIL_FAST in orchestrator.supported_execution_modes)


def _quiet() -> None:
    """Keep ZenML's log records for its step logs and our file, and off the terminal."""
    from zenml.logger import ZenMLConsoleHandler

    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, ZenMLConsoleHandler)]:
        root.removeHandler(handler)
    # ZenML replaces stderr's write by one that copies everything into the step's log: each frame
    # of a progress bar would become a line there. What is worth keeping is logged by StepProgress.
    vars(sys.stderr).pop("write", None)


def _without_integrations() -> None:
    """Do not import torch and scikit-learn for every run.

    ZenML imports each installed library that it knows a materializer for when a pipeline is
    compiled: five seconds and 400 MB, for artifacts that we do not have. Parts of a stack are
    imported when the stack needs them, with or without this.
    """
    from zenml.integrations.registry import integration_registry

    integration_registry.activate_integrations = lambda: None  # type: ignore[method-assign]


def _configured(pipeline: "Pipeline", session: Session, run_settings: dict[str, Any], cache: bool) -> "Pipeline":
    from zenml.enums import ExecutionMode

    settings = _fitting(run_settings.pop("settings", None) or {}, session)
    options: dict[str, Any] = {"settings": settings} if settings else {}
    if session.fails_fast:
        options["execution_mode"] = ExecutionMode.FAIL_FAST
    if not cache:
        options["enable_cache"] = False
    if not session.is_local and _settings_are_exported():
        # Steps that run elsewhere find the settings in their environment.
        options["secrets"] = [SETTINGS_SECRET]
    if not run_settings:
        return pipeline.with_options(**options)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
        yaml.safe_dump(run_settings, file)
        file.flush()
        configured = pipeline.with_options(config_path=file.name, **options)
        configured._run_args.pop("config_path")  # read already, and the file is about to go
        return configured


def _settings_are_exported() -> bool:
    from zenml.client import Client

    return Client().list_secrets(name=SETTINGS_SECRET).total > 0


def _fitting(settings: dict[str, Any], session: Session) -> dict[str, Any]:
    """Without the settings of stack components that are not active; says which they were."""
    from zenml.client import Client

    stack = Client().active_stack
    active = {f"{component.type.value}.{component.flavor}" for component in stack.all_components}
    active |= {f"{component.type.value}:{component.name}" for component in stack.all_components}
    ignored = [key for key in settings if ("." in key or ":" in key) and key not in active]
    if session.is_local and "docker" in settings:
        ignored.append("docker")
    if ignored:
        say(f"Not used here (the active stack is {stack.name}): settings {', '.join(ignored)}.")
    return {key: value for key, value in settings.items() if key not in ignored}


@contextmanager
def _as_sentences() -> Iterator[None]:
    """Turn what ZenML raises about its own store into a sentence; a TwinError stays what it is."""
    from requests.exceptions import ConnectionError as ServerUnreachable
    from sqlalchemy.exc import OperationalError
    from zenml.exceptions import HookExecutionException, RunInterruptedException

    try:
        yield
    except OperationalError as error:
        raise StoreUnreachable(
            f"ZenML's database refused: {error.orig}; check the disk, the permissions and other running pipelines."
        ) from error
    except ServerUnreachable as error:
        raise StoreUnreachable(
            "The ZenML server that this machine is logged in to does not answer; start it, or go back to the local "
            "store with `zenml logout`."
        ) from error
    except RunInterruptedException:
        raise KeyboardInterrupt from None
    except HookExecutionException as error:
        raise TwinError(f"A hook of the pipeline failed: {error}") from error


def _summary(name: str, run: "PipelineRunResponse", seconds: float) -> RunSummary:
    order = sorted(run.steps.values(), key=lambda step: (step.start_time is None, step.start_time))
    return RunSummary(
        pipeline=name,
        run_id=run.id,
        run_name=run.name,
        status=run.status.value,
        seconds=seconds,
        url=_url(run),
        steps=[_step_summary(step) for step in order],
    )


def _step_summary(step: "StepRunResponse") -> StepSummary:
    took = (step.end_time - step.start_time).total_seconds() if step.start_time and step.end_time else 0.0
    versions = [version for outputs in step.outputs.values() for version in outputs]
    described = [step.run_metadata, *(version.run_metadata for version in versions)]
    results = [str(figures["summary"]) for figures in described if "summary" in figures]
    return StepSummary(step.name, step.status.value, took, results)


def _url(run: "PipelineRunResponse") -> str | None:
    import socket

    from zenml.utils.dashboard_utils import get_run_url

    if url := get_run_url(run):
        return str(url)
    with socket.socket() as probe:
        probe.settimeout(0.3)
        if probe.connect_ex(("127.0.0.1", DASHBOARD_PORT)) != 0:
            return None
    return f"http://127.0.0.1:{DASHBOARD_PORT}/projects/{run.project.name}/runs/{run.id}"
