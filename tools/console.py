"""What all commands share: one sentence for what went wrong, an exit code, and a log file."""

import errno
import io
import logging
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import click

from llm_engineering.domain.errors import TwinError
from tools import environment

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells use it: 128 + SIGINT."""

FULL_OR_FORBIDDEN = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS})

log = logging.getLogger(__name__)


def main(command: click.Command) -> NoReturn:
    """Run a click command as a program: exits 0, 1 (failed), 2 (wrong usage) or 130 (Ctrl-C).

    A TwinError reaches the terminal as its one sentence. Only an error that nobody foresaw has
    its traceback kept, in a file that the message names.
    """
    environment.prepare()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no "→" gets a "?", not a crash
    sys.exit(exit_code(lambda: command.main(standalone_mode=False)))


def exit_code(work: Callable[[], object]) -> int:
    """Do the work and return the exit code that it deserves, after saying on stderr why it is not 0.

    An int that the work returns is taken as its exit code, as click does it.
    """
    try:
        result = work()
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        say("Interrupted. What was finished is kept; the same command goes on from there.")
        return INTERRUPTED
    except TwinError as error:
        say(f"Error: {error}")
        return 1
    except BrokenPipeError:
        # Whoever read our output (`| head`) has gone; that is their right, and no error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - whatever it is, a person gets a sentence
        say(_unforeseen(error))
        return 1
    return result if isinstance(result, int) else 0


def say(message: str) -> None:
    """A line on stderr, where it does not mix with a command's output."""
    click.echo(message, err=True)


def log_to_file(name: str) -> Path | None:
    """Send all log records of this process to a new file below OUTPUT_DIR/logs, and nowhere else.

    Returns the file, or None when the directory cannot be written: a log is not worth failing for.
    """
    path = _log_path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path, encoding="utf-8", delay=True)
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    return path


def _unforeseen(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in FULL_OR_FORBIDDEN:
        where = f" ({error.filename})" if error.filename else ""
        return f"Error: {error.strerror}{where}; make room or grant the permission, then run the same command again."
    try:
        path = _write_traceback(_log_path("error"), error)
    except OSError:
        path = _write_traceback(Path(tempfile.mkdtemp(prefix="llm-twin-")) / "error.log", error)
    message = " ".join(str(error).split()) or "no message"
    return f"Unexpected {type(error).__name__}: {message[:300]} (this is a bug; the full traceback is in {path})"


def _write_traceback(path: Path, error: Exception) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return path


def _log_path(name: str) -> Path:
    from llm_engineering.settings import load_settings

    try:
        output = load_settings().OUTPUT_DIR
    except TwinError:
        output = Path("output")
    return output / "logs" / f"{datetime.now():%Y-%m-%d_%H-%M-%S}_{name}_{os.getpid()}.log"
