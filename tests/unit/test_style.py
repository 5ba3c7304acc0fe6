"""Style is measured by a verifier that has to prove itself on held-out text first."""

import pytest

from llm_engineering.application import style
from llm_engineering.domain.errors import EmptyCorpus
from tests.voices import CHATTY, FORMAL, text


def test_a_verifier_that_cannot_tell_authors_apart_is_refused() -> None:
    same = [piece for seed in range(8) for piece in style.pieces(text(CHATTY, seed))]
    with pytest.raises(EmptyCorpus, match="cannot tell"):
        style.fitted(same[0::4], same[1::4], same[2::4], same[3::4], seed=1)


def test_too_little_text_says_how_much_more_is_needed() -> None:
    with pytest.raises(EmptyCorpus, match="more words"):
        style.fitted(["one"], ["two"] * 9, ["three"] * 9, ["four"] * 9, seed=1)


def test_pieces_are_whole_sentences_of_about_the_same_length() -> None:
    found = style.pieces(text(CHATTY, 3))
    assert len(found) > 3
    assert all(0.6 * style.PIECE_WORDS <= len(piece.split()) <= 1.5 * style.PIECE_WORDS for piece in found)


def test_markers_of_code_and_quotes_are_no_words_of_the_author() -> None:
    assert "[code]" not in style.pieces("[code]\n\n" + text(CHATTY, 3) + "\n\n[quote]")[0]


def test_burrows_delta_is_smaller_for_the_authors_own_text() -> None:
    mine, theirs = style.pieces(text(CHATTY, 1)), style.pieces(text(FORMAL, 2))
    own = style.burrows_delta(style.pieces(text(CHATTY, 5)), mine, [*mine, *theirs])
    other = style.burrows_delta(style.pieces(text(FORMAL, 6)), mine, [*mine, *theirs])
    assert own < other


def test_the_interval_holds_the_mean_and_narrows_with_more_text() -> None:
    few, many = style.score_of([0.0, 1.0] * 3, seed=1), style.score_of([0.0, 1.0] * 300, seed=1)
    assert few.low <= few.value <= few.high
    assert many.high - many.low < few.high - few.low


def test_the_profile_sees_both_kinds_of_apostrophe() -> None:
    rates = style.profile(["I don't. I don’t. We do; really?"])
    assert rates["contractions"] == pytest.approx(2 / 7 * 1000)
    assert rates["first_person"] == pytest.approx(2 / 7 * 1000)
    assert rates["semicolons"] == pytest.approx(1 / 7 * 1000)
