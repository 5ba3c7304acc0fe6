"""How much of the true article the production extractor finds on real pages, and how long it takes."""

import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.collect.reading import read_text
from benchmarks.collect.scoring import same_title, score, shingle_f1, shingle_score
from llm_engineering.infrastructure.sources.extraction import extract

NEWS = "news_benchmark"
MEASURES = ("f1", "leak", "loss", "title", "date")


def measure(html: Path, predictions: Path | None = None, limit: int | None = None) -> dict[str, Any]:
    """Extract every page below `html` and score it.

    `html` holds a directory an author (`manifest.jsonl`, `SLUG.html`, `SLUG.txt`) and perhaps `news_benchmark`
    (`ground-truth.json`, `html/ID.html.gz`). What was extracted is written to `predictions` as JSON Lines, in the
    form that shared/score_extraction.py reads. `limit` takes the first pages of each author and of the news only.
    Returns the means over authors, `worst_f1`, `authors` with a row each, `news` where that folder is there, and
    `seconds_per_page`: CPU seconds, the mean over all authors' pages.
    """
    authors: dict[str, dict[str, Any]] = {}
    extracted: list[dict[str, Any]] = []
    for manifest in sorted(html.glob("*/manifest.jsonl")):
        pages = [_page(manifest.parent, row) for row in list(_rows(manifest))[:limit]]
        extracted += [page.pop("prediction") for page in pages]
        authors[manifest.parent.name] = _means(pages, (*MEASURES, "seconds")) | {"pages": len(pages)}
    if predictions is not None:
        lines = (json.dumps(page, ensure_ascii=False) for page in extracted)
        predictions.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    figures = _means(list(authors.values()), MEASURES) | {
        "worst_f1": min((row["f1"] for row in authors.values()), default=None),
        "seconds_per_page": _seconds_per_page(authors),
        "authors": authors,
    }
    if (html / NEWS / "ground-truth.json").is_file():
        figures["news"] = news(html / NEWS, limit)
    return figures


def _rows(manifest: Path) -> Iterator[dict[str, Any]]:
    for line in manifest.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield json.loads(line)


def _page(directory: Path, row: dict[str, Any]) -> dict[str, Any]:
    """The scores of one page, its CPU seconds and what was extracted."""
    source = (directory / f"{row['slug']}.html").read_text(encoding="utf-8", errors="replace")
    truth = (directory / f"{row['slug']}.txt").read_text(encoding="utf-8")
    start = time.process_time()
    found = extract(source, row.get("url") or "")
    seconds = time.process_time() - start
    day = found.published_at.date().isoformat() if found.published_at else None
    text = read_text(found.markdown)
    scores: dict[str, Any] = score(text, truth)
    scores["title"] = float(same_title(found.title, row["title"]))
    if row.get("date"):
        scores["date"] = float(day == row["date"])
    said = {"author": directory.name, "slug": row["slug"], "title": found.title, "date": day, "text": text}
    return scores | {"seconds": seconds, "prediction": said}


def _means(rows: list[dict[str, Any]], keys: tuple[str, ...]) -> dict[str, Any]:
    """The mean of each figure over the rows that have it; None where none has."""
    found = {key: [row[key] for row in rows if row.get(key) is not None] for key in keys}
    return {key: mean(values) if values else None for key, values in found.items()}


def _seconds_per_page(authors: dict[str, dict[str, Any]]) -> float | None:
    pages = sum(row["pages"] for row in authors.values())
    return sum(row["seconds"] * row["pages"] for row in authors.values() if row["pages"]) / pages if pages else None


def news(directory: Path, limit: int | None = None) -> dict[str, float]:
    """`f1` of ours and `trafilatura_f1` of plain trafilatura, by the metric that the benchmark publishes."""
    from trafilatura import extract as trafilatura_extract

    truths: dict[str, dict[str, str]] = json.loads((directory / "ground-truth.json").read_text(encoding="utf-8"))
    ours, plain = [], []
    for name, truth in list(truths.items())[:limit]:
        with gzip.open(directory / "html" / f"{name}.html.gz", "rt", encoding="utf-8", errors="replace") as file:
            source = file.read()
        text = read_text(extract(source, truth.get("url") or "").markdown)
        ours.append(shingle_score(text, truth["articleBody"]))
        plain.append(shingle_score(trafilatura_extract(source, include_comments=False) or "", truth["articleBody"]))
    return {"f1": shingle_f1(ours), "trafilatura_f1": shingle_f1(plain)}
