"""What can be known to fail before a pipeline starts: told in one sentence, within a second.

No ZenML here, no torch. A check reads; it never writes.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from llm_engineering.application.features import cleaned_documents
from llm_engineering.application.preferring import BASE, rejecting_model
from llm_engineering.application.twins import twin_version
from llm_engineering.application.warehouse import COLLECT_COMMAND
from llm_engineering.application.weights import Weights
from llm_engineering.bootstrap import Twin, opened
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import DatasetType
from llm_engineering.domain.errors import BadConfig, BadSettings, EmptyCorpus
from pipelines.generate_datasets import authors_of
from pipelines.training import check_learning_rate

Parameters = Mapping[str, Any]


def check_parameters(pipeline: str, parameters: Parameters) -> None:
    """Hold the parameters against each other. Raises BadConfig."""
    match pipeline:
        case "digital_data_etl":
            _need_somewhere(parameters)
        case "end_to_end_data":
            for author in parameters["author_links"]:
                _need_somewhere(author)
            _need_dataset_id(parameters)
        case "generate_datasets":
            authors_of(parameters.get("author_full_name"), parameters.get("author_full_names"))
            _need_dataset_id(parameters)
        case "training":
            check_learning_rate(parameters.get("finetuning_type"), parameters.get("learning_rate"))


def check_base_model(pipeline: str, config: Path | None, run_settings: Mapping[str, Any], base_model: str) -> None:
    """Hold the base model that a training configuration is for against the one that is set.

    A directory may hold any model, also that one. Raises BadConfig.
    """
    extra = run_settings.get("extra")
    wanted = extra.get("base_model") if isinstance(extra, dict) else None
    if pipeline == "training" and wanted and wanted != base_model and not Path(base_model).is_dir():
        raise BadConfig(
            f"{config} is for {wanted}, but HF_MODEL_ID is {base_model}; set HF_MODEL_ID={wanted}, or change "
            "extra.base_model in a copy of the file."
        )


def check_stores(pipeline: str, parameters: Parameters) -> None:
    """Look into the stores that the pipeline needs.

    Raises UnknownAuthor, EmptyCorpus, StoreUnreachable, StoreLocked, BadInput, BadSettings or MissingDependency.
    """
    check = CHECKS.get(pipeline)
    if check is None:
        return
    with opened() as twin:
        check(twin, parameters)


def _etl(twin: Twin, parameters: Parameters) -> None:
    twin.warehouse.authors()
    _check_sources(twin, parameters)


def _features(twin: Twin, parameters: Parameters) -> None:
    for author in _known(twin, parameters["author_full_names"]):
        if next(twin.warehouse.documents(author, include_gone=True), None) is None:
            raise EmptyCorpus(
                f"The warehouse has no documents of {author.full_name}; collect some first: {COLLECT_COMMAND}."
            )
    _need_vectors(twin)


def _datasets(twin: Twin, parameters: Parameters) -> None:
    _need_token(twin, parameters)
    names = authors_of(parameters.get("author_full_name"), parameters.get("author_full_names"))
    for author in _known(twin, names):
        cleaned_documents(author, twin.vectors)
        if parameters.get("dataset_type") == DatasetType.PREFERENCE:
            rejecting_model(
                parameters.get("rejected_by", BASE),
                author,
                base_model=twin.settings.CHAT_MODEL,
                warehouse=twin.warehouse,
                weights=Weights(twin.settings.twins_dir),
            )


def _training(twin: Twin, parameters: Parameters) -> None:
    _ = twin.tracking  # refused here when one of the trackers cannot be used
    _known(twin, [parameters["author_full_name"]])
    twin.exporter.require(twin.settings.HF_MODEL_ID)


def _evaluating(twin: Twin, parameters: Parameters) -> None:
    [author] = _known(twin, [parameters["author_full_name"]])
    for version in parameters.get("twin_versions") or [None]:
        twin_version(twin.warehouse, author, version)
    cleaned_documents(author, twin.vectors)


def _end_to_end(twin: Twin, parameters: Parameters) -> None:
    _need_token(twin, parameters)
    twin.warehouse.authors()
    for author in parameters["author_links"]:
        _check_sources(twin, author)
    _need_vectors(twin)


CHECKS: dict[str, Callable[[Twin, Parameters], None]] = {
    "digital_data_etl": _etl,
    "feature_engineering": _features,
    "generate_datasets": _datasets,
    "training": _training,
    "evaluating": _evaluating,
    "end_to_end_data": _end_to_end,
}


def _known(twin: Twin, names: Sequence[str]) -> list[Author]:
    return [twin.warehouse.author(name) for name in names]


def _check_sources(twin: Twin, parameters: Parameters) -> None:
    twin.sources([*(parameters.get("links") or []), *(parameters.get("sources") or [])])


def _need_vectors(twin: Twin) -> None:
    twin.vectors.count("cleaned_articles")


def _need_token(twin: Twin, parameters: Parameters) -> None:
    if parameters.get("push_to_huggingface") and twin.settings.HUGGINGFACE_ACCESS_TOKEN is None:
        raise BadSettings("push_to_huggingface needs HUGGINGFACE_ACCESS_TOKEN; set it in .env, or push nothing.")


def _need_somewhere(parameters: Parameters) -> None:
    if not parameters.get("links") and not parameters.get("sources"):
        raise BadConfig(f"Where are the words of {parameters['user_full_name']}? Give links, sources, or both.")


def _need_dataset_id(parameters: Parameters) -> None:
    if parameters.get("push_to_huggingface") and not parameters.get("dataset_id"):
        raise BadConfig("push_to_huggingface needs a dataset_id, such as dataset_id: your-name/llmtwin.")
