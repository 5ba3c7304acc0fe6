"""Style is measured on held-out text, by a verifier that has to prove itself first."""

import random
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from llm_engineering.application import style
from llm_engineering.application.evaluating import copied, evaluate, promote
from llm_engineering.application.ports import Silent
from llm_engineering.application.prompting import template_fingerprint
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.datasets import TaskKind
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.errors import EmptyCorpus
from llm_engineering.domain.evaluation import EvaluationReport
from llm_engineering.domain.twins import TwinManifest
from tests.fakes import InMemoryDocuments, SayingChat, WordEmbedder
from tests.samples import ADA, cleaned_document
from tests.unit.test_generating import made

CHATTY = (
    "I don’t know, honestly.",
    "So — what’s next?",
    "It’s fun, isn’t it?",
    "I’ve burnt my toast again!",
    "We’ll see!",
)
FORMAL = (
    "It would appear that the matter remains undecided; one must therefore wait.",
    "The committee, having considered the evidence, declined to proceed further.",
    "Nevertheless, the principle upon which the argument rests is not in dispute.",
)


def text(sentences: tuple[str, ...], seed: int, count: int = 90) -> str:
    """Prose in a voice; the numbered filler keeps eight-word runs from repeating."""
    chance = random.Random(seed)
    lines = [f"{chance.choice(sentences)} Note {seed}-{n} {chance.randrange(10**6)}." for n in range(count)]
    return "\n\n".join(" ".join(lines[at : at + 10]) for at in range(0, count, 10))


def chatty_documents() -> list[CleanedDocument]:
    return [
        cleaned_document(
            text(CHATTY, seed), link=f"https://a.example/{seed}", published_at=datetime(2024, 1, seed + 1, tzinfo=UTC)
        )
        for seed in range(8)
    ]


IMPOSTORS = {"Bob Formal": [text(FORMAL, seed) for seed in range(100, 108)]}


SHOWN = "Go on from here: I water the garden."


def manifest(directory: Path) -> TwinManifest:
    return TwinManifest(
        id=uuid4(),
        name="ada-example",
        version=1,
        author_id=ADA.id,
        author_full_name=ADA.full_name,
        base_model="base",
        stages=["sft"],
        directory=directory,
        files={},
        template_fingerprint=template_fingerprint(),
        corpus_fingerprint="c",
        datasets={},
        training=[],
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def evaluated(
    tmp_path: Path,
    twin_says: str,
    base_says: str = text(FORMAL, 7, 12),
    max_prompts: int = 8,
    test_task: TaskKind | None = None,
) -> EvaluationReport:
    """With `test_task` every second held-out sample is of that kind."""
    documents = chatty_documents()
    dataset = made(documents, test_split_size=0.25, embedder=WordEmbedder())
    if test_task:
        some = [s.model_copy(update={"task": test_task, "instruction": SHOWN}) for s in dataset.test[::2]]
        dataset = dataset.model_copy(update={"test": [*some, *dataset.test[1::2]]})
    return evaluate(
        ADA,
        manifest(tmp_path),
        dataset=dataset,
        documents=documents,
        impostors=IMPOSTORS,
        base_chat=SayingChat(says=lambda _: base_says),
        twin_chat=SayingChat(says=lambda _: twin_says),
        store=InMemoryDocuments(),
        progress=Silent(),
        max_prompts=max_prompts,
    )


def test_a_twin_that_writes_like_the_author_passes(tmp_path: Path) -> None:
    report = evaluated(tmp_path, twin_says=text(CHATTY, 900, 12))
    assert report.style.verifier_auc > 0.95
    assert report.style.twin.value > 0.6 > 0.4 > report.style.base.value
    assert report.style.author_held_out.value == pytest.approx(1.0)
    assert report.style.other_author.value == pytest.approx(0.0, abs=1e-9)
    assert report.passed
    assert "It passes" in report.verdict


def test_a_twin_that_writes_like_the_others_does_not_pass(tmp_path: Path) -> None:
    report = evaluated(tmp_path, twin_says=text(FORMAL, 7, 12))
    assert not report.passed
    assert "does not pass" in report.verdict


def test_a_twin_that_recites_its_training_text_does_not_pass(tmp_path: Path) -> None:
    recited = chatty_documents()[0].style_text[:900]
    report = evaluated(tmp_path, twin_says=recited)
    assert report.copying["twin"].eight_gram_share > 0.5
    assert not report.passed
    assert "copies too much" in report.verdict


def test_a_twin_measured_on_a_handful_of_prompts_is_not_promoted(tmp_path: Path) -> None:
    report = evaluated(tmp_path, twin_says=text(CHATTY, 900, 12), max_prompts=3)
    assert not report.passed
    assert "too few" in report.verdict


@pytest.mark.parametrize("task", [TaskKind.CONTINUATION, TaskKind.REWRITE])
def test_style_is_not_measured_on_prompts_that_show_the_authors_text(tmp_path: Path, task: TaskKind) -> None:
    report = evaluated(tmp_path, twin_says=text(CHATTY, 900, 12), test_task=task)
    assert report.answers
    assert SHOWN not in {answer.instruction for answer in report.answers}


def test_a_twin_that_says_nothing_reads_like_nobody(tmp_path: Path) -> None:
    report = evaluated(tmp_path, twin_says="")
    assert report.style.twin.value <= 0
    assert report.style.twin.n == 8
    assert not report.passed
    assert "8 of 8 prompts without an answer" in report.verdict


def test_a_passed_twin_is_the_latest_and_its_scores_are_kept(tmp_path: Path) -> None:
    warehouse = Warehouse(InMemoryDocuments())
    first = manifest(tmp_path)
    warehouse.save_twin(first)
    assert warehouse.latest_twin(ADA) is None
    promote(first, evaluated(tmp_path, twin_says=text(CHATTY, 900, 12)), warehouse)
    latest = warehouse.latest_twin(ADA)
    assert latest is not None
    assert latest.scores["style"]["twin"]["n"] == 8
    assert (tmp_path / "manifest.json").is_file()


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


def test_the_longest_copied_run_is_counted_in_words() -> None:
    training = ["one two three four five six seven eight nine ten"]
    found = copied(["zero two three four five six seven eight nine zero", "eleven"], training)
    assert found.longest_span_words == 8
    assert found.eight_gram_share == pytest.approx(1 / 3)


def test_the_profile_sees_both_kinds_of_apostrophe() -> None:
    rates = style.profile(["I don't. I don’t. We do; really?"])
    assert rates["contractions"] == pytest.approx(2 / 7 * 1000)
    assert rates["first_person"] == pytest.approx(2 / 7 * 1000)
    assert rates["semicolons"] == pytest.approx(1 / 7 * 1000)
