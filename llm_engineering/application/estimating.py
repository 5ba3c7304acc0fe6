"""What making a dataset, or an evaluation, will ask of chat models, before anything is asked."""

from collections.abc import Sequence

from llm_engineering.application import instructing, preferring
from llm_engineering.application.contenders import ANSWER_TOKENS, MATERIAL_WORDS
from llm_engineering.application.costs import TOKENS_PER_WORD, Usage
from llm_engineering.application.evaluating import PASSAGES_SHOWN, Extent
from llm_engineering.application.generating import Request, material
from llm_engineering.application.judging import VERDICT_TOKENS
from llm_engineering.application.passages import MAX_WORDS
from llm_engineering.application.ports import DocumentStore
from llm_engineering.application.truth_judging import TOKENS_BESIDE, TOKENS_PER_LABEL
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import DatasetType
from llm_engineering.domain.documents import CleanedDocument

PROMPT_TOKENS = 300
"""What stands around the texts of a prompt: who is asked, for what, and the instruction."""
TOKENS_OF_A_SENTENCE = 5
"""Of the shortest that answers are made of, on average."""
TRIES = 2
"""A judge is asked once more where its answer cannot be read."""


def calls_at_most(
    author: Author,
    documents: Sequence[CleanedDocument],
    *,
    dataset_type: DatasetType,
    store: DocumentStore,
    request: Request,
    model_name: str,
    as_json: bool,
    is_rejecting: bool = True,
) -> Usage:
    """Calls and tokens of the model at most; instructions that are kept from before are not counted.

    A preference dataset takes the instructions too, where they are not there yet; its rejected answers all count, since
    their prompts are known only once those are written. `is_rejecting`
    is False when another model than this one writes the rejected answers. Raises what `material` raises.
    """
    made_of = material(author, documents, store, request)
    tasks = [*made_of.train, *made_of.test]
    usage = instructing.calls_left(tasks, model_name=model_name, store=store, seed=request.seed, as_json=as_json)
    if dataset_type is DatasetType.PREFERENCE and is_rejecting:
        usage += preferring.calls_at_most(made_of.train, made_of.test, request.max_samples)
    return usage


def evaluation_at_most(
    *, judge: str | None, chat_models: Sequence[str], twins: int, extent: Extent
) -> dict[str, Usage]:
    """Model → calls and tokens at most, were no answer there yet: the judge's, and the other chat models'."""
    found = {model: _calls(extent.max_prompts, PROMPT_TOKENS, ANSWER_TOKENS) for model in chat_models}
    if judge:
        passages = int(PASSAGES_SHOWN * MAX_WORDS * TOKENS_PER_WORD)
        comparison = PROMPT_TOKENS + passages + 2 * ANSWER_TOKENS
        compared = _calls(2 * TRIES * extent.max_prompts, comparison, VERDICT_TOKENS)  # each pair in both orders
        sources = int(MATERIAL_WORDS * TOKENS_PER_WORD)
        labels = TOKENS_BESIDE + TOKENS_PER_LABEL * (ANSWER_TOKENS // TOKENS_OF_A_SENTENCE)
        # Base model and twins are asked with sources.
        grounded = _calls(
            TRIES * extent.grounded_prompts * (1 + twins), PROMPT_TOKENS + sources + ANSWER_TOKENS, labels
        )
        found[judge] = found.get(judge, Usage()) + compared + grounded
    return found


def _calls(number: int, input_tokens: int, output_tokens: int) -> Usage:
    return Usage(number, number * input_tokens, number * output_tokens)
