"""python -m tools.retrieve "QUESTION": the passages of an author that answer it, and where they stand."""

import textwrap
from collections.abc import Iterator

import click

from llm_engineering.bootstrap import opened
from llm_engineering.domain.chunks import Retrieved, RetrievedPassage
from llm_engineering.infrastructure.progress import TerminalProgress
from tools import console

WIDTH = 80
INDENT = "   "


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("question")
@click.option("--author", help="Full name; may be left out when there is only one, or the question names one.")
@click.option("--k", type=click.IntRange(1, 100), default=5, show_default=True, help="How many passages.")
@click.option("--explain", is_flag=True, help="Show the filters found, and each stage's rank and score.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON, for programs.")
def call(question: str, author: str | None, k: int, explain: bool, as_json: bool) -> None:
    """Find the passages of an author that answer QUESTION.

    Words that say when or where a text was published narrow the search: "your 2023 posts on
    GitHub", "what did you write since March 2022 about …".
    """
    with opened(progress=TerminalProgress()) as twin:
        found = twin.asking.passages(question, author=author, k=k)
    if as_json:
        click.echo(found.model_dump_json(indent=2))
        return
    for line in shown(found, explain=explain):
        click.echo(line)


def shown(found: Retrieved, *, explain: bool = False) -> Iterator[str]:
    """The result as a person reads it, in lines of WIDTH columns (links may be longer)."""
    if explain:
        yield from _explained(found)
    if not found.passages:
        among = f" that is {found.filters.shown}" if found.filters else ""
        yield from textwrap.wrap(f"Nothing of {found.author}{among} was found.", WIDTH)
        return
    if not found.is_answerable:
        warning = f"None of these passages seems to answer the question (relevance {found.relevance:.2f})."
        yield from [*textwrap.wrap(warning, WIDTH), ""]
    for number, passage in enumerate(found.passages, start=1):
        yield from _passage(number, passage, explain=explain)


def _explained(found: Retrieved) -> Iterator[str]:
    facts = [("author", found.author)]
    facts += [("filter" if found.filters else "filters", found.filters.shown or "none")]
    facts += [("from the words", words) for words in found.filters.words]
    facts += [("searched", query) for query in found.searched]
    facts += [("relevance", f"{found.relevance:.3f}, {'enough' if found.is_answerable else 'too low'} for an answer")]
    for name, value in facts:
        yield from textwrap.wrap(f"{name + ':':<16}{value}", WIDTH, subsequent_indent=" " * 16)
    yield ""


def _passage(number: int, passage: RetrievedPassage, *, explain: bool) -> Iterator[str]:
    chunk = passage.chunk
    place = f"{number}."
    yield from textwrap.wrap(
        f"{place:<3}{' › '.join(dict.fromkeys([chunk.title, *chunk.heading_path]))}", WIDTH, subsequent_indent=INDENT
    )
    yield f"{INDENT}{chunk.link}"
    date = f"{chunk.published_at:%Y-%m-%d}" if chunk.published_at else "undated"
    yield f"{INDENT}{date}, characters {chunk.start} to {chunk.end}, score {passage.score:.3f}"
    if explain:
        stages = [
            f"{stage} {score:.3f} (no. {passage.ranks[stage]})" if stage in passage.ranks else f"{stage} {score:.3f}"
            for stage, score in passage.scores.items()
        ]
        yield from _indented(", ".join(stages))
        if len(passage.joined) > 1:
            yield from _indented(f"chunks {', '.join(map(str, passage.joined))} joined")
    yield ""
    yield from _indented(" ".join(chunk.text.split()))
    yield ""


def _indented(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)


if __name__ == "__main__":
    console.main(call)
