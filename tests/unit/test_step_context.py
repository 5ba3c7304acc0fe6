"""A step that meets a server which gives no answer tries again; any other error it passes on at once."""

import inspect

import pytest

from llm_engineering.domain.errors import BadInput, StoreUnreachable
from steps import context
from steps.context import author_tag, patient


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "PAUSES", (0.0, 0.0))


class Server:
    """Gives no answer the first `silent` times."""

    def __init__(self, silent: int, error: type[Exception] = StoreUnreachable) -> None:
        self.silent = silent
        self.error = error
        self.calls = 0

    def ask(self, question: str) -> str:
        self.calls += 1
        if self.calls <= self.silent:
            raise self.error("No answer.")
        return f"{question}: yes"


def test_a_server_that_comes_back_is_asked_again() -> None:
    server = Server(silent=2)
    assert patient(server.ask)("So?") == "So?: yes"


def test_a_server_that_stays_away_is_given_up_after_the_third_time() -> None:
    server = Server(silent=9)
    with pytest.raises(StoreUnreachable):
        patient(server.ask)("So?")
    assert server.calls == 3


@pytest.mark.parametrize("error", [BadInput, KeyboardInterrupt, ValueError])
def test_what_asking_again_cannot_mend_is_passed_on_at_once(error: type[Exception]) -> None:
    server = Server(silent=9, error=error)
    with pytest.raises(error):
        patient(server.ask)("So?")
    assert server.calls == 1


def test_zenml_still_sees_the_parameters_of_a_patient_step() -> None:
    from steps.etl import crawl_links

    assert list(inspect.signature(crawl_links.entrypoint).parameters)[:3] == ["user", "links", "sources"]


def test_an_authors_artifacts_are_tagged_by_the_name_of_their_twin() -> None:
    assert author_tag("Mara Lindqvist").startswith("author:mara-lindqvist:")


def test_another_warehouse_has_other_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    here = author_tag("Mara Lindqvist")
    monkeypatch.setenv("DATA_DIR", "/elsewhere")
    assert author_tag("Mara Lindqvist") != here
