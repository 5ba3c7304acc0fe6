"""Instruction datasets: the author's own words are the target, and nothing held out is trained on."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from llm_engineering.application.generating import instruct_dataset, require_verbatim
from llm_engineering.application.instructing import AUTHOR, THREAD, flattening_refusal
from llm_engineering.application.instructions import KEY_PHRASES
from llm_engineering.application.passages import words
from llm_engineering.application.ports import Silent
from llm_engineering.domain.datasets import InstructDataset, InstructSample, TaskKind
from llm_engineering.domain.documents import Category, CleanedDocument
from llm_engineering.domain.errors import BadInput, DatasetError, EmptyCorpus
from tests.fakes import InMemoryDocuments, SayingChat, WordEmbedder
from tests.samples import ADA, article, cleaned_document


def corpus(count: int = 6, paragraphs: int = 5) -> list[CleanedDocument]:
    return [
        cleaned_document(
            article(number, paragraphs),
            f"https://a.example/{number}",
            published_at=datetime(2024, 1, number + 1, tzinfo=UTC),
        )
        for number in range(count)
    ]


def shown(prompt: str) -> str:
    """The passage that a back-translation prompt shows."""
    return prompt.removeprefix("Passage:\n").partition("\n\nRequest for")[0]


def made(
    documents: list[CleanedDocument], says: str = "Explain {first} to us, please.", **options: Any
) -> InstructDataset:
    words_shown = options.pop("words_shown", 6)

    def answer(prompt: str) -> str:
        return says.format(first=" ".join(shown(prompt).split()[:words_shown]))

    defaults = {"test_split_size": 0.3, "store": InMemoryDocuments(), "embedder": WordEmbedder()}
    chat = options.pop("chat", SayingChat(says=answer))
    return instruct_dataset(ADA, documents, chat=chat, model_name="m", progress=Silent(), **(defaults | options))


def samples(dataset: InstructDataset) -> list[InstructSample]:
    return [*dataset.train, *dataset.test]


# ------------------------------------------------------------------------------ answers and splits


def test_every_answer_is_the_authors_text_character_by_character() -> None:
    documents = corpus()
    dataset = made(documents)
    by_id = {document.id: document.style_text for document in documents}
    assert dataset.train
    assert dataset.test
    for sample in samples(dataset):
        assert by_id[sample.document_id][sample.start : sample.end] == sample.answer
    assert dataset.metadata.verbatim_answer_share == 1.0


def test_an_answer_that_is_not_the_authors_text_fails_the_run() -> None:
    assert require_verbatim(["b c", "d"], ["a b c", "d"]) == 1.0
    with pytest.raises(DatasetError, match=r"Only 50\.00% of the answers are the author's text"):
        require_verbatim(["b c", "b  c"], ["a b c"])


def test_no_answer_is_given_twice() -> None:
    places = Counter((sample.document_id, sample.start) for sample in samples(made(corpus(20))))
    assert set(places.values()) == {1}


def test_no_document_gives_samples_to_both_splits() -> None:
    dataset = made(corpus())
    assert {s.document_id for s in dataset.train}.isdisjoint(s.document_id for s in dataset.test)
    assert set(dataset.metadata.train_documents).isdisjoint(dataset.metadata.test_documents)


def test_a_document_stays_on_its_side_when_newer_ones_come() -> None:
    store = InMemoryDocuments()
    before, after = made(corpus(6), store=store), made(corpus(12), store=store)
    assert set(before.metadata.test_documents) <= set(after.metadata.test_documents)
    assert set(before.metadata.train_documents) <= set(after.metadata.train_documents)
    assert corpus(12)[-1].id in after.metadata.test_documents


def test_a_held_out_passage_that_was_published_before_is_not_trained_on() -> None:
    documents = corpus()
    reprint = documents[0].model_copy(update={"style_text": documents[-1].style_text})
    dataset = made([reprint, *documents[1:]])
    assert dataset.metadata.leak_share == 0.0
    assert dataset.metadata.dropped["overlaps_held_out"] > 0


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


def test_the_same_call_makes_the_same_dataset() -> None:
    assert made(corpus()) == made(corpus())


def test_another_split_of_the_same_samples_is_another_dataset() -> None:
    dataset = made(corpus())
    moved = dataset.model_copy(update={"train": dataset.train[:-1], "test": [dataset.train[-1], *dataset.test]})
    assert moved.fingerprint != dataset.fingerprint


# ------------------------------------------------------------------------------ instructions


def test_an_instruction_that_does_not_fit_twice_is_replaced_and_counted() -> None:
    dataset = made(corpus(), says="Nonsense without any request")
    plain = [sample for sample in samples(dataset) if not sample.shows_author_text]
    assert all(sample.instruction_by == KEY_PHRASES for sample in plain)
    assert dataset.metadata.replaced["instruction_malformed"] == dataset.metadata.retried == len(plain)
    assert all(len(sample.instruction.split()) > 3 for sample in plain)


def test_an_instruction_that_fits_at_the_second_attempt_is_the_models() -> None:
    asked: Counter[str] = Counter()

    def answer(prompt: str) -> str:
        asked[prompt] += 1
        subject = " ".join(shown(prompt).split()[:6])
        return f"Explain {subject} to us, please." if asked[prompt] > 1 else "No."

    dataset = made(corpus(), chat=SayingChat(says=answer))
    plain = [sample for sample in samples(dataset) if not sample.shows_author_text]
    assert {sample.instruction_by for sample in plain} == {"m"}
    assert dataset.metadata.retried == len(plain)
    assert not [gate for gate in dataset.metadata.replaced if gate.startswith("instruction")]


def test_an_instruction_that_gives_the_answer_away_is_refused() -> None:
    assert "instruction_copies" not in made(corpus()).metadata.replaced
    assert made(corpus(), words_shown=9).metadata.replaced["instruction_copies"] >= 1


def test_no_two_samples_have_the_same_instruction() -> None:
    for says in ("Explain the harbour and the garden to us.", "No."):
        found = Counter(sample.instruction for sample in samples(made(corpus(12), says=says)))
        assert max(found.values()) == 1


class StrictChat(SayingChat):
    """Says what fits a JSON schema, if it is asked to; its profile says that it can."""

    def model_post_init(self, context: Any) -> None:
        self.profile = {"structured_output": True}

    def _call(self, messages: list[Any], *args: Any, **kwargs: Any) -> str:
        text = super()._call(messages, *args, **kwargs)
        if "Request for" not in str(messages[-1].text):
            return text
        schema = kwargs["response_format"]["json_schema"]["schema"]
        [name] = schema["required"]
        return json.dumps({name: text})


def test_a_model_that_can_is_held_to_a_json_schema() -> None:
    def answer(prompt: str) -> str:
        return f"Explain {' '.join(shown(prompt).split()[:6])} to us, please."

    by_schema = made(corpus(), chat=StrictChat(says=answer))
    plain = [sample for sample in samples(by_schema) if not sample.shows_author_text]
    assert {sample.instruction_by for sample in plain} == {"m"}
    assert all(sample.instruction.startswith("Explain ") for sample in plain)


# ------------------------------------------------------------------------------ kinds


def test_some_passages_are_continuations_whose_prompt_is_the_text_before_them() -> None:
    documents = corpus(30)
    dataset = made(documents)
    found = [sample for sample in dataset.train if sample.task is TaskKind.CONTINUATION]
    assert 0.05 < len(found) / len(dataset.train) < 0.25
    by_id = {document.id: document.style_text for document in documents}
    for sample in found:
        before = sample.instruction.partition("\n\n")[2]
        assert by_id[sample.document_id][: sample.start].rstrip().endswith(before)
        assert 30 <= len(before.split()) <= 160
        assert sample.instruction_by == AUTHOR
        assert sample.shows_author_text


def test_a_small_test_split_keeps_plain_instructions_to_measure_style_on() -> None:
    dataset = made(corpus(12))
    assert len(dataset.test) <= 20
    assert not [sample for sample in dataset.test if sample.shows_author_text]


def test_a_rewrite_shows_the_models_plain_text_and_falls_back_to_an_instruction() -> None:
    def plain(prompt: str) -> str:
        if "Request for" in prompt:
            return f"Explain {' '.join(shown(prompt).split()[:6])} to us, please."
        return " ".join(word for word in words(prompt)[::-1] if word != "my")

    dataset = made(corpus(30), chat=SayingChat(says=plain))
    found = [sample for sample in dataset.train if sample.task is TaskKind.REWRITE]
    assert 0.03 < len(found) / len(dataset.train) < 0.2
    assert all(sample.instruction_by == "m" and sample.shows_author_text for sample in found)
    refused = made(corpus(30), says="I like {first}.")
    assert not [sample for sample in refused.train if sample.task is TaskKind.REWRITE]
    rewrites = [sample for sample in samples(dataset) if sample.task is TaskKind.REWRITE]
    assert refused.metadata.replaced["rewrite_length"] == len(rewrites)


@pytest.mark.parametrize(
    ("plain", "cosine", "reason"),
    [
        ("The harbour was closed during winter storms last year already.", 0.9, None),
        ("The harbour was closed during winter storms last year already.", 0.2, "rewrite_unrelated"),
        ("We closed our harbour during winter storms last year already.", 0.9, "rewrite_first_person"),
        ("Closed.", 0.9, "rewrite_length"),
        ("Every winter the harbour is closed because of the storms.", 0.9, "rewrite_copies"),
    ],
)
def test_a_plain_text_is_about_the_passage_and_in_other_words(plain: str, cosine: float, reason: str | None) -> None:
    passage = "And every winter the harbour is closed because of the storms."
    assert flattening_refusal(plain, passage, cosine) == reason


def test_an_answer_to_somebody_has_their_words_as_its_prompt() -> None:
    question = "Do you water the garden at noon, or is that too hot for the roots?"
    reply = cleaned_document(
        "In the evening, always; at noon the sun drinks more than the roots do.",
        "telegram:1/2",
        category=Category.POSTS,
        platform="telegram",
        published_at=datetime(2023, 1, 1, tzinfo=UTC),
        extra={"in_reply_to_text": question},
    )
    [sample] = [s for s in made([*corpus(), reply]).train if s.task is TaskKind.REPLY]
    assert (sample.instruction, sample.instruction_by) == (question, THREAD)
    assert sample.answer == reply.style_text
    assert not sample.shows_author_text


def test_a_thread_with_personal_data_is_not_shown() -> None:
    reply = cleaned_document(
        " ".join(["In the evening I water it, always, and at noon I never do; the sun drinks it."] * 2),
        "telegram:1/2",
        category=Category.POSTS,
        platform="telegram",
        published_at=datetime(2023, 1, 1, tzinfo=UTC),
        extra={"in_reply_to_text": "Write to me at ann.lee@example.org when you water it."},
    )
    dataset = made([*corpus(), reply])
    assert not [sample for sample in samples(dataset) if "ann.lee" in sample.instruction]


# ------------------------------------------------------------------------------ metadata


def test_the_metadata_says_how_lengths_and_similarities_are_spread() -> None:
    dataset = made(corpus())
    spread = dataset.metadata.distributions
    count = len(samples(dataset))
    assert spread["answer_words"].n == spread["prompt_words"].n == count
    assert sum(spread["answer_words"].counts) == count
    assert 60 <= spread["answer_words"].low <= spread["answer_words"].median <= spread["answer_words"].high <= 350
    assert spread["instruction_similarity"].n == sum(not sample.shows_author_text for sample in samples(dataset))
    assert dataset.metadata.recipe


def test_datasets_of_before_there_were_kinds_are_still_read() -> None:
    dataset = made(corpus())
    old = json.loads(dataset.model_dump_json())
    for name in ("recipe", "replaced", "retried", "distributions", "shares", "language"):
        del old["metadata"][name]
    for sample in [*old["train"], *old["test"]]:
        del sample["task"]
    read = InstructDataset.model_validate(old)
    assert {sample.task for sample in samples(read)} == {TaskKind.PARAGRAPH}
