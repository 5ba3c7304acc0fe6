"""What the dashboard, the run's summary and the metadata say of each kind of artifact."""

from collections import Counter
from collections.abc import Sequence
from functools import singledispatch
from typing import Any

from llm_engineering.application.dataset_card import gate_rows, kind_counts
from llm_engineering.application.indexing import IndexReport
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import InstructDataset, InstructSample, PreferenceDataset, PreferenceSample
from llm_engineering.domain.documents import CleanedDocument, CollectionReport, Outcome, RawDocument
from llm_engineering.domain.evaluation import EvaluationReport, Score
from llm_engineering.domain.twins import TrainingResult, TwinManifest
from steps import charts, evaluation_page, html

MOST_OUTCOMES = 200
"""Items in the metadata; the artifact itself and the dashboard's table have all."""
BINS = {"edges", "counts"}
"""Of a distribution, what the metadata leave out: the dashboard draws it."""
ROWS = 50
"""Documents or samples of a preview."""

Document = RawDocument | CleanedDocument


@singledispatch
def summary(value: Any) -> str:
    """One line: what the artifact is, in figures."""
    return str(value)


@singledispatch
def metadata(value: Any) -> dict[str, Any]:
    """The figures by name, as ZenML stores them beside the artifact."""
    return {}


@singledispatch
def preview(value: Any) -> str:
    """An HTML page to look at in the dashboard."""
    return html.page(type(value).__name__, html.paragraph(str(value)))


def plural(count: int, noun: str) -> str:
    """ "1 chunk", "2 chunks"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


# ------------------------------------------------------------------------------ documents


@summary.register
def _(value: list) -> str:  # type: ignore[type-arg]
    authors = sorted({document.author_full_name for document in value})
    return f"{plural(len(value), 'document')} of {', '.join(authors)}" if value else "no documents"


@metadata.register
def _(value: list) -> dict[str, Any]:  # type: ignore[type-arg]
    return {
        "documents": len(value),
        "words": sum(len(_text(document).split()) for document in value),
        "by_author": dict(Counter(document.author_full_name for document in value)),
        "by_category": dict(Counter(str(document.category) for document in value)),
        "by_platform": dict(Counter(document.platform for document in value)),
    }


@preview.register
def _(value: list) -> str:  # type: ignore[type-arg]
    figures = metadata(value)
    counts = {name: figures[name] for name in ("documents", "words")} | figures["by_author"] | figures["by_category"]
    rows = [
        (d.author_full_name, d.title, d.link, str(d.published_at or "")[:10], len(_text(d).split()), _text(d)[:280])
        for d in value[:ROWS]
    ]
    columns = ("author", "title", "link", "published", "words", "begins")
    heading = f"The first {ROWS} of {len(value)}" if len(value) > ROWS else "All of them"
    return html.page(summary(value), html.facts("In figures", counts), html.table(heading, columns, rows))


def _text(document: Document) -> str:
    return document.content if isinstance(document, RawDocument) else document.style_text


# ------------------------------------------------------------------------------ reports


@summary.register
def _(value: Author) -> str:
    return value.full_name


@summary.register
def _(value: CollectionReport) -> str:
    counts = ", ".join(f"{count} {outcome}" for outcome, count in value.counts.items() if count)
    return f"{value.author_full_name}: {counts or 'nothing found'}"


@metadata.register
def _(value: CollectionReport) -> dict[str, Any]:
    trouble = [item for item in value.items if item.outcome in (Outcome.QUARANTINED, Outcome.FAILED)]
    return {
        "author": value.author_full_name,
        **value.counts,
        "words": sum(item.words for item in value.items),
        "reasons": dict(Counter(item.reason for item in trouble)),
        "outcomes": {
            item.link: f"{item.outcome}: {item.reason}" if item.reason else item.outcome.value
            for item in value.by_trouble[:MOST_OUTCOMES]
            if item.outcome is not Outcome.UNCHANGED
        },
    }


@preview.register
def _(value: CollectionReport) -> str:
    items = value.by_trouble
    rows = [(item.outcome.value, item.reason, item.link, item.title, item.words or None) for item in items]
    return html.page(
        f"Collected of {value.author_full_name}",
        html.facts("Outcomes", value.counts),
        *(html.paragraph(note) for note in value.notes),
        html.table("Each link", ("outcome", "reason", "link", "title", "words"), rows),
    )


@summary.register
def _(value: IndexReport) -> str:
    parts = [plural(value.chunks_total, "chunk"), f"{value.embedded} of {plural(value.documents, 'document')} embedded"]
    parts += [f"{value.unchanged} unchanged"] if value.unchanged else []
    parts += [f"{value.removed} removed"] if value.removed else []
    return ", ".join(parts)


@metadata.register
def _(value: IndexReport) -> dict[str, Any]:
    return value.model_dump()


@preview.register
def _(value: IndexReport) -> str:
    return html.page("Feature store", html.facts("In figures", value.model_dump()))


# ------------------------------------------------------------------------------ datasets


@summary.register(InstructDataset)
@summary.register(PreferenceDataset)
def _(value: InstructDataset | PreferenceDataset) -> str:
    verbatim = f"{value.metadata.verbatim_answer_share:.0%} verbatim"
    return f"{value.metadata.author_full_name}: {len(value.train)} train, {len(value.test)} test, {verbatim}"


@metadata.register(InstructDataset)
@metadata.register(PreferenceDataset)
def _(value: InstructDataset | PreferenceDataset) -> dict[str, Any]:
    about = value.metadata
    return {
        "author": about.author_full_name,
        "train_samples": len(value.train),
        "test_samples": len(value.test),
        "train_documents": len(about.train_documents),
        "test_documents": len(about.test_documents),
        "verbatim_answer_share": about.verbatim_answer_share,
        "leak_share": about.leak_share,
        "dropped": about.dropped,
        "replaced": about.replaced,
        "retried": about.retried,
        "tasks": {task: train + test for task, train, test in kind_counts(value)},
        "distributions": {name: one.model_dump(exclude=BINS) for name, one in about.distributions.items()},
        **about.shares,
        "language": about.language or "",
        "recipe": about.recipe,
        "models": about.model_ids,
        "seed": about.seed,
        "test_split_size": about.test_split_size,
        "template_fingerprint": about.template_fingerprint,
        "corpus_fingerprint": about.corpus_fingerprint,
        "fingerprint": value.fingerprint,
        "made_from": about.instruct_fingerprint or "",
    }


@preview.register(InstructDataset)
@preview.register(PreferenceDataset)
def _(value: InstructDataset | PreferenceDataset) -> str:
    figures = {name: shown for name, shown in metadata(value).items() if not isinstance(shown, dict)}
    return html.page(
        f"{'Instruction' if isinstance(value, InstructDataset) else 'Preference'} samples: {summary(value)}",
        html.facts("In figures", figures | value.metadata.model_ids),
        html.table("Quality gates", ("gate", "refuses", "count", "then"), gate_rows(value)),
        html.table("Tasks", ("task", "train", "test"), kind_counts(value)),
        html.histograms("Distributions", value.metadata.distributions),
        _samples("Training", value.train),
        _samples("Held out", value.test),
    )


def _samples(heading: str, samples: Sequence[InstructSample] | Sequence[PreferenceSample]) -> str:
    shown = list(samples[: ROWS // 2])
    heading = f"{heading}: {len(shown)} of {len(samples)}"
    if shown and isinstance(shown[0], PreferenceSample):
        rows = [(s.task.value, s.instruction, s.chosen, s.rejected) for s in shown if isinstance(s, PreferenceSample)]
        return html.table(heading, ("task", "prompt", "chosen: the author's words", "rejected: the model's"), rows)
    answers = [
        (s.task.value, s.instruction, s.answer, s.instruction_by) for s in shown if isinstance(s, InstructSample)
    ]
    return html.table(heading, ("task", "prompt", "answer: the author's words", "prompt written by"), answers)


# ------------------------------------------------------------------------------ twins


@summary.register
def _(value: TrainingResult) -> str:
    parts = [f"{value.finetuning_type}: loss {value.loss_first:.2f} to {value.loss_last:.2f}"]
    parts += [f"in {plural(value.steps, 'step')}, {value.tokens_per_second:.0f} tokens/s"]
    if value.reward_margin_last is not None:
        parts.append(f"reward margin {value.reward_margin_last:.2f}")
    return ", ".join(parts)


@metadata.register
def _(value: TrainingResult) -> dict[str, Any]:
    figures = value.model_dump(mode="json", exclude={"history", "heldout", "adapter_dir"})
    return {name: figure for name, figure in figures.items() if figure is not None}


@preview.register
def _(value: TrainingResult) -> str:
    def line(name: str, entries: Sequence[dict[str, float]]) -> charts.Points:
        return [(entry["step"], entry[name]) for entry in entries if name in entry]

    throughput = [(e["step"], e["tokens"] / e["seconds"]) for e in value.history if e.get("seconds")]
    losses = {"loss": line("loss", value.history), "held-out loss": line("heldout_loss", value.heldout)}
    margins = {"reward margin": line("rewards/margins", value.history)}
    columns = list(dict.fromkeys(name for entry in value.history for name in entry))
    rows = [[entry.get(name) for name in columns] for entry in value.history]
    return html.page(
        f"Training, {summary(value)}",
        charts.line_chart("Loss", losses, "step"),
        charts.line_chart("Reward margin", margins, "step"),
        charts.line_chart("Learning rate", {"learning rate": line("learning_rate", value.history)}, "step"),
        charts.line_chart("Throughput", {"tokens a second": throughput}, "step"),
        html.facts("In figures", metadata(value)),
        html.table("Each logged step", columns, rows),
    )


@summary.register
def _(value: TwinManifest) -> str:
    return f"{value.name}/{value.version} ({' + '.join(value.stages)}) in {value.directory}"


@metadata.register
def _(value: TwinManifest) -> dict[str, Any]:
    return {
        "twin": f"{value.name}/{value.version}",
        "author": value.author_full_name,
        "base_model": value.base_model,
        "stages": value.stages,
        "passed_evaluation": value.passed_evaluation,
        "template_fingerprint": value.template_fingerprint,
        "datasets": {kind: about.fingerprint for kind, about in value.datasets.items()},
        "versions": value.versions,
    }


@preview.register
def _(value: TwinManifest) -> str:
    figures = {name: shown for name, shown in metadata(value).items() if not isinstance(shown, dict)}
    datasets = [(kind, d.train, d.test, d.verbatim_answer_share, d.fingerprint) for kind, d in value.datasets.items()]
    return html.page(
        f"Twin {value.name}, version {value.version}",
        html.facts("In figures", figures | {"directory": value.directory}),
        html.table("Trained on", ("dataset", "train", "test", "verbatim share", "fingerprint"), datasets),
        html.table("Files", ("file", "sha256"), value.files.items()),
        html.facts("Libraries", value.versions),
    )


@summary.register
def _(value: EvaluationReport) -> str:
    style = value.style
    scores = f"style {style.twin.value:.2f} (base {style.base.value:.2f}, the author's own 1, others 0)"
    return f"{value.twin}: {scores}; {'passed' if value.passed else 'not passed'}"


@metadata.register
def _(value: EvaluationReport) -> dict[str, Any]:
    return {
        "twin": value.twin,
        "author": value.author_full_name,
        "passed": value.passed,
        "verdict": value.verdict,
        **{f"style_{name}": score.value for name, score in _scores(value).items()},
        **{f"copied_8_grams_{name}": copy.eight_gram_share for name, copy in value.copying.items()},
        "verifier_auc": value.style.verifier_auc,
        "prompts": value.prompts,
    }


@preview.register
def _(value: EvaluationReport) -> str:
    return evaluation_page.page(value)


def _scores(value: EvaluationReport) -> dict[str, Score]:
    style = value.style
    return {
        "twin": style.twin,
        "base": style.base,
        "author_held_out": style.author_held_out,
        "other_author": style.other_author,
    }
