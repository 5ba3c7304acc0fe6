"""The sample authors are impostors of everybody but themselves."""

from pathlib import Path

import pytest

from llm_engineering.application import style
from llm_engineering.infrastructure.sources.sample_authors import sample_documents

SITE = Path(__file__).resolve().parents[2] / "data" / "sample_site"


def test_the_sample_authors_come_with_their_articles_oldest_first() -> None:
    found = sample_documents(SITE)
    assert set(found) == {"Mara Lindqvist", "Edmund Achterberg"}
    for name, documents in found.items():
        dates = [document.published_at for document in documents]
        assert len(documents) >= 10
        assert None not in dates
        assert dates == sorted(date for date in dates if date)
        assert {document.author_full_name for document in documents} == {name}


@pytest.mark.parametrize("name", ["Mara Lindqvist", " mara  LINDQVIST "])
def test_an_author_is_never_an_impostor_of_herself(name: str) -> None:
    assert set(style.sample_impostors(name, sample_documents(SITE))) == {"Edmund Achterberg"}


def test_a_stranger_has_both_as_impostors_in_their_own_words() -> None:
    found = style.sample_impostors("Ada Example", sample_documents(SITE))
    assert len(found) == 2
    assert all("```" not in text and len(text.split()) > 200 for texts in found.values() for text in texts)


def test_without_the_sample_site_there_are_no_sample_authors(tmp_path: Path) -> None:
    assert sample_documents(tmp_path) == {}
