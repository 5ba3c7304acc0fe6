"""Ask a chat model many things, several at a time, and never pay twice for one answer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from llm_engineering.application.chatting import replied, text_of
from llm_engineering.application.costs import FREE, Meter, Usage, expected
from llm_engineering.application.ports import DocumentStore, Progress
from llm_engineering.application.prompting import Messages
from llm_engineering.domain.errors import TwinError
from llm_engineering.domain.identity import content_hash

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage

CACHE = "generations"
"""Collection of the answers: {"_id": hash of model, prompt and parameters, "text": …}."""

AT_ONCE = 4
"""Prompts in flight; the embedded model has as many slots."""


class Sampling(TypedDict, total=False):
    """How answers are written, for all prompts of a call."""

    max_tokens: Sequence[int] | int
    """One limit for all (256 unless told) or one a prompt."""
    temperature: float
    seed: int
    stop: Sequence[str]
    schemas: Sequence[Mapping[str, Any]]
    """One JSON schema a prompt, to which its answer is held, of models that can (`chatting.keeps_to_schemas`)."""
    repeat_penalty: float
    """For models that have one (`chatting.penalises_repeats`); 1 is none."""


@dataclass(frozen=True)
class _Ask:
    """One prompt with what decides its answer."""

    prompt: Messages
    max_tokens: int
    options: Mapping[str, Any]

    def key(self, model_name: str) -> str:
        how = (
            self.max_tokens,
            self.options["temperature"],
            self.options["seed"],
            tuple(self.options.get("stop", ())),
        )
        more = {name: value for name, value in self.options.items() if name not in ("temperature", "seed", "stop")}
        return content_hash(
            model_name, repr(self.prompt), repr(how), *([json.dumps(more, sort_keys=True)] if more else [])
        )


def generate(
    chat: "BaseChatModel",
    prompts: Sequence[Messages],
    *,
    model_name: str,
    store: DocumentStore,
    progress: Progress,
    description: str,
    meter: Meter | None = None,
    **sampling: Unpack[Sampling],
) -> list[str]:
    """One answer a prompt, in order; equal prompts have one answer.

    Each answer is kept in `store` as it arrives, so a run that was stopped goes on from there.
    Errors of the model pass through once the answers under way are kept; BudgetReached, too.
    """
    asks = _asks(prompts, sampling)
    by_key = {ask.key(model_name): ask for ask in asks}
    answers = {key: record["text"] for key in by_key if (record := store.get(CACHE, key))}
    missing = {key: ask for key, ask in by_key.items() if key not in answers}
    arriving = _answered(chat, missing, meter or Meter(model_name, FREE, None))
    told = f"{description}, {AT_ONCE} at a time"
    for key, text in progress.track(arriving, told, total=len(missing)) if missing else ():
        store.upsert(CACHE, [{"_id": key, "text": text}])
        answers[key] = text
    return [answers[ask.key(model_name)] for ask in asks]


def still_to_ask(
    prompts: Sequence[Messages], *, model_name: str, store: DocumentStore, **sampling: Unpack[Sampling]
) -> Usage:
    """What the same call of `generate` would ask the model now, at most."""
    missing = {key: ask for ask in _asks(prompts, sampling) if not store.get(CACHE, key := ask.key(model_name))}
    return sum((expected(ask.prompt, ask.max_tokens) for ask in missing.values()), Usage())


def _asks(prompts: Sequence[Messages], sampling: Sampling) -> list[_Ask]:
    limit = sampling.get("max_tokens", 256)
    limits = [limit] * len(prompts) if isinstance(limit, int) else limit
    options: dict[str, Any] = {
        "temperature": sampling.get("temperature", 0.0),
        "seed": sampling.get("seed", 17),
    }
    if stop := sampling.get("stop"):
        options["stop"] = list(stop)
    if "repeat_penalty" in sampling:
        options["repeat_penalty"] = sampling["repeat_penalty"]
    shapes = [_shape(schema) for schema in sampling.get("schemas", ())] or [{}] * len(prompts)
    return [_Ask(prompt, most, options | shape) for prompt, most, shape in zip(prompts, limits, shapes, strict=True)]


def _shape(schema: Mapping[str, Any]) -> dict[str, Any]:
    described = {"name": "answer", "schema": dict(schema), "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": described}}


def _answered(chat: "BaseChatModel", missing: Mapping[str, _Ask], meter: Meter) -> Iterator[tuple[str, str]]:
    """(key, answer) as they arrive. After a failure nothing new is asked, and what is under way is waited for."""
    from langchain_core.runnables.config import get_executor_for_config

    waiting = iter(missing.items())
    running: dict[Future[AIMessage], tuple[str, _Ask, float]] = {}
    failure: BaseException | None = None
    with get_executor_for_config({"max_concurrency": AT_ONCE}) as pool:
        while True:
            while failure is None and len(running) < AT_ONCE and (following := next(waiting, None)):
                key, ask = following
                try:
                    reserved = meter.reserve(ask.prompt, ask.max_tokens)
                except TwinError as stopped:
                    failure = stopped
                    break
                future = pool.submit(replied, chat, ask.prompt, max_tokens=ask.max_tokens, **ask.options)
                running[future] = (key, ask, reserved)
            if not running:
                break
            try:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
            except KeyboardInterrupt as interrupted:
                failure = interrupted
                continue
            for future in done:
                key, ask, reserved = running.pop(future)
                try:
                    message = future.result()
                except TwinError as error:
                    meter.released(reserved)
                    failure = failure or error
                    continue
                meter.spent(reserved, ask.prompt, message)
                yield key, text_of(message)
    if failure is not None:
        raise failure
