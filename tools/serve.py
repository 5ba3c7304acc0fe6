"""python -m tools.serve: answer questions over HTTP, on this machine only, until Ctrl-C."""

import errno
import ipaddress
import json
import logging
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from llm_engineering.application.asking import Asking, KnownAuthor
from llm_engineering.application.features import features_command
from llm_engineering.application.indexing import embedded_collection
from llm_engineering.application.warehouse import COLLECT_COMMAND, USERS
from llm_engineering.bootstrap import Twin, opened
from llm_engineering.domain.documents import Category
from llm_engineering.domain.errors import MissingDependency, ModelError, ServiceError
from llm_engineering.infrastructure.progress import TerminalProgress
from llm_engineering.settings import Settings, load_settings
from tools import console

if TYPE_CHECKING:
    from fastapi import FastAPI

DRAIN_SECONDS = 30
"""How long answers under way may take once the service was told to stop."""
EXAMPLE_QUESTION = "What would you tell somebody who starts with this today?"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--host", help="Address to listen on, a loopback one.  [default: SERVICE_HOST, which is 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on; 0 takes any free one.  [default: SERVICE_PORT, which is 8000]",
)
def serve(host: str | None, port: int | None) -> None:
    """Answer questions over HTTP in the authors' voices, with sources.

    POST /rag takes {"query": "…"} and, where needed, "author", "twin" and "k"; GET /authors lists
    who can be asked; GET /docs describes it all. Ctrl-C or SIGTERM stops the service once the
    answers under way are finished.
    """
    settings = load_settings()
    address = loopback(host or settings.SERVICE_HOST)
    signal.signal(signal.SIGTERM, _stop)
    try:
        # The port is taken before the models are loaded, so that a taken one is known at once.
        with closing(_bound(address, settings.SERVICE_PORT if port is None else port)) as listener:
            _run(settings, listener)
    except KeyboardInterrupt:
        click.echo("Stopped.")


def loopback(host: str) -> str:
    """The host as an IP address. Raises ServiceError unless only this machine can reach it."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host.strip("[]"))
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise ServiceError(
            f'The service checks no keys yet, so it listens to this machine only, and "{host}" is no loopback address; '
            "use 127.0.0.1, and let others in through an SSH tunnel or a proxy that checks who they are."
        )
    return str(address)


def _bound(address: str, port: int) -> socket.socket:
    """A socket that has the port but does not listen yet."""
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ServiceError(
                f"Port {port} is taken; stop the program that uses it, or choose another with --port or SERVICE_PORT."
            ) from None
        raise ServiceError(
            f"The service cannot listen on {address}, port {port} ({error.strerror}); choose another one with --port."
        ) from None
    return listener


def _run(settings: Settings, listener: socket.socket) -> None:
    import uvicorn

    from llm_engineering.infrastructure.api.app import create_app

    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}"
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    chatter = logging.getLogger("uvicorn.error")

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            super().handle_exit(sig, frame)
            chatter.disabled = self.force_exit  # a second Ctrl-C wants an end, not a traceback of it

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            chatter.disabled = True  # it would print a traceback where a sentence says what is wrong
            try:
                await super().startup(sockets)
            finally:
                chatter.disabled = False
            if not self.should_exit:
                click.echo(f"Listening on {address} (the API is described at {address}/docs; Ctrl-C stops).")

    app = create_app(lambda: _asking(settings, address), hosts=[shown])
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    try:
        Server(config).run([listener])
    except SystemExit:
        raise _failure(app) from None


@contextmanager
def _asking(settings: Settings, address: str) -> Iterator[Asking]:
    """The models and stores, loaded and open; says whom they serve."""
    with opened(settings, TerminalProgress()) as twin:
        # A store that is down or locked is known at once, not after the models are loaded.
        twin.documents.count(USERS)
        twin.vectors.count(embedded_collection(Category.ARTICLES))
        click.echo("Loading the models ...")
        _try_chat_model(twin)
        for note in twin.asking.warm_up():
            click.echo(f"Note: {note}")
        for line in served(twin.asking.authors(), address):
            click.echo(line)
        yield twin.asking


def _try_chat_model(twin: Twin) -> None:
    """Open CHAT_MODEL once when it is a file on this machine; a server need not be up yet.

    Raises ServiceError, with what is wrong with its name or its file.
    """
    model = twin.settings.CHAT_MODEL.strip()
    if not model.startswith("embedded:") and not model.endswith(".gguf"):
        return
    try:
        with twin.chat_models.opened(model):
            pass
    except (ModelError, MissingDependency) as error:
        raise ServiceError(f"CHAT_MODEL is {model}, which cannot be used: {error}") from error


def served(authors: Sequence[KnownAuthor], address: str) -> list[str]:
    """Who can be asked and how, in lines to print."""
    if not authors:
        return [f"The warehouse knows no author yet; collect one with {COLLECT_COMMAND}."]
    lines = []
    for author in authors:
        text = f"{author.chunks} chunks" if author.chunks else f"no text yet: {features_command(author.full_name)}"
        others = [twin.twin for twin in author.twins if twin.twin != author.latest]
        named = (
            f"{author.latest} answers" if author.latest else 'no twin has passed evaluation: ask with "twin": "base"'
        )
        also = f" (also there: {', '.join(others[-5:])})" if others else ""
        lines.append(f"  {author.full_name}: {text}; {named}{also}")
    asked = next((author for author in authors if author.latest), authors[0])
    question = {"query": EXAMPLE_QUESTION}
    if len(authors) > 1:
        question["author"] = asked.full_name
    if asked.latest is None:
        question["twin"] = "base"
    body = json.dumps(question, ensure_ascii=False).replace("'", r"'\''")
    return [*lines, f"Try: curl {address}/rag -H 'Content-Type: application/json' -d '{body}'"]


def _failure(app: "FastAPI") -> BaseException:
    """Why the server did not start."""
    failure = app.state.failure
    return failure if isinstance(failure, BaseException) else ServiceError("The service could not start.")


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    console.main(serve)
