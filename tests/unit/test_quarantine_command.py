"""./poe quarantine shows what was held back, and a person's word on it counts."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from llm_engineering.bootstrap import opened
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, QuarantinedPage, RawDocument
from llm_engineering.domain.errors import BadInput
from tools.quarantine import quarantine

ANN = Author.named("Ann Lee")
NOW = datetime(2024, 5, 2, 8, 30, tzinfo=UTC)


def page(name: str, *, with_text: bool = True) -> QuarantinedPage:
    link = f"https://blog.example/{name}"
    document = RawDocument.of(
        ANN,
        link=link,
        category=Category.ARTICLES,
        platform="blog.example",
        title=name,
        content=f"It’s {name}.",
        fetched_at=NOW,
    )
    return QuarantinedPage(
        id=document.id,
        author_id=ANN.id,
        link=link,
        reason=f"only {len(name)} words of prose",
        rules=["too_short"],
        evidence=f"Seen: {name}",
        document=document if with_text else None,
        seen_at=NOW,
    )


@pytest.fixture(autouse=True)
def held_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[QuarantinedPage]:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    pages = [page("bread"), page("[b]butter[/b]"), page("salt", with_text=False)]
    with opened() as twin:
        for one in pages:
            twin.warehouse.quarantine(one)
    return pages


def said(*arguments: str) -> Result:
    return CliRunner().invoke(quarantine, list(arguments), catch_exceptions=True)


def stored() -> set[str]:
    with opened() as twin:
        return {document.title for author in twin.warehouse.authors() for document in twin.warehouse.documents(author)}


def test_the_list_shows_what_waits_with_its_reason(held_back):
    shown = said("list").output
    assert "only 5 words of prose" in shown
    assert str(held_back[0].id)[:8] in shown
    assert "[b]butter[/b]" in shown
    assert len(json.loads(said("list", "--json").output)) == 3


def test_an_accepted_entry_is_stored_makes_its_author_known_and_leaves_the_list(held_back):
    assert "new in the warehouse" in said("accept", "https://blog.example/bread").output
    assert stored() == {"bread"}
    assert len(json.loads(said("list", "--json").output)) == 2
    assert len(json.loads(said("list", "--json", "--all").output)) == 3
    assert len(json.loads(said("list", "--json", "--all", "--author", "Ann Lee").output)) == 3


def test_a_rejected_entry_leaves_the_list_and_may_still_be_accepted(held_back):
    said("reject", str(held_back[0].id)[:8])
    assert "bread" not in said("list").output
    assert "rejected" in said("list", "--all").output
    said("accept", str(held_back[0].id))
    assert stored() == {"bread"}
    assert "marked as gone" in said("reject", str(held_back[0].id)).output
    assert stored() == set()


def test_an_entry_is_shown_with_its_text_or_else_its_evidence(held_back):
    shown = said("show", str(held_back[0].id)[:8]).output
    assert "It’s bread." in shown
    assert "too_short" in shown
    assert "Seen: salt" in said("show", "https://blog.example/salt").output


def test_what_cannot_be_decided_is_a_sentence_and_nothing_is_decided(held_back):
    for arguments, why in (
        (("accept", "nowhere"), "Nothing in quarantine has the link or id nowhere"),
        (("accept", "https://blog.example/bread", "nowhere"), "nowhere"),
        (("accept", "https://blog.example/salt"), "was not kept"),
    ):
        result = said(*arguments)
        assert isinstance(result.exception, BadInput)
        assert why in str(result.exception)
    assert stored() == set()


def test_an_empty_quarantine_is_said_so(held_back):
    said("reject", *(str(one.id) for one in held_back))
    assert said("list").output == "Nothing in quarantine waits for a decision.\n"
