"""How artifacts are stored: one readable file each, with figures and a preview for the dashboard.

ZenML takes the materializer that is registered for the first class in the value's MRO, so the
classes below win over its own for every pydantic model. For a list it would take its container
materializer (a directory per element), so steps that return documents name theirs:
`@step(output_materializers=RawDocumentsMaterializer)`.
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Any, ClassVar

from pydantic import BaseModel
from zenml.enums import ArtifactType, VisualizationType
from zenml.materializers.base_materializer import BaseMaterializer

from llm_engineering.application.indexing import IndexReport
from llm_engineering.domain.authors import Author
from llm_engineering.domain.datasets import (
    DatasetMetadata,
    InstructDataset,
    InstructSample,
    PreferenceDataset,
    PreferenceSample,
)
from llm_engineering.domain.documents import CleanedDocument, CollectionReport, RawDocument
from llm_engineering.domain.errors import StoreError
from llm_engineering.domain.evaluation import EvaluationReport
from llm_engineering.domain.twins import TrainingResult, TwinManifest
from steps import previews

PREVIEW = "preview.html"


class OneFileMaterializer(BaseMaterializer):
    """Writes an artifact as one UTF-8 file and, beside it, the page that the dashboard shows."""

    SKIP_REGISTRATION: ClassVar[bool] = True
    ASSOCIATED_ARTIFACT_TYPE: ClassVar[ArtifactType] = ArtifactType.DATA
    FILE: ClassVar[str]

    def lines(self, data: Any) -> Iterator[str]:
        """The file's lines, without line ends."""
        raise NotImplementedError

    def parsed(self, lines: list[str], data_type: type[Any]) -> Any:
        """The artifact again."""
        raise NotImplementedError

    def save(self, data: Any) -> None:
        """Write the file."""
        self._write(self.FILE, "".join(f"{line}\n" for line in self.lines(data)))

    def load(self, data_type: type[Any]) -> Any:
        """Read the file. Raises StoreError when it is gone or damaged."""
        try:
            with self.artifact_store.open(self._path(self.FILE), "rb") as stream:
                text = stream.read().decode()
            return self.parsed(text.split("\n")[:-1], data_type)
        except (OSError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
            raise StoreError(f"The artifact at {self.uri} cannot be read ({reason}); run its pipeline again.") from None

    def compute_content_hash(self, data: Any) -> str:
        """sha256 of the file, so that equal artifacts of two runs are one input to ZenML's cache."""
        digest = sha256(type(self).__name__.encode())
        for line in self.lines(data):
            digest.update(line.encode() + b"\n")
        return digest.hexdigest()

    def extract_metadata(self, data: Any) -> dict[str, Any]:
        """The figures, and under "summary" the line that a run's summary shows."""
        return {"summary": previews.summary(data), **previews.metadata(data)}

    def save_visualizations(self, data: Any) -> dict[str, VisualizationType]:
        """Write the preview."""
        self._write(PREVIEW, previews.preview(data))
        return {self._path(PREVIEW): VisualizationType.HTML}

    def _path(self, name: str) -> str:
        return str(PurePosixPath(self.uri) / name) if "://" not in self.uri else f"{self.uri.rstrip('/')}/{name}"

    def _write(self, name: str, text: str) -> None:
        with self.artifact_store.open(self._path(name), "wb") as stream:
            stream.write(text.encode())


class ModelMaterializer(OneFileMaterializer):
    """One pydantic model as one JSON file."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (
        Author,
        CollectionReport,
        IndexReport,
        TrainingResult,
        TwinManifest,
        EvaluationReport,
    )
    FILE: ClassVar[str] = "data.json"

    def lines(self, data: BaseModel) -> Iterator[str]:
        """Indented JSON, for people and for diff."""
        yield from json.dumps(data.model_dump(mode="json"), indent=2, ensure_ascii=False).split("\n")

    def parsed(self, lines: list[str], data_type: type[BaseModel]) -> BaseModel:
        """The model."""
        return data_type.model_validate_json("\n".join(lines))


class DatasetMaterializer(OneFileMaterializer):
    """A dataset as JSON Lines: its metadata, then a sample a line, each with its split."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (InstructDataset, PreferenceDataset)
    FILE: ClassVar[str] = "dataset.jsonl"

    def lines(self, data: InstructDataset | PreferenceDataset) -> Iterator[str]:
        """The metadata first: it says what the samples are."""
        yield json.dumps({"metadata": data.metadata.model_dump(mode="json")}, ensure_ascii=False)
        for split, samples in (("train", data.train), ("test", data.test)):
            for sample in samples:
                yield json.dumps({"split": split, **sample.model_dump(mode="json")}, ensure_ascii=False)

    def parsed(self, lines: list[str], data_type: type[Any]) -> InstructDataset | PreferenceDataset:
        """The dataset."""
        metadata = DatasetMetadata.model_validate(json.loads(lines[0])["metadata"])
        splits: dict[str, list[dict[str, Any]]] = {"train": [], "test": []}
        for line in lines[1:]:
            row = json.loads(line)
            splits[row.pop("split")].append(row)
        if data_type is PreferenceDataset:
            pairs = {split: [PreferenceSample.model_validate(row) for row in rows] for split, rows in splits.items()}
            return PreferenceDataset(metadata=metadata, **pairs)
        samples = {split: [InstructSample.model_validate(row) for row in rows] for split, rows in splits.items()}
        return InstructDataset(metadata=metadata, **samples)


class _DocumentsMaterializer(OneFileMaterializer):
    """A list of documents as JSON Lines, a document a line."""

    SKIP_REGISTRATION: ClassVar[bool] = True
    FILE: ClassVar[str] = "documents.jsonl"
    MODEL: ClassVar[type[RawDocument] | type[CleanedDocument]]

    def lines(self, data: list[RawDocument] | list[CleanedDocument]) -> Iterator[str]:
        """A document a line."""
        yield from (json.dumps(document.model_dump(mode="json"), ensure_ascii=False) for document in data)

    def parsed(self, lines: list[str], data_type: type[Any]) -> list[Any]:
        """The documents, in order."""
        return [self.MODEL.model_validate_json(line) for line in lines]


class RawDocumentsMaterializer(_DocumentsMaterializer):
    """list[RawDocument]."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (list,)
    MODEL = RawDocument


class CleanedDocumentsMaterializer(_DocumentsMaterializer):
    """list[CleanedDocument]."""

    ASSOCIATED_TYPES: ClassVar[tuple[type[Any], ...]] = (list,)
    MODEL = CleanedDocument
