"""./poe benchmark features: how fast documents become searchable, what one change costs, and in how much memory."""

from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.features import embedding, pipeline
from benchmarks.features.corpus import handbook as handbook_documents
from benchmarks.report import SHARED, surroundings, write_json
from tools import console
from tools.environment import REPOSITORY
from tools.paths import UserPath

PARTS = ("embedding", "pipeline", "incremental", "memory")
PACKAGES = ("torch", "sentence-transformers", "transformers", "qdrant-edge-py")
OUTPUT = REPOSITORY / "output" / "benchmarks" / "features.json"
BARS = {
    "embed_speedup": (">=", 5.0),
    "embed_cosine": (">=", 0.995),
    "pipeline_speedup": (">=", 6.0),
    "incremental_seconds": ("", 0.0),
    "peak_memory_mb": ("<=", 2048.0),
}
"""Figure → the bar it is to reach."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--handbook",
    type=UserPath(file_okay=False),
    default=SHARED / "corpora" / "handbook" / "data_warehouse_raw_data",
    show_default="../shared/corpora/handbook/data_warehouse_raw_data",
    help="Directory with an ArticleDocument.json.",
)
@click.option("--model", help="Embedding model to measure: a directory or an id. [default: TEXT_EMBEDDING_MODEL_ID]")
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="Measure this part only; may be repeated.")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Of which the median counts.")
@click.option("--most", type=click.IntRange(min=1), default=400, show_default=True, help="Embedding: chunks.")
@click.option("--documents", type=click.IntRange(min=5000), default=10_000, show_default=True, help="Incremental.")
@click.option("--chunks", type=click.IntRange(min=40), default=50_000, show_default=True, help="Memory.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the documents that are made up.")
@click.option(
    "--json", "file", type=UserPath(output=True), default=OUTPUT, show_default="output/benchmarks/features.json"
)
def main(
    handbook: Path,
    model: str | None,
    only: tuple[str, ...],
    rounds: int,
    most: int,
    documents: int,
    chunks: int,
    seed: int,
    file: Path,
) -> None:
    """Measure the making of features; prints a table and writes the figures as JSON."""
    from llm_engineering.infrastructure.models.embedder import SentenceEmbedder

    source, model_id = _model(model)
    figures: dict[str, Any] = surroundings(PACKAGES, documents=seed) | {"model": model_id}
    parts = only or PARTS
    if not (handbook / "ArticleDocument.json").is_file() and {"embedding", "pipeline"} & set(parts):
        console.say(f"Neither embedding nor the pipeline is measured: there is no ArticleDocument.json in {handbook}.")
        parts = tuple(part for part in parts if part not in ("embedding", "pipeline"))
    texts = handbook_documents(handbook) if {"embedding", "pipeline"} & set(parts) else []
    loaded = partial(SentenceEmbedder, source, model_id=model_id)
    for part in parts:
        console.say(f"Measuring {part} …")
        match part:
            case "embedding":
                figures |= embedding.measure(texts, loaded(), source, rounds=rounds, most=most)
            case "pipeline":
                figures |= pipeline.whole(texts, loaded(), source, rounds=rounds)
            case "incremental":
                figures |= pipeline.incremental(loaded(), documents=documents, rounds=rounds, seed=seed)
            case "memory":
                figures |= pipeline.memory(source, model_id, chunks=chunks, seed=seed)
        write_json(figures, file)
    out = Console(highlight=False)
    out.print(_table(figures))
    out.print(f"Written to {file}.", soft_wrap=True)


def _model(wanted: str | None) -> tuple[str, str]:
    """Where the model is, and its name."""
    from llm_engineering.bootstrap import opened
    from llm_engineering.infrastructure.models.embedded import MODEL_PREFIX

    with opened() as twin:
        model = wanted or twin.settings.TEXT_EMBEDDING_MODEL_ID
        return (str(twin.models.path(model)) if model.startswith(MODEL_PREFIX) else model), model


def _table(figures: dict[str, Any]) -> Table:
    table = Table(title="Features", title_justify="left")
    for column in ("figure", "measured", "bar"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for name, (sign, bar) in BARS.items():
        if name in figures:
            table.add_row(name, f"{figures[name]:,.4g}", f"{sign} {bar:g}" if sign else "")
    return table


if __name__ == "__main__":
    console.main(main)
