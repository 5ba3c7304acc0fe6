"""A mistake in a config file is named with its file, line and key, before anything starts."""

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from llm_engineering.domain.errors import BadConfig
from pipelines import PIPELINES
from tools.config_files import RUN_SETTINGS, read_config

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIGS = {
    "digital_data_etl_mara_lindqvist.yaml": "digital_data_etl",
    "digital_data_etl_edmund_achterberg.yaml": "digital_data_etl",
    "digital_data_etl_example.yaml": "digital_data_etl",
    "feature_engineering.yaml": "feature_engineering",
    "generate_instruct_datasets.yaml": "generate_datasets",
    "generate_preference_datasets.yaml": "generate_datasets",
    "training.yaml": "training",
    "training/llama-3.1-8b.yaml": "training",
    "training/qwen3-4b.yaml": "training",
    "training/gemma-3-4b.yaml": "training",
    "evaluating.yaml": "evaluating",
    "end_to_end_data.yaml": "end_to_end_data",
    "export_artifact_to_json.yaml": "export_artifact_to_json",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "my.yaml"


def refusal(pipeline: str, file: Path | None, text: str = "", *assignments: str) -> str:
    """What is said of this file, with these --set."""
    if file is not None:
        file.write_text(dedent(text), encoding="utf-8")
    with pytest.raises(BadConfig) as caught:
        read_config(PIPELINES[pipeline], file, assignments)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", CONFIGS)
def test_every_config_fits_its_pipeline(name: str) -> None:
    config = read_config(PIPELINES[CONFIGS[name]], REPOSITORY / "configs" / name)
    assert config.parameters


def test_every_file_in_configs_is_among_them() -> None:
    directory = REPOSITORY / "configs"
    files = {file.relative_to(directory).as_posix() for file in directory.rglob("*") if file.is_file()}
    assert files == set(CONFIGS)


def test_a_config_of_the_reference_is_read_as_it_is(file: Path) -> None:
    file.write_text(
        dedent("""
            settings:
              docker:
                parent_image: registry.example/image:latest
                skip_build: True
              orchestrator.sagemaker:
                synchronous: false

            parameters:
              user_full_name: Paul Example # [First Name(s)] [Last Name]
              links:
                # Personal Blog
                - https://blog.example/a
        """)
    )
    config = read_config(PIPELINES["digital_data_etl"], file)
    assert config.parameters == {"user_full_name": "Paul Example", "links": ["https://blog.example/a"]}
    assert config.run_settings["settings"]["orchestrator.sagemaker"] == {"synchronous": False}


def test_what_is_left_out_keeps_the_default_of_the_signature(file: Path) -> None:
    file.write_text("parameters:\n  author_full_name: Ada Example\n")
    assert read_config(PIPELINES["training"], file).parameters == {"author_full_name": "Ada Example"}


def test_an_unknown_key_is_named_with_its_line_and_close_matches(file: Path) -> None:
    message = refusal("digital_data_etl", file, "parameters:\n  links: []\n  user_fullname: Ada Example\n")
    assert message == f"{file}, line 3: there is no key user_fullname; did you mean user_full_name?"


def test_an_unknown_key_that_resembles_nothing_gets_the_known_ones(file: Path) -> None:
    message = refusal("feature_engineering", file, "parameters:\n  colour: red\n")
    assert message == f"{file}, line 2: there is no key colour; known are author_full_names."


def test_an_unknown_key_deep_inside_is_named_with_its_path_and_line(file: Path) -> None:
    text = """\
        parameters:
          author_links:
            - user_full_name: Ada Example
              links: [https://a.example]
            - user_full_name: Eve Example
              link: [https://e.example]
    """
    message = refusal("end_to_end_data", file, text)
    assert message == f"{file}, line 6: there is no key author_links[1].link; did you mean links?"


def test_a_wrong_plan_field_is_named_with_close_matches(file: Path) -> None:
    message = refusal("training", file, "parameters:\n  author_full_name: A B\n  sft:\n    lora_rnk: 4\n")
    assert message.startswith(f"{file}, line 4: there is no key sft.lora_rnk; did you mean lora_rank")


def test_a_parameter_at_the_left_margin_is_sent_to_its_place(file: Path) -> None:
    message = refusal("feature_engineering", file, "author_full_names: [Ada Example]\n")
    assert message == (
        f"{file}, line 1: there is no key author_full_names at the left margin; it belongs below `parameters:`."
    )


def test_a_parameter_at_the_left_margin_is_not_taken_for_a_run_setting(file: Path) -> None:
    message = refusal("digital_data_etl", file, "user_full_name: Ada Example\nparameters:\n  links: []\n")
    assert "line 1" in message
    assert "below `parameters:`" in message
    assert "did you mean" not in message


def test_a_run_setting_among_the_parameters_is_sent_to_its_place(file: Path) -> None:
    message = refusal("feature_engineering", file, "parameters:\n  enable_cache: false\n")
    assert "enable_cache below parameters; it belongs at the left margin" in message


def test_the_mock_mode_of_the_reference_is_refused_with_what_to_do_instead(file: Path) -> None:
    message = refusal("generate_datasets", file, "parameters:\n  author_full_name: A B\n  mock: true\n")
    assert message.startswith(f"{file}, line 3: there is no key mock")
    assert "max_samples" in message


def test_the_references_files_that_do_not_mock_are_read_as_they_are(file: Path) -> None:
    file.write_text("parameters:\n  author_full_name: A B\n  mock: false\n")
    assert "mock" not in read_config(PIPELINES["generate_datasets"], file).parameters


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("test_split_size: much", "test_split_size is 'much', but it should be a valid number"),
        ("test_split_size: 1.5", "test_split_size is 1.5, but it should be less than 1"),
        ("max_samples: 2.5", "max_samples is 2.5, but it should be a valid integer"),
        ("max_samples: 0", "max_samples is 0, but it should be greater than 0"),
        (
            "dataset_type: instructions",
            "dataset_type is 'instructions', but it should be 'instruction' or 'preference'",
        ),
        ("push_to_huggingface: perhaps", "push_to_huggingface is 'perhaps', but it should be a valid boolean"),
        ("author_full_name: ''", "author_full_name is '', but it should have at least 1 character"),
        ("author_full_name: 7", "author_full_name is 7, but it should be a valid string"),
    ],
)
def test_a_value_of_the_wrong_type_is_named_with_what_it_should_be(file: Path, line: str, complaint: str) -> None:
    message = refusal("generate_datasets", file, f"parameters:\n  {line}\n")
    assert message.startswith(f"{file}, line 2: {complaint}")


def test_a_wrong_item_of_a_list_is_named_with_its_own_line(file: Path) -> None:
    message = refusal("feature_engineering", file, "parameters:\n  author_full_names:\n    - Ada Example\n    - 7\n")
    assert message.startswith(f"{file}, line 4: author_full_names[1] is 7")


def test_a_missing_parameter_says_how_to_give_it(file: Path) -> None:
    message = refusal("digital_data_etl", file, "parameters:\n  links: []\n")
    assert "user_full_name is missing, and digital_data_etl needs it" in message
    assert "--set user_full_name=" in message


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("parameters:\n  links: [a\n  limit: 3\n", "line 3, column 8: not valid YAML near 'limit'"),
        ("parameters:\n\tlinks: a\n", "line 2, column 1: not valid YAML near 'links'"),
        ("parameters:\n  user_full_name: a: b\n", "line 2, column 20: not valid YAML near 'user_full_name'"),
        ('parameters:\n  user_full_name: "Ada\n', "not valid YAML near 'user_full_name'"),
    ],
)
def test_malformed_yaml_is_named_with_line_and_key(file: Path, text: str, where: str) -> None:
    message = refusal("digital_data_etl", file, text)
    assert str(file) in message
    assert where in message


def test_a_key_that_stands_twice_is_refused_because_yaml_would_keep_the_last_silently(file: Path) -> None:
    message = refusal("digital_data_etl", file, "parameters:\n  user_full_name: A B\n  user_full_name: C D\n")
    assert message == f"{file}, line 3: the key parameters.user_full_name stands twice; keep one of them."


def test_a_file_that_is_a_list_is_refused(file: Path) -> None:
    assert "line 1" in refusal("digital_data_etl", file, "- a\n- b\n")


def test_parameters_that_are_no_table_are_refused(file: Path) -> None:
    assert refusal("digital_data_etl", file, "parameters: 3\n").startswith(f"{file}, line 1: parameters must be")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(BadConfig, match="no-file.yaml"):
        read_config(PIPELINES["digital_data_etl"], Path("no-file.yaml"))


def test_a_file_that_is_not_text_is_refused(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(BadConfig, match="not UTF-8"):
        read_config(PIPELINES["digital_data_etl"], file)


def test_set_wins_over_the_file_and_reaches_inside(file: Path) -> None:
    file.write_text("parameters:\n  author_full_name: A B\n  sft: {lora_rank: 4, max_steps: 9}\n")
    config = read_config(PIPELINES["training"], file, ["author_full_name=C D", "sft.max_steps=1"])
    assert config.parameters["author_full_name"] == "C D"
    assert config.parameters["sft"]["max_steps"] == 1
    assert config.parameters["sft"]["lora_rank"] == 4


def test_a_value_of_set_is_yaml() -> None:
    config = read_config(PIPELINES["feature_engineering"], None, ["author_full_names=[A B, C D]"])
    assert config.parameters == {"author_full_names": ["A B", "C D"]}


@pytest.mark.parametrize(
    ("assignment", "complaint"),
    [
        ("author_full_name", "write it as KEY=VALUE"),
        ("=x", "write it as KEY=VALUE"),
        ("author_full_name=[a", "is not valid YAML"),
        (
            "autor_full_name=x",
            "--set autor_full_name=x: there is no key autor_full_name; did you mean author_full_name",
        ),
        ("max_samples=many", "--set max_samples=many: max_samples is 'many'"),
    ],
)
def test_a_wrong_set_is_named_as_it_was_given(assignment: str, complaint: str) -> None:
    assert complaint in refusal("generate_datasets", None, "", assignment)


def test_every_run_setting_is_one_that_zenml_knows() -> None:
    from zenml.config.pipeline_run_configuration import PipelineRunConfiguration

    assert set(PipelineRunConfiguration.model_fields) >= RUN_SETTINGS


def test_a_mistake_is_reported_without_importing_zenml(file: Path) -> None:
    file.write_text("parameters:\n  user_fullname: Ada Example\n")
    code = (
        "import json, sys; from tools.console import exit_code; from tools.run import run;"
        f"code = exit_code(lambda: run.main(['digital_data_etl', '--config', {str(file)!r}], standalone_mode=False));"
        "print(json.dumps([code, sorted({'zenml', 'torch', 'pymongo'} & sys.modules.keys())]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert json.loads(done.stdout) == [1, []]
    assert done.stderr == f"Error: {file}, line 2: there is no key user_fullname; did you mean user_full_name?\n"
