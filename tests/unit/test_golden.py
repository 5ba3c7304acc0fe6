"""The golden questions are many, unique and short on quotation, and every quotation stands in the corpus."""

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.retrieval.golden import LONGEST_SPAN, GoldenQuestion, body, check, load

TEXTS = Path(__file__).resolve().parents[3] / "shared" / "corpora" / "text"


@pytest.fixture(scope="module")
def questions() -> list[GoldenQuestion]:
    return load()


def test_there_are_enough_questions_of_ten_authors(questions: list[GoldenQuestion]) -> None:
    authors = Counter(question.author for question in questions)
    assert len(questions) >= 120
    assert len(authors) == 10
    assert min(authors.values()) >= 10
    assert len({question.id for question in questions}) == len(questions)
    assert len({question.question.lower() for question in questions}) == len(questions)


def test_a_fifth_cannot_be_answered_overall_and_some_of_every_author(questions: list[GoldenQuestion]) -> None:
    unanswerable = Counter(question.author for question in questions if not question.answerable)
    assert unanswerable.total() >= 0.2 * len(questions)
    assert all(unanswerable[author] >= 3 for author in {question.author for question in questions})


def test_questions_are_spread_over_the_documents(questions: list[GoldenQuestion]) -> None:
    documents = Counter((question.author, question.document) for question in questions if question.answerable)
    assert max(documents.values()) <= 2


def test_spans_are_short_and_never_part_of_the_question(questions: list[GoldenQuestion]) -> None:
    for question in questions:
        assert question.question.strip() == question.question != ""
        assert question.answerable == bool(question.document) == bool(question.spans)
        for span in (span for answer in question.answers for span in answer.spans):
            assert 0 < len(span) <= LONGEST_SPAN, question.id
            assert "\n" not in span, question.id
            assert span.lower() not in question.question.lower(), question.id


@pytest.mark.skipif(not TEXTS.is_dir(), reason=f"the authors' texts are not here: {TEXTS}")
def test_every_span_stands_in_its_document(questions: list[GoldenQuestion]) -> None:
    assert check(questions, TEXTS) == []


def test_another_corpus_is_told_apart(questions: list[GoldenQuestion], tmp_path: Path) -> None:
    asked = [question for question in questions if question.answerable][:2]
    folder = tmp_path / asked[0].author
    folder.mkdir()
    (folder / f"{asked[0].document}.md").write_text(f"---\ntitle: {asked[0].spans[0]}\n---\n\nSomething else.\n")
    wrong = check(asked, tmp_path)
    assert f"{asked[0].id}: {asked[0].author}/{asked[0].document}.md does not say {asked[0].spans[0]!r}" in wrong
    assert f"{asked[1].id}: no document {asked[1].author}/{asked[1].document}.md" in wrong


def test_front_matter_is_no_part_of_a_document() -> None:
    assert body("---\ntitle: One\n---\n\nTwo\n---\nThree") == "\nTwo\n---\nThree"
    assert body("No front matter\n---\nat all") == "No front matter\n---\nat all"
