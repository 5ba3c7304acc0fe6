"""The benchmark scores what a reader sees of an extracted article against the true text."""

import gzip
import json

import pytest

from benchmarks.collect.extraction import measure
from benchmarks.collect.reading import read_text
from benchmarks.collect.scoring import same_title, score, shingle_f1, shingle_score
from tests.unit.extraction_pages import PROSE


def test_marks_of_markdown_are_no_words():
    code, table = "```python\nsix = 6\n```", "| a | b |\n| --- | --- |"
    text = f"# One\n\n1. two [three](https://x.example/y)\n2. *four*[^5]\n\n{code}\n\n{table}"
    assert read_text(text).split() == ["One", "two", "three", "four5", "six", "=", "6", "a", "b"]


def test_the_same_text_scores_full_and_another_nothing():
    assert score("a b c d", "A, b; c. D") == {"f1": 1.0, "leak": 0.0, "loss": 0.0}
    assert score("", "a b c") == {"f1": 0.0, "leak": 0.0, "loss": 1.0}


def test_leak_and_loss_are_shares_of_words():
    assert score("home a b c", "a b c d e")["leak"] == pytest.approx(1 / 4)
    assert score("home a b c", "a b c d e")["loss"] == pytest.approx(2 / 5)
    assert score("home a b c", "a b c d e")["f1"] == pytest.approx(2 * 1 / (2 + 3))


def test_titles_may_differ_in_case_and_punctuation():
    assert same_title("On Bread: a love", "on bread — A Love")
    assert not same_title(None, "On Bread")


def test_shingles_of_four_words_count_each_page_alike():
    right = shingle_score("a b c d e", "a b c d e")
    half = shingle_score("a b c d x", "a b c d e")
    assert right == (1.0, 0.0, 0.0)
    assert half == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert shingle_f1([right, half]) == pytest.approx(0.75)


def test_a_folder_of_pages_is_measured_and_its_predictions_written(tmp_path):
    author = tmp_path / "html" / "ada"
    author.mkdir(parents=True)
    text = f"{PROSE['1']}\n\n{PROSE['2']}"
    body = "".join(f"<p>{PROSE[number]}</p>" for number in "12")
    html = f"<title>Mites</title><body><article><h1>Mites</h1><time>2024-05-03</time>{body}</article>"
    (author / "mites.html").write_text(html, encoding="utf-8")
    (author / "mites.txt").write_text(text, encoding="utf-8")
    row = {"slug": "mites", "title": "Mites", "date": "2024-05-03", "url": "https://ada.example/mites"}
    (author / "manifest.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    news = tmp_path / "html" / "news_benchmark"
    (news / "html").mkdir(parents=True)
    (news / "html" / "one.html.gz").write_bytes(gzip.compress(html.encode()))
    (news / "ground-truth.json").write_text(json.dumps({"one": {"articleBody": text, "url": ""}}), encoding="utf-8")

    figures = measure(tmp_path / "html", tmp_path / "predictions.jsonl")

    assert (figures["f1"], figures["worst_f1"], figures["leak"], figures["loss"]) == (1.0, 1.0, 0.0, 0.0)
    assert (figures["title"], figures["date"], figures["authors"]["ada"]["pages"]) == (1.0, 1.0, 1)
    assert figures["news"]["f1"] == 1.0
    assert figures["seconds_per_page"] > 0
    written = json.loads((tmp_path / "predictions.jsonl").read_text(encoding="utf-8"))
    assert (written["author"], written["slug"], written["date"]) == ("ada", "mites", "2024-05-03")
    assert written["text"].split() == text.split()
