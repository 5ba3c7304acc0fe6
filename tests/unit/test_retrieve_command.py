"""What ./poe call-rag-retrieval-module prints."""

import json
from datetime import UTC, datetime

import pytest

from llm_engineering.domain.chunks import Chunk, Filters, Retrieved, RetrievedPassage
from llm_engineering.domain.documents import Category
from llm_engineering.domain.identity import document_id
from tests.samples import ADA
from tools.retrieve import WIDTH, shown

ID = document_id(ADA.id, "https://a.example/tea")
CHUNK = Chunk(
    id=ID,
    document_id=ID,
    author_id=ADA.id,
    author_full_name=ADA.full_name,
    category=Category.ARTICLES,
    platform="a.example",
    link="https://a.example/tea",
    title="On tea",
    published_at=datetime(2023, 5, 6, tzinfo=UTC),
    ordinal=3,
    start=100,
    end=120,
    heading_path=("Brewing a long pot of green tea", "How hot the water is, and how long one waits for it"),
    text="Tea is brewed slowly. " * 40,
    content_hash="",
)
STAGES = {"hybrid": 0.75, "dense": 0.61234, "bm25": 7.25, "mix": 1.5}
PASSAGE = RetrievedPassage(chunk=CHUNK, score=1.5, scores=STAGES, ranks=dict.fromkeys(STAGES, 2), joined=(3, 4))
FOUND = Retrieved(
    question="What did you write in 2023 about tea?",
    author=ADA.full_name,
    searched=("What did you write about tea?",),
    filters=Filters(published_from=datetime(2023, 1, 1, tzinfo=UTC), words=("in 2023",)),
    passages=(PASSAGE,),
    relevance=0.61234,
    is_answerable=True,
)


def lines(found: Retrieved, explain: bool = False) -> list[str]:
    return list(shown(found, explain=explain))


def test_a_passage_is_shown_with_title_link_date_and_span() -> None:
    page = "\n".join(lines(FOUND))
    for part in ("1. On tea › Brewing", "https://a.example/tea", "2023-05-06, characters 100 to 120, score 1.500"):
        assert part in page
    assert "mix" not in page


def test_an_explanation_names_the_filters_and_each_stages_rank_and_score() -> None:
    page = "\n".join(lines(FOUND, explain=True))
    for part in (
        "filter:         published from 2023-01-01",
        "from the words: in 2023",
        "searched:       What did you write about tea?",
        "relevance:      0.612, enough for an answer",
        "hybrid 0.750 (no. 2), dense 0.612 (no. 2), bm25 7.250 (no. 2)",
        "chunks 3, 4 joined",
    ):
        assert part in page


@pytest.mark.parametrize("explain", [True, False])
def test_everything_fits_a_terminal_of_80_columns(explain: bool) -> None:
    assert max(map(len, lines(FOUND, explain))) <= WIDTH == 80


def test_nothing_found_says_among_what() -> None:
    nothing = FOUND.model_copy(update={"passages": (), "is_answerable": False})
    assert lines(nothing) == ["Nothing of Ada Example that is published from 2023-01-01 was found."]


def test_passages_that_are_far_from_the_question_say_so() -> None:
    far = FOUND.model_copy(update={"relevance": 0.11, "is_answerable": False})
    assert lines(far)[0] == "None of these passages seems to answer the question (relevance 0.11)."


def test_the_json_is_complete() -> None:
    assert Retrieved.model_validate(json.loads(FOUND.model_dump_json())) == FOUND
