"""python -m tools.retrieve "QUESTION": the passages of an author that answer it, and where they stand."""

import json
import textwrap

import click

from llm_engineering.bootstrap import opened
from llm_engineering.domain.chunks import RetrievedPassage
from llm_engineering.infrastructure.progress import TerminalProgress
from tools import console


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("question")
@click.option("--author", help="Full name; may be left out when there is only one, or the question names one.")
@click.option("--k", type=click.IntRange(1, 100), default=5, show_default=True, help="How many passages.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def call(question: str, author: str | None, k: int, as_json: bool) -> None:
    """Find the passages of an author that answer QUESTION."""
    with opened(progress=TerminalProgress()) as twin:
        passages = twin.asking.passages(question, author=author, k=k)
    if as_json:
        click.echo(json.dumps([passage.model_dump(mode="json") for passage in passages], indent=2, ensure_ascii=False))
        return
    for number, passage in enumerate(passages, start=1):
        click.echo(shown(number, passage))


def shown(number: int, passage: RetrievedPassage) -> str:
    """A passage as a person reads it: title, headings, link and place, text."""
    chunk = passage.chunk
    heading = " › ".join([chunk.title, *chunk.heading_path])
    scores = ", ".join(f"{stage} {score:.3f}" for stage, score in passage.scores.items())
    place = f"{chunk.link} (characters {chunk.start} to {chunk.end}; {scores})"
    text = textwrap.indent(textwrap.fill(" ".join(chunk.text.split()), 100), "   ")
    return f"{number}. {heading}\n   {place}\n{text}\n"


if __name__ == "__main__":
    console.main(call)
