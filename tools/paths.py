"""Relative paths of the command line, which start where the user is and not where poe runs the task."""

import os
from pathlib import Path

import click


class UserPath(click.Path):
    """A path option. A relative path starts in the directory that `./poe` was called from.

    poe runs every task in the checkout and leaves the user's directory in POE_PWD. Tasks name
    their own configs relative to the checkout, so an input that is not there may be here.
    """

    def __init__(self, *, output: bool = False, dir_okay: bool = True, file_okay: bool = True) -> None:
        super().__init__(path_type=Path, dir_okay=dir_okay, file_okay=file_okay)
        self._output = output

    def convert(self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path as this process finds it."""
        return Path(os.fsdecode(super().convert(resolved(Path(value), output=self._output), param, ctx)))


def resolved(path: Path, *, output: bool = False) -> Path:
    """The path that a user means: from their directory, or, for an input that is only there, from the present one."""
    path = path.expanduser()
    called_from = Path(os.environ.get("POE_PWD") or ".")
    theirs = called_from / path
    if path.is_absolute() or called_from.resolve() == Path.cwd() or (not output and _only_here(path, theirs)):
        return path
    return theirs


def _only_here(path: Path, theirs: Path) -> bool:
    return path.exists() and not theirs.exists()
