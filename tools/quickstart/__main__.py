"""python -m tools.quickstart: the main job, end to end, on the sample site or on your own author."""

from pathlib import Path

import click

from llm_engineering.domain.errors import BadInput
from tools import console
from tools.paths import resolved
from tools.quickstart.stages import Quickstart, Wanted
from tools.quickstart.summary import show
from tools.sample_site import DEFAULT_PORT
from tools.spending import YES


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--author", metavar="NAME", help="Whose twin: first and last name. Left out: a sample author.")
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="URL_OR_PATH",
    help="Feed, site, sitemap, page, folder or export of theirs; may be given several times.",
)
@click.option("--retrain", is_flag=True, help="Make datasets and twin again although nothing has changed.")
@click.option(
    "--port",
    default=DEFAULT_PORT,
    show_default=True,
    type=click.IntRange(1, 65535),
    help="Where the sample site is served. Its links, and so its documents, depend on it.",
)
@click.option(
    "--max-samples",
    default=64,
    show_default=True,
    type=click.IntRange(4),
    help="Training samples at most; more make a better twin and take longer.",
)
@click.option("--yes", "-y", is_flag=True, help=YES)
def quickstart(
    author: str | None, sources: tuple[str, ...], retrain: bool, port: int, max_samples: int, yes: bool
) -> None:
    """Collect, make features and datasets, train a twin by SFT and DPO, measure it, ask it, and report.

    Without options it works on the sample site of this repository. What an earlier run finished
    and nothing has changed is not done again.
    """
    if bool(author) != bool(sources):
        raise BadInput("--author and --source belong together: whose words, and where they are.")
    if any(not source.strip() for source in sources):
        raise BadInput("--source is empty; name a feed, site, page, folder or export.")
    wanted = Wanted(author, [_absolute(source) for source in sources], retrain, port, max_samples, yes)
    console.log_to_file("quickstart")
    run = Quickstart(wanted)
    report, written = run.run()
    show(report, written)


def _absolute(source: str) -> str:
    return source if "://" in source else str(resolved(Path(source)).resolve())


if __name__ == "__main__":
    console.main(quickstart)
