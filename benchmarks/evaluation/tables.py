"""The figures as a person reads them."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from benchmarks.evaluation.cost import PROMPTS

AUC_BARS = {
    "auc_500": (">= 0.95", ">= 0.88"),
    "auc_150": (">= 0.88", ""),
    "auc_500_unseen": ("", ""),
    "auc_150_unseen": ("", ""),
}
"""Figure → bar of the mean, of the worst author."""


def shown(figures: Mapping[str, Any]) -> list[Table | str]:
    """The tables, and the sentence that names who was left out."""
    found: list[Table | str] = [_summary(figures)]
    if rows := figures.get("by_author_500"):
        found.append(_authors(figures, rows))
    if left_out := figures.get("left_out"):
        found.append("Left out: " + "; ".join(f"{name} ({why})" for name, why in left_out.items()) + ".")
    return found


def _summary(figures: Mapping[str, Any]) -> Table:
    table = Table(title="Evaluation", title_justify="left")
    for column in ("figure", "measured", "bar"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for row in [*_auc_rows(figures), *_drop_rows(figures), *_cost_rows(figures), *_sanity_rows(figures)]:
        table.add_row(*row)
    return table


def _auc_rows(figures: Mapping[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, (mean, worst) in AUC_BARS.items():
        if name in figures:
            one = figures[name] or {}
            rows.append((f"{name} mean", _figure(one.get("mean")), mean))
            rows.append((f"{name} worst", _figure(one.get("worst")), worst))
            rows.append((f"{name} authors", _who(one)))
    return rows


def _who(one: Mapping[str, Any]) -> str:
    """How many authors the figure rests on, and how many of them or beside them are a special case."""
    counts = {
        "an evaluation would refuse": one.get("refused", ()),
        "by one half": one.get("one_half", ()),
        "too little text": one.get("too_few", ()),
    }
    notes = [f"{what}: {len(names)}" for what, names in counts.items() if names]
    return "; ".join([str(one.get("authors", 0)), *notes])


def _drop_rows(figures: Mapping[str, Any]) -> list[tuple[str, ...]]:
    bars = {"topic_drop": "< 0.05", "topic_drop_150": ""}
    return [(name, _figure(figures[name]), bar) for name, bar in bars.items() if name in figures]


def _cost_rows(figures: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """The bar is for forty prompts; a time of fewer is not held against it."""
    name = "seconds_three_candidates"
    if name not in figures:
        return []
    prompts = figures.get("cost_prompts")
    if prompts is None or prompts >= PROMPTS:
        return [(name, _figure(figures[name]), "< 360")]
    return [(f"{name} ({prompts} prompts)", _figure(figures[name]), f"none below {PROMPTS} prompts")]


def _sanity_rows(figures: Mapping[str, Any]) -> list[tuple[str, ...]]:
    if "sanity" not in figures:
        return []
    sanity = figures["sanity"] or {}
    checks = sanity.get("checks", {})
    # How much of the author's new text repeats their old is no check, but what `verbatim_copied` compares with.
    rows = [
        (f"sanity: {name.replace('_', ' ')}", _figure(sanity[name]), _passed(checks.get(name)))
        for name in [*checks, "held_out_copied"]
        if name in sanity
    ]
    return [*rows, ("sanity: passed", _passed(sanity.get("passed"))), ("sanity: authors", _who(sanity))]


def _passed(is_right: bool | None) -> str:
    return {True: "passed", False: "failed", None: "–"}[is_right]


def _authors(figures: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(title="By author (AUC)", title_justify="left")
    for column in ("author", "500 words", "same topic", "150 words", "strangers, 500", "pieces, held out"):
        table.add_column(column, justify="left" if column == "author" else "right")
    short = figures.get("by_author_150", {})
    strange = (figures.get("auc_500_unseen") or {}).get("by_author", {})
    for name, one in rows.items():
        pieces = one.get("pieces")
        table.add_row(
            f"{name} (refused)" if "refused" in one else name,
            _figure(one.get("auc")),
            _figure(one.get("same_topic")),
            _figure(short.get(name, {}).get("auc")),
            _figure(strange.get(name, {}).get("auc")),
            f"{pieces['training']}, {pieces['held_out']}" if pieces else "too little text",
        )
    return table


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
