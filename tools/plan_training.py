"""python -m tools.plan_training: what a training will take, before anything is loaded."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import click
import yaml

from llm_engineering.application.planning import Forecast, assumed_speed, forecast, measured_speed
from llm_engineering.bootstrap import Twin, opened
from llm_engineering.domain.architecture import Architecture
from llm_engineering.domain.backends import Backend, Machine, choose
from llm_engineering.domain.errors import BadConfig, TwinError, UnknownAuthor
from llm_engineering.domain.twins import TrainingPlan, TwinManifest
from pipelines import PIPELINES
from pipelines.parameters import Hardware, StageOverrides
from pipelines.training import stage_plans
from tools import console
from tools.config_files import PipelineConfig, read_config
from tools.paths import UserPath

Fields = TypeVar("Fields", StageOverrides, Hardware)
CONFIGS = Path("configs/training")
"""Configurations that say in numbers how their base model is built."""
DEFAULT_SAMPLES = 500
ONE_GPU = Machine(cuda_devices=1, cuda_bfloat16=True, packages=frozenset({"bitsandbytes"}))
"""A modern one, with what the optional group installs."""
GB = 1e9
STAGE_FIELDS = ("num_train_epochs", "per_device_train_batch_size", "learning_rate", "max_steps")
ADVICE = (
    "hardware: {quantization: 4bit}",
    "per_device_train_batch_size: 1 with gradient_accumulation_steps raised as much",
    "a smaller max_seq_length",
)


@dataclass(frozen=True)
class Planned:
    """The stages of one configuration on one machine."""

    base_model: str
    machine: str
    device_memory: float | None
    """Bytes of one device; None when nothing was said and this is no CPU."""
    forecasts: list[Forecast]

    @property
    def peak(self) -> float:
        """Bytes on a device at the worst moment of any stage."""
        return max(stage.memory.total for stage in self.forecasts)

    @property
    def fits(self) -> bool | None:
        """Whether the worst moment is within the device's memory; None when that is unknown."""
        return None if self.device_memory is None else self.peak <= self.device_memory


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=UserPath(dir_okay=False), default=Path("configs/training.yaml"), show_default=True)
@click.option("--base-model", help="Instead of the configuration's, or of HF_MODEL_ID.")
@click.option("--gpus", type=click.IntRange(min=1), help="As if the machine had so many.  [default: what is here]")
@click.option("--gpu-memory", type=click.FloatRange(min=0, min_open=True), help="GB of each of them.")
@click.option("--samples", type=click.IntRange(min=1), help="Training samples.  [default: the newest twin's, or 500]")
@click.option("--tflops", type=click.FloatRange(min=0, min_open=True), help="What a device does; else it is assumed.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, for programs.")
def plan_training(
    config: Path,
    base_model: str | None,
    gpus: int | None,
    gpu_memory: float | None,
    samples: int | None,
    tflops: float | None,
    as_json: bool,
) -> None:
    """Parameters, memory on each device, disk and time of a training. Nothing is loaded or trained."""
    with opened() as twin:
        planned = plan(twin, config, base_model, gpus=gpus, gpu_memory=gpu_memory, samples=samples, tflops=tflops)
    if as_json:
        click.echo(json.dumps(as_json_object(planned), indent=2))
    else:
        _table(planned)


def plan(
    twin: Twin,
    config: Path,
    base_model: str | None = None,
    *,
    gpus: int | None = None,
    gpu_memory: float | None = None,
    samples: int | None = None,
    tflops: float | None = None,
) -> Planned:
    """Everything that is to be printed. Raises BadConfig when the base model is nowhere described."""
    wanted = read_config(PIPELINES["training"], config)
    extra = wanted.run_settings.get("extra") or {}
    base_model = base_model or extra.get("base_model") or twin.settings.HF_MODEL_ID
    architecture = twin.architecture(base_model) or _from_configs(base_model, [config, *sorted(CONFIGS.glob("*.yaml"))])
    machine = _machine(twin, gpus)
    known = _twins(twin, wanted.parameters["author_full_name"])
    everybody = twin.warehouse.twins()
    forecasts = []
    for stage in _plans(wanted):
        backend = _backend(stage, machine, None if base_model.startswith("embedded:") else architecture.model_type)
        given = assumed_speed(architecture, stage, backend, tflops * 1e12) if tflops else None
        forecasts.append(
            forecast(
                architecture,
                stage,
                backend,
                samples=samples or _samples(known, stage),
                speed=given or measured_speed(everybody, base_model, stage, backend),
            )
        )
    device_memory = gpu_memory * GB if gpu_memory else _memory_here(machine)
    where = f"{machine.cuda_devices} × GPU" if machine.cuda_devices else "CPU"
    return Planned(base_model, where, device_memory, forecasts)


def as_json_object(planned: Planned) -> dict[str, Any]:
    """As JSON has it; memory and disk in bytes."""
    stages = []
    for stage in planned.forecasts:
        stages.append(asdict(stage) | {"memory": asdict(stage.memory) | {"total": stage.memory.total}})
    return {
        "base_model": planned.base_model,
        "machine": planned.machine,
        "device_memory": planned.device_memory,
        "peak": planned.peak,
        "fits": planned.fits,
        "stages": stages,
    }


def _plans(wanted: PipelineConfig) -> list[TrainingPlan]:
    parameters = wanted.parameters
    only = parameters.get("finetuning_type")
    common = {name: parameters.get(name) for name in STAGE_FIELDS}
    sft, dpo = (_table_of(StageOverrides, parameters.get(stage)) for stage in ("sft", "dpo"))
    stages = stage_plans(only, common, sft, dpo, _table_of(Hardware, parameters.get("hardware")))
    return [stage for stage in stages if only in (None, stage.finetuning_type.value)]


def _table_of(kind: type[Fields], values: Any) -> Fields | None:
    return kind.model_validate(values) if values else None


def _from_configs(base_model: str, files: Sequence[Path]) -> Architecture:
    for file in files:
        extra = (yaml.safe_load(file.read_text("utf-8")) or {}).get("extra") or {}
        if str(extra.get("base_model", "")).lower() == base_model.lower() and extra.get("architecture"):
            return Architecture(**extra["architecture"])
    raise BadConfig(
        f"Nothing on this machine says how {base_model} is built; give a directory with its config.json, or write its "
        f"numbers into a configuration as those in {CONFIGS}/ do."
    )


def _machine(twin: Twin, gpus: int | None) -> Machine:
    """This one, or one that has so many modern GPUs."""
    if gpus is None:
        return twin.machine
    return replace(ONE_GPU, cuda_devices=gpus)


def _backend(stage: TrainingPlan, machine: Machine, model_type: str | None) -> Backend:
    try:
        return choose(stage, machine, model_type)
    except BadConfig as error:
        if machine.cuda_devices or not _possible(stage, ONE_GPU, model_type):
            raise
        raise BadConfig(f"{str(error).rstrip('.')}, or add --gpus 1 to plan for a machine with a GPU.") from None


def _possible(stage: TrainingPlan, machine: Machine, model_type: str | None) -> bool:
    try:
        choose(stage, machine, model_type)
    except TwinError:
        return False
    return True


def _memory_here(machine: Machine) -> float | None:
    if machine.cuda_devices or machine.mps:
        return None
    import psutil

    return float(psutil.virtual_memory().total)


def _twins(twin: Twin, author_full_name: str) -> list[TwinManifest]:
    try:
        return twin.warehouse.twins(twin.warehouse.author(author_full_name))
    except UnknownAuthor:
        return []


def _samples(known: Sequence[TwinManifest], stage: TrainingPlan) -> int:
    kind = "instruction" if stage.finetuning_type == "sft" else "preference"
    return next((twin.datasets[kind].train for twin in reversed(known) if kind in twin.datasets), DEFAULT_SAMPLES)


def _table(planned: Planned) -> None:
    from rich.console import Console
    from rich.table import Table

    first = planned.forecasts[0]
    click.echo(f"{planned.base_model} on {planned.machine}")
    click.echo(
        f"  {first.parameters / 1e6:,.1f} million parameters, {first.trainable / 1e6:,.2f} million trained by LoRA\n"
    )
    table = Table()
    table.add_column("")
    for stage in planned.forecasts:
        table.add_column(stage.stage.upper(), justify="right")
    for name in asdict(first.memory):
        table.add_row(name, *(f"{getattr(stage.memory, name) / GB:,.2f} GB" for stage in planned.forecasts))
    table.add_section()
    table.add_row("memory of a device", *(f"{stage.memory.total / GB:,.2f} GB" for stage in planned.forecasts))
    table.add_row("disk", *(f"{stage.disk / GB:,.2f} GB" for stage in planned.forecasts))
    table.add_row("samples, steps", *(f"{stage.samples:,}, {stage.steps:,}" for stage in planned.forecasts))
    table.add_row("time", *(_time(stage.seconds) for stage in planned.forecasts))
    Console(highlight=False).print(table)
    for stage in planned.forecasts:
        speed = stage.speed
        click.echo(f"{stage.stage.upper()}: {stage.backend}")
        click.echo(f"     {speed.tokens_per_second:,.0f} tokens/s a device ({speed.known_from})")
    if planned.fits is not None and planned.device_memory is not None:
        click.echo(_verdict(planned, planned.device_memory))


def _verdict(planned: Planned, device_memory: float) -> str:
    figures = f"{planned.peak / GB:.1f} of {device_memory / GB:.1f} GB"
    if planned.fits:
        return f"It fits: {figures}. Every sample is taken to be max_seq_length long; shorter ones take less."
    return f"It does not fit: {figures}. What helps, most first: {'; '.join(ADVICE)}."


def _time(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


if __name__ == "__main__":
    console.main(plan_training)
