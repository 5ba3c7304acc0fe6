"""Who is asked, which twin answers, and from what."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.application import prompting
from llm_engineering.application.answering import (
    LEAST_MATERIAL_TOKENS,
    MATERIAL_TOKENS,
    Answer,
    material_room,
    searched,
)
from llm_engineering.application.asking import Asking
from llm_engineering.application.indexing import index, load_cleaned
from llm_engineering.application.inquiry import Inquiry, Mode, Sampling
from llm_engineering.application.ports import Silent
from llm_engineering.application.registering import slug
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.errors import (
    BadInput,
    CorruptModel,
    EmptyCorpus,
    ModelError,
    TemplateMismatch,
    UnknownAuthor,
)
from llm_engineering.domain.twins import Promotion, TwinManifest
from tests.fakes import InMemoryDocuments, InMemoryVectors, SayingChatModels, WordCounts, WordEmbedder
from tests.samples import NOW, article, raw_document

MARA = Author.named("Mara Lindqvist")
EDMUND = Author.named("Edmund Achterberg")
VERA = Author.named("Vera Long")
TEXTS = {
    MARA: "I crawl the feed before the sitemap, because the feed knows which post is new and costs one request.",
    VERA: article(1, 60),
    EDMUND: "Burrows's Delta compares the frequencies of small words, which no author chooses with care.",
}
BASE = "embedded:base-model"


@dataclass
class World:
    """A warehouse, an index and the parts around them."""

    asking: Asking
    warehouse: Warehouse
    chats: SayingChatModels
    twins_dir: Path

    def train(
        self,
        author: Author,
        version: int,
        *,
        passed: bool,
        evaluated: bool = True,
        fingerprint: str | None = None,
        weights: bytes = b"GGUF weights",
    ) -> TwinManifest:
        """Put a twin on record and its file on disk."""
        name = slug(author.full_name)
        directory = self.twins_dir / name / f"v{version}"
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "model.gguf").write_bytes(weights)
        manifest = TwinManifest(
            id=uuid4(),
            name=name,
            version=version,
            author_id=author.id,
            author_full_name=author.full_name,
            base_model=BASE,
            stages=["sft"],
            directory=directory,
            files={"model.gguf": hashlib.sha256(weights).hexdigest()},
            template_fingerprint=fingerprint or prompting.template_fingerprint(),
            corpus_fingerprint="",
            datasets={},
            training=[],
            scores={"verdict": "measured"} if evaluated else {},
            passed_evaluation=passed,
            created_at=NOW + timedelta(days=version),
        )
        self.warehouse.save_twin(manifest)
        return manifest


def a_world(tmp_path: Path, *authors: Author, base_model: str = BASE, indexed: bool = True, **options: Any) -> World:
    """Authors with one text each."""
    warehouse, vectors, embedder = Warehouse(InMemoryDocuments()), InMemoryVectors(), WordEmbedder()
    documents = [
        raw_document(TEXTS[author], f"https://{slug(author.full_name)}.example/a", author) for author in authors
    ]
    for author in authors:
        warehouse.add_author(author)
    if indexed:
        load_cleaned(documents, authors=authors, vectors=vectors, progress=Silent())
        index(authors=authors, vectors=vectors, embedder=embedder, sparse=WordCounts(), progress=Silent())
    chats = SayingChatModels()
    asking = Asking(
        warehouse,
        vectors=vectors,
        embedder=embedder,
        sparse=WordCounts(),
        reranker=options.pop("reranker", None),
        chat_models=chats,
        base_model=base_model,
        twins_dir=tmp_path,
        **options,
    )
    return World(asking, warehouse, chats, tmp_path)


# ------------------------------------------------------------------------------ whose answer


def test_the_only_author_need_not_be_named(tmp_path: Path) -> None:
    answer = a_world(tmp_path, MARA).asking.ask("Why the feed first?", twin="base")
    assert answer.author == "Mara Lindqvist"
    assert [source.link for source in answer.sources] == ["https://mara-lindqvist.example/a"]


def test_an_author_is_known_by_name_whatever_its_case_and_spacing(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA, EDMUND)
    assert world.asking.ask("Why?", author="  mara   LINDQVIST ", twin="base").author == "Mara Lindqvist"


def test_the_question_may_name_the_author(tmp_path: Path) -> None:
    answer = a_world(tmp_path, MARA, EDMUND).asking.ask("What is Edmund Achterberg's view of small words?", twin="base")
    assert answer.author == "Edmund Achterberg"
    assert all("edmund" in source.link for source in answer.sources)


@pytest.mark.parametrize(
    "question",
    ["What is Edmund's view of small words?", "what does edmund say of small words?", "Edmund Achterburg on words?"],
)
def test_the_question_may_name_the_author_by_a_part_of_the_name_or_misspelt(tmp_path: Path, question: str) -> None:
    assert a_world(tmp_path, MARA, EDMUND).asking.ask(question, twin="base").author == "Edmund Achterberg"


def test_asking_for_the_view_of_somebody_unknown_is_an_error_even_when_there_is_one_author(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    with pytest.raises(UnknownAuthor, match=r"Jane Roe, who is no author.*Known: Mara Lindqvist"):
        world.asking.ask("What does Jane Roe think of feeds?", twin="base")
    answer = world.asking.ask("What does Jane Roe think of feeds?", author="Mara Lindqvist", twin="base")
    assert answer.author == "Mara Lindqvist"


def test_the_twin_may_name_the_author(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA, EDMUND)
    world.train(EDMUND, 1, passed=True)
    assert world.asking.ask("Why?", twin="edmund-achterberg/1").author == "Edmund Achterberg"
    assert world.asking.ask("Why?", twin="edmund-achterberg").twin == "edmund-achterberg/1"


def test_an_unknown_author_is_an_error_that_names_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(UnknownAuthor, match=r"Did you mean Mara Lindqvist\?"):
        a_world(tmp_path, MARA).asking.ask("Why?", author="Mara Lindquist")


def test_asking_an_empty_warehouse_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(UnknownAuthor, match="run-digital-data-etl"):
        a_world(tmp_path).asking.ask("Why?")


@pytest.mark.parametrize(
    "question", ["Why?", "Do Mara Lindqvist and Edmund Achterberg agree?", "What says Maralindqvist?"]
)
def test_a_question_that_leaves_the_author_open_is_an_error_that_lists_the_names(tmp_path: Path, question: str) -> None:
    with pytest.raises(BadInput, match="Edmund Achterberg, Mara Lindqvist"):
        a_world(tmp_path, MARA, EDMUND).asking.ask(question, twin="base")


def test_a_name_inside_a_longer_name_is_not_taken_for_its_own(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    world.warehouse.add_author(Author.named("Mara Lindqvist Berg"))
    with pytest.raises(EmptyCorpus, match="Mara Lindqvist Berg"):
        world.asking.ask("What would Mara Lindqvist Berg do?", twin="base")


def test_a_twin_of_somebody_else_is_refused(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA, EDMUND)
    world.train(EDMUND, 1, passed=True)
    with pytest.raises(BadInput, match="not one of Mara Lindqvist"):
        world.asking.ask("Why?", author="Mara Lindqvist", twin="edmund-achterberg/1")


def test_a_twins_name_asked_of_an_author_who_has_no_twin_says_that_there_is_none_yet(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    with pytest.raises(BadInput, match=r"not one of Mara Lindqvist, who has no twin yet; .*base"):
        world.asking.ask("Why?", author="Mara Lindqvist", twin="edmund-achterberg")


def test_an_author_of_whom_nothing_is_indexed_gets_no_ungrounded_answer(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA, indexed=False)
    with pytest.raises(EmptyCorpus, match=r"pipeline --set author_full_names='\[Mara Lindqvist\]'"):
        world.asking.ask("Why?", twin="base")
    assert world.chats.events == []


# ------------------------------------------------------------------------------ from what


def test_a_question_that_no_text_is_near_to_is_not_answered_from_thin_air(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA, min_relevance=0.3)
    unrelated = world.asking.ask("Quantum chromodynamics?", twin="base")
    assert (unrelated.answer, unrelated.sources) == ("I have not written about that.", [])
    assert world.asking.ask("Why crawl the feed before the sitemap?", twin="base").sources


def test_a_filter_that_leaves_nothing_is_named_in_the_answer(tmp_path: Path) -> None:
    answer = a_world(tmp_path, MARA).asking.ask("What did you write in 1999 about feeds?", twin="base")
    assert answer.answer == ("I have not written about that among what is published from 1999-01-01 to 1999-12-31.")
    assert answer.sources == []


def test_a_twin_is_given_no_more_text_than_its_prompt_holds(tmp_path: Path) -> None:
    world = a_world(tmp_path, VERA)
    answer = world.asking.ask("What of the orchard and the lighthouse?", twin="base", k=10)
    assert 0 < sum(len(source.text) for source in answer.sources) <= 4 * MATERIAL_TOKENS
    shown = world.asking.passages("What of the orchard and the lighthouse?", k=10).passages
    assert sum(len(passage.chunk.text) for passage in shown) > 4 * MATERIAL_TOKENS


def test_the_base_model_words_the_question_anew_only_when_it_is_told_to(tmp_path: Path) -> None:
    assert a_world(tmp_path, MARA).asking.passages("Why the feed?").searched == ("Why the feed?",)
    world = a_world(tmp_path, MARA, query_expansions=2)
    assert world.asking.passages("Why the feed?").searched == ("Why the feed?", f"SPOKEN BY {BASE}")


def test_a_question_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world(tmp_path, MARA)

    def written(*_: object, **__: object) -> None:
        raise AssertionError("a question wrote to a store")

    for store, methods in (
        (InMemoryDocuments, ("upsert", "delete")),
        (InMemoryVectors, ("upsert", "delete", "delete_where", "ensure_collection", "switch", "optimize")),
    ):
        for method in methods:
            monkeypatch.setattr(store, method, written)
    world.asking.ask("Why does Mara crawl the feed first?", twin="base")
    with pytest.raises(UnknownAuthor):
        world.asking.ask("Why?", author="Nobody Known", twin="base")


# ------------------------------------------------------------------------------ which twin


def test_the_newest_twin_that_passed_evaluation_answers(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    for version, passed in ((1, True), (2, True), (3, False), (10, True), (11, False)):
        world.train(MARA, version, passed=passed)
    answer = world.asking.ask("Why?")
    assert answer.twin == "mara-lindqvist/10"
    assert answer.answer == f"SPOKEN BY {tmp_path / 'mara-lindqvist' / 'v10' / 'model.gguf'}"


@pytest.mark.parametrize("twin", [2, "2", "v2", "mara-lindqvist/2", "mara-lindqvist/v2", " MARA-LINDQVIST/2 "])
def test_a_version_can_be_asked_for_even_when_it_did_not_pass(tmp_path: Path, twin: str | int) -> None:
    world = a_world(tmp_path, MARA)
    for version in (1, 2, 3):
        world.train(MARA, version, passed=version != 2)
    assert world.asking.ask("Why?", twin=twin).twin == "mara-lindqvist/2"


def test_the_base_model_answers_when_it_is_asked_for(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    world.train(MARA, 1, passed=True)
    answer = world.asking.ask("Why?", twin="base")
    assert (answer.twin, answer.answer) == (f"base ({BASE})", f"SPOKEN BY {BASE}")


def test_without_a_twin_nothing_answers_in_its_place(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    with pytest.raises(BadInput, match=r'no twin yet.*run-training-pipeline.*"twin": "base"'):
        world.asking.ask("Why?")
    assert world.chats.events == []


def test_a_twin_that_passed_nothing_is_not_used_unasked(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    world.train(MARA, 1, passed=False)
    world.train(MARA, 2, passed=False, evaluated=False)
    with pytest.raises(BadInput) as refusal:
        world.asking.ask("Why?")
    assert str(refusal.value) == (
        "No twin of Mara Lindqvist has passed evaluation (there are mara-lindqvist/1, mara-lindqvist/2; "
        "mara-lindqvist/2 not evaluated yet: ./poe run-evaluation-pipeline). "
        'Ask for one by its name, "twin": "mara-lindqvist/2", or the base model, "twin": "base".'
    )
    assert world.chats.events == []


def test_an_unknown_version_is_an_error_that_lists_the_known_ones(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    world.train(MARA, 1, passed=True)
    with pytest.raises(BadInput, match=r"no twin of version 7 \(there are mara-lindqvist/1\)"):
        world.asking.ask("Why?", twin=7)


@pytest.mark.parametrize("twin", ["", "../etc", "mara lindqvist/1", "mara-lindqvist/1/2", "-1 or so", "1.5"])
def test_words_that_name_no_twin_are_an_error_that_says_what_would(tmp_path: Path, twin: str) -> None:
    with pytest.raises(BadInput, match='ask for "latest", "base", a version'):
        a_world(tmp_path, MARA).asking.ask("Why?", twin=twin)


def test_a_twin_of_other_templates_is_refused(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    world.train(MARA, 1, passed=True, fingerprint="another")
    with pytest.raises(TemplateMismatch, match="mara-lindqvist/1"):
        world.asking.ask("Why?")
    assert world.chats.events == []


def test_the_name_of_a_remote_base_model_shows_no_credentials(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA, base_model="https://user:secret@models.example/v1#llama-3")
    assert world.asking.ask("Why?", twin="base").twin == "base (llama-3)"


# ------------------------------------------------------------------------------ weights


def test_weights_that_are_gone_are_missed_by_name(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    file = world.train(MARA, 1, passed=True).directory / "model.gguf"
    file.unlink()
    with pytest.raises(ModelError, match=r"there is no .*v1/model\.gguf"):
        world.asking.ask("Why?")


def test_weights_that_are_not_those_on_record_are_not_run(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    file = world.train(MARA, 1, passed=True).directory / "model.gguf"
    file.write_bytes(b"GGUF weights of somebody else")
    with pytest.raises(CorruptModel, match="mara-lindqvist/1"):
        world.asking.ask("Why?")
    assert world.chats.events == []


def test_weights_that_change_while_the_service_runs_are_noticed(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    file = world.train(MARA, 1, passed=True).directory / "model.gguf"
    world.asking.ask("Why?")
    file.write_bytes(b"GGUF weights, half copied")
    with pytest.raises(CorruptModel):
        world.asking.ask("Why?")


def test_a_twin_trained_again_under_its_old_number_is_loaded_anew(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    first = world.train(MARA, 1, passed=True)
    world.asking.ask("Why?")
    second = world.train(MARA, 1, passed=True, weights=b"GGUF better weights")
    world.warehouse.save_twin(second.model_copy(update={"id": first.id}))
    world.asking.ask("Why?")
    file = str(second.directory / "model.gguf")
    assert world.chats.events == [f"opened {file}", f"opened {file}"]


def test_weights_trained_on_another_machine_are_found_below_the_twins_directory(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    manifest = world.train(MARA, 1, passed=True)
    world.warehouse.save_twin(manifest.model_copy(update={"directory": Path("/nowhere/mara-lindqvist/v1")}))
    assert world.asking.ask("Why?").twin == "mara-lindqvist/1"


# ------------------------------------------------------------------------------ what stays open


def test_a_model_is_opened_once_and_base_and_twin_stay_open_together(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    file = world.train(MARA, 1, passed=True).directory / "model.gguf"
    for twin in ("latest", "base", "latest", "base"):
        world.asking.ask("Why?", twin=twin)
    assert world.chats.events == [f"opened {file}", f"opened {BASE}"]
    world.asking.close()
    assert sorted(world.chats.events[2:]) == sorted([f"closed {file}", f"closed {BASE}"])


def test_warming_up_opens_the_one_twin_there_is(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA, EDMUND)
    file = world.train(MARA, 1, passed=True).directory / "model.gguf"
    assert world.asking.warm_up() == []
    assert world.chats.events == [f"opened {file}"]


def test_warming_up_goes_on_without_a_twin_that_cannot_be_opened_and_says_so(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    world.train(MARA, 1, passed=True, fingerprint="another")
    (note,) = world.asking.warm_up()
    assert "mara-lindqvist/1 was trained with other prompt templates" in note


def test_the_list_of_authors_says_what_each_has(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA, EDMUND)
    world.train(MARA, 1, passed=True)
    world.train(MARA, 2, passed=False)
    edmund, mara = world.asking.authors()
    assert (edmund.full_name, edmund.chunks, edmund.latest, edmund.twins) == ("Edmund Achterberg", 1, None, [])
    assert (mara.full_name, mara.latest) == ("Mara Lindqvist", "mara-lindqvist/1")
    assert [(twin.twin, twin.passed_evaluation) for twin in mara.twins] == [
        ("mara-lindqvist/1", True),
        ("mara-lindqvist/2", False),
    ]


# ------------------------------------------------------------------------------ inquiries


def test_the_base_model_can_be_asked_for_by_its_authors_name(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA, EDMUND)
    world.train(MARA, 1, passed=True)
    answer = world.asking.ask("Why?", twin="mara-lindqvist/base")
    assert (answer.author, answer.twin) == ("Mara Lindqvist", f"base ({BASE})")


def test_a_text_to_rewrite_is_not_looked_up(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA, indexed=False)
    given = world.asking.answer(Inquiry("It is cold.", twin="base", mode=Mode.REWRITE))
    assert (given.answer, given.sources) == (f"SPOKEN BY {BASE}", [])


def test_what_is_not_to_be_looked_up_is_answered_without_sources(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA, min_relevance=0.9)
    assert world.asking.answer(Inquiry("Quantum?", twin="base")).answer == "I have not written about that."
    freely = world.asking.answer(Inquiry("Quantum?", twin="base", retrieve=False))
    assert (freely.answer, freely.sources) == (f"SPOKEN BY {BASE}", [])


def test_nobody_is_refused_who_does_not_want_to_be(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA, min_relevance=0.9)
    assert world.asking.answer(Inquiry("Feeds?", twin="base", refuse=False)).sources


def test_a_question_that_says_little_is_looked_up_with_the_one_before_it(tmp_path: Path) -> None:
    before = [
        {"role": "user", "content": "Why crawl the feed before the sitemap?"},
        {"role": "assistant", "content": "It is new."},
    ]
    assert searched(Inquiry("And why?", history=before)) == "Why crawl the feed before the sitemap? And why?"
    assert searched(Inquiry("Which oranges make good marmalade?", history=before)).startswith("Which oranges")
    world = a_world(tmp_path, MARA, min_relevance=0.5)
    assert world.asking.answer(Inquiry("And why?", twin="base", history=before)).sources
    assert not world.asking.answer(Inquiry("And why?", twin="base")).sources


@given(st.integers(0, 4000), st.integers(0, 4000), st.integers(1, 600))
def test_passages_always_get_room_and_never_more_than_a_context_holds(query: int, said: int, answer: int) -> None:
    history = [{"role": "user", "content": "x" * said}]
    room = material_room(Inquiry("q" * query, history=history, sampling=Sampling(max_tokens=answer)), len)
    assert LEAST_MATERIAL_TOKENS <= room <= MATERIAL_TOKENS


def test_each_sentence_is_held_against_the_sources_when_that_is_asked_for(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA, base_model="The feed knows which post is new. Whales sing in winter to Alfred.")
    asked = Inquiry("Why crawl the feed?", twin="base", support=True)
    given = world.asking.answer(asked)
    assert given.support is not None
    assert [given.answer[one.start : one.end].split()[0] for one in given.support] == ["SPOKEN", "Whales"]
    assert given.support[1].label == "unsupported"
    assert world.asking.answer(Inquiry("Why crawl the feed?", twin="base")).support is None
    *_, last = world.asking.tell(asked)
    assert isinstance(last, Answer)
    assert last.support == given.support


def test_reloading_closes_what_nobody_uses_and_the_next_question_opens_it_anew(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    world.asking.ask("Why?", twin="base")
    (known,) = world.asking.reload()
    assert known.full_name == "Mara Lindqvist"
    assert world.chats.events == [f"opened {BASE}", f"closed {BASE}"]
    world.asking.ask("Why?", twin="base")
    assert world.chats.events[2:] == [f"opened {BASE}"]


def test_a_twin_that_is_promoted_answers_the_next_question(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    world.train(MARA, 1, passed=True)
    assert world.asking.ask("Why?").twin == "mara-lindqvist/1"
    world.train(MARA, 2, passed=True)
    assert world.asking.ask("Why?").twin == "mara-lindqvist/2"


def test_the_twins_are_told_of_without_directories_and_accounts(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    world.train(MARA, 1, passed=True)
    by_hand = Promotion(by="hand", who="root@laptop", at=NOW, why="I like it.")
    world.warehouse.save_twin(world.train(MARA, 2, passed=False).model_copy(update={"promotion": by_hand}))
    facts = world.asking.twins()
    assert [(twin.twin, twin.is_latest) for twin in facts] == [("mara-lindqvist/1", True), ("mara-lindqvist/2", False)]
    assert facts[1].promotion is not None
    assert facts[1].promotion.why == "I like it."
    assert "root@laptop" not in facts[1].model_dump_json()
    assert str(tmp_path) not in facts[0].model_dump_json()


def test_feedback_is_kept_in_the_warehouse(tmp_path: Path) -> None:
    world = a_world(tmp_path, MARA)
    kept = world.asking.keep_feedback("Mara Lindqvist", twin="t/1", question="Why?", answer="So.", rating=1)
    assert [one.id for one in world.warehouse.feedback(MARA)] == [kept.id]
