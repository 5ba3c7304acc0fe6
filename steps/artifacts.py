"""Find artifacts again: an author's newest dataset, and any artifact by its name."""

from collections.abc import Sequence

from zenml.client import Client
from zenml.models import ArtifactVersionResponse

from llm_engineering.application.generating import corpus_fingerprint
from llm_engineering.application.prompting import dataset_recipe, template_fingerprint
from llm_engineering.application.training import require_same_split
from llm_engineering.application.twins import twin_version as chosen_version
from llm_engineering.domain.datasets import InstructDataset
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.errors import BadInput, DatasetError
from steps.context import author_tag, opened_stores

INSTRUCT_DATASETS = "instruct_datasets"
PREFERENCE_DATASETS = "preference_datasets"

MAKING = {
    INSTRUCT_DATASETS: ("instruction", "./poe run-generate-instruct-datasets-pipeline"),
    PREFERENCE_DATASETS: ("preference", "./poe run-generate-preference-datasets-pipeline"),
}
"""Artifact → what it is called, and the command that makes one."""


def newest_dataset(name: str, author_full_name: str) -> ArtifactVersionResponse:
    """The author's newest dataset of that name. Raises DatasetError with the command that makes one."""
    versions = _versions(name, author_full_name)
    if not versions:
        kind, command = MAKING[name]
        raise DatasetError(
            f"There is no {kind} dataset of {author_full_name}; make one first: "
            f"{command} --set author_full_name='{author_full_name}'."
        )
    return versions[0]


def newest_datasets(author_full_name: str) -> tuple[ArtifactVersionResponse, ArtifactVersionResponse]:
    """The author's newest instruction and preference datasets.

    Raises DatasetError when there are none, or when the second was not made from the first.
    """
    instruct = newest_dataset(INSTRUCT_DATASETS, author_full_name)
    preference = newest_dataset(PREFERENCE_DATASETS, author_full_name)
    require_same_split(_noted(instruct, "fingerprint"), _noted(preference, "made_from"), author_full_name)
    return instruct, preference


def same_instruct_dataset(
    author_full_name: str, documents: Sequence[CleanedDocument], test_split_size: float, seed: int
) -> InstructDataset | None:
    """The author's newest instruction dataset, if it was made from these documents in this way.

    By whichever chat model: the answers are the author's, and pairs may be made with another one.
    """
    wanted = {
        "corpus_fingerprint": corpus_fingerprint(documents),
        "template_fingerprint": template_fingerprint(),
        "recipe": dataset_recipe(),
        "test_split_size": test_split_size,
        "seed": seed,
    }
    for version in _versions(INSTRUCT_DATASETS, author_full_name)[:1]:
        if all(version.run_metadata.get(name) == value for name, value in wanted.items()):
            return InstructDataset.model_validate(version.load())
    return None


def dataset_of_twin(author_full_name: str, twin_version: int | None = None) -> ArtifactVersionResponse:
    """The instruction dataset that the author's twin was trained on.

    Another one will not do: its held-out samples may have been trained on. Raises BadInput
    without a twin, DatasetError when the dataset is gone.
    """
    with opened_stores() as twin:
        manifest = chosen_version(twin.warehouse, twin.warehouse.author(author_full_name), twin_version)
    wanted = {about.fingerprint for about in manifest.datasets.values()}
    for version in _versions(INSTRUCT_DATASETS, author_full_name):
        if _noted(version, "fingerprint") in wanted:
            return version
    raise DatasetError(
        f"The instruction dataset that {manifest.name}/{manifest.version} was trained on is not in ZenML any more, so "
        "nothing is known to be held out from it; train again: ./poe run-training-pipeline."
    )


def artifact_named(name: str) -> ArtifactVersionResponse:
    """The newest version of an artifact. Raises BadInput, naming the known ones."""
    versions = Client().list_artifact_versions(artifact=name, sort_by="desc:created", size=1, hydrate=True)
    if not versions.items:
        known = sorted(artifact.name for artifact in Client().list_artifacts(has_custom_name=True, size=200).items)
        raise BadInput(
            f'There is no artifact "{name}"; known are: {", ".join(known) or "none yet, run a pipeline first"}.'
        )
    newest: ArtifactVersionResponse = versions.items[0]
    return newest


def _versions(name: str, author_full_name: str) -> list[ArtifactVersionResponse]:
    found = Client().list_artifact_versions(
        artifact=name, tags=[author_tag(author_full_name)], sort_by="desc:created", size=200, hydrate=True
    )
    return list(found.items)


def _noted(version: ArtifactVersionResponse, name: str) -> str:
    return str(version.run_metadata.get(name, ""))
