"""python -m tools.call_service "QUESTION": ask the service that is running, over HTTP."""

import json
from typing import Any

import click

from llm_engineering.application.inquiry import Mode
from llm_engineering.domain.errors import ServiceError
from llm_engineering.settings import load_settings
from tools import console

SECONDS = 130.0
"""Longer than the service takes by default, so that its own sentence is seen when the time is over."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("question")
@click.option("--author", help="Full name; may be left out when there is only one, or the question names one.")
@click.option("--twin", help='"latest", "base", a version, or a name and version.  [default: latest]')
@click.option("--k", type=click.IntRange(1, 10), default=5, show_default=True, help="How many passages to draw from.")
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in Mode]),
    default=Mode.ANSWER.value,
    show_default=True,
    help="Answer the QUESTION, draft what it asks for, or rewrite it, a text, in the author's voice.",
)
@click.option("--key", help="API key, where the service wants one.")
@click.option("--url", help="Where the service is.  [default: http://SERVICE_HOST:SERVICE_PORT]")
@click.option("--json", "as_json", is_flag=True, help="Print the response as it is, for programs.")
def call(
    question: str,
    author: str | None,
    twin: str | None,
    k: int,
    mode: str,
    key: str | None,
    url: str | None,
    as_json: bool,
) -> None:
    """Put QUESTION to the service and print the answer with its sources."""
    settings = load_settings()
    address = (url or f"http://{settings.SERVICE_HOST}:{settings.SERVICE_PORT}").rstrip("/")
    body = {"query": question, "author": author, "twin": twin, "k": k, "mode": mode}
    answer = asked(address, {name: value for name, value in body.items() if value is not None}, key)
    click.echo(json.dumps(answer, indent=2, ensure_ascii=False) if as_json else shown(answer))


def asked(address: str, body: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    """What `POST /rag` returns. Raises ServiceError with the service's own sentence when it refuses."""
    import httpx

    try:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        response = httpx.post(f"{address}/rag", json=body, headers=headers, timeout=SECONDS)
        received = response.json()
    except httpx.InvalidURL as error:
        raise ServiceError(f"{address} is no usable address ({error}).") from None
    except httpx.TimeoutException:
        raise ServiceError(f"The service at {address} gave no answer within {SECONDS:.0f} seconds.") from None
    except httpx.TransportError as error:
        raise ServiceError(
            f"No service answers at {address} ({type(error).__name__}); start it: ./poe run-inference-ml-service."
        ) from None
    except ValueError:
        raise ServiceError(f"What answers at {address} is not this service (no JSON); correct --url.") from None
    if response.is_success and isinstance(received, dict) and "answer" in received:
        return received
    failure = received.get("error") if isinstance(received, dict) else None
    message = failure.get("message") if isinstance(failure, dict) else f"it answered {response.status_code}"
    raise ServiceError(f"The service refused: {message}")


def shown(answer: dict[str, Any]) -> str:
    """The answer and its sources as a person reads them."""
    said = answer["answer"] or f"(Withheld: {answer.get('withheld')})"
    lines = [said, "", f"— {answer['author']}, by {answer['twin']}"]
    for number, source in enumerate(answer["sources"], start=1):
        lines += [f"  [{number}] {source['title']}: {source['link']}", f"      “{source['quote'].strip()}”"]
    return "\n".join(lines)


if __name__ == "__main__":
    console.main(call)
