"""The figures of `benchmarks/retrieval/chunking.py`, on a text small enough to count by hand."""

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.retrieval.chunking import Question, Retrieved, measure, scores, within
from benchmarks.retrieval.rival_chunkers import LANGCHAIN_SEPARATORS, SENTENCE_SEPARATORS, recursive, windows
from tests.fakes import WordEmbedder
from tests.samples import article


def words(text: str) -> int:
    return len(text.split())


def found(start: int, end: int, document: str = "a") -> Retrieved:
    return Retrieved(document, (start, end), "", 1)


def test_what_two_chunks_hold_counts_once_and_other_documents_do_not_help() -> None:
    question = Question("?", "a", [(0, 10), (20, 30)])
    held = [found(0, 8), found(4, 16), found(20, 30, "b")]
    assert scores(question, held) == {"recall": 0.5, "precision": 10 / 26, "iou": 10 / 36}
    assert scores(question, []) == {"recall": 0.0, "precision": 0.0, "iou": 0.0}


def test_every_way_of_cutting_gets_the_same_number_of_tokens_and_the_last_chunk_its_beginning() -> None:
    best = [Retrieved("a", (0, 60), "", 6), Retrieved("a", (60, 160), "", 10), found(200, 210)]
    assert [(one.span, one.tokens) for one in within(best, 11)] == [((0, 60), 6), ((60, 110), 5)]
    assert [one.tokens for one in within(best, 6)] == [6]
    assert [one.tokens for one in within(best, 50)] == [6, 10, 1]


def test_the_recursive_splitter_cuts_at_the_first_separator_that_is_enough() -> None:
    text = "one two three\n\nfour five\n\nsix seven eight nine ten eleven"
    assert [text[slice(*span)] for span in recursive(text, 4, words, LANGCHAIN_SEPARATORS)] == [
        "one two three",
        "four five",
        "six seven eight nine",
        "ten eleven",
    ]


@given(st.text("ab .\n?", max_size=300), st.integers(1, 20))
def test_the_rivals_hold_every_visible_character_once(text: str, size: int) -> None:
    for spans in (
        recursive(text, size, words, LANGCHAIN_SEPARATORS),
        recursive(text, size, words, SENTENCE_SEPARATORS),
        windows(text, size, words),
    ):
        assert "".join("".join(text[slice(*span)].split()) for span in spans) == "".join(text.split())
    assert all(words(text[slice(*span)]) <= size for span in windows(text, size, words))


def test_every_way_of_cutting_is_scored_on_the_questions(tmp_path: Path) -> None:
    text = article(1, paragraphs=30)
    (tmp_path / "corpora").mkdir()
    (tmp_path / "corpora" / "one.md").write_text(text, encoding="utf-8")
    at = text.index(text.split("\n\n")[12])
    with (tmp_path / "questions_df.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["question", "references", "corpus_id"])
        table.writerow([text[at : at + 200], json.dumps([{"start_index": at, "end_index": at + 200}]), "one"])
    figures = measure(tmp_path, WordEmbedder())
    assert set(figures) == {
        *("ours", "recursive_200", "recursive_400", "recursive_800", "recursive_200_sentences", "windows_256")
    }
    for row in figures.values():
        assert row["top_5"]["recall"] == pytest.approx(1.0)
        assert row["chunks"] > 1
        assert row["budget_2000"]["recall"] >= row["budget_1000"]["recall"]
