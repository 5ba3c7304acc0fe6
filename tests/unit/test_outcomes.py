"""The table at the end of a collection says what became of each item, what went wrong first."""

import io

from rich.console import Console

from llm_engineering.domain.documents import CollectionReport, ItemReport, Outcome
from steps import previews
from tools.outcomes import MOST_ROWS, show_outcomes


def shown(*items: ItemReport, notes: tuple[str, ...] = ()) -> str:
    out = Console(file=io.StringIO(), width=140)
    show_outcomes(CollectionReport(author_full_name="Ann Lee", items=list(items), notes=list(notes)), out)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


NEW = ItemReport(link="https://a.example/new", outcome=Outcome.NEW, title="On [bold]bread[/bold]", words=1234)
SAME = ItemReport(link="https://a.example/same", outcome=Outcome.UNCHANGED, title="On salt", words=90)
BAD = ItemReport(link="https://a.example/bad", outcome=Outcome.FAILED, reason="it answered 500 [try later]")
HELD = ItemReport(link="https://a.example/held", outcome=Outcome.QUARANTINED, reason="only 3 words", words=3)


def test_what_went_wrong_stands_first_with_its_reason_and_unchanged_items_are_counted():
    text = shown(NEW, SAME, BAD, HELD, notes=("The feed names 2 entries of other authors; they were left out.",))
    assert text.index("/bad") < text.index("/held") < text.index("/new")
    assert "it answered 500 [try later]" in text
    assert "On [bold]bread[/bold]" in text
    assert "1,234" in text
    assert "/same" not in text
    assert "1 unchanged." in text
    assert "other authors" in text
    assert "./poe quarantine list" in text


def test_a_long_list_is_cut_and_says_so():
    many = [NEW.model_copy(update={"link": f"https://a.example/{n}"}) for n in range(MOST_ROWS + 5)]
    assert "… and 5 more" in shown(*many)


def test_a_run_without_any_change_is_one_line():
    assert shown(SAME) == "1 unchanged.\n"


def test_the_dashboard_and_the_metadata_have_the_same_table():
    report = CollectionReport(author_full_name="Ann Lee", items=[NEW, SAME, BAD, HELD])
    page = previews.preview(report)
    assert page.index("/bad") < page.index("/held") < page.index("/new") < page.index("/same")
    assert previews.metadata(report)["outcomes"] == {
        "https://a.example/bad": "failed: it answered 500 [try later]",
        "https://a.example/held": "quarantined: only 3 words",
        "https://a.example/new": "new",
    }
