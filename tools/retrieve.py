"""python -m tools.retrieve "QUESTION": the passages of an author that answer it, and where they stand."""

import json
import textwrap

import click

from llm_engineering.application.choosing import WantedTwin, chosen_author
from llm_engineering.application.features import features_command
from llm_engineering.application.retrieving import retrieve
from llm_engineering.bootstrap import opened
from llm_engineering.domain.chunks import RetrievedPassage
from llm_engineering.domain.errors import EmptyCorpus
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
        person = chosen_author(twin.warehouse, name=author, wanted=WantedTwin(), query=question)
        passages = retrieve(
            question,
            person,
            vectors=twin.vectors,
            embedder=twin.embedder,
            sparse=twin.sparse,
            reranker=twin.reranker,
            k=k,
        )
    if not passages:
        raise EmptyCorpus(
            f"Nothing that {person.full_name} wrote is in the feature store; "
            f"fill it first: {features_command(person.full_name)}."
        )
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
