"""python -m tools.run PIPELINE --config FILE --set KEY=VALUE: run a pipeline on the active ZenML stack."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llm_engineering.domain.errors import TwinError
from llm_engineering.settings import load_settings
from pipelines import PIPELINES
from tools import console, preflight, spending
from tools.config_files import PipelineConfig, read_config
from tools.outcomes import show_outcomes
from tools.parameters import described, parameter_model, single_values
from tools.paths import UserPath
from tools.pipeline_runs import RunSummary, run_pipeline, zenml_session
from tools.zenml_store import steps_may_run_elsewhere

if TYPE_CHECKING:
    from rich.console import Console

    from llm_engineering.domain.evaluation import EvaluationReport, Score

SHORT = {"author_full_name": "--author"}
"""Parameter → a shorter option for it."""
REPEATED = {"twin_versions": "--twin"}
"""Parameter that is a list → the option that gives one of it."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def run() -> None:
    """Run a pipeline. `python -m tools.run PIPELINE --help` lists its parameters."""


def execute(name: str, config: Path | None, assignments: tuple[str, ...], cache: bool, yes: bool = False) -> RunSummary:
    """Check everything that can be checked at once, run the pipeline, and print what came of it.

    Before a paid model is called a person is asked, unless `yes`.
    """
    wanted = read_config(PIPELINES[name], config, assignments)
    preflight.check_parameters(name, wanted.parameters)
    _check_here(name, config, wanted)
    spending.confirm(name, wanted.parameters, yes=yes)
    console.log_to_file(name)
    console.say(f"{name}: {', '.join(authors(wanted.parameters)) or 'starting'}" + (f" ({config})" if config else ""))
    summary = run_pipeline(name, wanted.parameters, run_settings=wanted.run_settings, cache=cache)
    show(summary, wanted.parameters)
    return summary


def authors(parameters: Mapping[str, Any]) -> list[str]:
    """The authors that a run is about, however its parameters name them."""
    names = [parameters.get("user_full_name"), parameters.get("author_full_name")]
    names += parameters.get("author_full_names") or []
    names += [author["user_full_name"] for author in parameters.get("author_links") or []]
    return [name for name in names if name]


def next_command(name: str, parameters: Mapping[str, Any]) -> str | None:
    """The command that a newcomer wants after this pipeline."""
    named = authors(parameters)
    first = f"--set author_full_name='{named[0]}'" if named else ""
    match name, parameters.get("dataset_type", "instruction"):
        case "digital_data_etl", _:
            return f"./poe run-feature-engineering-pipeline --set author_full_names='[{named[0]}]'"
        case "feature_engineering", _:
            return f"./poe run-generate-instruct-datasets-pipeline {first}"
        case "generate_datasets", "instruction":
            return f"./poe run-generate-preference-datasets-pipeline {first}"
        case ("generate_datasets", _) | ("end_to_end_data", _):
            return f"./poe run-training-pipeline {first}"
        case "training", _:
            return f"./poe run-evaluation-pipeline {first}"
        case "evaluating", _:
            return "./poe run-inference-ml-service"
    return None


def show(summary: RunSummary, parameters: Mapping[str, Any]) -> None:
    """The steps and their results, where the run is to be seen, and what to run next."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{summary.pipeline}: {summary.status} in {_duration(summary.seconds)}", title_justify="left")
    table.add_column("step", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("time", justify="right", no_wrap=True)
    table.add_column("result", overflow="fold")
    for step in summary.steps:
        status = {"completed": "done", "cached": "unchanged"}.get(step.status, step.status)
        table.add_row(step.name, status, _duration(step.seconds), "\n".join(step.results))
    out = Console(highlight=False)
    out.print(table)
    if summary.pipeline == "digital_data_etl" and not summary.running_elsewhere:
        show_outcomes(summary.artifact("crawl_links"), out)
    if summary.pipeline == "evaluating" and not summary.running_elsewhere:
        _show_evaluation(summary.artifact("evaluate"), out)
    out.print(
        f"Look at: {summary.url or './poe zenml-dashboard'} (run {summary.run_name})", markup=False, soft_wrap=True
    )
    if command := next_command(summary.pipeline, parameters):
        out.print(f"Next:    {command}", markup=False, soft_wrap=True)


def _show_evaluation(report: "EvaluationReport", out: "Console") -> None:
    """Every candidate between the anchors, the verdict, and where the whole report is."""
    from rich.table import Table

    from tools.evaluation_files import directory_of, written

    table = Table(title="0 = other authors, 1 = the author's own held-out text", title_justify="left")
    table.add_column("", overflow="fold")
    for column in ("style", "95 % interval", "copied", "supported"):
        table.add_column(column, justify="right", no_wrap=True)
    style = report.style
    table.add_row("other authors", *_scored(style.other_author), "", "")
    for one in report.candidates:
        truth = f"{one.truth.supported.value:.0%}" if one.truth else ""
        table.add_row(one.label, *_scored(one.style), f"{one.copying.eight_gram_share:.0%}", truth)
    copied = f"{report.author_copying.eight_gram_share:.0%}" if report.author_copying else ""
    table.add_row("the author, held-out text", *_scored(style.author_held_out), copied, "")
    out.print(table)
    out.print(report.verdict, markup=False)
    page = written(report, directory_of(report, load_settings().OUTPUT_DIR))
    out.print(f"Report:  {page} (open it in a browser), report.json beside it", markup=False, soft_wrap=True)


def _scored(score: "Score") -> tuple[str, str]:
    return f"{score.value + 0.0:.2f}", f"{score.low:.2f} to {score.high:.2f}"


def _check_here(name: str, config: Path | None, wanted: PipelineConfig) -> None:
    try:
        preflight.check_base_model(name, config, wanted.run_settings, load_settings().HF_MODEL_ID)
        preflight.check_stores(name, wanted.parameters)
    except TwinError:
        # On a remote stack the steps run where other settings hold and other stores are reachable than here.
        if not steps_may_run_elsewhere() or zenml_session().is_local:
            raise


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"


class PipelineCommand(click.Command):
    """A command whose help lists the parameters of its pipeline."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The parameters, from the pipeline's signature."""
        with formatter.section("Parameters (below `parameters:` in the file, or by --set)"):
            formatter.write_dl(list(_parameter_help(PIPELINES[self.name or ""])))
        formatter.write_text("Those of one value are options, too: --limit 10 is --set limit=10.")
        formatter.write_paragraph()


def _parameter_help(function: Callable[..., Any]) -> Iterator[tuple[str, str]]:
    for name, default, meaning in described(function):
        yield name, f"{meaning}{f'  [{default}]' if default else ''}"


def assignments_of(name: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    """What the command line sets, as KEY=VALUE: by --set, and by the options of single values."""
    single = ((parameter, values.get(parameter)) for parameter in single_values(PIPELINES[name]))
    several = (parameter for parameter in REPEATED if values.get(parameter))
    return (
        *values["assignments"],
        *(f"{parameter}={value}" for parameter, value in single if value is not None),
        *(f"{parameter}=[{', '.join(values[parameter])}]" for parameter in several),
    )


def _spellings(parameter: str) -> list[str]:
    return [f"--{parameter.replace('_', '-')}", *([SHORT[parameter]] if parameter in SHORT else [])]


def _command(name: str, function: Callable[..., Any]) -> click.Command:
    def callback(**values: Any) -> None:
        given = assignments_of(name, values)
        execute(name, values["config"], given, cache=not values["no_cache"], yes=values.get("yes", False))

    options = [
        click.Option(["--config", "-c"], type=UserPath(), metavar="FILE", help="YAML file (see configs/)."),
        click.Option(
            ["--set", "-s", "assignments"], multiple=True, metavar="KEY=VALUE", help="One parameter; VALUE is YAML."
        ),
        click.Option(["--no-cache"], is_flag=True, help="Run every step, also one that would do the same again."),
        *([click.Option(["--yes", "-y"], is_flag=True, help=spending.YES)] if name in spending.ASKING else []),
        *(click.Option([*_spellings(one), one], hidden=True) for one in single_values(function)),
        *(
            click.Option([short, one], multiple=True, help=f"One of {one}; may be repeated.", metavar="VALUE")
            for one, short in REPEATED.items()
            if one in parameter_model(function).model_fields
        ),
    ]
    return PipelineCommand(name, callback=callback, params=list(options), help=function.__doc__)


for _name, _function in PIPELINES.items():
    run.add_command(_command(_name, _function))


if __name__ == "__main__":
    console.main(run)
