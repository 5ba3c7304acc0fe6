"""./poe benchmark retrieval: how well passages are found, and how fast."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.report import SHARED, surroundings, write_json
from benchmarks.retrieval import chunking, golden_scores, ir, latency
from benchmarks.retrieval.embeddings import RememberedEmbedder
from benchmarks.retrieval.golden import load
from benchmarks.retrieval.maxsim import LateInteraction
from llm_engineering.application.ports import Embedder
from llm_engineering.bootstrap import Twin, opened
from llm_engineering.domain.errors import TwinError
from llm_engineering.infrastructure.models.embedded import MODEL_PREFIX
from llm_engineering.infrastructure.progress import TerminalProgress
from tools import console
from tools.environment import REPOSITORY
from tools.paths import UserPath

PARTS = ("scifact", "golden", "chunking", "latency")
PACKAGES = ("qdrant-edge-py", "sentence-transformers", "torch", "numpy")
OUTPUT = REPOSITORY / "output" / "benchmarks" / "retrieval.json"
CACHE = REPOSITORY / "output" / "benchmarks" / "cache"
CORPORA = SHARED / "corpora"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--ir",
    "directory",
    type=UserPath(file_okay=False),
    default=CORPORA / "ir" / "scifact",
    show_default="../shared/corpora/ir/scifact",
    help="Folder of corpus.jsonl, queries.jsonl and qrels.tsv; its figures go by its name.",
)
@click.option(
    "--texts",
    type=UserPath(file_okay=False),
    default=CORPORA / "text",
    show_default="../shared/corpora/text",
    help="Folder of the authors of the golden questions.",
)
@click.option(
    "--chunks",
    type=UserPath(file_okay=False),
    default=CORPORA / "ir" / "chroma_chunking",
    show_default="../shared/corpora/ir/chroma_chunking",
    help="Folder of documents and questions with answer spans, for the chunkers.",
)
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="Measure this part only; may be repeated.")
@click.option("--limit", type=click.IntRange(min=1), help="The first queries of --ir only.")
@click.option("--sizes", default="1000,10000,50000", show_default=True, help="Chunks in the store, for the latency.")
@click.option("--maxsim", is_flag=True, help="Compare late interaction over token vectors too; takes minutes.")
@click.option(
    "--json", "file", type=UserPath(output=True), default=OUTPUT, show_default="output/benchmarks/retrieval.json"
)
def main(
    directory: Path,
    texts: Path,
    chunks: Path,
    only: tuple[str, ...],
    limit: int | None,
    sizes: str,
    maxsim: bool,
    file: Path,
) -> None:
    """Measure retrieval by the embedder of the settings; prints tables and writes the figures as JSON.

    Vectors are kept in output/benchmarks/cache. Where the embedder cannot be had, only the sparse
    search is measured.
    """
    out = Console(highlight=False)
    figures: dict[str, Any] = surroundings(PACKAGES)
    folders = {"scifact": directory, "golden": texts, "chunking": chunks, "latency": texts}
    with opened(progress=TerminalProgress()) as twin:
        embedder = _embedder(twin)
        figures["embedder"] = embedder.model_id if embedder else None
        late = LateInteraction(_model(twin)) if maxsim and embedder else None
        for part in only or PARTS:
            if not folders[part].is_dir():
                console.say(f"{part} is not measured: there is no directory {folders[part]}.")
                continue
            if embedder is None and part != "scifact":
                console.say(f"{part} is not measured without an embedder.")
                continue
            console.say(f"Measuring {part} …")
            if part == "scifact":
                figures[directory.name] = ir.measure(directory, twin.sparse, embedder, limit, late)
                out.print(ir.table(figures[directory.name]))
            elif embedder is not None:
                figures[part] = _measured(part, folders[part], twin, embedder, sizes, late, out)
            write_json(figures, file)
    out.print(f"Written to {file}.", soft_wrap=True)


def _measured(
    part: str, folder: Path, twin: Twin, embedder: Embedder, sizes: str, late: LateInteraction | None, out: Console
) -> Any:
    match part:
        case "golden":
            found = golden_scores.measure(
                load(), folder, twin.sparse, embedder, twin.settings.RETRIEVAL_MIN_RELEVANCE, late
            )
            out.print(golden_scores.table(found))
            return found
        case "chunking":
            ways = chunking.measure(folder, embedder)
            out.print(_chunking_table(ways))
            return ways
    # The embedder itself, not what it remembers: its time is one of the stages.
    rows = latency.measure(
        load(), folder, twin.sparse, twin.embedder, embedder, [int(size) for size in sizes.split(",")]
    )
    out.print(latency.table(rows))
    return rows


def _chunking_table(ways: dict[str, Any]) -> Table:
    table = Table(title="Chunking: the best five chunks", title_justify="left")
    for column in ("cut by", "chunks", "tokens", "recall", "precision", "iou"):
        table.add_column(column, justify="left" if column == "cut by" else "right")
    for name, row in ways.items():
        best = row["top_5"]
        shares = [f"{best[key]:.3f}" for key in ("recall", "precision", "iou")]
        table.add_row(name, str(row["chunks"]), f"{row['mean_tokens']:.0f}", *shares)
    return table


def _model(twin: Twin) -> str | Path:
    """Where the embedder of the settings comes from."""
    model = twin.settings.TEXT_EMBEDDING_MODEL_ID
    return twin.models.path(model) if model.startswith(MODEL_PREFIX) else model


def _embedder(twin: Twin) -> Embedder | None:
    try:
        return RememberedEmbedder(twin.embedder, CACHE)
    except TwinError as error:
        console.say(f"There is no embedder: {error}")
        return None


if __name__ == "__main__":
    console.main(main)
