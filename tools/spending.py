"""Before a paid chat model is called: what it may cost, and whether that is wanted."""

import sys
from collections.abc import Mapping
from typing import Any

import click

from llm_engineering.application.chatting import keeps_to_schemas
from llm_engineering.application.costs import FREE, Price, Usage, price_of
from llm_engineering.application.estimating import calls_at_most, evaluation_at_most
from llm_engineering.application.evaluating import Extent
from llm_engineering.application.features import cleaned_documents
from llm_engineering.application.generating import Request
from llm_engineering.application.preferring import BASE
from llm_engineering.bootstrap import Twin, opened
from llm_engineering.domain.datasets import DatasetType
from llm_engineering.domain.errors import BadInput, TwinError
from llm_engineering.settings import Settings, load_settings
from pipelines.generate_datasets import authors_of
from tools.console import say

EVALUATING = "evaluating"
ASKING = frozenset({"generate_datasets", "end_to_end_data", EVALUATING})
"""Pipelines that may ask a paid chat model for many answers."""
YES = "Do not ask before a paid chat model is called."
"""Help of the option that commands with such a pipeline have."""


def confirm(pipeline: str, parameters: Mapping[str, Any], *, yes: bool) -> None:
    """Say what the run may cost where a chat model costs something, and ask a person, unless `yes`.

    Raises BadInput when nobody can be asked or the answer is no, BadSettings for a budget without
    the model's price.
    """
    settings = load_settings()
    estimates = _estimates(pipeline, parameters, settings)
    if not estimates:
        return
    for model, usage in estimates.items():
        budget = settings.GENERATION_BUDGET if pipeline != EVALUATING else None
        say(told(model, usage, price_of(model, settings.chat_prices), budget))
    if yes:
        return
    if not sys.stdin.isatty():
        raise BadInput(
            f"{' and '.join(estimates)} may cost money and there is no terminal to ask at; add --yes to go on without "
            "being asked, or choose a model on this machine."
        )
    if not click.confirm("Go on?", err=True):
        raise BadInput("Not started; nothing was spent.")


def told(model: str, usage: Usage | None, price: Price | None, budget: float | None) -> str:
    """The estimate in a sentence or two."""
    what = (
        f"{model} will be asked at most {usage.calls:,} times: about {usage.input_tokens:,} tokens to read and at most "
        f"{usage.output_tokens:,} to write"
        if usage
        else f"{model} will be asked; how often is not known yet"
    )
    if price is None:
        return f"{what}. Its price is unknown: add it to CHAT_PRICES to see the cost."
    rates = f", at ${price.input:g} and ${price.output:g} a million tokens"
    cost = f", ${usage.dollars(price):.2f} at most" if usage else rates
    limit = (
        f" GENERATION_BUDGET stops each step (instructions, rejected answers) at ${budget:g}."
        if budget is not None
        else ""
    )
    return f"{what}{cost}.{limit}"


def _estimates(pipeline: str, parameters: Mapping[str, Any], settings: Settings) -> dict[str, Usage | None]:
    """Paid model → what it is asked at most, None where that is not known yet."""
    if pipeline == EVALUATING:
        wanted: dict[str, Usage | None] = dict(
            evaluation_at_most(
                judge=parameters.get("judge"),
                chat_models=parameters.get("chat_models") or [],
                twins=len(parameters.get("twin_versions") or [None]),
                extent=Extent(
                    parameters.get("max_prompts", Extent.max_prompts),
                    parameters.get("grounded_prompts", Extent.grounded_prompts),
                ),
            )
        )
        if settings.QUERY_EXPANSIONS:  # every search asks for other wordings, however many searches there will be
            wanted[settings.CHAT_MODEL] = None
        return {model: usage for model, usage in wanted.items() if price_of(model, settings.chat_prices) != FREE}
    if pipeline not in ASKING or price_of(settings.CHAT_MODEL, settings.chat_prices) == FREE:
        return {}
    with opened(settings) as twin:
        twin.meter(settings.CHAT_MODEL)
        usage = _usage(twin, parameters) if pipeline == "generate_datasets" else None
    return {} if usage == Usage() else {settings.CHAT_MODEL: usage}


def _usage(twin: Twin, parameters: Mapping[str, Any]) -> Usage | None:
    """At most, over all authors; None where the stores cannot be read from here."""
    request = Request(
        test_split_size=parameters.get("test_split_size", Request.test_split_size),
        max_samples=parameters.get("max_samples"),
        seed=parameters.get("seed", Request.seed),
    )
    model, total = twin.settings.CHAT_MODEL, Usage()
    try:
        with twin.chat_models.opened(model) as chat:
            as_json = keeps_to_schemas(chat)
        for name in authors_of(parameters.get("author_full_name"), parameters.get("author_full_names")):
            author = twin.warehouse.author(name)
            total += calls_at_most(
                author,
                cleaned_documents(author, twin.vectors),
                dataset_type=DatasetType(parameters.get("dataset_type", "instruction")),
                store=twin.documents,
                request=request,
                model_name=model,
                as_json=as_json,
                is_rejecting=parameters.get("rejected_by", BASE) == BASE,
            )
    except TwinError:
        return None  # the steps may run where other stores are reachable, and say then what is wrong
    return total
