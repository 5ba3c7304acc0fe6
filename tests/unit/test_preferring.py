"""Preference pairs: the author against a model, and nothing but the voice tells which is which."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from llm_engineering.application.feedback import pairs
from llm_engineering.application.passages import eight_grams
from llm_engineering.application.ports import Silent
from llm_engineering.application.preferring import (
    broken,
    flaw,
    is_formatted,
    overlap,
    preference_dataset,
    rejecting_model,
)
from llm_engineering.application.prompting import template_fingerprint
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.application.weights import Weights
from llm_engineering.domain.datasets import InstructDataset, PreferenceDataset, PreferenceSample, verbatim_share
from llm_engineering.domain.errors import BadInput, DatasetError, TemplateMismatch
from llm_engineering.domain.feedback import Feedback
from llm_engineering.domain.twins import GGUF, TwinManifest
from tests.fakes import InMemoryDocuments, SayingChat
from tests.made_twins import manifest
from tests.samples import ADA, NOW
from tests.unit.test_generating import corpus, made
from tests.writing import prose

PLAIN = prose(99, paragraphs=1, sentences=9)
OTHER = prose(98, paragraphs=1, sentences=9)
GERMAN = (
    "Der alte Garten braucht am Abend viel Wasser, und trotzdem bleibe ich lieber am Fenster sitzen. Meine Nachbarin "
    "sagt, ich solle weniger lesen und öfter gießen, womit die Frau wohl recht hat. Gestern kam ihr Enkel vorbei, "
    "brachte drei Äpfel mit und erzählte von seiner neuen Schule in der Stadt. Wir tranken Tee beim Birnbaum, "
    "redeten über das Wetter, und am späten Abend trug ich die Kannen zurück in den Schuppen."
)


def preferences(
    says: str, dataset: InstructDataset | None = None, put_right: Sequence[PreferenceSample] = ()
) -> PreferenceDataset:
    return preference_dataset(
        dataset or made(corpus()),
        chat=SayingChat(says=lambda _: says),
        model_name="m",
        store=InMemoryDocuments(),
        progress=Silent(),
        put_right=put_right,
    )


def corrected(answer: str, correction: str) -> PreferenceSample:
    said = {"twin": "ada-example/1", "question": "Why?", "answer": answer, "rating": -1, "edited_answer": correction}
    (pair,) = pairs([Feedback.of(ADA, NOW, **said)])
    return pair


def test_the_author_is_chosen_and_the_model_rejected() -> None:
    dataset = made(corpus())
    pairs = preferences(PLAIN, dataset)
    assert verbatim_share((p.chosen for p in pairs.train), (d.style_text for d in corpus())) == 1.0
    assert {p.rejected for p in pairs.train} == {PLAIN}
    assert {p.document_id for p in pairs.train}.isdisjoint(p.document_id for p in pairs.test)
    tasks = {sample.instruction: sample.task for sample in [*dataset.train, *dataset.test]}
    assert all(pair.task is tasks[pair.instruction] for pair in pairs.train)


@pytest.mark.parametrize(
    ("says", "gate"),
    [
        ("", "rejected_empty"),
        ("Short.", "rejected_length"),
        ("again and again " * 40, "rejected_loops"),
        ("word " * 900, "rejected_length"),
        ("- " + OTHER.replace(". ", ".\n- "), "rejected_formatted"),
        (GERMAN, "rejected_other_language"),
    ],
)
def test_an_answer_that_is_broken_in_a_trivial_way_makes_no_pair(says: str, gate: str) -> None:
    assert broken(says, PLAIN, "en") == gate
    with pytest.raises(DatasetError, match=f"No preference pair.*{gate}"):
        preferences(says)


def test_the_passage_itself_is_no_rejected_answer() -> None:
    assert broken(PLAIN, PLAIN) == "rejected_same"
    assert broken(PLAIN, OTHER) is None


def test_lists_are_no_reason_where_the_author_writes_them_too() -> None:
    listed = "- " + PLAIN.replace(". ", ".\n- ")
    other = "- " + OTHER.replace(". ", ".\n- ")
    assert broken(listed, other) is None


@pytest.mark.parametrize(
    "text", ["# Title\nText", "1. one\n2. two", "It is **bold**.", "* a\n* b", "> so", "```\nx\n```"]
)
def test_formatting_is_seen(text: str) -> None:
    assert is_formatted(text)
    assert not is_formatted("A sentence - with a dash, 2 * 3 and 1. more.")


def test_an_answer_that_was_cut_off_ends_at_its_last_sentence() -> None:
    pairs = preferences(PLAIN + " And then the limit came and")
    assert pairs.train[0].rejected == PLAIN


def test_the_metadata_shows_that_length_formatting_and_words_do_not_tell() -> None:
    pairs = preferences(PLAIN)
    about = pairs.metadata
    both = [*pairs.train, *pairs.test]
    assert about.distributions["length_ratio"].n == about.distributions["overlap"].n == len(both)
    assert 0.5 <= about.distributions["length_ratio"].low <= about.distributions["length_ratio"].high <= 1.5
    assert about.distributions["overlap"].median == pytest.approx(
        sorted(overlap(p.rejected, p.chosen) for p in both)[len(both) // 2], abs=0.1
    )
    assert about.shares == {"chosen_formatted": 0.0, "rejected_formatted": 0.0}


# ------------------------------------------------------------------------------ what readers put right


def test_what_a_reader_put_right_is_trained_on_and_is_not_counted_as_verbatim() -> None:
    correction = OTHER.replace("the", "a", 1)
    found = preferences(PLAIN, put_right=[corrected(OTHER, correction)])
    without = preferences(PLAIN)
    assert found.train[:-1] == without.train
    assert (found.train[-1].chosen, found.train[-1].rejected) == (correction, OTHER)
    assert found.test == without.test
    samples = len(found.train) + len(found.test)
    assert found.metadata.verbatim_answer_share == pytest.approx(1 - 1 / samples)
    assert without.metadata.verbatim_answer_share == 1.0
    assert found.metadata.distributions["overlap"].n == samples


SHORT_GERMAN = " ".join(GERMAN.split()[: len(OTHER.split())])
LOOP = " ".join(["so", "it", "goes"] * (len(OTHER.split()) // 3))


@pytest.mark.parametrize(
    ("correction", "gate"),
    [
        ("Shorter.", "feedback_broken"),
        (SHORT_GERMAN, "feedback_broken"),
        (LOOP, "feedback_broken"),
        (OTHER + " Write to ada.lovelace@example.org.", "feedback_pii"),
    ],
)
def test_a_correction_that_would_teach_something_else_or_gives_somebody_away_is_left_out(
    correction: str, gate: str
) -> None:
    assert flaw(corrected(OTHER, correction), frozenset(), "en") == gate
    found = preferences(PLAIN, put_right=[corrected(OTHER, correction)])
    assert found.train == preferences(PLAIN).train
    assert found.metadata.dropped[gate] == 1


@pytest.mark.parametrize("answer", [LOOP, "- " + OTHER.replace(". ", ".\n- "), SHORT_GERMAN, OTHER.replace("the", "a")])
def test_what_was_wrong_with_the_answer_is_no_reason_to_leave_its_correction_out(answer: str) -> None:
    assert flaw(corrected(answer, OTHER), frozenset(), "en") is None


def test_a_question_or_an_answer_with_private_or_held_out_text_is_left_out_too() -> None:
    pair, held_out = corrected(PLAIN, OTHER), frozenset(eight_grams(GERMAN))
    for field in ("instruction", "rejected"):
        assert flaw(pair.model_copy(update={field: f"{PLAIN} Mail me: a.b@example.org"}), held_out) == "feedback_pii"
        quoting = pair.model_copy(update={field: f"{PLAIN} {' '.join(GERMAN.split()[:9])}"})
        assert flaw(quoting, held_out) == "feedback_overlaps_held_out"


def test_a_correction_that_quotes_a_held_out_passage_is_left_out() -> None:
    dataset = made(corpus())
    held_out = dataset.test[0].answer
    found = preferences(PLAIN, dataset, [corrected(PLAIN, " ".join([PLAIN, *held_out.split()[:12]]))])
    assert found.metadata.dropped["feedback_overlaps_held_out"] == 1
    assert not any(held_out.split()[:12] == pair.chosen.split()[-12:] for pair in found.train)


# ------------------------------------------------------------------------------ who rejects


def rejecting(who: str, twins_dir: Path, twin: TwinManifest | None = None) -> tuple[str, str]:
    warehouse = Warehouse(InMemoryDocuments())
    warehouse.add_author(ADA)
    if twin:
        warehouse.save_twin(twin)
    return rejecting_model(who, ADA, base_model="openai:m", warehouse=warehouse, weights=Weights(twins_dir))


def twin_in(directory: Path, **fields: Any) -> TwinManifest:
    (directory / GGUF).write_bytes(b"weights")
    made = manifest(directory, template_fingerprint=template_fingerprint(), passed_evaluation=True)
    files = {GGUF: hashlib.sha256(b"weights").hexdigest()}
    return made.model_copy(update={"directory": directory, "files": files, **fields})


def test_the_base_model_rejects_unless_the_latest_twin_is_asked_for(tmp_path: Path) -> None:
    twin = twin_in(tmp_path)
    assert rejecting("base", tmp_path, twin) == ("openai:m", "openai:m")
    file, name = rejecting("latest", tmp_path, twin)
    assert file == str(tmp_path / GGUF)
    assert name.startswith("ada-example/1@")


def test_without_a_promoted_twin_it_is_said_what_to_do(tmp_path: Path) -> None:
    for twin in (None, twin_in(tmp_path, passed_evaluation=False)):
        with pytest.raises(BadInput, match="no twin of Ada Example has passed its evaluation; train and evaluate one"):
            rejecting("latest", tmp_path, twin)


def test_a_twin_of_other_templates_rejects_nothing(tmp_path: Path) -> None:
    with pytest.raises(TemplateMismatch):
        rejecting("latest", tmp_path, twin_in(tmp_path, template_fingerprint="another"))
