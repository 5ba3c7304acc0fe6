"""Training samples whose target is always the author's own words, and the sets they form."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from llm_engineering.domain.identity import content_hash


class DatasetType(StrEnum):
    """Which of the two datasets."""

    INSTRUCTION = "instruction"
    PREFERENCE = "preference"


class Passage(BaseModel):
    """A coherent span of one document's style text: `text == style_text[start:end]`."""

    model_config = ConfigDict(frozen=True)

    document_id: UUID
    title: str
    start: int
    end: int
    text: str


class InstructSample(BaseModel):
    """An instruction and the author's passage that answers it, verbatim."""

    model_config = ConfigDict(frozen=True)

    instruction: str
    answer: str
    document_id: UUID
    start: int
    end: int
    instruction_by: str
    """Who wrote the instruction: the model's id, or "key-phrases" for the deterministic writer."""


class PreferenceSample(BaseModel):
    """The author's passage (chosen) against a model's answer (rejected) to one instruction."""

    model_config = ConfigDict(frozen=True)

    instruction: str
    chosen: str
    rejected: str
    document_id: UUID
    start: int
    end: int
    rejected_by: str
    """The model that wrote the rejected answer."""


class DatasetMetadata(BaseModel):
    """What a reader of the dataset needs to know, and what training copies into the manifest."""

    author_id: UUID
    author_full_name: str
    template_fingerprint: str
    corpus_fingerprint: str
    """sha256 over the ids and content hashes of the documents behind it."""
    seed: int
    test_split_size: float
    max_samples: int | None = None
    """The bound on training samples that was asked for."""
    instruct_fingerprint: str | None = None
    """Of a preference dataset: the instruction dataset whose samples and split it has."""
    train_documents: list[UUID]
    test_documents: list[UUID]
    dropped: dict[str, int] = Field(default_factory=dict)
    """Quality gate → number of passages or samples it dropped."""
    verbatim_answer_share: float
    """Share (0 to 1) of answers, or chosen texts, found character by character in the corpus."""
    leak_share: float = 0.0
    """Share (0 to 1) of test texts that share an 8-gram with training text."""
    model_ids: dict[str, str] = Field(default_factory=dict)
    """Role (instruction, rejected) → the model that filled it."""


class InstructDataset(BaseModel):
    """Instruction samples of one author, split by document."""

    metadata: DatasetMetadata
    train: list[InstructSample]
    test: list[InstructSample]

    @property
    def fingerprint(self) -> str:
        """sha256 over every sample of both splits, in order, and where the test split begins."""
        return _fingerprint(self.train, self.test)


class PreferenceDataset(BaseModel):
    """Preference samples of one author, split by document exactly as the instruction samples."""

    metadata: DatasetMetadata
    train: list[PreferenceSample]
    test: list[PreferenceSample]

    @property
    def fingerprint(self) -> str:
        """sha256 over every sample of both splits, in order, and where the test split begins."""
        return _fingerprint(self.train, self.test)


def verbatim_share(texts: Iterable[str], corpus: Iterable[str]) -> float:
    """Share (0 to 1) of texts that occur character by character in one of the corpus's texts."""
    haystack = list(corpus)
    found = [any(text in whole for whole in haystack) for text in texts]
    return sum(found) / len(found) if found else 1.0


def _fingerprint(
    train: Sequence[InstructSample] | Sequence[PreferenceSample],
    test: Sequence[InstructSample] | Sequence[PreferenceSample],
) -> str:
    # Another split of the same documents often has the same samples in the same order.
    return content_hash(str(len(train)), *(sample.model_dump_json() for sample in [*train, *test]))
