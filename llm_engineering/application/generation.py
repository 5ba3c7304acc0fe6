"""Ask a chat model many things, several at a time, and never pay twice for one answer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from llm_engineering.application.chatting import said
from llm_engineering.application.ports import DocumentStore, Progress
from llm_engineering.application.prompting import Messages
from llm_engineering.domain.identity import content_hash

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

CACHE = "generations"
"""Collection of the answers: {"_id": hash of model, prompt and parameters, "text": …}."""

AT_ONCE = 4
"""Prompts in flight; the embedded model has as many slots."""


def generate(
    chat: "BaseChatModel",
    prompts: Sequence[Messages],
    *,
    model_name: str,
    store: DocumentStore,
    progress: Progress,
    description: str,
    max_tokens: Sequence[int] | int = 256,
    temperature: float = 0.0,
    seed: int = 17,
    stop: Sequence[str] = (),
) -> list[str]:
    """One answer a prompt, in order. Answers are kept in `store`, so a run that was stopped goes on.

    `max_tokens` is one limit for all or one a prompt. Errors of the model pass through.
    """
    limits = [max_tokens] * len(prompts) if isinstance(max_tokens, int) else list(max_tokens)
    keys = [
        content_hash(model_name, repr(prompt), repr((limit, temperature, seed, tuple(stop))))
        for prompt, limit in zip(prompts, limits, strict=True)
    ]
    answers = {key: record["text"] for key in dict.fromkeys(keys) if (record := store.get(CACHE, key))}
    asked = {key: (prompt, limit) for key, prompt, limit in zip(keys, prompts, limits, strict=True)}
    missing = [key for key in asked if key not in answers]
    batches = [missing[start : start + AT_ONCE] for start in range(0, len(missing), AT_ONCE)]
    for batch in progress.track(batches, f"{description}, {AT_ONCE} at a time"):
        texts = _answers(chat, [asked[key] for key in batch], temperature, seed, stop)
        store.upsert(CACHE, ({"_id": key, "text": text} for key, text in zip(batch, texts, strict=True)))
        answers.update(zip(batch, texts, strict=True))
    return [answers[key] for key in keys]


def _answers(
    chat: "BaseChatModel", asked: Sequence[tuple[Messages, int]], temperature: float, seed: int, stop: Sequence[str]
) -> list[str]:
    from langchain_core.runnables.config import get_executor_for_config

    options = {"temperature": temperature, "seed": seed, **({"stop": list(stop)} if stop else {})}

    def one(prompt: Messages, limit: int) -> str:
        return said(chat, prompt, max_tokens=limit, **options)

    with get_executor_for_config({"max_concurrency": AT_ONCE}) as pool:
        return list(pool.map(one, [prompt for prompt, _ in asked], [limit for _, limit in asked]))
