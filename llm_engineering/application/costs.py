"""What a chat model costs, and how much of it may be spent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from llm_engineering.application.prompting import Messages
from llm_engineering.domain.errors import BadSettings, BudgetReached

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage

TOKENS_PER_WORD = 1.4
"""Of English prose, rounded up."""
MESSAGE_TOKENS = 5
"""What a chat template adds to each message."""


class Price(NamedTuple):
    """Dollars per million tokens."""

    input: float
    output: float

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """Dollars for so many tokens."""
        return (input_tokens * self.input + output_tokens * self.output) / 1e6


FREE = Price(0.0, 0.0)


@dataclass(frozen=True)
class Usage:
    """Calls of a chat model and their tokens."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.calls + other.calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
        )

    def dollars(self, price: Price) -> float:
        """What it costs."""
        return price.of(self.input_tokens, self.output_tokens)


def tokens_of(text: str) -> int:
    """About how many tokens the text has."""
    return int(len(text.split()) * TOKENS_PER_WORD) + 1


def expected(prompt: Messages, max_tokens: int) -> Usage:
    """One call at most: every token counted that it may write."""
    return Usage(1, sum(tokens_of(message["content"]) + MESSAGE_TOKENS for message in prompt), max_tokens)


def is_local(model: str) -> bool:
    """Whether a CHAT_MODEL string names a model on this machine, which costs nothing."""
    if model.startswith("embedded:") or model.endswith(".gguf"):
        return True
    if not model.startswith(("http://", "https://")):
        return model.startswith("ollama:")
    host = urlsplit(model).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def price_of(model: str, table: Mapping[str, Sequence[float]]) -> Price | None:
    """The price of a CHAT_MODEL string: of the longest pattern (`*`, `?`) that fits it; None when none does.

    A model on this machine is free unless the table names it.
    """
    fitting = sorted((pattern for pattern in table if fnmatchcase(model, pattern)), key=len)
    if fitting:
        return Price(*table[fitting[-1]])
    return FREE if is_local(model) else None


class Meter:
    """Counts what a run spends on one model, and stops it before it spends more than it may."""

    def __init__(self, model: str, price: Price | None, budget: float | None) -> None:
        """`budget` is in dollars, None for no limit. Raises BadSettings for a budget without a price."""
        if budget is not None and price is None:
            raise BadSettings(
                f"GENERATION_BUDGET is set, but the price of {model} is unknown; add it to CHAT_PRICES, such as "
                f'{{"{model}": [0.15, 0.60]}} (dollars per million input and output tokens).'
            )
        self.usage = Usage()
        self._model = model
        self._price = price or FREE
        self._budget = budget
        self._reserved = 0.0

    @property
    def dollars(self) -> float:
        """Spent so far; 0 when the price is unknown."""
        return self.usage.dollars(self._price)

    def reserve(self, prompt: Messages, max_tokens: int) -> float:
        """Set aside what the call may cost at most, in dollars. Raises BudgetReached when too little is left."""
        most = expected(prompt, max_tokens).dollars(self._price)
        if self._budget is not None and self.dollars + self._reserved + most > self._budget:
            raise BudgetReached(
                f"GENERATION_BUDGET is ${self._budget:g}, and {self._model} has cost ${self.dollars:.4f} of it in "
                f"{self.usage.calls} calls, so the next may go beyond; every answer is kept, so raise the budget and "
                "run the same command again to go on from there."
            )
        self._reserved += most
        return most

    def spent(self, reserved: float, prompt: Messages, answer: "AIMessage") -> None:
        """Count the call for which `reserved` was set aside, by the provider's count where it gives one."""
        self._reserved = max(0.0, self._reserved - reserved)
        told = answer.usage_metadata
        if told:
            self.usage += Usage(1, told["input_tokens"], told["output_tokens"])
        else:
            self.usage += expected(prompt, tokens_of(str(answer.text)))

    def released(self, reserved: float) -> None:
        """The call failed; nothing was spent."""
        self._reserved = max(0.0, self._reserved - reserved)
