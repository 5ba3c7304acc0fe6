"""An evaluation as one self-contained page: no script, no request to anywhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from llm_engineering.application.contenders import BASE, WITH_SOURCES
from llm_engineering.application.measured import AUTHOR, OTHERS
from llm_engineering.domain.evaluation import EvaluationReport, SampleAnswer, TruthScores
from llm_engineering.domain.measures import Interval, RetrievalScores

TEMPLATE = "evaluation_page.html.jinja"
DELTAS = {"burrows_delta": "Burrows's Delta", "cosine_delta": "Cosine Delta"}
HABITS = {
    "sentence_words": "Words in a sentence",
    "sentence_words_sd": "How much that varies (deviation)",
    "first_person": "I, me, my",
    "contractions": "Contractions",
    "commas": "Commas",
    "questions": "Question marks",
    "exclamations": "Exclamation marks",
    "dashes": "Dashes",
    "semicolons": "Semicolons",
    "colons": "Colons",
    "parentheses": "Parentheses",
    "hedges": "Hedges (perhaps, probably, seems)",
    "ellipses": "Ellipses",
    "list_items": "List items",
    "headings": "Headings",
}
"""Rates that are drawn, where they were measured, and what they are called."""


@dataclass(frozen=True)
class Part:
    """A stretch of an answer, and how it is marked."""

    text: str
    mark: str = ""
    title: str = ""


def page(report: EvaluationReport) -> str:
    """The whole report as HTML. Every text in it is escaped: models and web pages wrote them."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": _percent, "between": _between, "parts": parts}
    return environment.get_template(TEMPLATE).render(
        report=report,
        scale=_scale(report),
        measures=_measures(report),
        sentences=_sentences(report),
        habits=_habits(report),
        facts=_facts(report),
        labels={one.name: one.label for one in report.candidates},
        colours={one.name: _colour(report, one.name) for one in report.candidates},
    )


def parts(answer: SampleAnswer) -> Iterator[Part]:
    """The answer in order, cut where a mark begins or ends; what is copied wins over what is supported."""
    marks: list[Part | None] = [None] * len(answer.text)
    for sentence in answer.support:
        if sentence.label != "opinion":
            title = f"similarity {sentence.score:.2f}"
            marks[sentence.start : sentence.end] = [Part("", str(sentence.label), title)] * (
                sentence.end - sentence.start
            )
    for start, end in answer.copied:
        marks[start:end] = [Part("", "copied", f"{len(answer.text[start:end].split())} words")] * (end - start)
    begin = 0
    for at in range(1, len(answer.text) + 1):
        if at == len(answer.text) or marks[at] is not marks[begin]:
            mark = marks[begin]
            yield Part(answer.text[begin:at], mark.mark if mark else "", mark.title if mark else "")
            begin = at


def _scale(report: EvaluationReport) -> dict[str, Any]:
    """Positions (0 to 100 % of the axis) of each candidate and its interval."""
    anchors = report.style
    named = [("Other authors", "other", anchors.other_author)]
    named += [(one.label, _colour(report, one.name), one.style) for one in report.candidates]
    named += [(f"{report.author_full_name}, held-out text", "author", anchors.author_held_out)]
    least = min(0.0, *(score.low for _, _, score in named)) - 0.05
    most = max(1.0, *(score.high for _, _, score in named)) + 0.05

    def place(value: float) -> float:
        return round(100 * (value - least) / (most - least), 2)

    rows = [
        {
            "label": label,
            "colour": colour,
            **score.model_dump(),
            "value": round(score.value, 4) + 0.0,  # never "-0.00"
            "at": place(score.value),
            "from": place(score.low),
            "to": place(score.high),
        }
        for label, colour, score in named
    ]
    return {"rows": rows, "zero": place(0.0), "one": place(1.0)}


def _measures(report: EvaluationReport) -> dict[str, Any]:
    """The measures behind the score and the two Deltas, author first, then others, then every candidate."""
    names = {AUTHOR: "Author", OTHERS: "Others", **{one.name: one.name for one in report.candidates}}
    style = report.style
    rows = [
        {
            "name": name,
            "auc": report.members.get(name),
            "interval": report.member_intervals.get(name),
            "figures": [round(row[key], 2) for key in names if key in row],
        }
        for name, row in style.measures.items()
    ]
    rows += [
        {"name": name, "figures": [style.raw[key][one] for one in names if one in style.raw[key]]}
        for key, name in DELTAS.items()
        if key in style.raw
    ]
    return {"columns": list(names.values()), "rows": rows}


def _drawn(report: EvaluationReport) -> tuple[tuple[str, str, str], ...]:
    """(Name in the profile, what it is called, its colour) of whom habits are drawn."""
    return (
        (AUTHOR, "author", "author"),
        (report.twin, "twin", "twin"),
        (BASE, "base", "base"),
        (OTHERS, "others", "other"),
    )


def _sentences(report: EvaluationReport) -> list[dict[str, Any]]:
    """How long everybody's sentences are: percentiles in words, and where they lie (0 to 100 % of the axis)."""
    rows = [report.profile.get(f"sentence_words_{percentile}", {}) for percentile in ("p10", "p50", "p90")]
    highest = max(rows[-1].values(), default=0.0)
    if not highest:
        return []
    return [
        {
            "name": name,
            "colour": colour,
            "words": [row[key] for row in rows],
            "at": [round(98 * row[key] / highest, 1) for row in rows],  # the longest one's mark is still within
        }
        for key, name, colour in _drawn(report)
        if all(key in row for row in rows)
    ]


def _habits(report: EvaluationReport) -> list[dict[str, Any]]:
    """Author, base model, twin and others, habit by habit, as bars of one scale each."""
    drawn = []
    for rate, name in HABITS.items():
        row = report.profile.get(rate, {})
        if not (highest := max(row.values(), default=0.0)):
            continue
        bars = [
            {"name": shown, "colour": colour, "width": round(100 * row[key] / highest, 1), "shown": f"{row[key]:.1f}"}
            for key, shown, colour in _drawn(report)
            if key in row
        ]
        drawn.append({"name": name, "bars": bars})
    return drawn


def _facts(report: EvaluationReport) -> Mapping[str, str]:
    """What was measured once for all candidates, in words."""
    facts = {}
    if shares := report.self_overlap:
        facts["What the author repeats word for word from their other documents"] = (
            f"{_percent(shares[len(shares) // 2])} of a document's 8-word runs at the median, "
            f"{_percent(shares[-1])} at most (n = {len(shares)})"
        )
    if refusals := report.refusals:
        facts["Questions the author has not written about"] = (
            f"{_percent(refusals.refused_share)} ({_between(refusals.refused_interval)}) of {refusals.unanswerable} "
            f"refused; of {refusals.answerable} that the author has, {_percent(refusals.wrongly_refused_share)} "
            f"({_between(refusals.wrongly_refused_interval)})"
        )
    if found := report.retrieval:
        facts["Finding the passage that an instruction was made from"] = _retrieval(found)
    if judge := report.judge:
        agreeing = judge.agrees_with_style
        agrees = f", agrees with the style score on {_percent(agreeing)}" if agreeing is not None else ""
        facts[f"Judge {judge.model}: twin against base model"] = (
            f"{judge.wins} wins, {judge.ties} ties, {judge.losses} losses, {judge.invalid} unreadable; win rate "
            f"{judge.win_rate:.2f} ({judge.low:.2f} to {judge.high:.2f}); same verdict in both orders "
            f"{_percent(judge.consistent)}{agrees}"
        )
    for one in report.candidates:
        if one.truth and one.name.endswith(WITH_SOURCES):
            facts[f"Citations, {one.label}"] = _citations(one.truth)
    return facts


def _retrieval(found: RetrievalScores) -> str:
    figures = [*((f"recall@{k}", value) for k, value in found.recall.items()), ("mrr", found.mrr), ("ndcg", found.ndcg)]
    names = {"mrr": "MRR@10", "ndcg": "nDCG@10"}
    told = []
    for name, value in figures:
        low_high = found.intervals.get(name)
        between = f" ({low_high[0]:.2f} to {low_high[1]:.2f})" if low_high else ""
        told.append(f"{names.get(name, name.capitalize())} {value:.2f}{between}")
    return f"{', '.join(told)} (n = {found.n})"


def _citations(truth: TruthScores) -> str:
    cited = truth.citations
    labelled = ""
    if truth.labelled_by:
        labelled = f"; labelled by {truth.labelled_by}"
        labelled += f", which failed on {truth.kept} of the answers: those by thresholds" if truth.kept else ""
    return (
        f"{_percent(cited.precision)} ({_between(cited.precision_interval)}) of {cited.sources} sources shown support "
        f"a sentence; {_percent(cited.recall)} ({_between(cited.recall_interval)}) of {cited.sentences} factual "
        f"sentences are supported{labelled}"
    )


def _colour(report: EvaluationReport, name: str) -> str:
    twins = {result.twin for result in report.promotions}
    return "twin" if name.removesuffix(WITH_SOURCES) in twins else "base"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _between(interval: Interval) -> str:
    """An interval of shares."""
    low, high = interval
    return f"{_percent(low)} to {_percent(high)}"
