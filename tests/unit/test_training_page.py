"""What docs/training.md tells a reader to type, to set and to expect is so."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from llm_engineering.application.model_card import FILES
from llm_engineering.domain.twins import ADAPTER, CARD, GGUF, GGUF_F16, MANIFEST, MERGED
from llm_engineering.settings import Settings
from pipelines import PIPELINES
from tests.unit.test_commands import check_typed
from tools.config_files import read_config

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = (REPOSITORY / "docs" / "training.md").read_text("utf-8")
SHELL = re.findall(r"^ *```sh\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL)
ROWS = re.findall(r"^\| \[(.*?)\]\(.*?\) \| `(.*?)` \| (.*?) GB \| (.*?) GB \| (.*?) GB \|$", PAGE, re.MULTILINE)


def typed() -> list[str]:
    """Every command of ours, without the settings that stand before it."""
    lines = [line.strip() for block in SHELL for line in block.splitlines()]
    return [line[line.index("./poe ") :] for line in lines if "./poe " in line]


@pytest.mark.parametrize("line", typed())
def test_every_command_of_the_page_is_one_that_its_task_takes(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.delenv("POE_PWD", raising=False)
    check_typed(line)


def test_the_page_shows_every_command_on_twins() -> None:
    shown = {shlex.split(line)[2] for line in typed() if line.startswith("./poe twins ")}
    from tools.twins import twins

    assert shown == set(twins.commands)


@pytest.mark.parametrize("block", re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
def test_an_example_of_the_page_is_a_configuration_that_training_takes(block: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(block)
    assert read_config(PIPELINES["training"], tmp_path / "config.yaml").parameters


def test_the_page_has_a_row_for_every_configuration_with_the_figures_that_it_has() -> None:
    directory = REPOSITORY / "configs" / "training"
    assert {row[0] for row in ROWS} == {file.name for file in directory.glob("*.yaml")}
    for name, base_model, sft, dpo, disk in ROWS:
        extra = yaml.safe_load((directory / name).read_text())["extra"]
        planned = extra["planned"]
        assert (extra["base_model"], float(sft), float(dpo), float(disk)) == (
            base_model,
            planned["sft_gpu_memory_gb"],
            planned["dpo_gpu_memory_gb"],
            planned["disk_gb"],
        )


def test_the_page_names_everything_that_a_twin_is_made_of() -> None:
    files = re.findall(r"^\| `([\w.-]+)` \|", PAGE, re.MULTILINE)
    assert set(files) == {ADAPTER, MERGED, GGUF, GGUF_F16, CARD, MANIFEST}
    assert set(files) - {CARD, MANIFEST} == set(FILES)


def test_every_setting_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`([A-Z][A-Z_]{3,})`", PAGE)) | set(re.findall(r"^ *([A-Z_]+)=", PAGE, re.MULTILINE))
    assert "KEEP_MERGED_MODEL" in named
    assert named <= Settings.model_fields.keys()
