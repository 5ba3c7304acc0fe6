"""Several processes are started by a command line that accelerate understands."""

import sys
from pathlib import Path

import pytest

from llm_engineering.application.ports import Silent
from llm_engineering.domain.backends import Backend
from llm_engineering.domain.errors import ModelError
from llm_engineering.infrastructure.models.store import ModelStore
from llm_engineering.infrastructure.training.launching import PROCESS, command
from llm_engineering.infrastructure.training.machine import model_type, this_machine
from tests.tiny_models import tiny_llama


def backend(device: str, processes: int) -> Backend:
    return Backend(
        name="trl",
        device=device,
        processes=processes,
        weights="float32",
        products="float32",
        four_bit=False,
        attention="sdpa",
        gradient_checkpointing=False,
    )


@pytest.mark.parametrize(
    ("device", "processes", "cpu", "multi_gpu"),
    [("cpu", 2, True, False), ("cuda", 4, False, True), ("cuda", 1, False, False)],
)
def test_accelerate_reads_the_command_line_as_it_is_meant(
    device: str, processes: int, cpu: bool, multi_gpu: bool
) -> None:
    from accelerate.commands.launch import launch_command_parser

    python, option, launcher, *given = command(Path("job.json"), backend(device, processes))
    assert (python, option, launcher) == (sys.executable, "-m", "accelerate.commands.launch")
    read = launch_command_parser().parse_args(given)
    assert (read.cpu, read.multi_gpu, read.num_processes) == (cpu, multi_gpu, processes)
    assert (read.mixed_precision, read.dynamo_backend, read.num_machines) == ("no", "no", 1)
    assert (read.module, read.training_script, read.training_script_args) == (True, PROCESS, ["job.json"])


def test_a_machine_and_a_model_are_looked_at_once(tmp_path: Path) -> None:
    import torch

    assert this_machine().cuda_devices == (torch.cuda.device_count() if torch.cuda.is_available() else 0)
    models = ModelStore(tmp_path, Silent())
    assert model_type(str(tiny_llama(tmp_path)), models) == "llama"
    assert model_type("embedded:smollm2-135m-instruct", models) is None
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="check HF_MODEL_ID"):
        model_type(str(tmp_path / "empty"), models)


def test_a_model_store_is_not_asked_for_a_model_of_its_own(tmp_path: Path) -> None:
    from llm_engineering.infrastructure.training.launching import _models_dir

    assert _models_dir("some/model", ModelStore(tmp_path, Silent())) is None
