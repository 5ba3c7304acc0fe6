"""Labels of sentences by their sources, and what is counted of them."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.application import facts
from llm_engineering.application.ports import Embedder
from llm_engineering.application.truth import citation_scores, supported, supported_share
from llm_engineering.domain.measures import SentenceSupport, Support
from llm_engineering.infrastructure.models.embedder import SentenceEmbedder
from llm_engineering.infrastructure.models.store import ModelStore
from tests.fakes import WordEmbedder
from tests.unit.truth_set import DEVELOPED_ON, HELD_OUT, Case

LABELS = {"S": Support.SUPPORTED, "U": Support.UNSUPPORTED, "O": Support.OPINION}
MILL = "The mill at Orme was built in 1790. It ground rye for forty years, and nobody has painted it since."


@pytest.fixture(scope="module")
def minilm(embedded_models: ModelStore) -> Embedder:
    return SentenceEmbedder(embedded_models.path("all-minilm-l6-v2"), model_id="embedded:all-minilm-l6-v2")


def labels(answer: str, passages: Sequence[str], *known: str) -> list[Support]:
    return [one.label for one in supported(answer, passages, WordEmbedder(), known)]


@pytest.mark.parametrize(("cases", "least"), [(DEVELOPED_ON, 0.95), (HELD_OUT, 0.85)], ids=["developed on", "held out"])
def test_hand_labelled_sentences_get_their_labels(minilm: Embedder, cases: Sequence[Case], least: float) -> None:
    found = [
        (LABELS[label], supported(sentence, case.passages, minilm)[0].label)
        for case in cases
        for sentence, label in case.sentences
    ]
    for label in Support:
        right = sum(wanted == got == label for wanted, got in found)
        precision = right / sum(got == label for _, got in found)
        recall = right / sum(wanted == label for wanted, _ in found)
        assert min(precision, recall) >= least, f"{label}: precision {precision:.2f}, recall {recall:.2f}"


def test_a_sentence_points_at_the_sentence_that_bears_it_out(minilm: Embedder) -> None:
    passages = ("Bread is cheap here. I bake on Fridays.", MILL)
    first, second = supported("The mill was built in 1790 at Orme. I bake every Friday.", passages, minilm)
    assert (first.source, second.source) == (1, 0)
    assert passages[1][first.source_start : first.source_end] == "The mill at Orme was built in 1790."
    assert passages[0][second.source_start : second.source_end] == "I bake on Fridays."


def test_an_answer_is_embedded_with_its_passages_in_one_call() -> None:
    calls: list[int] = []

    class Counting(WordEmbedder):
        def embed(self, texts, progress=None):
            calls.append(len(texts))
            return super().embed(texts, progress)

    supported("It ground rye. It is tall. Is it old?", [MILL, MILL], Counting())
    assert len(calls) == 1


@pytest.mark.parametrize(
    "sentence",
    [
        "The mill at Orme was built in 1890.",
        "The mill at Torme was built in 1790.",
        "It ground rye for fifty years.",
        "I think the mill at Orme was built in 1890.",
        "The mill at Orme was not built in 1790.",
    ],
)
def test_a_wrong_figure_or_name_or_a_denial_is_not_supported_however_near(sentence: str) -> None:
    assert labels(sentence, [MILL]) == [Support.UNSUPPORTED]


def test_figures_count_the_same_in_words_and_in_digits() -> None:
    assert labels("It ground rye for 40 years.", [MILL]) == [Support.SUPPORTED]
    assert facts.figures("two thousand five hundred sheep, 1,250 goats and one dog") == {"2500", "1250"}
    assert facts.figures("two, three and four hundred, thirty or twenty five") == {"2", "3", "400", "30", "25"}
    assert facts.figures("a million and two thousand five hundred and six") == {"1002506"}
    assert facts.figures("two hundred thousand, twelve hundred, nineteen eighty") == {"200000", "1200", "19", "80"}
    assert facts.figures("twenty-one to 3:52, v1.5 and a hundred and five") == {"21", "3:52", "1.5", "105"}


def test_names_of_the_question_need_no_source() -> None:
    sentence = "In Wessen the mill was built in 1790."
    assert labels(sentence, [MILL]) == [Support.UNSUPPORTED]
    assert labels(sentence, [MILL], "What of the mill near Wessen?") == [Support.SUPPORTED]


def test_a_name_is_not_found_within_another_word() -> None:
    assert labels("The mill was built by Ann in 1790.", ["The planning of the mill, built in 1790."]) == [
        Support.UNSUPPORTED
    ]


def test_views_and_questions_are_opinions_and_a_view_with_a_name_of_its_own_is_not() -> None:
    answer = "I love old mills like these! What would you save? I love the museum of Karlstad most."
    assert labels(answer, [MILL]) == [Support.OPINION, Support.OPINION, Support.UNSUPPORTED]


def test_without_passages_nothing_is_supported() -> None:
    assert labels("The mill was built in 1790. Is it old?", []) == [Support.UNSUPPORTED, Support.OPINION]
    assert labels("", [MILL]) == labels("  \n ", [MILL]) == []


def test_a_denial_is_seen_in_both_directions_and_only_of_the_same_word() -> None:
    assert facts.contradicts("We lend the washer.", "We do not lend the washer.")
    assert facts.contradicts("We don’t lend the washer.", "We lend the washer.")
    assert not facts.contradicts("We no longer lend the washer.", "The washer broke, and we do not lend it.")
    assert not facts.contradicts("Bees eat more because they fly.", "Bees eat more, not less, because they fly.")
    assert not facts.contradicts("I bake at noon.", "I never knead. I bake at noon.")


def test_citations_are_counted_over_all_answers() -> None:
    def one(label: Support, source: int) -> SentenceSupport:
        return SentenceSupport(start=0, end=1, label=label, source=source, score=0.5)

    first = [one(Support.SUPPORTED, 0), one(Support.SUPPORTED, 0), one(Support.UNSUPPORTED, 1)]
    second = [one(Support.OPINION, 0), one(Support.SUPPORTED, 1)]
    scores = citation_scores([(first, 3), (second, 2)])
    assert (scores.precision, scores.recall) == (2 / 5, 3 / 4)
    assert (scores.cited, scores.sources, scores.borne_out, scores.sentences) == (2, 5, 3, 4)
    assert scores.precision_interval[0] < scores.precision < scores.precision_interval[1]
    assert supported_share(first) == 2 / 3
    assert supported_share([one(Support.OPINION, 0)]) is None


def test_scores_of_no_answers_are_zeros_that_claim_nothing() -> None:
    scores = citation_scores([])
    assert (scores.precision, scores.recall, scores.recall_interval) == (0.0, 0.0, (0.0, 1.0))


@given(st.text(max_size=300), st.lists(st.text(max_size=200), max_size=3))
def test_whatever_the_text_spans_are_in_order_and_inside(answer: str, passages: list[str]) -> None:
    found = supported(answer, passages, WordEmbedder())
    assert all(0 <= one.start < one.end <= len(answer) for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    for one in found:
        if one.source is not None and one.source_start is not None and one.source_end is not None:
            assert 0 <= one.source_start < one.source_end <= len(passages[one.source])
