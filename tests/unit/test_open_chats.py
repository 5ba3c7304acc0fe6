"""How many chat models are open, for how long, and who waits for whom."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from llm_engineering.application.inquiry import Patience
from llm_engineering.application.open_chats import OpenChats
from llm_engineering.domain.errors import ModelError, ServiceError, TimeLimitReached
from tests.fakes import SayingChatModels

SOON = 5.0
"""Seconds after which something that should happen is taken not to."""


def lend(chats: OpenChats, *models: str) -> None:
    for model in models:
        with chats.lent(model):
            pass


def test_the_model_unused_for_longest_makes_room() -> None:
    models = SayingChatModels()
    lend(OpenChats(models, most=2), "a", "b", "a", "c", "a", "b")
    assert models.events == ["opened a", "opened b", "closed b", "opened c", "closed c", "opened b"]


def test_a_model_in_use_is_not_closed_and_whoever_wants_another_one_waits() -> None:
    models = SayingChatModels()
    chats = OpenChats(models, most=1)
    with ThreadPoolExecutor(1) as pool:
        with chats.lent("a"):
            other = pool.submit(lend, chats, "b")
            with pytest.raises(TimeoutError):
                other.result(timeout=0.1)
            assert models.events == ["opened a"]
        other.result(timeout=SOON)
    assert models.events == ["opened a", "closed a", "opened b"]


@pytest.mark.parametrize("is_gone", [False, True])
def test_who_waits_for_a_model_in_vain_or_is_no_longer_waited_for_gives_up(is_gone: bool) -> None:
    models = SayingChatModels()
    chats = OpenChats(models, most=1)
    patience = Patience() if is_gone else Patience(until=time.monotonic() + 0.2)
    if is_gone:
        patience.gone.set()
    with (
        chats.lent("a"),
        pytest.raises(ServiceError if is_gone else TimeLimitReached, match="nobody waits" if is_gone else "busy"),
        chats.lent("b", patience=patience),
    ):
        pass
    lend(chats, "b")
    assert models.events == ["opened a", "closed a", "opened b"]


def test_several_questions_share_a_model_that_is_opened_once() -> None:
    models = SayingChatModels()
    chats = OpenChats(models, most=1)
    both_in = Event()

    def use(first: bool) -> None:
        with chats.lent("a"):
            if first:
                assert both_in.wait(SOON), "the second question had to wait for the first"
            else:
                both_in.set()

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(use, True), pool.submit(use, False)]:
            future.result(timeout=2 * SOON)
    assert models.events == ["opened a"]


def test_closing_waits_for_the_answer_under_way_and_refuses_new_ones() -> None:
    models = SayingChatModels()
    chats = OpenChats(models)
    with ThreadPoolExecutor(1) as pool:
        with chats.lent("a"):
            closing = pool.submit(chats.close)
            with pytest.raises(TimeoutError):
                closing.result(timeout=0.1)
            assert models.events == ["opened a"]
        closing.result(timeout=SOON)
    assert models.events == ["opened a", "closed a"]
    with pytest.raises(ServiceError, match="stopping"), chats.lent("a"):
        pass
    chats.close()


def test_a_model_that_cannot_be_opened_takes_no_room() -> None:
    class Failing(SayingChatModels):
        def opened(self, model):
            if model == "broken":
                raise ModelError("broken is broken; mend it.")
            return super().opened(model)

    chats = OpenChats(Failing(), most=1)
    for _ in range(3):
        with pytest.raises(ModelError), chats.lent("broken"):
            pass
    with pytest.raises(ModelError):
        chats.check()
    with chats.lent("fine") as chat:
        assert chat.invoke("hello").content == "SPOKEN BY fine"
    chats.check()


def test_an_answer_that_fails_gives_the_model_back() -> None:
    models = SayingChatModels()
    chats = OpenChats(models, most=1)
    with pytest.raises(ModelError), chats.lent("a"):
        raise ModelError("The answer failed.")
    lend(chats, "b")
    assert models.events == ["opened a", "closed a", "opened b"]


def test_what_nobody_uses_can_be_closed_and_what_is_in_use_stays_open() -> None:
    models = SayingChatModels()
    chats = OpenChats(models)
    lend(chats, "a")
    with chats.lent("b"):
        chats.close_unused()
        assert models.events == ["opened a", "opened b", "closed a"]
    chats.close_unused()
    assert models.events[-1] == "closed b"
