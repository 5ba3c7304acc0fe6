"""The twins as ZenML's Model Control Plane shows them: one model an author, one model version a twin's version."""

from contextlib import suppress
from typing import Any

from zenml import get_step_context, log_metadata
from zenml.client import Client
from zenml.exceptions import EntityExistsError
from zenml.model.utils import link_artifact_version_to_model_version
from zenml.models import ModelVersionResponse

from llm_engineering.domain.twins import TwinManifest
from steps import previews

LATEST, REPLACED = "production", "archived"
"""ZenML's names of the stages of the version that is `latest`, and of one that no longer is."""


def show(manifest: TwinManifest, latest: TwinManifest | None) -> None:
    """Make the twin's version appear with its figures, and the author's `latest` as "production".

    Within a step, what the step was given (datasets, results of training) is linked to the version.
    """
    client = Client()
    version_name = f"v{manifest.version}"  # ZenML keeps plain numbers for itself
    with suppress(EntityExistsError):
        client.create_model(manifest.name, description=f"The LLM twin of {manifest.author_full_name}.")
    with suppress(EntityExistsError):
        client.create_model_version(manifest.name, name=version_name)
    log_metadata(metadata=_figures(manifest), model_name=manifest.name, model_version=version_name)
    version = client.get_model_version(manifest.name, version_name)
    _link_inputs(version)
    if latest and latest.id == manifest.id:
        version.set_stage(LATEST, force=True)
    elif version.stage == LATEST:
        version.set_stage(REPLACED)
        if latest and (other := _version_of(latest)):
            other.set_stage(LATEST, force=True)


def hide(manifest: TwinManifest, latest: TwinManifest | None) -> None:
    """Delete a removed twin's version; what ran, and the artifacts of it, stay.

    ZenML's store is one for all checkouts of a user, so a version of the same name that another
    checkout made stays, too.
    """
    version = _version_of(manifest)
    if version is not None:
        Client().delete_model_version(version.id)
    if latest and (other := _version_of(latest)):
        other.set_stage(LATEST, force=True)


def _version_of(manifest: TwinManifest) -> ModelVersionResponse | None:
    """The version that shows this very twin, or None."""
    with suppress(KeyError):
        version = Client().get_model_version(manifest.name, f"v{manifest.version}")
        if version.run_metadata.get("created_at") == manifest.created_at.isoformat():
            return version
    return None


def _figures(manifest: TwinManifest) -> dict[str, Any]:
    promotion = manifest.promotion.model_dump(mode="json") if manifest.promotion else {}
    return {
        **previews.metadata(manifest),
        "created_at": manifest.created_at.isoformat(),
        "directory": str(manifest.directory),
        "promotion": promotion,
    }


def _link_inputs(version: ModelVersionResponse) -> None:
    try:
        inputs = get_step_context().inputs
    except RuntimeError:  # no step: a command shows the version
        return
    for artifacts in inputs.values():
        for artifact in artifacts:
            with suppress(EntityExistsError):
                link_artifact_version_to_model_version(artifact, version)
