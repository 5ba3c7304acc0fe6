"""Style is measured by a verifier that has to prove itself on held-out text first."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from llm_engineering.application import style
from llm_engineering.application.style.impostors import drawn
from llm_engineering.application.style.refusing import auc_error
from llm_engineering.domain.errors import EmptyCorpus
from tests.voices import CHATTY, FORMAL, text

PLAIN = (
    "The meeting starts at nine and ends at ten.",
    "Please bring the list to the desk by noon.",
    "All rooms have been cleaned and the keys are back.",
)


def cut(voice: tuple[str, ...], *seeds: int) -> list[str]:
    return [piece for seed in seeds for piece in style.pieces(text(voice, seed))]


@pytest.fixture(scope="module")
def verifier() -> style.Verifier:
    impostors = {"Bob": cut(FORMAL, 101, 102), "Cleo": cut(PLAIN, 201, 202)}
    return style.fitted(
        style.Sides(cut(CHATTY, 1, 2, 3), impostors, cut(CHATTY, 4, 5), cut(FORMAL, 103) + cut(PLAIN, 203)), seed=1
    )


def test_the_authors_other_text_scores_near_one_and_known_impostors_not_above_zero(verifier: style.Verifier) -> None:
    assert verifier.auc == 1.0
    assert verifier.scores(cut(CHATTY, 6)).mean() == pytest.approx(1, abs=0.3)
    assert verifier.scores(cut(FORMAL, 104)).mean() < 0.1


def test_zero_is_how_impostors_score_with_a_verifier_that_did_not_know_them(verifier: style.Verifier) -> None:
    assert set(verifier.strangers) == {"Bob", "Cleo"}
    assert np.concatenate(list(verifier.strangers.values())).mean() == pytest.approx(0, abs=1e-4)
    assert verifier.auc_strangers == 1.0


def test_a_single_impostor_cannot_be_a_stranger_and_makes_zero_by_held_out_text() -> None:
    held_out = cut(FORMAL, 103)
    alone = style.fitted(style.Sides(cut(CHATTY, 1, 2), {"Bob": cut(FORMAL, 101)}, cut(CHATTY, 4), held_out), seed=1)
    assert alone.scores(held_out).mean() == pytest.approx(0, abs=1e-4)
    assert not alone.strangers
    assert alone.auc_strangers is None


def test_a_stranger_that_the_verifier_never_saw_scores_lower_than_the_author(verifier: style.Verifier) -> None:
    stranger = cut(("Rain fell on the hills; sheep stood still.", "A road led down to the grey sea."), 300)
    assert verifier.scores(stranger).max() < verifier.scores(cut(CHATTY, 6)).min()


def test_each_measure_has_its_own_scale_and_says_how_well_it_does(verifier: style.Verifier) -> None:
    assert set(verifier.members) == {
        f"{method}: {family}"
        for method in ("impostors", "regression")
        for family in ("characters", "function words", "punctuation")
    }
    assert all(0.5 < scale.auc <= 1 for scale in verifier.members.values())
    for values in verifier.member_scores(cut(CHATTY, 4, 5)).values():
        assert values.mean() == pytest.approx(1)


def test_the_author_wins_the_rounds_on_their_own_text_and_loses_them_on_others(verifier: style.Verifier) -> None:
    assert verifier.wins(cut(CHATTY, 6)).min() > 0.8
    assert verifier.wins(cut(PLAIN, 204)).max() < 0.5


def test_more_of_the_authors_sentences_score_higher(verifier: style.Verifier) -> None:
    mine, theirs = text(CHATTY, 6).split(), text(FORMAL, 104).split()
    mixed = [" ".join(mine[: 12 * part] + theirs[: 120 - 12 * part]) for part in (0, 3, 7, 10)]
    scores = verifier.scores(mixed).tolist()
    assert scores == sorted(scores)


def test_an_empty_text_has_a_score_that_is_a_number(verifier: style.Verifier) -> None:
    assert np.isfinite(verifier.scores(["", "?"])).all()


def test_spacing_and_line_breaks_do_not_move_the_score(verifier: style.Verifier) -> None:
    piece = cut(CHATTY, 6)[0]
    spaced = piece.replace("\n\n", "\n").replace(" ", "  ")
    assert verifier.scores([spaced])[0] == pytest.approx(verifier.scores([piece])[0])


def test_the_same_seed_gives_the_same_scores() -> None:
    def scores() -> list[float]:
        made = style.fitted(
            style.Sides(cut(CHATTY, 1, 2), {"Bob": cut(FORMAL, 101)}, cut(CHATTY, 4), cut(FORMAL, 103)), seed=5
        )
        return list(made.scores(cut(CHATTY, 6)))

    assert scores() == scores()


def test_an_impostor_without_pieces_is_passed_over() -> None:
    impostors = {"Bob": cut(FORMAL, 101, 102), "Nobody": []}
    made = style.fitted(style.Sides(cut(CHATTY, 1, 2), impostors, cut(CHATTY, 4), cut(FORMAL, 103)), seed=1)
    assert made.auc == 1.0


def test_a_verifier_that_cannot_tell_authors_apart_is_refused() -> None:
    same = cut(CHATTY, *range(8))
    with pytest.raises(EmptyCorpus, match="cannot tell"):
        style.fitted(style.Sides(same[0::4], {"Twin": same[1::4]}, same[2::4], same[3::4]), seed=1)


def test_a_verifier_that_fails_can_be_asked_how_well_it_does_before_it_is_refused() -> None:
    same = cut(CHATTY, *range(8))
    sides = style.Sides(same[0::4], {"Twin": same[1::4]}, same[2::4], same[3::4])
    failing = style.unproved(sides, seed=1)
    assert failing.auc < 0.7
    with pytest.raises(EmptyCorpus, match=f"AUC {failing.auc:.2f}"):
        style.prove(failing, sides, seed=1)


def test_a_verifier_that_takes_strangers_for_the_author_is_refused() -> None:
    chatty, formal = cut(CHATTY, *range(8)), cut(FORMAL, *range(8))
    sides = style.Sides(chatty[0::2], {"Bob": formal[0::2]}, chatty[1::2], formal[1::2])
    fine = style.fitted(sides, seed=1)
    style.prove(replace(fine, auc_strangers=0.8), sides, seed=1)
    with pytest.raises(EmptyCorpus, match=r"authors whom it does not know \(AUC 0\.60"):
        style.prove(replace(fine, auc_strangers=0.6), sides, seed=1)


def test_too_little_text_makes_no_verifier_at_all() -> None:
    with pytest.raises(EmptyCorpus, match="1 piece"):
        style.unproved(style.Sides(["one"], {"Bob": ["two"] * 9}, ["three"] * 9, ["four"] * 9), seed=1)


def test_too_little_text_says_how_much_more_is_needed() -> None:
    with pytest.raises(EmptyCorpus, match="1 piece.* collect about 360 more words"):
        style.fitted(style.Sides(["one"], {"Bob": ["two"] * 9}, ["three"] * 9, ["four"] * 9), seed=1)


def test_the_error_of_an_auc_falls_with_more_pieces_and_near_one() -> None:
    assert auc_error(0.8, 10, 10) == pytest.approx(0.1016, abs=0.001)
    assert auc_error(0.8, 100, 100) < auc_error(0.8, 10, 10)
    assert auc_error(1.0, 10, 10) == 0


def test_a_text_is_held_against_the_nearest_of_the_drawn_impostors() -> None:
    toward = {"x": np.array([[1.0, 0.0, 0.0, 0.0]] * 4), "y": np.array([[0.0, 1.0, 0.0, 0.0]] * 4)}
    author = np.array([[1.0, 1.0, 1.0, 1.0]] * 4)
    rounds = drawn(author, toward, seed=1)
    margins = rounds.margins(np.array([[1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 0.0, 0.0]])).mean(axis=0)
    assert margins[0] > 0.5 > margins[1]


def test_pieces_are_whole_sentences_of_about_the_same_length() -> None:
    found = style.pieces(text(CHATTY, 3))
    assert len(found) > 3
    assert all(0.6 * style.PIECE_WORDS <= len(piece.split()) <= 1.5 * style.PIECE_WORDS for piece in found)


def test_markers_of_code_and_quotes_are_no_words_of_the_author() -> None:
    assert "[code]" not in style.pieces("[code]\n\n" + text(CHATTY, 3) + "\n\n[quote]")[0]


@pytest.mark.parametrize("delta", [style.burrows_delta, style.cosine_delta])
def test_delta_is_smaller_for_the_authors_own_text(delta: Callable[[list[str], list[str], list[str]], float]) -> None:
    mine, theirs = style.pieces(text(CHATTY, 1)), style.pieces(text(FORMAL, 2))
    own = delta(style.pieces(text(CHATTY, 5)), mine, [*mine, *theirs])
    other = delta(style.pieces(text(FORMAL, 6)), mine, [*mine, *theirs])
    assert own < other
