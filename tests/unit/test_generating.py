"""Datasets: the author's own words are the target, and nothing held out is trained on."""

from datetime import UTC, datetime
from typing import Any

import pytest

from llm_engineering.application.generating import instruct_dataset, preference_dataset
from llm_engineering.application.instructions import KEY_PHRASES
from llm_engineering.application.ports import Silent
from llm_engineering.domain.datasets import InstructDataset, PreferenceDataset, verbatim_share
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.errors import BadInput, DatasetError, EmptyCorpus
from tests.fakes import InMemoryDocuments, SayingChat, WordEmbedder
from tests.samples import ADA, article, cleaned_document


def corpus(count: int = 6) -> list[CleanedDocument]:
    return [
        cleaned_document(
            article(number), f"https://a.example/{number}", published_at=datetime(2024, 1, number + 1, tzinfo=UTC)
        )
        for number in range(count)
    ]


def made(
    documents: list[CleanedDocument], says: str = "Explain {first} to us, please.", **options: Any
) -> InstructDataset:
    words_shown = options.pop("words_shown", 6)

    def answer(prompt: str) -> str:
        return says.format(first=" ".join(prompt.removeprefix("Passage:\n").split()[:words_shown]))

    defaults = {"test_split_size": 0.3, "store": InMemoryDocuments(), "embedder": WordEmbedder()}
    return instruct_dataset(
        ADA, documents, chat=SayingChat(says=answer), model_name="m", progress=Silent(), **(defaults | options)
    )


def test_every_answer_is_the_authors_text_character_by_character() -> None:
    documents = corpus()
    dataset = made(documents)
    by_id = {document.id: document.style_text for document in documents}
    assert dataset.train
    assert dataset.test
    for sample in [*dataset.train, *dataset.test]:
        assert by_id[sample.document_id][sample.start : sample.end] == sample.answer
    assert dataset.metadata.verbatim_answer_share == 1.0


def test_no_document_gives_samples_to_both_splits() -> None:
    dataset = made(corpus())
    assert {s.document_id for s in dataset.train}.isdisjoint(s.document_id for s in dataset.test)
    assert set(dataset.metadata.train_documents).isdisjoint(dataset.metadata.test_documents)


def test_a_held_out_passage_that_was_published_before_is_not_trained_on() -> None:
    documents = corpus()
    reprint = documents[0].model_copy(update={"style_text": documents[-1].style_text})
    dataset = made([reprint, *documents[1:]])
    assert dataset.metadata.leak_share == 0.0
    assert dataset.metadata.dropped["overlaps_held_out"] > 0


def test_an_instruction_that_does_not_fit_is_replaced_and_counted() -> None:
    dataset = made(corpus(), says="Nonsense without any request")
    samples = [*dataset.train, *dataset.test]
    assert all(sample.instruction_by == KEY_PHRASES for sample in samples)
    assert dataset.metadata.dropped["instruction_malformed"] == len(samples)
    assert all(len(sample.instruction.split()) > 3 for sample in samples)


def test_an_instruction_that_gives_the_answer_away_is_refused() -> None:
    assert "instruction_copies" not in made(corpus()).metadata.dropped
    copied = made(corpus(), words_shown=9).metadata.dropped
    assert copied["instruction_copies"] >= 1


def test_the_same_call_makes_the_same_dataset() -> None:
    assert made(corpus()) == made(corpus())


def test_another_split_of_the_same_samples_is_another_dataset() -> None:
    dataset = made(corpus())
    moved = dataset.model_copy(update={"train": dataset.train[:-1], "test": [dataset.train[-1], *dataset.test]})
    assert moved.fingerprint != dataset.fingerprint


def test_answers_already_paid_for_are_not_asked_again() -> None:
    store = InMemoryDocuments()
    first = made(corpus(), store=store)

    def never(prompt: str) -> str:
        raise AssertionError("asked again")

    again = instruct_dataset(
        ADA,
        corpus(),
        chat=SayingChat(says=never),
        model_name="m",
        embedder=WordEmbedder(),
        store=store,
        progress=Silent(),
        test_split_size=0.3,
    )
    assert again == first


def test_max_samples_bounds_training_and_keeps_every_document() -> None:
    dataset = made(corpus(), max_samples=4)
    assert len(dataset.train) == 4
    assert len({sample.document_id for sample in dataset.train}) == 4


@pytest.mark.parametrize("share", [0, 1, -0.2, 7])
def test_a_split_outside_0_to_1_is_refused(share: float) -> None:
    with pytest.raises(BadInput, match="test_split_size"):
        made(corpus(), test_split_size=share)


def test_too_little_prose_is_one_sentence() -> None:
    with pytest.raises(EmptyCorpus, match="at least 2"):
        made([cleaned_document("Too short.")])


def preferences(says: str, dataset: InstructDataset | None = None) -> PreferenceDataset:
    return preference_dataset(
        dataset or made(corpus()),
        chat=SayingChat(says=lambda _: says),
        model_name="m",
        store=InMemoryDocuments(),
        progress=Silent(),
    )


PLAIN = article(99, paragraphs=1)


def test_the_author_is_chosen_and_the_model_rejected() -> None:
    dataset = made(corpus())
    pairs = preferences(PLAIN, dataset)
    assert verbatim_share((p.chosen for p in pairs.train), (d.style_text for d in corpus())) == 1.0
    assert {p.rejected for p in pairs.train} == {PLAIN}
    assert {p.document_id for p in pairs.train}.isdisjoint(p.document_id for p in pairs.test)


@pytest.mark.parametrize(
    "says",
    ["", "Short.", "again and again " * 40, "word " * 900],
    ids=["empty", "too short", "a loop", "too long"],
)
def test_an_answer_that_is_broken_in_a_trivial_way_makes_no_pair(says: str) -> None:
    with pytest.raises(DatasetError, match="No preference pair"):
        preferences(says)


def test_an_answer_that_was_cut_off_ends_at_its_last_sentence() -> None:
    pairs = preferences(PLAIN + " And then the limit came and")
    assert pairs.train[0].rejected == PLAIN
