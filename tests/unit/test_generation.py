"""Answers of a chat model are kept as they arrive, so nothing is paid for twice, and a budget holds."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import Field

from llm_engineering.application.chatting import keeps_to_schemas
from llm_engineering.application.costs import FREE, Meter, Price, Usage, is_local, price_of
from llm_engineering.application.generation import AT_ONCE, generate, still_to_ask
from llm_engineering.application.ports import Silent
from llm_engineering.application.prompting import Messages
from llm_engineering.domain.errors import BadSettings, BudgetReached, ModelError
from tests.fakes import InMemoryDocuments, SayingChat

PRICE = Price(1.0, 2.0)


def prompts(count: int) -> list[Messages]:
    return [[{"role": "user", "content": f"Say {number}."}] for number in range(count)]


class Paid(SayingChat):
    """Counts how often each prompt is asked, and tells how many tokens that took."""

    says: Callable[[str], str] = lambda prompt: f"{prompt} Said."
    asked: Counter[str] = Field(default_factory=Counter)

    def _generate(self, messages: list[Any], *args: Any, **kwargs: Any) -> ChatResult:
        prompt = str(messages[-1].text)
        self.asked[prompt] += 1
        usage = {"input_tokens": 5, "output_tokens": 200, "total_tokens": 205}
        message = AIMessage(self.says(prompt), usage_metadata=usage)
        return ChatResult(generations=[ChatGeneration(message=message)])


def answers(chat: SayingChat, count: int, store: InMemoryDocuments, **options: Any) -> list[str]:
    return generate(
        chat, prompts(count), model_name="m", store=store, progress=Silent(), description="asking", **options
    )


def test_answers_come_in_the_order_of_the_prompts() -> None:
    assert answers(Paid(), 9, InMemoryDocuments()) == [f"Say {number}. Said." for number in range(9)]


def test_a_run_that_broke_off_goes_on_and_asks_each_prompt_once() -> None:
    store, broken = InMemoryDocuments(), True

    def say(prompt: str) -> str:
        if broken and prompt == "Say 7.":
            raise RuntimeError("connection lost")
        return "Yes."

    chat = Paid(says=say)
    with pytest.raises(ModelError, match="connection lost"):
        answers(chat, 20, store)
    kept = store.count("generations")
    assert 7 <= kept < 20
    broken = False
    assert answers(chat, 20, store) == ["Yes."] * 20
    assert {prompt: count for prompt, count in chat.asked.items() if count != 1} == {"Say 7.": 2}
    assert sum(chat.asked.values()) == 21


def test_another_model_schema_or_seed_is_another_question() -> None:
    store, chat = InMemoryDocuments(), Paid()
    for options in ({}, {"seed": 3}, {"temperature": 0.5}, {"schemas": [{"type": "object"}]}, {"repeat_penalty": 1.0}):
        answers(chat, 1, store, **options)
        answers(chat, 1, store, **options)
    assert chat.asked["Say 0."] == 5


def test_what_is_still_to_ask_is_what_is_not_kept() -> None:
    store = InMemoryDocuments()
    answers(Paid(), 3, store)
    left = still_to_ask(prompts(5), model_name="m", store=store)
    assert (left.calls, left.output_tokens) == (2, 512)
    assert still_to_ask(prompts(3), model_name="m", store=store) == Usage()
    assert still_to_ask(prompts(3), model_name="another", store=store).calls == 3


# ------------------------------------------------------------------------------ budget


def test_a_budget_stops_the_run_cleanly_and_a_larger_one_goes_on_from_there() -> None:
    store, chat = InMemoryDocuments(), Paid()
    with pytest.raises(BudgetReached, match=r"GENERATION_BUDGET is \$0.004, .* raise the budget and run the same"):
        answers(chat, 50, store, meter=Meter("m", PRICE, 0.004))
    paid = sum(chat.asked.values())
    assert paid * 0.000405 <= 0.004
    assert store.count("generations") == paid >= 5
    meter = Meter("m", PRICE, 1.0)
    answers(chat, 50, store, meter=meter)
    assert set(chat.asked.values()) == {1}
    assert meter.usage == Usage(50 - paid, 5 * (50 - paid), 200 * (50 - paid))
    assert meter.dollars == pytest.approx(0.000405 * (50 - paid))


def test_what_is_under_way_counts_against_the_budget() -> None:
    """No more calls begin at once than the budget has room for: each may write 256 tokens, $0.000512 and its prompt."""
    chat = Paid()
    with pytest.raises(BudgetReached):
        answers(chat, 50, InMemoryDocuments(), meter=Meter("m", PRICE, 0.0006))
    assert sum(chat.asked.values()) == 1 < AT_ONCE


def test_a_budget_without_a_price_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(BadSettings, match=r'the price of openai:x is unknown.*\{"openai:x": \[0.15, 0.60\]\}'):
        Meter("openai:x", None, 1.0)


def test_a_model_that_does_not_tell_its_tokens_is_counted_by_its_words() -> None:
    meter = Meter("m", PRICE, None)
    answers(SayingChat(says=lambda _: "Four words or so."), 2, InMemoryDocuments(), meter=meter)
    assert meter.usage.calls == 2
    assert 0 < meter.dollars < 0.001


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("openai:gpt-4o-mini", Price(0.15, 0.6)),
        ("openai:gpt-4o", Price(2.5, 10)),
        ("anthropic:claude", None),
        ("embedded:smollm2-135m-instruct", FREE),
        ("/models/a.gguf", FREE),
        ("http://127.0.0.1:8080/v1#m", FREE),
        ("http://localhost:8080/v1#m", FREE),
        ("https://api.example.org/v1#m", None),
        ("http://10.0.0.4/v1#m", Price(0, 0.1)),
    ],
)
def test_a_price_is_that_of_the_longest_pattern_and_nothing_local_costs(model: str, price: Price | None) -> None:
    table = {"openai:*": (2.5, 10.0), "openai:gpt-4o-mini": (0.15, 0.6), "http://10.0.0.4/*": (0, 0.1)}
    assert price_of(model, table) == price


def test_a_name_that_only_begins_like_this_machine_is_not_local() -> None:
    assert not is_local("http://127.0.0.1.evil.example/v1#m")
    assert not is_local("https://localhost.example/v1#m")


# ------------------------------------------------------------------------------ schemas


def test_whether_a_model_keeps_to_schemas_is_told_by_its_profile() -> None:
    chat = SayingChat(says=lambda _: "Yes.")
    assert not keeps_to_schemas(chat)
    assert keeps_to_schemas(chat.model_copy(update={"profile": {"structured_output": True}}))
