"""The benchmark of the service counts what it says: against a service that has no model."""

import asyncio
from collections.abc import Iterator

import pytest
from rich.console import Console

from benchmarks.serving import fuzz, load, retrieving, speed
from benchmarks.serving.client import Told, quantile
from benchmarks.serving.stock import Question
from tests.fake_service import FIRST, MARA, SECOND, FakeService, failure, fake_app, running

ASKED = Question("Why the feed first?", MARA, "https://lindqvist.example/")


class Steady:
    """What the benchmark knows of a process, without a process."""

    def __init__(self, address: str) -> None:
        self.address = address


@pytest.fixture
def fake() -> Iterator[FakeService]:
    fake = FakeService()
    fake.free.set()
    with running(fake_app(fake)) as address:
        fake.address = address
        yield fake


def level(fake: FakeService, clients: int = 3) -> load.Seen:
    alone = asyncio.run(load._alone(fake.address, [ASKED], clients))
    fake.asked.clear()
    seen, _ = asyncio.run(load._level(fake.address, [ASKED], alone, clients, 0.3))
    return seen


def test_every_client_is_answered_and_recognises_its_answer(fake: FakeService) -> None:
    seen = level(fake)
    assert len(seen.ok) == len(fake.asked) >= 3
    assert (seen.refused, seen.broken, seen.other, seen.cut_off, seen.mixed) == (0, 0, 0, 0, 0)
    assert seen.recognised == seen.to_recognise > 0
    assert seen.ok[0].text == FIRST + SECOND
    assert seen.ok[0].tokens == 21
    row = load.row(3, seen, 0.3, [100.0, 101.0, 101.0])
    assert (row["ok"], row["peak_memory_mb"], row["memory_growth_mb"]) == (len(seen.ok), 101.0, 1.0)
    assert 0 < row["p50"] <= row["p95"] <= row["p99"]


def test_refusals_failures_and_answers_that_end_early_are_told_apart(fake: FakeService) -> None:
    path = "/v1/chat/completions"
    alone = asyncio.run(load._alone(fake.address, [ASKED], 1))
    for status, name in ((429, "refused"), (503, "broken"), (400, "other")):
        fake.failing[path] = failure(status, "no")
        seen, _ = asyncio.run(load._level(fake.address, [ASKED], alone, 1, 0.2))
        assert getattr(seen, name) == 1, name
    fake.breaks = True
    seen, _ = asyncio.run(load._level(fake.address, [ASKED], alone, 1, 0.2))
    assert seen.cut_off > 0
    assert seen.ok == []


def test_an_answer_to_somebody_else_is_mixed_and_one_s_own_or_a_new_one_is_not() -> None:
    alone = ["Amber is a stone.", "Birch is a tree.", "Amber is a stone."]
    assert load.is_foreign("Birch is a tree. It grows.", 0, alone)
    assert not load.is_foreign("Amber is a stone. It glows.", 0, alone)
    assert not load.is_foreign("Cedar is a tree.", 0, alone)
    assert load.is_of_others(Told(author="Edmund Achterberg"), ASKED)
    assert load.is_of_others(Told(author=MARA, links=["https://achterberg.example/a"]), ASKED)
    assert not load.is_of_others(Told(author=MARA, links=["https://lindqvist.example/a"]), ASKED)


def test_no_two_clients_share_a_nonce() -> None:
    assert len({load.nonce_of(number) for number in range(200)}) == 200
    assert len({load.nonce_of(number).split()[0] for number in range(64)}) == 64


def test_retrieval_is_counted_with_its_failures(fake: FakeService) -> None:
    figures = retrieving.measure(Steady(fake.address), [ASKED], 0.2)
    assert figures["rps"] == 0  # the fake has no such endpoint
    assert figures["failed"] > 0


def test_the_garbage_is_sent_and_a_service_that_breaks_by_it_is_found_out(
    fake: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "SLOW_SECONDS", 0.3)
    kinds = list(fuzz.requests())
    assert any(len(body) > 64 * 1024 for _, _, body in kinds)
    assert any(b"\xff" in body for _, _, body in kinds)
    figures = fuzz.measure(Steady(fake.address), ASKED)
    assert figures["requests"] == len(kinds)
    assert figures["fuzz_5xx"] > 0  # the fake does not look at what it is sent
    assert not figures["still_serving"]  # and has no /rag


def test_a_rate_is_of_the_tokens_after_the_first_one() -> None:
    rate = speed._Rate.of(101, short=0.5, whole=2.5)
    assert rate
    assert (rate.after_first, rate.whole) == (50, 40.4)
    assert speed._Rate.of(1, short=0.5, whole=2.5) is None


def test_quantiles_are_values_that_were_seen() -> None:
    assert quantile([4.0, 1.0, 3.0, 2.0], 50) == 3.0
    assert quantile([1.0], 99) == 1.0
    assert quantile([], 50) is None


def test_the_tables_show_every_figure_that_is_asked_for() -> None:
    seen = load.Seen(ok=[Told(status=200, total=1.0, first=0.5, tokens=10, whole=True)])
    console = Console(width=160)
    with console.capture() as said:
        console.print(load.table([load.row(8, seen, 1.0, [10.0])]))
        console.print(speed.table(dict.fromkeys(speed.SHOWN, 0.95)))
    for word in ("429", "mixed", "MB", "decode_ratio_to_engine", "ttft_p95"):
        assert word in said.get()
