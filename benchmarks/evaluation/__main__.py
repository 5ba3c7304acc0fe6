"""./poe benchmark evaluation: whether the score of style can be believed, and what an evaluation costs."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from benchmarks.evaluation import base_model, corpus, cost, sanity, tables, topics, verifying
from benchmarks.report import SHARED, surroundings, write_json
from llm_engineering.application.ports import Progress
from llm_engineering.bootstrap import opened
from llm_engineering.domain.errors import TwinError
from llm_engineering.infrastructure.progress import TerminalProgress
from llm_engineering.settings import EMBEDDED_CHAT_MODEL
from tools import console
from tools.environment import REPOSITORY
from tools.paths import UserPath

PARTS = {
    "verifier": ("auc_500", "auc_150", "topic_drop"),
    "unseen": ("auc_500_unseen", "auc_150_unseen"),
    "sanity": ("sanity",),
    "cost": ("seconds_three_candidates",),
}
"""Part → its figures, which are null when the part cannot be measured."""
LENGTHS = (500, 150)
"""Words a piece."""
SANITY_WORDS = 150
"""About the length of an answer."""
COST_AUTHORS = 4
"""One author and three impostors."""
PACKAGES = ("numpy", "scikit-learn", "xllamacpp")
OUTPUT = REPOSITORY / "output" / "benchmarks" / "evaluation.json"
CACHE = REPOSITORY / "output" / "benchmarks" / "cache" / "evaluation"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--text",
    type=UserPath(file_okay=False),
    default=SHARED / "corpora" / "text",
    show_default="../shared/corpora/text",
    help="Folder of a folder of Markdown files an author.",
)
@click.option("--only", type=click.Choice(list(PARTS)), multiple=True, help="Measure this part only; may be repeated.")
@click.option(
    "--most",
    type=click.IntRange(min=8),
    default=40,
    show_default=True,
    help="Training pieces an author; half held out.",
)
@click.option("--prompts", type=click.IntRange(min=0), default=6, show_default=True, help="Base model: an author.")
@click.option("--seed", type=int, default=17, show_default=True)
@click.option(
    "--json", "file", type=UserPath(output=True), default=OUTPUT, show_default="output/benchmarks/evaluation.json"
)
def main(text: Path, only: tuple[str, ...], most: int, prompts: int, seed: int, file: Path) -> None:
    """Measure the evaluation; prints tables and writes the figures as JSON.

    What the base model wrote is kept in output/benchmarks/cache/evaluation. Exits with 1 when nothing
    could be measured.
    """
    out = Console(highlight=False)
    progress = TerminalProgress()
    found = corpus.find(text)
    parts = [part for part in PARTS if not only or part in only]
    authors = corpus.read(text) if set(parts) - {"cost"} else {}
    figures: dict[str, Any] = surroundings(PACKAGES, benchmark=seed) | {"left_out": found.left_out}
    for part in parts:
        console.say(f"Measuring {part} …")
        match part:
            case "verifier" | "unseen":
                figures |= _attempted(part, partial(_verified, part, authors, most, seed, progress))
            case "sanity":
                figures |= _attempted(part, partial(_sane, authors, most, prompts, seed, progress))
            case "cost":
                figures |= _attempted(part, partial(_timed, text, found.longest(COST_AUTHORS), progress))
        write_json(figures, file)
    for line in tables.shown(figures):
        out.print(line, soft_wrap=isinstance(line, str), markup=False)
    out.print(f"Written to {file}.", soft_wrap=True)
    if not any(is_measured(figures[name]) for part in parts for name in PARTS[part]):
        raise TwinError(f"Nothing could be measured on {text}; {file} says why, part by part and author by author.")


def is_measured(figure: Any) -> bool:
    """Whether a figure of PARTS has a value."""
    if isinstance(figure, Mapping):
        return figure.get("mean") is not None or figure.get("passed") is not None
    return figure is not None


def _attempted(part: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The part's figures; of a part that cannot be measured null and why, and the others still go on."""
    try:
        return measure()
    except TwinError as refusal:
        console.say(f"No figures of {part}: {refusal}")
        return {**dict.fromkeys(PARTS[part]), f"{part}_refused": str(refusal)}


def _timed(text: Path, names: Sequence[str], progress: Progress) -> dict[str, Any]:
    """Of the author with the most documents, since forty prompts take many held-out passages."""
    with opened(progress=progress) as twin:
        return cost.measure(twin, text, names)


def _verified(
    part: str, authors: Mapping[str, corpus.Texts], most: int, seed: int, progress: Progress
) -> dict[str, Any]:
    like = topics.neighbours({name: [one.text for one in some.training] for name, some in authors.items()})
    found: dict[str, Any] = {"same_topic_authors": like}
    for words in LENGTHS:
        pieces = {name: corpus.cut(some, words, most) for name, some in authors.items()}
        if part == "unseen":
            by_author = verifying.unseen(pieces, like, seed, progress)
            found[f"auc_{words}_unseen"] = verifying.summary(by_author) | {"by_author": by_author}
        else:
            by_author = verifying.known(pieces, like, seed, progress)
            found[f"auc_{words}"] = verifying.summary(by_author)
            found[f"by_author_{words}"] = by_author
            found["topic_drop" if words == LENGTHS[0] else f"topic_drop_{words}"] = verifying.summary(
                by_author, "topic_drop"
            )["mean"]
    return found


def _sane(
    authors: Mapping[str, corpus.Texts], most: int, prompts: int, seed: int, progress: Progress
) -> dict[str, Any]:
    pieces = {name: corpus.cut(some, SANITY_WORDS, most) for name, some in authors.items()}
    written = {}
    if prompts:
        with opened(progress=progress) as twin:
            written = base_model.texts(twin, EMBEDDED_CHAT_MODEL, authors, prompts, CACHE, seed)
    summary, by_author = sanity.checked(pieces, written, seed, progress)
    return {"sanity": summary, "sanity_by_author": by_author}


if __name__ == "__main__":
    console.main(main)
