"""python -m tools.compare_twins A B: which of two twins reads more like the author."""

import click

from llm_engineering.application import twins as keeping
from llm_engineering.application.choosing import twin_name
from llm_engineering.application.verdicts import compared
from llm_engineering.bootstrap import opened
from llm_engineering.domain.errors import BadInput
from tools import console
from tools.environment import REPOSITORY
from tools.run import execute


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--max-prompts", type=click.IntRange(1), default=20, show_default=True, help="Held-out prompts.")
@click.option("--seed", type=click.IntRange(0), default=17, show_default=True)
def compare_twins(first: str, second: str, max_prompts: int, seed: int) -> None:
    """Measure two twins of one author side by side, on the same held-out prompts.

    A and B are such as mara-lindqvist/1 and mara-lindqvist/2. What was held out is what was held
    out from A. Both get their scores, as by run-evaluation-pipeline.
    """
    with opened() as twin:
        author, one = keeping.named_twin(twin.warehouse, first)
        other_author, other = keeping.named_twin(twin.warehouse, second)
    if author.id != other_author.id:
        raise BadInput(
            f"{first} is a twin of {author.full_name} and {second} of {other_author.full_name}; name two of one author."
        )
    if one.version == other.version:
        raise BadInput(f"Both are {twin_name(one)}; name two versions.")
    assignments = (
        f"author_full_name={author.full_name}",
        f"twin_versions=[{one.version}, {other.version}]",
        f"max_prompts={max_prompts}",
        f"seed={seed}",
    )
    summary = execute("evaluating", REPOSITORY / "configs" / "evaluating.yaml", assignments, cache=False)
    if summary.running_elsewhere:
        return
    click.echo(compared(summary.artifact("evaluate"), twin_name(one), twin_name(other)))


if __name__ == "__main__":
    console.main(compare_twins)
