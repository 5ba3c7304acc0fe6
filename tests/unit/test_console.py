"""Whatever goes wrong in a command is one sentence and an exit code; a traceback is kept in a file."""

import errno
import logging
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from llm_engineering.domain.errors import BadInput
from tools import environment
from tools.console import INTERRUPTED, exit_code, log_to_file

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OUTPUT_DIR", str(tmp_path / "output"))
    return tmp_path / "output"


def raising(error: BaseException) -> object:
    raise error


def test_a_command_that_did_its_work_exits_0() -> None:
    assert exit_code(lambda: None) == 0
    assert exit_code(lambda: "some result") == 0


def test_a_command_that_names_an_exit_code_gets_it() -> None:
    assert exit_code(lambda: 3) == 3


def test_a_foreseen_error_is_its_sentence_and_exit_1(output: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(lambda: raising(BadInput("The question is empty; ask something."))) == 1
    assert capsys.readouterr().err == "Error: The question is empty; ask something.\n"
    assert not output.exists()


def test_an_unforeseen_error_names_the_file_with_its_traceback(
    output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(lambda: raising(KeyError("no such thing"))) == 1
    said = capsys.readouterr().err
    [log] = (output / "logs").iterdir()
    assert said.startswith("Unexpected KeyError: 'no such thing'")
    assert str(log) in said
    assert said.count("\n") == 1
    assert "Traceback" in log.read_text()


def test_an_unforeseen_error_is_told_even_when_the_output_directory_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("OUTPUT_DIR", str(tmp_path / "file"))
    assert exit_code(lambda: raising(RuntimeError("oh"))) == 1
    said = capsys.readouterr().err
    assert "Traceback" in Path(said.rsplit(" in ", 1)[1].rstrip(")\n")).read_text()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_full_or_forbidden_disk_is_no_bug_and_gets_its_path(
    number: int, output: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(lambda: raising(OSError(number, "No room", "/some/where"))) == 1
    said = capsys.readouterr().err
    assert said.startswith("Error: No room (/some/where)")
    assert not output.exists()


def test_ctrl_c_is_one_line_and_exit_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(lambda: raising(KeyboardInterrupt())) == INTERRUPTED == 130
    assert capsys.readouterr().err.count("\n") == 1


def test_wrong_usage_exits_2_and_help_exits_0() -> None:
    @click.command()
    @click.argument("name")
    def greet(name: str) -> None: ...

    assert exit_code(lambda: greet.main([], standalone_mode=False)) == 2
    assert exit_code(lambda: greet.main(["--help"], standalone_mode=False)) == 0


def test_a_reader_that_goes_away_is_no_error_to_speak_of() -> None:
    code = (
        "import click; from tools.console import main;"
        "main(click.Command('talk', callback=lambda: click.echo(('y' * 99 + chr(10)) * 99999)))"
    )
    done = subprocess.run(
        f"{sys.executable} -c {code!r} | head -1",
        shell=True,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=True,
    )
    assert done.stdout == "y" * 99 + "\n"
    assert done.stderr == ""


def test_a_terminal_that_is_not_utf_8_gets_question_marks_and_no_crash() -> None:
    code = (
        "import click; from tools.console import main, say;"
        "main(click.Command('talk', callback=lambda: click.echo('na\\xefve \\u2192 done') or say('\\u2026')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"na\xefve ? done\n", b"?\n")


def test_log_records_go_to_a_file_below_the_output_directory(output: Path) -> None:
    root = logging.getLogger()
    before = list(root.handlers)
    path = log_to_file("some-command")
    try:
        logging.getLogger("some.library").warning("look here")
    finally:
        for handler in set(root.handlers) - set(before):
            root.removeHandler(handler)
            handler.close()
    assert path is not None
    assert path.parent == output / "logs"
    assert "WARNING some.library: look here" in path.read_text()


def test_the_environment_of_poe_is_the_one_that_the_commands_set_themselves() -> None:
    configured = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["poe"]["env"]
    assert {name: value["default"] for name, value in configured.items()} == environment.DEFAULTS


def test_what_the_user_set_in_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment.DEFAULTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ZENML_ANALYTICS_OPT_IN", "true")
    monkeypatch.setenv("ZENML_CUSTOM_SOURCE_ROOT", "/elsewhere")
    environment.prepare()
    assert os.environ["ZENML_ANALYTICS_OPT_IN"] == "true"
    assert os.environ["ZENML_CUSTOM_SOURCE_ROOT"] == "/elsewhere"
    assert os.environ["TOKENIZERS_PARALLELISM"] == "false"
