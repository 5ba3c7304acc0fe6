"""A relative path on the command line starts where the user is, although poe runs the task in the checkout."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tools.paths import UserPath, resolved


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the task runs."""
    (tmp_path / "checkout").mkdir()
    monkeypatch.chdir(tmp_path / "checkout")
    return tmp_path / "checkout"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user called ./poe."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("POE_PWD", str(tmp_path / "home"))
    return tmp_path / "home"


def test_an_input_is_looked_for_where_the_user_is(checkout: Path, home: Path) -> None:
    (home / "x.yaml").touch()
    (checkout / "x.yaml").touch()
    assert resolved(Path("x.yaml")) == home / "x.yaml"


def test_an_input_that_is_only_in_the_checkout_is_found_there(checkout: Path, home: Path) -> None:
    (checkout / "x.yaml").touch()
    assert resolved(Path("x.yaml")).resolve() == checkout / "x.yaml"


def test_an_input_that_is_nowhere_is_named_where_the_user_is(checkout: Path, home: Path) -> None:
    assert resolved(Path("x.yaml")) == home / "x.yaml"


def test_an_output_goes_where_the_user_is_also_when_the_checkout_has_one(checkout: Path, home: Path) -> None:
    (checkout / "out").mkdir()
    assert resolved(Path("out"), output=True) == home / "out"


@pytest.mark.parametrize("output", [False, True])
def test_an_absolute_path_stays(checkout: Path, home: Path, output: bool) -> None:
    assert resolved(checkout / "out", output=output) == checkout / "out"


def test_without_poe_and_in_the_checkout_a_path_stays_as_it_was_typed(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POE_PWD", raising=False)
    assert resolved(Path("x.yaml")) == Path("x.yaml")
    monkeypatch.setenv("POE_PWD", str(checkout))
    assert resolved(Path("x.yaml"), output=True) == Path("x.yaml")


def test_an_option_gives_the_path_and_still_checks_it(checkout: Path, home: Path) -> None:
    (home / "a-file").touch()

    @click.command()
    @click.option("--to", type=UserPath(output=True, file_okay=False))
    def show(to: Path) -> None:
        click.echo(to)

    assert CliRunner().invoke(show, ["--to", "./there"]).output == f"{home / 'there'}\n"
    assert CliRunner().invoke(show, ["--to", "a-file"]).exit_code == 2
