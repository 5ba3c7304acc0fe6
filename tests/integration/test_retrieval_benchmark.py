"""The benchmark of retrieval measures what it says: on small folders, by an embedder that counts words."""

import json
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.retrieval import golden_scores, ir, latency
from benchmarks.retrieval.embeddings import RememberedEmbedder
from benchmarks.retrieval.golden import Answer, GoldenQuestion
from benchmarks.retrieval.measures import area_under_curve, ndcg, recall, reciprocal_rank
from benchmarks.retrieval.orders import ORDERS
from tests.fakes import WordCounts, WordEmbedder
from tests.samples import article


def shown(table) -> str:
    console = Console(width=140)
    with console.capture() as said:
        console.print(table)
    return said.get()


# ------------------------------------------------------------------------------ measures


def test_ndcg_is_that_of_trec_eval():
    assert ndcg(["a", "b", "c"], {"a"}) == 1
    assert ndcg(["x", "a"], {"a"}) == pytest.approx(0.6309, abs=1e-4)
    assert ndcg(["a", "x", "b"], {"a", "b"}) == pytest.approx((1 + 0.5) / (1 + 0.6309), abs=1e-4)
    assert ndcg(["x"] * 10 + ["a"], {"a"}) == 0


def test_recall_rank_and_area():
    assert recall(["a", "x", "b"], {"a", "b"}, 2) == 0.5
    assert (reciprocal_rank([False, True, True]), reciprocal_rank([False] * 10 + [True])) == (0.5, 0)
    assert area_under_curve([3, 2], [1, 2]) == (1 + 1 + 1 + 0.5) / 4


# ------------------------------------------------------------------------------ a folder of documents


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [{"_id": str(n), "title": "Title", "text": f"alpha{n} beta{n} gamma{n}"} for n in range(30)]
    queries = [{"_id": f"q{n}", "text": f"alpha{n} or gamma{n}"} for n in range(30)]
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
    grades = [f"q{n}\t{n}\t1\nq{n}\t{n + 1}\t0" for n in range(29)]
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(grades) + "\n")
    return tmp_path


def test_every_stage_is_scored_and_finds_what_says_the_same_words(folder: Path):
    figures = ir.measure(folder, WordCounts(), WordEmbedder())
    assert (figures["documents"], figures["queries"]) == (30, 29)
    for stage in ir.BARS:
        assert figures[stage] > 0.8, stage
    assert figures["sparse"] == figures["recall_100"] == 1
    assert figures["orders"].keys() == ORDERS.keys()
    assert figures["orders"]["mix"] == pytest.approx(figures["full"], abs=0.05)
    assert figures["orders"]["dense"] == pytest.approx(figures["dense"], abs=0.05)
    assert "recall_100" in shown(ir.table(figures))


def test_without_an_embedder_the_sparse_search_is_measured(folder: Path):
    figures = ir.measure(folder, WordCounts(), None, limit=5)
    assert figures["sparse"] == 1
    assert figures["queries"] == 5
    assert "dense" not in figures


# ------------------------------------------------------------------------------ the golden questions


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    for number, author in enumerate((*golden_scores.CALIBRATED_ON, "third")):
        (tmp_path / author).mkdir()
        manifest = [{"slug": f"text-{n}", "title": f"Text {n}", "date": "2020-01-01"} for n in range(3)]
        (tmp_path / author / "manifest.jsonl").write_text("\n".join(map(json.dumps, manifest)))
        for n in range(3):
            text = f"---\ntitle: x\n---\n{article(10 * number + n, 9)}"
            (tmp_path / author / f"text-{n}.md").write_text(text)
    return tmp_path


def questions() -> list[GoldenQuestion]:
    found = []
    for number, author in enumerate((*golden_scores.CALIBRATED_ON, "third")):
        for n in range(3):
            sentence = article(10 * number + n, 9).split("\n\n")[6].split(".")[0]
            answer = Answer(f"text-{n}", (sentence,))
            found.append(GoldenQuestion(f"{author}-{n}", author, f"{sentence}?", (answer,)))
        found.append(GoldenQuestion(f"{author}-no", author, "Quantum chromodynamics?", ()))
    return found


def test_questions_in_the_words_of_the_answer_find_it_and_strange_ones_are_rejected(texts: Path):
    figures = golden_scores.measure(questions(), texts, WordCounts(), WordEmbedder(), 0.3)
    assert figures["recall_5"] == 1
    assert figures["mrr_10"] > 0.5
    assert (figures["unanswerable_rejected"], figures["answerable_rejected"]) == (1, 0)
    assert figures["relevance_auc"] == 1
    assert figures["calibration"]["unanswerable_rejected"] == 1
    assert figures["authors"]["third"]["recall_5"] == 1
    assert "mrr 10" in shown(golden_scores.table(figures))


def test_a_span_that_cleaning_has_lost_is_an_error_and_no_miss(texts: Path):
    question = GoldenQuestion("x-1", "third", "Why?", (Answer("text-0", ("no such words",)),))
    with pytest.raises(ValueError, match="no such words"):
        golden_scores.measure([*questions(), question], texts, WordCounts(), WordEmbedder(), 0.3)


# ------------------------------------------------------------------------------ speed


def test_latency_is_told_by_size_filter_and_stage(texts: Path):
    asked = questions() * 2
    rows = latency.measure(asked, texts, WordCounts(), WordEmbedder(), WordEmbedder(), [50, 200])
    stages = {(row["size"], row["filter"], row["optimized"], row["stage"]) for row in rows}
    assert (200, "author", True, "all") in stages
    assert (50, "none", False, "search") in stages
    assert len(stages) == len(rows) == 1 + 2 * 2 * 5
    assert all(0 < row["p50"] <= row["p95"] <= row["p99"] for row in rows)
    assert "author" in shown(latency.table(rows))


# ------------------------------------------------------------------------------ what is remembered


class Once(WordEmbedder):
    """Refuses to embed a text twice."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def embed(self, texts, progress=None):
        assert not self.seen & set(texts)
        self.seen |= set(texts)
        return super().embed(texts, progress)


def test_a_vector_is_computed_once_also_by_a_later_run(tmp_path: Path):
    first = Once()
    remembered = RememberedEmbedder(first, tmp_path)
    assert (remembered.embed(["a", "b", "a"]) == WordEmbedder().embed(["a", "b", "a"])).all()
    assert (remembered.embed(["b", "c"]) == WordEmbedder().embed(["b", "c"])).all()
    again = RememberedEmbedder(second := Once(), tmp_path)
    assert (again.embed(["c", "b", "a"]) == WordEmbedder().embed(["c", "b", "a"])).all()
    assert second.seen == set()
    assert again.embed([]).shape == (0, WordEmbedder.dimensions)
