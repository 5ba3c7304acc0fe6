"""What making a dataset will ask of the chat model, before anything is asked."""

from collections.abc import Sequence

from llm_engineering.application import instructing, preferring
from llm_engineering.application.costs import Usage
from llm_engineering.application.generating import Request, material
from llm_engineering.application.ports import DocumentStore
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import DatasetType
from llm_engineering.domain.documents import CleanedDocument


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
