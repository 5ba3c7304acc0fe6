"""Every task exists, explains itself, and says in a sentence what it is missing."""

import importlib
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from pydantic import SecretStr

from llm_engineering.bootstrap import opened
from llm_engineering.domain.authors import Author
from llm_engineering.domain.errors import BadConfig, BadInput, MissingDependency, ServiceError
from llm_engineering.settings import load_settings
from pipelines import PIPELINES
from tests import made_twins
from tests.loopback import Reply, serving
from tools.benchmark import benchmarks
from tools.call_service import asked
from tools.compare_twins import compare_twins
from tools.config_files import read_config
from tools.infrastructure import compose
from tools.parameters import described
from tools.preflight import check_base_model, check_parameters
from tools.run import assignments_of, run
from tools.zenml_settings import plain_values
from tools.zenml_store import steps_may_run_elsewhere

REPOSITORY = Path(__file__).resolve().parents[2]
PROMISED = """
    quickstart test check run-digital-data-etl run-feature-engineering-pipeline run-generate-instruct-datasets-pipeline
    run-generate-preference-datasets-pipeline run-end-to-end-data-pipeline run-training-pipeline
    run-evaluation-pipeline run-import-data-warehouse-from-json run-export-data-warehouse-to-json
    run-export-artifact-to-json-pipeline call-rag-retrieval-module run-inference-ml-service call-inference-ml-service
    local-infrastructure-up local-infrastructure-down export-settings-to-zenml delete-settings-zenml set-local-stack
    lint-check lint-fix format-check format-fix benchmark zenml-dashboard zenml-dashboard-down twins quarantine
""".split()


def tasks() -> dict[str, dict[str, Any]]:
    """Task → its definition, of every group."""
    groups = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["poe"]["groups"]
    return {name: task for group in groups.values() for name, task in group["tasks"].items()}


def commands() -> Iterator[tuple[str, str, list[str]]]:
    """(task, module, arguments) of each task that is a command of ours."""
    for name, task in tasks().items():
        words = shlex.split(task.get("cmd", ""))
        if words[:2] == ["python", "-m"] and words[2].startswith("tools."):
            yield name, words[2], words[3:]


def command_of(module: str) -> click.Command:
    """The click command that `python -m MODULE` runs: the group, where there is one."""
    package = (REPOSITORY / module.replace(".", "/")).is_dir()
    where = importlib.import_module(f"{module}.__main__" if package else module)
    found = [value for value in vars(where).values() if isinstance(value, click.Command)]
    return next((value for value in found if isinstance(value, click.Group)), found[0])


def test_every_promised_task_is_there_with_its_help() -> None:
    assert not set(PROMISED) - tasks().keys()
    assert all(task["help"] for task in tasks().values())


@pytest.mark.parametrize(("task", "module", "arguments"), list(commands()), ids=lambda value: str(value))
def test_every_command_explains_itself(task: str, module: str, arguments: list[str]) -> None:
    shown = CliRunner().invoke(command_of(module), [*arguments, "--help"])
    assert shown.exit_code == 0, shown.output
    assert "Usage:" in shown.output
    assert "--help" in shown.output


def test_every_config_that_a_task_names_exists() -> None:
    named = [word for _, _, arguments in commands() for word in arguments if word.endswith(".yaml")]
    assert named
    assert all((REPOSITORY / name).is_file() for name in named)


# ------------------------------------------------------------------------------ what README.md says to type


def typed_commands() -> list[str]:
    """Every `./poe …` line of the fenced blocks of README.md."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (REPOSITORY / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("./poe ")]


def check_typed(line: str) -> None:
    """Raise what the command would raise for its arguments, without running it."""
    _, task, *arguments = shlex.split(line, comments=True)
    assert task in tasks(), f"there is no task {task}"
    ours = {name: (module, given) for name, module, given in commands()}
    if task not in ours:
        assert not arguments, f"{task} is not a command of ours; nobody checks its arguments"
        return
    module, given = ours[task]
    command, words = command_of(module), [*given, *arguments]
    if isinstance(command, click.Group):
        name, *words = words
        command = command.commands[name]
    context = command.make_context(task, words)
    if module == "tools.run":
        pipeline, values = given[0], context.params
        wanted = read_config(PIPELINES[pipeline], values["config"], assignments_of(pipeline, values))
        check_parameters(pipeline, wanted.parameters)


@pytest.fixture
def in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.delenv("POE_PWD", raising=False)


def test_the_readme_has_commands_to_type() -> None:
    assert len(typed_commands()) >= 15


@pytest.mark.parametrize("line", typed_commands())
@pytest.mark.usefixtures("in_the_checkout")
def test_every_command_of_the_readme_is_one_that_its_task_takes(line: str) -> None:
    check_typed(line)


@pytest.mark.parametrize(
    "line",
    [
        "./poe run-training-pipeline --set 'author_name=Your Name'",
        "./poe run-evaluation-pipeline --set max_prompts=many --set 'author_full_name=Your Name'",
        "./poe run-digital-data-etl --config configs/nothing.yaml",
        "./poe quickstart --autor Somebody",
    ],
)
@pytest.mark.usefixtures("in_the_checkout")
def test_a_command_that_its_task_does_not_take_would_be_found(line: str) -> None:
    with pytest.raises((BadConfig, click.UsageError)):
        check_typed(line)


@pytest.mark.parametrize("name", sorted(PIPELINES))
def test_every_parameter_says_what_it_means(name: str) -> None:
    silent = [parameter for parameter, _, meaning in described(PIPELINES[name]) if not meaning]
    assert silent == []


def test_a_parameter_of_one_value_is_an_option_too() -> None:
    given = [
        "--user-full-name",
        "Ann Lee",
        "--since",
        "2024-01-31",
        "--limit",
        "3",
        "--set",
        "links=[https://a.example/]",
    ]
    values = run.commands["digital_data_etl"].make_context("etl", given).params
    wanted = read_config(PIPELINES["digital_data_etl"], None, assignments_of("digital_data_etl", values)).parameters
    assert (wanted["user_full_name"], wanted["links"]) == ("Ann Lee", ["https://a.example/"])
    assert (wanted["since"], wanted["limit"]) == ("2024-01-31", 3)
    with pytest.raises(click.UsageError):  # a list is no single value
        run.commands["digital_data_etl"].make_context("etl", ["--links", "https://a.example/"])


def test_the_author_and_several_twins_can_be_named_shortly() -> None:
    given = ["--author", "Ann Lee", "--twin", "3", "--twin", "2", "--max-prompts", "40"]
    values = run.commands["evaluating"].make_context("evaluating", given).params
    wanted = read_config(PIPELINES["evaluating"], None, assignments_of("evaluating", values)).parameters
    assert wanted == {"author_full_name": "Ann Lee", "twin_versions": [3, 2], "max_prompts": 40}


@pytest.mark.parametrize("words", [["a/1", "a/1"], ["a/1", "b/1"]])
def test_two_twins_are_compared_only_if_they_are_two_of_one_author(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    with opened() as twin:
        for name in ("A", "B"):
            twin.warehouse.add_author(Author.named(name))
            made = made_twins.manifest(tmp_path, author_id=Author.named(name).id, name=name.lower())
            twin.warehouse.save_twin(made)
    with pytest.raises(BadInput, match="name two"):
        compare_twins.main(words, standalone_mode=False)


@pytest.mark.parametrize("day", ["yesterday", "2024-13-01"])
def test_a_day_that_is_none_is_refused(day: str) -> None:
    with pytest.raises(BadConfig, match="since"):
        read_config(PIPELINES["digital_data_etl"], None, ("user_full_name=Ann Lee", f"since={day}"))


# ------------------------------------------------------------------------------ docker


def docker(directory: Path, script: str) -> str:
    """A PATH on which `docker` is that shell script."""
    file = directory / "docker"
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return f"{directory}:/usr/bin:/bin"


def test_a_machine_without_docker_is_told_to_install_it_or_go_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependency, match="Docker is not installed"):
        compose("up")


def test_docker_without_its_compose_plugin_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", docker(tmp_path, "exit 1"))
    with pytest.raises(MissingDependency, match="no compose plugin"):
        compose("up")


def test_what_docker_says_when_it_fails_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = '[ "$2" = version ] && exit 0; echo "Cannot connect to the Docker daemon" >&2; exit 1'
    monkeypatch.setenv("PATH", docker(tmp_path, script))
    with pytest.raises(ServiceError, match="docker compose up failed: Cannot connect to the Docker daemon"):
        compose("up", "--detach")


# ------------------------------------------------------------------------------ the service's client


def test_an_answer_of_the_service_is_returned_as_it_is() -> None:
    with serving({"/rag": Reply('{"answer": "Yes.", "sources": []}')}) as site:
        assert asked(site.url, {"query": "So?"})["answer"] == "Yes."


def test_a_refusal_of_the_service_is_its_own_sentence() -> None:
    refusal = Reply('{"error": {"message": "No author Nobody.", "type": "UnknownAuthor"}}', 404)
    with serving({"/rag": refusal}) as site, pytest.raises(ServiceError, match=r"refused: No author Nobody\."):
        asked(site.url, {"query": "So?"})


def test_something_else_on_the_port_is_not_taken_for_the_service() -> None:
    with serving({"/rag": "<html>hello</html>"}) as site, pytest.raises(ServiceError, match="not this service"):
        asked(site.url, {"query": "So?"})


def test_a_service_that_is_not_running_is_named_with_the_command_that_starts_it() -> None:
    with pytest.raises(ServiceError, match=r"127.0.0.1:9 .*run-inference-ml-service"):
        asked("http://127.0.0.1:9", {"query": "So?"})


# ------------------------------------------------------------------------------ settings, store, benchmarks


def test_only_settings_that_were_set_go_to_zenml_and_never_the_text_none() -> None:
    settings = load_settings(_env_file=None, DATABASE_NAME="mine", OPENAI_API_KEY=SecretStr("sk-1"), QDRANT_APIKEY=None)
    values = plain_values(settings)
    assert values["DATABASE_NAME"] == "mine"
    assert values["OPENAI_API_KEY"] == "sk-1"
    assert "QDRANT_APIKEY" not in values
    assert "None" not in values.values()


@pytest.mark.parametrize(
    ("config", "elsewhere"),
    [(None, False), ("store:\n  type: sql\n", False), ("store:\n  type: rest\n", True), ("store: {", False)],
)
def test_steps_run_here_unless_zenml_is_logged_in_to_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: str | None, elsewhere: bool
) -> None:
    monkeypatch.setenv("ZENML_CONFIG_PATH", str(tmp_path))
    monkeypatch.delenv("ZENML_STORE_URL", raising=False)
    if config is not None:
        (tmp_path / "config.yaml").write_text(config)
    assert steps_may_run_elsewhere() is elsewhere


def test_a_configuration_for_another_base_model_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZENML_CONFIG_PATH", str(tmp_path))
    monkeypatch.delenv("ZENML_STORE_URL", raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HF_MODEL_ID", "someone/small")
    config = REPOSITORY / "configs" / "training" / "qwen3-4b.yaml"
    sentence = (
        r"qwen3-4b.yaml is for Qwen/Qwen3-4B-\S+, but HF_MODEL_ID is someone/small; set HF_MODEL_ID=Qwen/Qwen3-4B"
    )
    with pytest.raises(BadConfig, match=sentence):
        run.main(["training", "--config", str(config)], standalone_mode=False)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("base_model", ["someone/large", str(REPOSITORY)])
def test_a_configuration_is_taken_for_its_base_model_and_for_a_directory_that_may_hold_it(base_model: str) -> None:
    check_base_model("training", Path("large.yaml"), {"extra": {"base_model": "someone/large"}}, base_model)


def test_benchmarks_are_modules_and_runnable_packages(tmp_path: Path) -> None:
    (tmp_path / "speed.py").touch()
    (tmp_path / "_shared.py").touch()
    (tmp_path / "quality").mkdir()
    (tmp_path / "quality" / "__main__.py").touch()
    assert benchmarks(tmp_path) == ["quality", "speed"]


def test_an_unknown_benchmark_is_refused_with_the_known_ones() -> None:
    from tools.benchmark import benchmark

    with pytest.raises(BadInput, match='no benchmark "nothing"'):
        benchmark.main(["nothing"], standalone_mode=False)
