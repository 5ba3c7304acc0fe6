"""The benchmark of training says what it measured: whom it chooses, and how it counts."""

from pathlib import Path

import pytest

from benchmarks.training import authors, learning, profiling
from benchmarks.training.scoring import Scored, drop, loss, preferred, rewarded
from llm_engineering.domain.errors import BadInput


@pytest.fixture
def text(tmp_path: Path) -> Path:
    for name, count in (("ada", 15), ("bea", 14), ("cleo", 16), ("dora", 20), ("eve", 30)):
        (tmp_path / name).mkdir()
        for number in range(count):
            head = f"---\ntitle: 'Number {number}'\nauthor: {name}\ndate: '2024-03-{number % 28 + 1:02}'\n---\n\n"
            (tmp_path / name / f"text-{number}.md").write_text(f"{head}I don't sail — yet.\n\n```\ncode\n```\n")
    (tmp_path / "notes.txt").write_text("no author")
    return tmp_path


# ------------------------------------------------------------------------------ authors


def test_the_first_three_authors_with_fifteen_documents_are_chosen(text: Path):
    assert authors.chosen(text, ()) == ["ada", "cleo", "dora"]


def test_named_authors_are_taken_as_they_are_named(text: Path):
    assert authors.chosen(text, ("eve", "bea", "eve")) == ["eve", "bea"]


def test_a_missing_author_or_folder_is_said_in_one_sentence(text: Path, tmp_path: Path):
    with pytest.raises(BadInput, match="no documents of nobody; there are ada, bea"):
        authors.chosen(text, ("ada", "nobody"))
    with pytest.raises(BadInput, match="There is no directory"):
        authors.chosen(tmp_path / "nowhere", ())


def test_without_an_author_of_fifteen_documents_nothing_is_chosen(tmp_path: Path):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / "text.md").write_text("I sail.")
    with pytest.raises(BadInput, match="holds 15 documents"):
        authors.chosen(tmp_path, ())
    assert authors.chosen(tmp_path, ("ada",)) == ["ada"]


def test_documents_are_read_with_title_and_date_and_cleaned(text: Path):
    author, documents = authors.documents(text / "ada")
    assert (author.full_name, len(documents)) == ("ada", 15)
    by_title = {document.title: document for document in documents}
    assert by_title["Number 3"].style_text == "I don't sail — yet.\n\n[code]"
    assert by_title["Number 3"].published_at
    assert by_title["Number 3"].published_at.day == 4


# ------------------------------------------------------------------------------ measures


def test_a_loss_weighs_every_token_alike():
    assert loss([Scored(-2.0, 1), Scored(-2.0, 3)]) == 1
    assert drop(4.0, 3.0) == 0.25
    assert drop(2.0, 2.1) == pytest.approx(-0.05)


def test_the_likelier_answer_is_so_by_token():
    long_and_likely, short_and_unlikely = Scored(-10.0, 20), Scored(-3.0, 2)
    assert preferred([long_and_likely], [short_and_unlikely]) == 1
    assert preferred([short_and_unlikely, long_and_likely], [long_and_likely, short_and_unlikely]) == 0.5


def test_a_reward_is_what_the_policy_gained_on_the_reference():
    reference = ([Scored(-10, 5), Scored(-10, 5), Scored(-10, 5)], [Scored(-4, 5), Scored(-4, 5), Scored(-4, 5)])
    chosen = [Scored(-9, 5), Scored(-12, 5), Scored(-10, 5)]
    rejected = [Scored(-4, 5), Scored(-7, 5), Scored(-4, 5)]
    # gained 1 more; lost 1 less, though both became less likely; gained nothing, which is no preference
    assert rewarded(chosen, rejected, *reference) == pytest.approx(2 / 3)


def test_the_mean_counts_every_author_once():
    runs = [
        {"author": "ada", "drop": 0.1},
        {"author": "ada", "drop": 0.3},
        {"author": "eve", "drop": 0.4},
        {"author": "eve", "other": 1.0, "drop": 0.4},
    ]
    assert learning.means(runs, ["drop", "other", "missing"]) == {"drop": pytest.approx(0.3), "other": 1.0}


# ------------------------------------------------------------------------------ profile


def test_operations_are_summed_by_kind_and_the_rest_is_outside():
    found = profiling.by_kind(
        {"aten::mm": 3.0, "aten::addmm": 1.0, "aten::copy_": 2.0, "aten::mul": 1.0, "aten::_softmax": 0.5}, 10.0
    )
    assert found["kinds"] == {
        "matrix products": pytest.approx(0.4),
        profiling.OUTSIDE: pytest.approx(0.25),
        "changes of precision and copies": pytest.approx(0.2),
        profiling.REST: pytest.approx(0.1),
        "probabilities of the vocabulary": pytest.approx(0.05),
    }
    assert next(iter(found["operations"])) == "aten::mm"
