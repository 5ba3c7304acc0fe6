"""What the dashboard shows of a dataset: every gate, every task, and histograms without a script."""

import re

from llm_engineering.domain.datasets import Distribution
from steps import html, previews
from tests.unit.test_generating import corpus, made
from tests.unit.test_preferring import PLAIN, preferences


def test_a_dataset_shows_its_gates_tasks_and_distributions() -> None:
    dataset = made(corpus(), says="Nonsense without any request")
    page = previews.preview(dataset)
    for gate, count in dataset.metadata.replaced.items():
        assert re.search(rf"<td>{gate}</td>.*?<td class=\"number\">{count}</td><td>another prompt</td>", page, re.S)
    assert page.count("<figure>") == len(dataset.metadata.distributions) == page.count("<svg")
    assert "<td>opening</td>" in page
    assert "<script" not in page


def test_a_preference_dataset_shows_that_length_does_not_tell() -> None:
    page = previews.preview(preferences(PLAIN))
    assert "length ratio: median" in page
    assert "overlap: median" in page


def test_the_metadata_are_figures_and_no_bins() -> None:
    figures = previews.metadata(made(corpus()))
    assert set(figures["distributions"]["answer_words"]) == {"n", "low", "median", "high"}
    assert sum(figures["tasks"].values()) == figures["train_samples"] + figures["test_samples"]


def test_a_histogram_draws_each_bin_and_can_be_read_aloud() -> None:
    one = Distribution.of([1.0, 2.0, 2.0, 9.0], bins=4)
    assert one is not None
    drawn = html.histograms("Spread", {"a_<b>": one})
    assert drawn.count("<rect") == 4
    assert 'aria-label="a &lt;b&gt;: median 2, 90 % from 1.15 to 7.95 (n = 4)"' in drawn
    assert html.histograms("Spread", {}) == ""


def test_figures_that_are_all_alike_are_drawn_too() -> None:
    one = Distribution.of([3.0, 3.0])
    assert one is not None
    assert 'x1="0.0"' in html.histograms("Spread", {"same": one})
