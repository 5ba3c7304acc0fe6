"""The pipelines, each a plain function that reads as prose; `as_zenml` makes a ZenML pipeline of one.

The functions import their steps when called, because the steps import ZenML, which takes seconds:
so `--help` and a mistake in a config file are answered at once.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipelines.digital_data_etl import digital_data_etl
from pipelines.end_to_end_data import end_to_end_data
from pipelines.evaluating import evaluating
from pipelines.export_artifact_to_json import export_artifact_to_json
from pipelines.feature_engineering import feature_engineering
from pipelines.generate_datasets import generate_datasets
from pipelines.training import training

if TYPE_CHECKING:
    from zenml.pipelines.pipeline_definition import Pipeline

__all__ = [
    "PIPELINES",
    "as_zenml",
    "digital_data_etl",
    "end_to_end_data",
    "evaluating",
    "export_artifact_to_json",
    "feature_engineering",
    "generate_datasets",
    "training",
]

PIPELINES: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        digital_data_etl,
        feature_engineering,
        generate_datasets,
        training,
        evaluating,
        end_to_end_data,
        export_artifact_to_json,
    )
}
"""Name → the function that defines it, in the order in which a newcomer needs them."""


def as_zenml(function: Callable[..., Any]) -> "Pipeline":
    """The ZenML pipeline of that function, under its name. Each step says itself whether it may be cached."""
    from zenml import pipeline

    return pipeline(function)
