"""Training samples whose target is always the author's own words, and the sets they form."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from llm_engineering.domain.identity import content_hash


class DatasetType(StrEnum):
    """Which of the two datasets."""

    INSTRUCTION = "instruction"
    PREFERENCE = "preference"


class TaskKind(StrEnum):
    """What a sample asks for."""

    PARAGRAPH = "paragraph"
    POST = "post"
    """A whole short text: a post, a message, a mail."""
    OPENING = "opening"
    """How a document begins."""
    EXPLANATION = "explanation"
    OPINION = "opinion"
    HOW_TO = "how_to"
    CONTINUATION = "continuation"
    """The prompt shows what stands before the passage."""
    REWRITE = "rewrite"
    """The prompt shows a model's flattening of the passage."""
    REPLY = "reply"
    """The prompt is what somebody else wrote, which the author answered."""


PROMPTS_MADE_OF_THE_TEXT = frozenset({TaskKind.CONTINUATION, TaskKind.REWRITE})


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
    """Who wrote the instruction: the model's id, "key-phrases" for the deterministic writer, "author" for
    what stands before a passage, "thread" for what somebody else wrote."""
    task: TaskKind = TaskKind.PARAGRAPH

    @property
    def shows_author_text(self) -> bool:
        """Whether the prompt holds or retells the author's text: then an answer in their style proves little."""
        return self.task in PROMPTS_MADE_OF_THE_TEXT


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
    task: TaskKind = TaskKind.PARAGRAPH


class Distribution(BaseModel):
    """How some figures are spread: three marks, and counts in bins of equal width."""

    model_config = ConfigDict(frozen=True)

    n: int
    low: float
    """5 % lie below."""
    median: float
    high: float
    """5 % lie above."""
    edges: list[float]
    """Of the bins, one more than there are bins."""
    counts: list[int]

    @classmethod
    def of(cls, values: Iterable[float], bins: int = 20) -> "Distribution | None":
        """Of these figures; None of none. Quantiles are interpolated linearly."""
        ordered = sorted(values)
        if not ordered:
            return None
        first, width = ordered[0], (ordered[-1] - ordered[0]) / bins
        counts = [0] * bins
        for value in ordered:
            counts[min(bins - 1, int((value - first) / width)) if width else 0] += 1
        low, median, high = (_quantile(ordered, share) for share in (0.05, 0.5, 0.95))
        edges = [round(first + width * number, 6) for number in range(bins + 1)]
        return cls(n=len(ordered), low=low, median=median, high=high, edges=edges, counts=counts)

    @property
    def bins(self) -> list[tuple[float, float, int]]:
        """(from, to, count) of each bin."""
        return [(low, high, count) for (low, high), count in zip(pairwise(self.edges), self.counts, strict=True)]


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
    recipe: str = ""
    """Version of the prompts, gates and kinds behind the samples; empty in datasets of before there were any."""
    language: str | None = None
    """ISO 639-1 of most of the author's words."""
    dropped: dict[str, int] = Field(default_factory=dict)
    """Quality gate → number of passages or pairs that it dropped."""
    replaced: dict[str, int] = Field(default_factory=dict)
    """Why what the model wrote for a prompt was not used → number of samples that got another prompt."""
    retried: int = 0
    """Instructions that the model wrote a second time, because a gate refused the first."""
    shares: dict[str, float] = Field(default_factory=dict)
    """Of a preference dataset: share (0 to 1) of chosen and of rejected texts with lists, headings or bold type."""
    distributions: dict[str, Distribution] = Field(default_factory=dict)
    """How lengths, similarities and overlaps are spread over the samples of both splits."""
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


def _quantile(ordered: Sequence[float], share: float) -> float:
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return round(ordered[below] + (ordered[above] - ordered[below]) * (place - below), 6)
