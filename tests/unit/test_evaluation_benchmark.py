"""The benchmark of the evaluation holds out by document, and knows a verifier that does not work."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.evaluation import corpus, sanity, topics, verifying
from benchmarks.evaluation.corpus import Pieces
from llm_engineering.application import style
from llm_engineering.application.ports import Silent
from llm_engineering.domain.errors import BadInput
from tests.voices import CHATTY, FORMAL, text

PLAIN = ("The meeting starts at nine.", "Please bring the list to the desk by noon.", "All the rooms are clean.")


def pieces(voice: tuple[str, ...], first: int) -> Pieces:
    def cut(*seeds: int) -> list[str]:
        return [piece for seed in seeds for piece in style.pieces(text(voice, seed, 50))]

    return Pieces(cut(first, first + 1), cut(first + 2, first + 3, first + 4))


THREE = {"ada": pieces(CHATTY, 1), "bob": pieces(FORMAL, 100), "cleo": pieces(PLAIN, 200)}
TOPICS = {"ada": ["bob"], "bob": ["cleo"], "cleo": ["bob"]}


def folder(directory: Path, name: str, documents: int, dated: bool = True) -> None:
    (directory / name).mkdir(parents=True)
    for number in range(documents):
        date = f"date: '2020-01-{documents - number:02}'\n" if dated else ""
        body = text(CHATTY, number, 20)
        (directory / name / f"{number:02}.md").write_text(f"---\ntitle: T{number}\n{date}---\n\n{body}\n")


def test_the_newest_documents_are_held_out(tmp_path: Path) -> None:
    folder(tmp_path, "ada", 10)
    folder(tmp_path, "bob", 10, dated=False)
    found = corpus.read(tmp_path)
    assert [one.title for one in found["ada"].held_out] == ["T2", "T1", "T0"]
    assert [one.title for one in found["bob"].held_out] == ["T7", "T8", "T9"]
    assert not {one.text for one in found["ada"].training} & {one.text for one in found["ada"].held_out}


def test_texts_of_an_unknown_author_and_of_too_few_documents_are_left_out(tmp_path: Path) -> None:
    for name, documents in {"ada": 5, "bob": 5, "ada-disputed": 5, "brief": 2}.items():
        folder(tmp_path, name, documents)
    assert set(corpus.read(tmp_path)) == {"ada", "bob"}


def test_a_folder_without_two_authors_is_refused(tmp_path: Path) -> None:
    folder(tmp_path, "ada", 5)
    with pytest.raises(BadInput, match="at least two"):
        corpus.read(tmp_path)


def test_pieces_are_spread_over_all_there_are() -> None:
    assert corpus.spread(list("abcdefgh"), 4) == ["a", "c", "e", "g"]
    assert corpus.spread(["a"], 4) == ["a"]
    assert corpus.spread([], 4) == []


def test_authors_who_are_told_apart_have_an_auc_of_one_also_among_strangers() -> None:
    for measured in (verifying.known, verifying.unseen):
        summary = verifying.summary(measured(THREE, TOPICS, 1, Silent()))
        assert summary["mean"] == pytest.approx(1.0)
        assert summary["authors"] == 3


def test_an_author_of_too_little_text_is_named_and_not_averaged() -> None:
    few = Pieces(THREE["ada"].training[:1], THREE["ada"].held_out)
    found = verifying.known({**THREE, "few": few}, {**TOPICS, "few": []}, 1, Silent())
    summary = verifying.summary(found)
    assert summary["refused"] == ["few"]
    assert "1 piece" in found["few"]["refused"]
    assert summary["authors"] == 3


def test_auc_counts_ties_by_half() -> None:
    assert verifying.auc(np.array([1.0, 2.0]), np.array([1.0, 0.0])) == pytest.approx(0.875)


def test_mixing_keeps_the_share_and_the_number_of_sentences() -> None:
    mine, theirs = ["A is. B is. C is. D is."], ["X was. Y was. Z was. W was."]
    (half,) = sanity.mixed(mine, theirs, 0.5, 1)
    assert half.count("is.") == half.count("was.") == 2
    assert sorted(sanity.mixed(mine, theirs, 1.0, 1)[0].split()) == sorted(mine[0].split())


def test_a_score_that_moves_as_it_should_is_sane_and_a_base_model_that_passes_for_the_author_is_not() -> None:
    summary, by_author = sanity.checked(THREE, {}, 1, Silent())
    assert summary["passed"], summary
    assert set(by_author) == set(THREE)
    fooled, _ = sanity.checked(THREE, {"ada": style.pieces(text(CHATTY, 9))}, 1, Silent())
    assert not fooled["passed"]


def test_the_nearest_topics_are_those_that_share_content_words() -> None:
    texts = {
        "cook": ["we bake bread and the oven"] * 3,
        "sailor": ["we sail and the boat"] * 3,
        "baker": ["they bake bread; so the loaf"] * 3,
        "diver": ["they sail, so the boat"] * 3,
    }
    found = topics.neighbours(texts)
    assert found["cook"][0] == "baker"
    assert found["sailor"][0] == "diver"
