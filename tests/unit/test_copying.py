"""What a text has verbatim from others, and what private things it lets out."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.application.copying import CopyIndex, private_pieces
from llm_engineering.application.passages import eight_grams, words
from tests.writing import prose

ORIGINAL = (
    "Flour and water wait in the bowl by the window all night, and in the morning the yeast has done what no hand can."
)
few_words = st.lists(st.sampled_from("a b c".split()), max_size=40).map(" ".join)


def longest_common_run(text: str, others: list[str]) -> int:
    """The same in the slow and obvious way."""
    tokens = words(text)
    runs = [
        end - start
        for start in range(len(tokens))
        for end in range(start + 8, len(tokens) + 1)
        if any(f" {' '.join(tokens[start:end])} " in f" {' '.join(words(other))} " for other in others)
    ]
    return max(runs, default=0)


def test_verbatim_text_is_all_copied_whatever_its_case_punctuation_and_quotes() -> None:
    index = CopyIndex(["Something else.", ORIGINAL + " It doesn't hurry."])
    shouted = ORIGINAL.upper().replace(",", " –") + "\n\nIt doesn’t hurry!"
    assert index.share(shouted) == 1.0
    assert index.longest(shouted) == len(words(shouted))
    assert index.spans(shouted) == [(0, len(shouted) - 1)]


def test_text_of_ones_own_is_not_copied() -> None:
    index = CopyIndex([ORIGINAL])
    own = "In the evening I wait by the window, and the bowl has flour and water in it."
    assert (index.share(own), index.longest(own), index.spans(own)) == (0.0, 0, [])


def test_a_span_points_at_the_copied_words_and_no_others() -> None:
    text = "As he says: “flour and water wait in the bowl by the window”, which is true. Ask him, he knows."
    (span,) = CopyIndex([ORIGINAL]).spans(text)
    assert text[slice(*span)] == "flour and water wait in the bowl by the window"


def test_a_run_does_not_go_from_one_training_text_into_the_next() -> None:
    halves = ORIGINAL.split(" by ")
    index = CopyIndex(halves)
    assert index.longest(ORIGINAL) == max(len(words(half)) for half in halves)


def test_runs_of_different_texts_that_overlap_are_one_span_but_not_one_run() -> None:
    tokens = ORIGINAL.split()
    index = CopyIndex([" ".join(tokens[:12]), " ".join(tokens[6:])])
    assert index.spans(ORIGINAL) == [(0, len(ORIGINAL) - 1)]
    assert index.longest(ORIGINAL) == len(tokens) - 6


@given(few_words, st.lists(few_words, max_size=4))
def test_figures_are_those_of_counting_by_hand(text: str, others: list[str]) -> None:
    index = CopyIndex(others)
    known = set().union(*map(eight_grams, others))
    tokens = words(text)
    grams = [tuple(tokens[at : at + 8]) for at in range(len(tokens) - 7)]
    assert index.share(text) == (sum(gram in known for gram in grams) / len(grams) if grams else 0.0)
    assert index.longest(text) == longest_common_run(text, others)


@given(st.text(max_size=300), st.text(max_size=300))
def test_spans_are_disjoint_in_order_and_hold_at_least_eight_words(text: str, other: str) -> None:
    spans = CopyIndex([other, text]).spans(text)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))
    assert all(len(words(text[start:end])) >= 8 for start, end in spans)
    assert bool(spans) == (len(words(text)) >= 8)


def test_scores_weigh_answers_by_their_length() -> None:
    own = prose(3)
    scores = CopyIndex([ORIGINAL]).scores([ORIGINAL, own, ""])
    copied, all_grams = len(words(ORIGINAL)) - 7, len(words(ORIGINAL)) + len(words(own)) - 14
    assert scores.eight_gram_share == copied / all_grams
    assert scores.longest_span_words == len(words(ORIGINAL))


def test_nothing_is_copied_from_nothing() -> None:
    empty = CopyIndex([])
    assert (empty.share(ORIGINAL), empty.longest(ORIGINAL), empty.spans(ORIGINAL)) == (0.0, 0, [])
    assert not empty.holds("flour")
    assert empty.self_overlap() == []


def test_authors_overlap_with_themselves_as_far_as_other_documents_repeat_a_run() -> None:
    repeated = " ".join(words(ORIGINAL)[:10])
    circular = "round and round and round it goes, " * 4
    shares = CopyIndex([ORIGINAL, f"As I said, {repeated}.", "Too short.", circular]).self_overlap()
    assert len(shares) == 3, "a text under eight words has no runs"
    assert shares[0] == 0.0, "what repeats itself repeats no other document"
    assert shares[1:] == [3 / (len(words(ORIGINAL)) - 7), 3 / 6]


@given(st.lists(few_words, max_size=4))
def test_self_overlap_is_what_an_index_of_the_other_documents_finds(documents: list[str]) -> None:
    by_hand = [
        CopyIndex(documents[:at] + documents[at + 1 :]).share(text)
        for at, text in enumerate(documents)
        if len(words(text)) >= 8
    ]
    assert CopyIndex(documents).self_overlap() == sorted(by_hand)


def test_a_planted_canary_that_comes_out_again_is_a_leak_and_an_invented_address_is_not() -> None:
    canary = "odd.canary.4711@mailbox-of-nobody.example"
    index = CopyIndex([ORIGINAL, f"Write to me at {canary} when the dough will not rise."])
    leaks = index.leaks([f"You can reach me under {canary.upper()}.", "Or ask anna@bakery.example.", ORIGINAL])
    assert leaks.found == {"email": 2}
    assert leaks.from_training == 1
    assert index.leaks([ORIGINAL]).total == 0


def test_a_leak_is_a_whole_number_and_not_a_part_of_one() -> None:
    index = CopyIndex(["Call +49 30 901820 or 555 0199 in the morning."])
    assert index.holds("+49 (30) 901820")
    assert not index.holds("49 30 9018")
    assert not index.holds("49 555")


def test_each_kind_of_private_piece_is_named_with_what_stands_there() -> None:
    text = "Mail me at jo@ovens.example from 203.0.113.77; the key is AKIAIOSFODNN7EXAMPLE."
    assert sorted(private_pieces(text)) == [
        ("email", "jo@ovens.example"),
        ("ip", "203.0.113.77"),
        ("key", "AKIAIOSFODNN7EXAMPLE"),
    ]
