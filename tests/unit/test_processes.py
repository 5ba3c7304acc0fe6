"""Work in other processes gives its result, its own error, or a sentence about why there is none."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from pebble.pool import process

from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.processes import Processes


def double(number: int) -> int:
    return number * 2


def refuse(name: str) -> None:
    raise CollectError(f"{name} is damaged.")


def die() -> None:
    os._exit(9)


@pytest.fixture(scope="module")
def processes():
    both = Processes(1, seconds=2.0)
    yield both
    both.close()


@pytest.mark.parametrize("count", [0, 1])
def test_a_function_gives_its_result_or_raises_its_own_error(count):
    some = Processes(count)
    try:
        assert some.run(double, 21) == 42
        with pytest.raises(CollectError, match=r"a\.pdf is damaged"):
            some.run(refuse, "a.pdf")
    finally:
        some.close()
        some.close()


def test_what_hangs_or_dies_is_a_sentence_and_the_next_call_works(processes):
    with pytest.raises(CollectError, match="longer than 2 seconds"):
        processes.run(time.sleep, 60)
    with pytest.raises(CollectError, match="died"):
        processes.run(die)
    assert processes.run(double, 2) == 4


def test_closing_does_not_wait_for_what_hangs():
    some = Processes(1, seconds=60)
    some.submit(time.sleep, 60)
    time.sleep(0.5)
    started = time.monotonic()
    some.close()
    assert time.monotonic() - started < 10


def own_process() -> int:
    return os.getpid()


def test_many_threads_that_begin_at_once_share_the_processes():
    some = Processes(1)
    try:
        with ThreadPoolExecutor(12) as threads:
            assert len({future.result() for future in threads.map(lambda _: some.submit(own_process), range(24))}) == 1
    finally:
        some.close()


def test_closing_while_one_is_only_just_starting_prints_nothing(capfd, monkeypatch):
    ending = process.stop_process

    def later(worker):  # as on a busy machine, where one is still starting when another has done the work
        time.sleep(1.5)
        ending(worker)

    monkeypatch.setattr(process, "stop_process", later)
    some = Processes(2)
    some.submit(double, 1)
    some.close()
    assert capfd.readouterr().err == ""
