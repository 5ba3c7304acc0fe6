"""The benchmark of the evaluation holds out by document, and knows a verifier that does not work."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from benchmarks.evaluation import corpus, cost, sanity, tables, topics, verifying
from benchmarks.evaluation.__main__ import main as command
from benchmarks.evaluation.corpus import Pieces
from llm_engineering.application import style
from llm_engineering.application.ports import Silent
from llm_engineering.domain.errors import BadInput, EmptyCorpus, TwinError
from tests.voices import CHATTY, FORMAL, text

PLAIN = ("The meeting starts at nine.", "Please bring the list to the desk by noon.", "All the rooms are clean.")


def pieces(voice: tuple[str, ...], first: int) -> Pieces:
    def cut(*seeds: int) -> list[str]:
        return [piece for seed in seeds for piece in style.pieces(text(voice, seed, 50))]

    return Pieces(cut(first, first + 1), cut(first + 2, first + 3, first + 4))


THREE = {"ada": pieces(CHATTY, 1), "bob": pieces(FORMAL, 100), "cleo": pieces(PLAIN, 200)}
TOPICS = {"ada": ["bob"], "bob": ["cleo"], "cleo": ["bob"]}


def folder(
    directory: Path,
    name: str,
    documents: int,
    dated: bool = True,
    sentences: int = 20,
    voice: tuple[str, ...] = CHATTY,
) -> None:
    (directory / name).mkdir(parents=True)
    for number in range(documents):
        date = f"date: '2020-01-{documents - number:02}'\n" if dated else ""
        body = text(voice, number, sentences)
        (directory / name / f"{number:02}.md").write_text(f"---\ntitle: T{number}\n{date}---\n\n{body}\n")


def run(texts: Path, output: Path, *options: str) -> dict[str, Any]:
    """The figures that the command writes; raises what it ends with."""
    file = output / "evaluation.json"
    command.main(["--text", str(texts), "--json", str(file), *options], standalone_mode=False)
    return dict(json.loads(file.read_text()))


def shown(figures: dict[str, Any]) -> str:
    out = Console(width=200, record=True, quiet=False, file=io.StringIO())
    for line in tables.shown(figures):
        out.print(line)
    return out.export_text()


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
    (tmp_path / "ada" / "notes.txt").write_text("no Markdown")
    found = corpus.find(tmp_path)
    assert set(corpus.read(tmp_path)) == set(found.documents) == {"ada", "bob"}
    assert "nobody knows" in found.left_out["ada-disputed"]
    assert "2 document(s)" in found.left_out["brief"]


def test_the_longest_authors_come_first_and_nobody_unknown_among_them(tmp_path: Path) -> None:
    for name, documents in {"ada": 4, "bob": 6, "cleo": 5, "disputed": 9}.items():
        folder(tmp_path, name, documents)
    assert corpus.find(tmp_path).longest(2) == ["bob", "cleo"]


def test_a_folder_without_two_authors_is_refused_and_the_error_says_who_is_left_out(tmp_path: Path) -> None:
    folder(tmp_path, "ada", 5)
    folder(tmp_path, "brief", 2)
    with pytest.raises(BadInput, match="at least two are needed; brief is left out: 2 document"):
        corpus.find(tmp_path)


@pytest.mark.parametrize("only", ["cost", "verifier"])
def test_a_missing_or_empty_folder_is_one_sentence_whatever_is_measured(tmp_path: Path, only: str) -> None:
    with pytest.raises(BadInput, match="no directory"):
        run(tmp_path / "missing", tmp_path, "--only", only)
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="0 folder"):
        run(tmp_path / "empty", tmp_path, "--only", only)


def test_a_part_that_refuses_leaves_the_others_their_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(*_: Any, **__: Any) -> None:
        raise EmptyCorpus("There are 3 samples.")

    monkeypatch.setattr(cost, "measure", refusing)
    texts = tmp_path / "texts"
    folder(texts, "ada", 8, sentences=180)
    folder(texts, "bob", 8, sentences=180, voice=FORMAL)
    folder(texts, "brief", 2)
    figures = run(texts, tmp_path, "--only", "verifier", "--only", "cost")
    assert figures["auc_150"]["mean"] == pytest.approx(1.0)
    assert figures["seconds_three_candidates"] is None
    assert figures["cost_refused"] == "There are 3 samples."
    assert list(figures["left_out"]) == ["brief"]
    with pytest.raises(TwinError, match="Nothing could be measured"):
        run(texts, tmp_path, "--only", "cost")


def test_very_short_texts_are_counted_as_too_few_and_measure_nothing(tmp_path: Path) -> None:
    for name in ("ada", "bob", "cleo"):
        folder(tmp_path / "texts", name, 5, dated=False, sentences=1)
    with pytest.raises(TwinError, match="Nothing could be measured"):
        run(
            tmp_path / "texts", tmp_path, "--prompts", "0", "--only", "verifier", "--only", "unseen", "--only", "sanity"
        )
    figures = json.loads((tmp_path / "evaluation.json").read_text())
    assert figures["auc_500"]["mean"] is None
    assert figures["auc_500"]["too_few"] == figures["sanity"]["refused"] == ["ada", "bob", "cleo"]


def test_pieces_are_spread_over_all_there_are() -> None:
    assert corpus.spread(list("abcdefgh"), 4) == ["a", "c", "e", "g"]
    assert corpus.spread(["a"], 4) == ["a"]
    assert corpus.spread([], 4) == []


def test_authors_who_are_told_apart_have_an_auc_of_one_also_among_strangers() -> None:
    for measured in (verifying.known, verifying.unseen):
        summary = verifying.summary(measured(THREE, TOPICS, 1, Silent()))
        assert summary["mean"] == pytest.approx(1.0)
        assert summary["authors"] == 3


def test_two_authors_leave_no_stranger_to_ask_about() -> None:
    two = {name: THREE[name] for name in ("ada", "bob")}
    assert verifying.summary(verifying.unseen(two, TOPICS, 1, Silent()))["mean"] is None
    assert verifying.summary(verifying.known(two, TOPICS, 1, Silent()))["authors"] == 2


def test_an_author_of_too_little_text_is_named_and_not_averaged() -> None:
    few = Pieces(THREE["ada"].training[:1], THREE["ada"].held_out)
    found = verifying.known({**THREE, "few": few}, {**TOPICS, "few": []}, 1, Silent())
    summary = verifying.summary(found)
    assert summary["too_few"] == ["few"]
    assert "1 piece" in found["few"]["too_few"]
    assert summary["authors"] == 3
    assert not summary["refused"]


def test_an_author_on_whom_the_verifier_fails_is_averaged_and_named_as_one_to_refuse() -> None:
    """Two names of one voice cannot be told apart."""
    two = {"ada": THREE["ada"], "ada-again": pieces(CHATTY, 50)}
    found = verifying.known(two, dict.fromkeys(two, ()), 1, Silent())
    summary = verifying.summary(found)
    assert summary["refused"] == ["ada", "ada-again"]
    assert "cannot tell" in found["ada"]["refused"]
    assert summary["worst"] == min(one["auc"] for one in found.values()) < 0.7
    assert "2; an evaluation would refuse: 2" in shown({"auc_500": summary})


def test_among_strangers_an_author_is_named_when_the_verifier_fails_on_one_half_of_them() -> None:
    three = {"ada": THREE["ada"], "ada-again": pieces(CHATTY, 50), "bob": THREE["bob"]}
    summary = verifying.summary(verifying.unseen(three, dict.fromkeys(three, ()), 1, Silent()))
    assert summary["refused"] == ["ada", "ada-again"]
    assert summary["authors"] == 3
    assert summary["worst"] < 0.9


def test_a_figure_by_one_half_of_the_others_is_named_as_such() -> None:
    """Of the two others only one has training text to be an impostor."""
    three = {**THREE, "cleo": Pieces([], THREE["cleo"].held_out)}
    found = verifying.unseen(three, TOPICS, 1, Silent())
    summary = verifying.summary(found)
    assert "0 piece" in found["ada"]["one_half"]
    assert summary["one_half"] == ["ada", "bob"]
    assert summary["too_few"] == ["cleo"]


def test_no_drop_by_topic_where_all_the_others_are_near_or_none() -> None:
    two = {name: THREE[name] for name in ("ada", "bob")}
    found = verifying.known(two, {"ada": ["bob"], "bob": []}, 1, Silent())
    assert found["ada"]["topic_drop"] is found["bob"]["topic_drop"] is None
    assert verifying.summary(found, "topic_drop")["mean"] is None


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
    assert summary["authors"] == 3
    assert summary["base_near_zero"] is summary["checks"]["base_near_zero"] is None
    fooled, _ = sanity.checked(THREE, {"ada": style.pieces(text(CHATTY, 9))}, 1, Silent())
    assert not fooled["passed"]
    assert fooled["checks"]["base_near_zero"] is False


@pytest.mark.parametrize(
    ("steps", "is_moving"), [([0, 0.2, 0.5, 0.49, 1], True), ([0, 0.5, 0.2, 0.7, 1], False), ([0] * 5, False)]
)
def test_mixing_has_to_raise_the_score_and_not_only_not_to_lower_it(steps: list[float], is_moving: bool) -> None:
    assert sanity.moves(steps) is is_moving


def test_where_everybody_is_refused_sanity_has_no_figures_and_says_who() -> None:
    few = {name: Pieces(one.training[:1], one.held_out) for name, one in THREE.items()}
    summary, by_author = sanity.checked(few, {}, 1, Silent())
    assert summary["passed"] is summary["author_near_one"] is summary["verbatim_copied"] is None
    assert summary["refused"] == list(THREE)
    assert "piece(s)" in by_author["ada"]["refused"]
    assert "–" in shown({"sanity": summary})


@pytest.mark.parametrize(("score", "is_right"), [(0.6, False), (1.2, True), (2.2, True)])
def test_training_text_may_lie_above_one_and_not_below(score: float, is_right: bool) -> None:
    assert checks(training_text_at_least_one=score)["training_text_at_least_one"] is is_right


@pytest.mark.parametrize(("score", "is_right"), [(0.6, False), (1.2, True), (2.0, False)])
def test_the_authors_new_text_lies_neither_far_above_one_nor_below(score: float, is_right: bool) -> None:
    assert checks(author_near_one=score)["author_near_one"] is is_right


def checks(**figures: float) -> dict[str, bool | None]:
    """What each check says of a summary that has these figures only."""
    return sanity.checks_of({**sanity.averaged([]), **figures})


def test_the_nearest_topics_are_those_that_share_content_words() -> None:
    texts = {
        "cook": ["we bake bread and the oven"] * 3,
        "sailor": ["we sail and the boat"] * 3,
        "baker": ["they bake bread; so the loaf"] * 3,
        "diver": ["they sail, so the boat"] * 3,
    }
    found = {name: list(like) for name, like in topics.neighbours(texts).items()}
    assert found == {"cook": ["baker"], "sailor": ["diver"], "baker": ["cook"], "diver": ["sailor"]}


@pytest.mark.parametrize(("authors", "near"), [(2, 0), (3, 1), (4, 1), (5, 2), (7, 3), (9, 3)])
def test_at_most_half_of_the_others_are_near_in_topic_and_never_oneself(authors: int, near: int) -> None:
    found = topics.neighbours({f"author {at}": ["bread and ovens"] * 2 for at in range(authors)})
    for name, like in found.items():
        assert len(like) == near
        assert name not in like
        assert all(likeness == pytest.approx(1) for likeness in like.values())


def test_who_shares_no_content_word_has_no_neighbours() -> None:
    alike = {"cook": ["bread"] * 2, "baker": ["bread"] * 2, "none": ["of the"], "odd": ["sails"]}
    assert topics.neighbours(alike) == {
        "cook": {"baker": pytest.approx(1)},
        "baker": {"cook": pytest.approx(1)},
        "none": {},
        "odd": {},
    }
    assert topics.neighbours({"a": ["one word"], "b": ["two"], "c": [""]}) == {"a": {}, "b": {}, "c": {}}


def test_a_time_of_fewer_than_forty_prompts_is_not_held_against_the_bar() -> None:
    whole = shown({"seconds_three_candidates": 300.0, "cost_prompts": 40})
    part = shown({"seconds_three_candidates": 300.0, "cost_prompts": 12})
    assert "< 360" in whole
    assert "< 360" not in part
    assert "(12 prompts)" in part
