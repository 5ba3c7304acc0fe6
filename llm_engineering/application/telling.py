"""Let a model write the answer: piece by piece as it comes, or as a whole; stopped when nobody waits any more."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from llm_engineering.application import prompting
from llm_engineering.application.answering import Answer, SourceReference, Timings, Usage, reference
from llm_engineering.application.chatting import streamed
from llm_engineering.application.guarding import Guard
from llm_engineering.application.inquiry import LOOK_SECONDS, Inquiry, Patience, Sampling
from llm_engineering.application.patiently import each_or_none
from llm_engineering.application.ports import NoTracing, Span, Tracer
from llm_engineering.application.prompting import Messages
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Retrieved
from llm_engineering.domain.errors import TimeLimitReached

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk

MOST_STOPS = 4
"""Words to stop at that OpenAI and others take."""
ANEW_TEMPERATURE = 0.7


@dataclass(frozen=True)
class Prepared:
    """Everything that an answer needs, before a word of it is written."""

    inquiry: Inquiry
    author: Author
    twin: str
    """The name to show."""
    found: Retrieved | None
    """None where nothing was looked up."""
    messages: Messages
    began: float
    """On the clock of `time.monotonic`."""
    retrieve_ms: float = 0.0

    @property
    def refusal(self) -> str | None:
        """What is said instead of an answer, when the author has not written of it."""
        if self.found is None or self.found.is_answerable or not self.inquiry.refuse:
            return None
        return prompting.nothing_written(self.found.filters)

    def sources(self, text: str = "") -> list[SourceReference]:
        """The passages that the model is shown, quoted by what was asked and said."""
        if self.found is None or self.refusal:
            return []
        return [reference(passage, f"{self.inquiry.query} {text}") for passage in self.found.passages]

    @property
    def known(self) -> str:
        """The texts that whoever asked has before them anyway: passages, conversation, question."""
        passages = [passage.chunk.text for passage in self.found.passages] if self.found else []
        return "\n".join([*passages, *(turn["content"] for turn in self.inquiry.history), self.inquiry.query])


@dataclass(frozen=True)
class Begun:
    """Who answers, and from what; comes before the first word."""

    author: str
    twin: str
    sources: list[SourceReference]


@dataclass(frozen=True)
class Said:
    """The next piece of the text."""

    text: str


Lend = Callable[[], AbstractContextManager["BaseChatModel"]]
Event = Begun | Said | Answer
"""One `Begun`, then pieces, last the whole `Answer`."""


@dataclass
class _Written:
    """What a model writes; iterating it lets the model write."""

    chat: "BaseChatModel"
    messages: Messages
    sampling: Sampling
    max_tokens: int
    patience: Patience
    finish_reason: str = "stop"
    usage: Usage | None = None
    text: str = field(default="")
    _is_over: bool = False

    def __iter__(self) -> Iterator[str]:
        """The text so far, after each piece. Raises TimeLimitReached when there is none by then."""
        chunks = each_or_none(streamed(self.chat, self.messages, **self._options()), LOOK_SECONDS)
        try:
            for chunk in chunks:
                self.patience.check()
                if chunk is not None:
                    self._take(chunk)
                    yield self.text
                if not self.patience.left:
                    self._out_of_time()
                    return
                if self._is_over:
                    return
        finally:
            chunks.close()  # stops the model

    def _options(self) -> dict[str, object]:
        stop = [*self.sampling.stop, *prompting.OWN_FRAMES][:MOST_STOPS]
        options: dict[str, object] = {
            "temperature": self.sampling.temperature,
            "seed": self.sampling.seed,
            "stop": stop,
        }
        if self.sampling.top_p is not None:
            options["top_p"] = self.sampling.top_p
        return {"max_tokens": self.max_tokens, **options}

    def _take(self, chunk: "AIMessageChunk") -> None:
        self.text = (self.text + str(chunk.text)).lstrip()
        # The model itself stops at a frame only where the client's own words to stop at leave room for it.
        ends = [at for frame in prompting.OWN_FRAMES if (at := self.text.find(frame)) >= 0]
        if ends:
            self.text, self._is_over = self.text[: min(ends)], True
        self.finish_reason = chunk.response_metadata.get("finish_reason") or self.finish_reason
        if told := chunk.usage_metadata:
            kept = (told.get("input_token_details") or {}).get("cache_read") or 0
            self.usage = Usage(
                prompt_tokens=told["input_tokens"], completion_tokens=told["output_tokens"], cached_tokens=kept
            )

    def _out_of_time(self) -> None:
        if not self.text:
            raise TimeLimitReached("The time for an answer was over before its first word; ask again later.")
        self.finish_reason = "length"


def told(
    prepared: Prepared, lend: Lend, guard: Guard, patience: Patience, tracer: Tracer | None = None
) -> Generator[Event, None, None]:
    """The answer as it is written. Closing the iterator stops the model.

    What the guard objects to ends the text there; it has not been shown then, but what stood
    before it has. Raises ModelError, TimeLimitReached, ServiceError.
    """
    yield Begun(prepared.author.full_name, prepared.twin, prepared.sources())
    if prepared.refusal:
        yield Said(prepared.refusal)
        yield _answer(prepared, prepared.refusal, None)
        return
    started, shown, withheld = time.monotonic(), 0, None
    with lend() as chat, _generating(prepared, tracer) as span:
        written = _Written(chat, prepared.messages, prepared.inquiry.sampling, prepared.inquiry.max_tokens, patience)
        for text in written:
            end = guard.showable(text)
            if end <= shown:
                continue
            if withheld := guard.objection(text[:end], prepared.author, prepared.known):
                break
            yield Said(text[shown:end])
            shown = end
        span.set(_outcome(written))
    text = written.text.strip()
    if withheld is None:
        withheld = guard.objection(text, prepared.author, prepared.known)
    if withheld is None and text[shown:]:
        yield Said(text[shown:])
    yield _answer(prepared, text, written, withheld=withheld, started=started)


def answered(prepared: Prepared, lend: Lend, guard: Guard, patience: Patience, tracer: Tracer | None = None) -> Answer:
    """The whole answer. One that the guard objects to is written once more, then withheld.

    Raises as `told`.
    """
    if prepared.refusal:
        return _answer(prepared, prepared.refusal, None)
    started, usage, sampling = time.monotonic(), None, prepared.inquiry.sampling
    with lend() as chat:
        for attempt in (sampling, _anew(sampling)):
            written = _Written(chat, prepared.messages, attempt, prepared.inquiry.max_tokens, patience)
            with _generating(prepared, tracer) as span:
                text = _whole(written)
                span.set(_outcome(written))
            withheld = guard.objection(text, prepared.author, prepared.known)
            usage = usage + written.usage if usage and written.usage else written.usage
            if withheld is None:
                break
    written.usage = usage
    return _answer(prepared, text, written, withheld=withheld, started=started)


def _generating(prepared: Prepared, tracer: Tracer | None) -> AbstractContextManager[Span]:
    """https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/"""
    sampling, model = prepared.inquiry.sampling, prepared.twin
    return (tracer or NoTracing()).span(
        f"chat {model}",
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "llm-twin",
            "gen_ai.request.model": model,
            "gen_ai.request.max_tokens": prepared.inquiry.max_tokens,
            "gen_ai.request.temperature": sampling.temperature,
            "gen_ai.request.seed": sampling.seed,
        },
    )


def _outcome(written: _Written) -> dict[str, int | list[str]]:
    usage = written.usage or Usage()
    return {
        "gen_ai.response.finish_reasons": [written.finish_reason],
        "gen_ai.usage.input_tokens": usage.prompt_tokens,
        "gen_ai.usage.output_tokens": usage.completion_tokens,
    }


def _whole(written: _Written) -> str:
    for _ in written:
        pass
    return written.text.strip()


def _anew(sampling: Sampling) -> Sampling:
    return replace(sampling, temperature=max(sampling.temperature, ANEW_TEMPERATURE), seed=sampling.seed + 1)


def _answer(
    prepared: Prepared, text: str, written: _Written | None, *, withheld: str | None = None, started: float = 0.0
) -> Answer:
    now = time.monotonic()
    return Answer(
        answer="" if withheld else text,
        sources=prepared.sources("" if withheld else text),
        author=prepared.author.full_name,
        twin=prepared.twin,
        finish_reason="content_filter" if withheld else written.finish_reason if written else "stop",
        withheld=withheld,
        usage=written.usage if written else None,
        timings=Timings(
            retrieve_ms=prepared.retrieve_ms,
            generate_ms=round((now - started) * 1000, 1) if written else 0.0,
            total_ms=round((now - prepared.began) * 1000, 1),
        ),
    )
