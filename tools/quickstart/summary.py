"""What the quickstart prints at its end."""

import textwrap
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from llm_engineering.settings import EMBEDDED_CHAT_MODEL
from tools.quickstart.report import Report, duration

LONGEST_ANSWER = 420


def show(report: Report, written: tuple[Path, Path]) -> None:
    """The answers side by side, the figures, the verdict, and what to run next."""
    out = Console(highlight=False)
    _answers(out, report)
    _figures(out, report)
    out.print()
    out.print(Text(report.verdict, style="bold"))
    if report.base_model == EMBEDDED_CHAT_MODEL:
        out.print("The embedded model is very small (135 million parameters): it learns the voice, not the facts.")
    json_file, html_file = written
    out.print(f"\nReport: {html_file} (open it in a browser) and {json_file}", soft_wrap=True)
    out.print("Next:", markup=False)
    for command, meaning in (
        ("./poe run-inference-ml-service", "ask the twin over HTTP"),
        ("./poe zenml-dashboard", "see every run and artifact, on http://127.0.0.1:8237"),
        ('./poe quickstart --author "Your Name" --source URL_OR_PATH', "the same for your own author"),
    ):
        out.print(f"  {command:<62}{meaning}", markup=False, soft_wrap=True)


def _answers(out: Console, report: Report) -> None:
    for item in report.answers:
        table = Table(title=Text(item.question, style="bold"), title_justify="left", expand=True, show_lines=False)
        table.add_column("base model", ratio=1, overflow="fold")
        table.add_column(f"twin {report.twin}", ratio=1, overflow="fold")
        table.add_row(Text(_short(item.base)), Text(_short(item.twin)))
        out.print()
        out.print(table)
        for source in item.sources:
            quote = textwrap.shorten(source.quote, 110, placeholder=" …")
            out.print(Text(f"  {source.title or source.link}: “{quote}”", style="dim"))


def _figures(out: Console, report: Report) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0), title="What came of it", title_justify="left")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    rows = [
        ("documents", ", ".join(f"{count} {outcome}" for outcome, count in report.documents.items() if count)),
        ("chunks", str(report.chunks)),
        (
            "instruction samples",
            f"{report.instruct_samples['train']} train, {report.instruct_samples['test']} test, "
            f"{report.verbatim_answer_share:.0%} of answers verbatim the author's",
        ),
        ("preference pairs", f"{report.preference_samples['train']} train, {report.preference_samples['test']} test"),
        *_training(report),
        *_style(report),
        ("time", ", ".join(_timed(report))),
    ]
    for name, value in rows:
        table.add_row(name, Text(value))
    out.print()
    out.print(table)


def _training(report: Report) -> list[tuple[str, str]]:
    rows = []
    for name, figures in (("SFT", report.sft), ("DPO", report.dpo)):
        if figures:
            margin = f", reward margin {figures['reward_margin_last']:.2f}" if "reward_margin_last" in figures else ""
            rows.append(
                (
                    name,
                    f"loss {figures['loss_first']:.3f} → {figures['loss_last']:.3f} in {figures['steps']:.0f} steps, "
                    f"{figures['tokens_per_second']:.0f} tokens/s{margin}",
                )
            )
    return rows


def _style(report: Report) -> list[tuple[str, str]]:
    if not report.style:
        return []
    labels = {"other_author": "others", "base": "base", "twin": "twin", "author_held_out": "author"}
    return [("style (0 to 1)", ", ".join(f"{label} {report.style[key]:.2f}" for key, label in labels.items()))]


def _timed(report: Report) -> list[str]:
    ran = [
        f"{name.replace('_', ' ')} {duration(took)}"
        for name, took in report.stages.items()
        if name not in report.reused
    ]
    return [*ran, f"in all {duration(sum(report.stages.values()))}"]


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_ANSWER else f"{text[:LONGEST_ANSWER].rsplit(' ', 1)[0]} …"
