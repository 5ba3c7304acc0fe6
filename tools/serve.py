"""python -m tools.serve: answer questions over HTTP, on this machine only, until Ctrl-C."""

import errno
import ipaddress
import json
import logging
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from threading import Event, Thread
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

log = logging.getLogger("llm_twin.service")

DRAIN_SECONDS = 30
"""How long answers under way may take once the service was told to stop."""
STORE_SECONDS = 1.4
"""How long a request waits for a store's server: a client shall know within two seconds that one is down."""
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

    / is a page to talk to, POST /v1/chat/completions what OpenAI's clients call, POST /rag takes
    {"query": "…"}; GET /docs describes it all. Ctrl-C or SIGTERM stops the service once the
    answers under way are finished; SIGHUP lets go of models that have changed.
    """
    settings = load_settings()
    address = allowed(host or settings.SERVICE_HOST, settings)
    signal.signal(signal.SIGTERM, _stop)
    try:
        # The port is taken before the models are loaded, so that a taken one is known at once.
        with closing(_bound(address, settings.SERVICE_PORT if port is None else port)) as listener:
            _run(settings, listener)
    except KeyboardInterrupt:
        click.echo("Stopped.")


def allowed(host: str, settings: Settings) -> str:
    """The host as an IP address. Raises ServiceError when others could reach it without any key."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host.strip("[]"))
    except ValueError:
        raise ServiceError(f'"{host}" is no IP address to listen on; use 127.0.0.1, or 0.0.0.0 for all.') from None
    if not address.is_loopback and not settings.api_key_hashes and not settings.SERVICE_ALLOW_ANONYMOUS:
        raise ServiceError(
            f'"{host}" is no loopback address, and there are no API keys, so that everybody who reaches it could ask; '
            "make a key with ./poe api-key and set API_KEYS, or say SERVICE_ALLOW_ANONYMOUS=true."
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
    from llm_engineering.infrastructure.api.service import Access, Limits

    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}"
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    _log_requests(settings.SERVICE_LOG_REQUESTS)
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

    access = Access(
        keys=settings.api_key_hashes,
        hosts=(shown, *settings.service_names),
        any_address=not ipaddress.ip_address(host).is_loopback,
        any_host=bool(settings.api_key_hashes),
        origins=tuple(settings.service_origins),
    )
    limits = Limits(
        workers=settings.SERVICE_WORKERS,
        queue=settings.SERVICE_QUEUE,
        seconds=settings.SERVICE_TIMEOUT_SECONDS,
        most_tokens=settings.SERVICE_MAX_TOKENS,
        rate_per_minute=settings.SERVICE_RATE_PER_MINUTE,
    )
    hangup = Event()
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, lambda number, frame: hangup.set())
    app = create_app(lambda: _asking(settings, address, hangup), access=access, limits=limits)
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # anybody on this machine could name any address in them, and so pass the rate limit
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    try:
        Server(config).run([listener])
    except SystemExit:
        raise _failure(app) from None


@contextmanager
def _asking(settings: Settings, address: str, hangup: Event) -> Iterator[Asking]:
    """The models and stores, loaded and open; says whom they serve."""
    with opened(settings, TerminalProgress(), store_seconds=STORE_SECONDS) as twin:
        # A store that is down or locked is known at once, not after the models are loaded.
        twin.documents.count(USERS)
        twin.vectors.count(embedded_collection(Category.ARTICLES))
        click.echo("Loading the models ...")
        _try_chat_model(twin)
        for note in twin.asking.warm_up():
            click.echo(f"Note: {note}")
        for line in served(twin.asking.authors(), address):
            click.echo(line)
        with _reloading_on_hangup(twin.asking, hangup):
            yield twin.asking


@contextmanager
def _reloading_on_hangup(asking: Asking, hangup: Event) -> Iterator[None]:
    """Reload each time that the event is set, in a thread of its own."""
    stopped = False

    def wait() -> None:
        while hangup.wait() and not stopped:
            hangup.clear()
            if stopped:
                return
            try:
                click.echo(f"Reloaded: {len(asking.reload())} authors.")
            except Exception as error:  # noqa: BLE001  (the service goes on with what it has, and reloads next time)
                log.error("Not reloaded: %s", error)

    thread = Thread(target=wait, name="reload", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped = True
        hangup.set()
        thread.join()


def _log_requests(wanted: bool) -> None:
    """Each request as a line of JSON on standard error, without anything before it."""
    requests = logging.getLogger("llm_twin.access")
    requests.propagate = False
    if wanted:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(message)s"))
        requests.addHandler(handler)
        requests.setLevel(logging.INFO)


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
