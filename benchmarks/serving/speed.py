"""One user: the time to the first word, and the rate of writing against the bare llama.cpp engine.

The engine gets the same model, the same prompt and the same settings, and the two are asked in turn,
so that whatever else the machine does slows both.
"""

import asyncio
import queue
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.table import Table

from benchmarks.serving.client import Told, ask, quantile, question
from benchmarks.serving.process import Service
from benchmarks.serving.stock import Question, settings_of
from llm_engineering.application.answering import prompt_for
from llm_engineering.application.inquiry import Inquiry
from llm_engineering.application.prompting import Messages
from llm_engineering.bootstrap import opened
from llm_engineering.domain.authors import Author
from llm_engineering.infrastructure.models.llamacpp import PROMPT_CACHE_MEGABYTES, SILENT, LlamaCppChat

QUESTIONS = 24
"""For the time to the first word, besides one that warms up."""
TOKENS = 200
"""Of each answer, unless the model ends it before."""
SHOWN = (
    "decode_ratio_to_engine",
    "whole_ratio_to_engine",
    "tokens_per_second",
    "engine_tokens_per_second",
    "ttft_p50",
    "ttft_p95",
)


@dataclass(frozen=True)
class _Rate:
    """Tokens a second."""

    after_first: float
    whole: float

    @classmethod
    def of(cls, tokens: int, short: float, whole: float) -> "_Rate | None":
        """Of an answer of so many tokens in `whole` seconds, where one of a single token takes `short`."""
        return cls((tokens - 1) / (whole - short), tokens / whole) if tokens > 1 and whole > short else None


def measure(service: Service, home: Path, questions: Sequence[Question], rounds: int) -> dict[str, Any]:
    """decode_ratio_to_engine (median of the rounds), both rates in tokens a second, ttft_p50 and ttft_p95 in seconds.

    A rate is (tokens - 1) / (time of a whole answer - time of an answer of one token), so that neither
    reading the prompt nor the size of the first piece counts; whole_ratio_to_engine is the ratio of
    tokens / time of a whole answer, in which all counts. The time to the first word is that of
    whole questions: search, passages and prompt are in it, and no two are alike.
    """
    return asyncio.run(_measured(service, home, questions, rounds))


async def _measured(service: Service, home: Path, questions: Sequence[Question], rounds: int) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=service.address) as client:
        await ask(client, question(questions[0].text, questions[0].author))
        first = [
            await ask(client, question(one.text, one.author, max_tokens=16)) for one in questions[1 : QUESTIONS + 1]
        ]
        served, bare = [], []
        with _engine(home) as engine:
            for number in range(rounds + 1):
                one = questions[number % len(questions)]
                served.append(await _rate_of_service(client, one))
                bare.append(await asyncio.to_thread(engine.rate, _prompt(one)))
    pairs = [
        (mine, its) for mine, its in list(zip(served, bare, strict=True))[1:] if mine and its
    ]  # the first warms up
    times = [told.first for told in first if told.first is not None]
    return {
        "decode_ratio_to_engine": _median([mine.after_first / its.after_first for mine, its in pairs], 3),
        "whole_ratio_to_engine": _median([mine.whole / its.whole for mine, its in pairs], 3),
        "tokens_per_second": _median([mine.after_first for mine, _ in pairs], 1),
        "engine_tokens_per_second": _median([its.after_first for _, its in pairs], 1),
        "ttft_p50": quantile(times, 50),
        "ttft_p95": quantile(times, 95),
        "rounds": len(pairs),
        "questions": len(times),
    }


def _median(values: Sequence[float], digits: int) -> float | None:
    return round(statistics.median(values), digits) if values else None


async def _rate_of_service(client: httpx.AsyncClient, one: Question) -> _Rate | None:
    async def told(tokens: int) -> Told:
        return await ask(client, question(one.text, one.author, retrieve=False, max_tokens=tokens))

    await told(1)  # the prompt is read and kept
    short, whole = await told(1), await told(TOKENS)
    return _Rate.of(whole.tokens, short.total, whole.total)


def _prompt(one: Question) -> Messages:
    """The conversation that the service makes of the question when nothing is looked up."""
    return prompt_for(Inquiry(one.text, retrieve=False), Author.named(one.author), None, lambda text: len(text) // 4)


class _Engine:
    """llama.cpp without anything of ours around it."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def rate(self, messages: Messages) -> _Rate | None:
        self._answered(messages, 1)
        _, short = self._answered(messages, 1)
        tokens, whole = self._answered(messages, TOKENS)
        return _Rate.of(tokens, short, whole)

    def _answered(self, messages: Messages, tokens: int) -> tuple[int, float]:
        """Tokens and seconds."""
        events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        request = {
            "messages": [dict(message) for message in messages],
            "temperature": 0.0,
            "seed": 17,
            "max_tokens": tokens,
            "repeat_penalty": LlamaCppChat.model_fields["repeat_penalty"].default,
            "cache_prompt": True,
            "stream": True,
            "stream_options": {"include_usage": True},
        }

        def push(event: Any) -> bool:
            events.put(event)
            return False

        def run() -> None:
            self._server.handle_chat_completions(request, push)
            events.put(None)

        began, count = time.perf_counter(), 0
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        while (event := events.get()) is not None:
            count = (event.get("usage") or {}).get("completion_tokens", count)
        thread.join()
        return count, time.perf_counter() - began


@contextmanager
def _engine(home: Path) -> Iterator[_Engine]:
    from llm_engineering.infrastructure.models.precision import let_threads_wait_passively

    let_threads_wait_passively()  # as the service has it: the two share the cores
    import xllamacpp

    settings = settings_of(home)
    with opened(settings) as twin:
        file = twin.models.path(settings.CHAT_MODEL)
    fields = LlamaCppChat.model_fields
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(file)
    parameters.n_parallel = fields["slots"].default
    parameters.n_ctx = fields["context_tokens"].default * parameters.n_parallel
    parameters.cache_ram_mib = PROMPT_CACHE_MEGABYTES
    parameters.verbosity = SILENT
    parameters.ui = False
    yield _Engine(xllamacpp.Server(parameters))


def table(figures: dict[str, Any]) -> Table:
    """One line a figure."""
    shown = Table(title="One user", title_justify="left")
    shown.add_column("figure")
    shown.add_column("value", justify="right")
    for name, value in figures.items():
        shown.add_row(name, str(value))
    return shown
