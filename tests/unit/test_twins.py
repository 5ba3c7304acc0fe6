"""What becomes of a twin: which version is the latest, what promotes one, and how one is removed."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from llm_engineering.application import promoting
from llm_engineering.application.choosing import WantedTwin, chosen_twin
from llm_engineering.application.model_card import model_card
from llm_engineering.application.registering import save_described
from llm_engineering.application.twins import files_of, named_twin, promote_by_hand, remove
from llm_engineering.application.warehouse import Warehouse
from llm_engineering.domain.errors import BadInput, StoreError, StoreLocked
from llm_engineering.domain.evaluation import (
    ENOUGH,
    Candidate,
    Check,
    EvaluationReport,
    PromotionResult,
    PromotionRule,
    Score,
    StyleScores,
)
from llm_engineering.domain.measures import CopyScores, Fluency, Leaks
from llm_engineering.domain.twins import BaseModelFacts, Promotion, TwinManifest, latest_of
from llm_engineering.infrastructure.locks import in_use, unused
from tests.fakes import InMemoryDocuments
from tests.made_twins import manifest, with_files
from tests.samples import ADA, NOW
from tools.twins import twins as command


@pytest.fixture
def warehouse() -> Warehouse:
    warehouse = Warehouse(InMemoryDocuments())
    warehouse.add_author(ADA)
    return warehouse


# ------------------------------------------------------------------------------ which one is the latest


def by_hand(day: float) -> Promotion:
    return Promotion(by="hand", who="ada", at=NOW + timedelta(days=day), why="it reads better")


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([{}, {}], None),
        ([{"passed_evaluation": True}, {"passed_evaluation": True}, {}], 2),
        ([{"passed_evaluation": True, "promotion": by_hand(2.5)}, {"passed_evaluation": True}], 1),
        ([{"promotion": by_hand(2.5)}, {}, {"passed_evaluation": True}], 3),
        ([{"promotion": by_hand(2.5)}, {"passed_evaluation": True}, {}], 1),
        ([{"promotion": by_hand(2.5)}, {"promotion": by_hand(2.6)}], 2),
        ([{"promotion": by_hand(2.7)}, {"promotion": by_hand(2.6)}], 1),
    ],
)
def test_the_latest_is_the_newest_that_passed_unless_another_was_promoted_after_it_was_made(
    tmp_path: Path, versions: list[dict[str, Any]], expected: int | None
) -> None:
    twins = [manifest(tmp_path, number, **fields) for number, fields in enumerate(versions, start=1)]
    latest = latest_of(twins)
    assert (latest.version if latest else None) == expected
    if latest:
        assert chosen_twin(ADA, WantedTwin(), twins) == latest


def test_a_promotion_by_hand_is_on_record_with_who_when_and_why(tmp_path: Path, warehouse: Warehouse) -> None:
    twin = save_described(with_files(manifest(tmp_path)), warehouse)
    before = datetime.now(UTC)
    promoted = promote_by_hand(twin, "The board liked it.", warehouse)
    assert promoted.promotion is not None
    assert (promoted.promotion.by, promoted.promotion.why) == ("hand", "The board liked it.")
    assert promoted.promotion.who
    assert before <= promoted.promotion.at <= datetime.now(UTC)
    assert warehouse.latest_twin(ADA) == promoted
    assert TwinManifest.model_validate_json((twin.directory / "manifest.json").read_text()) == promoted
    assert "Promoted by hand" in (twin.directory / "README.md").read_text()


def report(passed: bool) -> EvaluationReport:
    score = Score(value=0.5, low=0.4, high=0.6, n=10)
    style = StyleScores(author_held_out=score, other_author=score, base=score, twin=score, gain=score, verifier_auc=1.0)
    twin = Candidate(
        name="ada-example/1",
        label="Twin",
        model="m",
        style=score,
        gain=score,
        copying=CopyScores(longest_span_words=0, eight_gram_share=0.0),
        fluency=Fluency(words=9, repetition=0, empty=0, cut_off=0, n=10),
        leaks=Leaks(),
    )
    says = "It passes." if passed else "It does not pass."
    checks = [Check(name=ENOUGH, passed=True, says="enough"), Check(name="style", passed=passed, says=says)]
    result = PromotionResult(twin="ada-example/1", passed=passed, rule=PromotionRule(), checks=checks, verdict=says)
    return EvaluationReport(
        author_full_name=ADA.full_name,
        twin="ada-example/1",
        style=style,
        copying={},
        candidates=[twin],
        promotions=[result],
        passed=passed,
        verdict=says,
        seed=17,
        seconds=1.0,
    )


def test_evaluation_promotes_what_passes_and_takes_back_only_its_own_word(tmp_path: Path, warehouse: Warehouse) -> None:
    twin = with_files(manifest(tmp_path))
    passed = promoting.promote(twin, report(passed=True), warehouse)
    assert passed.promotion is not None
    assert (passed.promotion.by, passed.promotion.why) == ("evaluation", "enough; It passes.")
    failed = promoting.promote(passed, report(passed=False), warehouse)
    assert (failed.promotion, warehouse.latest_twin(ADA)) == (None, None)
    by_hand = promote_by_hand(failed, "I like it.", warehouse)
    kept = promoting.promote(by_hand, report(passed=False), warehouse)
    assert kept.promotion == by_hand.promotion
    assert warehouse.latest_twin(ADA) == kept


def test_a_manifest_of_before_promotions_is_read_as_it_is(tmp_path: Path) -> None:
    old = manifest(tmp_path, passed_evaluation=True).model_dump(mode="json", exclude={"promotion", "base"})
    read = TwinManifest.model_validate(old)
    assert (read.promotion, read.base, latest_of([read])) == (None, BaseModelFacts(), read)
    assert "smollm2-135m-instruct" in model_card(read)


def test_a_twin_is_found_by_its_name_and_by_its_authors(tmp_path: Path, warehouse: Warehouse) -> None:
    first, second = manifest(tmp_path, 1), manifest(tmp_path, 2)
    for twin in (first, second):
        warehouse.save_twin(twin)
    found = [
        named_twin(warehouse, words, version)[1].version
        for words, version in [
            ("Ada Example", None),
            ("Ada Example", 1),
            ("ada-example", None),
            ("ada-example/1", None),
            ("ada-example/v1", 1),
        ]
    ]
    assert found == [2, 1, 2, 1, 1]
    with pytest.raises(BadInput, match="Which version is meant, 1 or 2"):
        named_twin(warehouse, "ada-example/1", 2)
    with pytest.raises(BadInput, match="no twin of version 7"):
        named_twin(warehouse, "ada-example/7")


# ------------------------------------------------------------------------------ removing


def test_a_removed_twin_is_gone_from_disk_and_warehouse(tmp_path: Path, warehouse: Warehouse) -> None:
    twin, other = with_files(manifest(tmp_path)), with_files(manifest(tmp_path, 2))
    for one in (twin, other):
        warehouse.save_twin(one)
    assert remove(twin, warehouse, tmp_path) == twin.directory
    assert warehouse.twins(ADA) == [other]
    assert [entry.name for entry in twin.directory.parent.iterdir()] == ["v2"]


class Interrupted(Exception):
    """Somebody pulled the plug."""


@pytest.mark.parametrize("broken", ["remove_twin", "rmtree"])
def test_a_removal_that_is_interrupted_leaves_no_half_twin_and_ends_when_repeated(
    tmp_path: Path, warehouse: Warehouse, broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    twin = with_files(manifest(tmp_path))
    warehouse.save_twin(twin)

    def pulled(*_: Any, **__: Any) -> None:
        raise Interrupted

    with monkeypatch.context() as patch:
        if broken == "rmtree":
            whole = shutil.rmtree
            patch.setattr(shutil, "rmtree", lambda path, **more: whole(path, **more) if more else pulled())
        else:
            patch.setattr(warehouse, broken, pulled)
        with pytest.raises(Interrupted):
            remove(twin, warehouse, tmp_path)
    assert not twin.directory.exists()
    remove(twin, warehouse, tmp_path)
    assert warehouse.twins(ADA) == []
    assert list(twin.directory.parent.iterdir()) == []


def test_a_directory_that_is_not_the_twins_is_not_touched(tmp_path: Path, warehouse: Warehouse) -> None:
    stranger = with_files(manifest(tmp_path))
    twin = manifest(tmp_path)
    warehouse.save_twin(twin)
    with pytest.raises(StoreError, match="does not hold the twin ada-example/1"):
        remove(twin, warehouse, tmp_path)
    assert stranger.directory.is_dir()
    assert warehouse.twins(ADA) == [twin]


def test_a_twin_of_another_machine_is_found_below_the_twins_directory_of_this_one(tmp_path: Path) -> None:
    trained_there = with_files(manifest(tmp_path / "there"))
    assert files_of(trained_there, tmp_path / "here") == trained_there.directory
    (tmp_path / "there").rename(tmp_path / "here")
    assert files_of(trained_there, tmp_path / "here") == tmp_path / "here" / "ada-example" / "v1"
    (tmp_path / "here").rename(tmp_path / "nowhere")
    assert files_of(trained_there, tmp_path / "here") is None


def test_a_model_that_somebody_has_open_cannot_be_held_for_removal(tmp_path: Path) -> None:
    file = with_files(manifest(tmp_path)).directory / "model.gguf"
    with (
        in_use(file),
        in_use(file),
        pytest.raises(StoreLocked, match="open in another process"),
        unused(file),
    ):
        pass
    with unused(file):
        pass
    with in_use(tmp_path / "absent"), unused(tmp_path / "absent"):
        pass


# ------------------------------------------------------------------------------ the commands


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry with two versions of Ada's twin in a directory of its own; returns the directory of twins."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("DATABASE_", "HUGGINGFACE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    from llm_engineering.bootstrap import opened

    with opened() as twin:
        twin.warehouse.add_author(ADA)
        for version in (1, 2):
            twin.warehouse.save_twin(with_files(manifest(tmp_path / "twins", version)))
    return tmp_path / "twins"


def call(*arguments: str, answer: str = "") -> Any:
    return CliRunner().invoke(command, arguments, input=answer)


def test_without_a_token_a_push_ends_before_any_work(settings: Path) -> None:
    result = call("push", "ada-example/9", "me/twin")
    assert "Pushing a twin needs HUGGINGFACE_ACCESS_TOKEN; set it in .env." in str(result.exception)


def test_promotion_and_removal_want_the_version_said(settings: Path) -> None:
    for arguments in (("promote", "Ada Example", "--why", "x"), ("remove", "ada-example")):
        assert "Which version of Ada Example's twin? Say it, e.g. ada-example/2." in str(call(*arguments).exception)


def test_removal_asks_first_and_no_is_no(settings: Path) -> None:
    result = call("remove", "ada-example/2", answer="n\n")
    assert f"Delete ada-example/2 and 0 MB in {settings}/ada-example/v2?" in result.output.replace("\n", "")
    assert result.output.endswith("Nothing was removed.\n")
    assert (settings / "ada-example" / "v2" / "model.gguf").is_file()


def test_a_twin_that_is_served_is_not_removed(settings: Path) -> None:
    with in_use(settings / "ada-example" / "v2" / "model.gguf"):
        result = call("remove", "ada-example/2", "--yes")
    assert "open in another process" in str(result.exception)
    assert (settings / "ada-example" / "v2" / "model.gguf").is_file()


def test_the_list_says_which_one_is_the_latest(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    from llm_engineering.bootstrap import opened

    with opened() as twin:
        promote_by_hand(twin.warehouse.twins()[0], "it reads better", twin.warehouse)
    lines = call("list").output.splitlines()
    assert ["yes, by hand" in line for line in lines if "ada-example/" in line] == [True, False]
