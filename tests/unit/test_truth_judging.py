"""A chat model's labels of sentences, and what happens when it gives none."""

import json
from collections.abc import Callable

from llm_engineering.application.judging import Judge
from llm_engineering.application.ports import Silent
from llm_engineering.application.truth import supported
from llm_engineering.application.truth_judging import Grounded, relabelled
from llm_engineering.domain.measures import SentenceSupport, Support
from tests.fakes import InMemoryDocuments, SayingChat, WordEmbedder

MILL = "The mill at Orme was built in 1790. It ground rye for forty years."
ANSWER = "The mill was built in 1790. It burned down one night. Is that not sad?"
LABELS = ["supported", "unsupported", "opinion"]


def grounded(answer: str = ANSWER, *passages: str) -> Grounded:
    return Grounded(answer, passages or (MILL,), supported(answer, passages or (MILL,), WordEmbedder()))


def labelled(says: Callable[[str], str], *answers: Grounded) -> tuple[list[list[SentenceSupport]], int]:
    judge = Judge("some-judge", SayingChat(says=says))
    return relabelled(judge, answers, store=InMemoryDocuments(), progress=Silent(), seed=1)


def test_the_judges_labels_replace_those_of_the_embedder_and_nothing_else() -> None:
    one = grounded()
    (found,), kept = labelled(lambda prompt: json.dumps({"labels": LABELS[::-1]}), one)
    assert [sentence.label for sentence in found] == [Support.OPINION, Support.UNSUPPORTED, Support.SUPPORTED]
    assert kept == 0
    assert [(now.start, now.end, now.source, now.score) for now in found] == [
        (before.start, before.end, before.source, before.score) for before in one.sentences
    ]


def test_an_answer_keeps_its_labels_where_the_judge_is_of_no_use_and_is_counted() -> None:
    for useless in ('{"labels": ["supported"]}', '{"labels": ["true", "false", "true"]}', "Yes.", '{"labels": 3}'):
        (found,), kept = labelled(lambda prompt, said=useless: said, grounded())
        assert found == list(grounded().sentences)
        assert kept == 1


def test_one_bad_answer_leaves_the_others_alone() -> None:
    def says(prompt: str) -> str:
        return "I cannot say." if "windmill" in prompt else json.dumps({"labels": LABELS})

    found, kept = labelled(says, grounded("The windmill turns.", "A windmill."), grounded())
    assert [sentence.label.value for sentence in found[1]] == LABELS
    assert kept == 1


def test_what_has_no_sentence_or_no_source_is_not_asked_about() -> None:
    asked: list[str] = []

    def says(prompt: str) -> str:
        asked.append(prompt)
        return "{}"

    without = Grounded(ANSWER, (), supported(ANSWER, (), WordEmbedder()))
    found, kept = labelled(says, without, Grounded("", (MILL,), []))
    assert (asked, kept) == ([], 0)
    assert found == [list(without.sentences), []]


def test_the_judge_is_shown_each_sentence_by_its_number() -> None:
    asked: list[str] = []

    def says(prompt: str) -> str:
        asked.append(prompt)
        return json.dumps({"labels": LABELS})

    labelled(says, grounded())
    assert asked == ["1. The mill was built in 1790.\n2. It burned down one night.\n3. Is that not sad?"]
