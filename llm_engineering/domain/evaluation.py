"""What an evaluation says of a twin and of what it is compared with, each figure with its n and interval."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from llm_engineering.domain.measures import (
    CitationScores,
    CopyScores,
    Fluency,
    HeldOutLoss,
    Interval,
    JudgeScores,
    Leaks,
    RefusalScores,
    RetrievalScores,
    SentenceSupport,
)


class Score(BaseModel):
    """A mean with what a reader needs to believe it."""

    value: float
    low: float
    high: float
    """95 % bootstrap interval."""
    n: int


class StyleScores(BaseModel):
    """Style on a scale where 0 is the other authors' mean and 1 the author's own held-out mean."""

    author_held_out: Score
    other_author: Score
    base: Score
    twin: Score
    gain: Score
    """Twin minus base, prompt by prompt, as both answer the same ones."""
    verifier_auc: float
    """How well the verifier tells the author's held-out text from others' (0.5 = not at all)."""
    verifier_auc_interval: Interval | None = None
    verifier_auc_strangers: float | None = None
    """As `verifier_auc`, from authors whom it has never seen; None with a single other author."""
    verifier_auc_strangers_interval: Interval | None = None
    verifier_pieces: tuple[int, int] | None = None
    """Held-out pieces that `verifier_auc` rests on: (the author's, the others')."""
    measures: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Measure behind the score → candidate → mean on that measure's own scale of 0 to 1.

    The anchors are 0 and 1 by the making of the scale.
    """
    raw: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Measure → candidate → uncalibrated: means (log-odds, share of rounds won), Deltas of all text together.

    The means leave the other authors out, whom the verifier knows.
    """
    delta_words: int = 0
    """What the Deltas are of: so many words of everybody. 0 in reports of old, where it was all they wrote."""


class TruthScores(BaseModel):
    """Whether answers that were given sources say what the sources say."""

    supported: Score
    """Share (0 to 1) of the factual sentences that a passage supports, averaged over answers."""
    sentences: dict[str, int]
    """Label (supported, unsupported, opinion) → sentences."""
    citations: CitationScores
    labelled_by: str | None = None
    """The chat model that labelled the sentences; None where thresholds did."""
    kept: int = 0
    """Answers of which that model gave no usable labels, so that they keep those by thresholds."""


class Candidate(BaseModel):
    """One way to get an answer, and how it did."""

    name: str
    """base, base+sources, style-card, a twin such as mara-lindqvist/3 (also with +sources), or a chat model."""
    label: str
    """The same in words."""
    model: str
    """What wrote the answers."""
    style: Score
    """0 = other authors, 1 = the author's own held-out text."""
    per_prompt: list[float] = Field(default_factory=list)
    """Style of each answer, in the order of the prompts."""
    gain: Score | None = None
    """Style minus that of the base model with the same prompts; None of the base model itself."""
    copying: CopyScores
    fluency: Fluency
    leaks: Leaks
    loss: HeldOutLoss | None = None
    """None of a model whose weights are not at hand."""
    truth: TruthScores | None = None
    """Of answers that were given sources; None of others."""


class PromotionRule(BaseModel):
    """What a twin has to do better than its base model to answer as `latest`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    least_prompts: int = Field(default=8, gt=0, description="Answers without which nothing can be told.")
    least_gain: float = Field(
        default=0.0, description="What the lower end of the interval of the gain in style has to pass."
    )
    most_copied: float = Field(default=0.10, ge=0, le=1, description="Share of 8-grams from training text at most.")
    most_truth_lost: float = Field(
        default=0.15,
        ge=0,
        le=1,
        description="How much less of what it says its sources may support, on average, than the base model's.",
    )


ENOUGH = "enough prompts"


class Check(BaseModel):
    """One condition of the rule, and what was found."""

    name: str
    passed: bool
    says: str
    """In words, with the figure."""
    caution: str = ""
    """Why a pass is to be read with care, in words; empty where there is no reason."""


class PromotionResult(BaseModel):
    """What the rule says of one twin."""

    twin: str
    """Name and version."""
    passed: bool
    rule: PromotionRule
    checks: list[Check]
    verdict: str = ""
    """The result in a few plain sentences."""

    @property
    def enough(self) -> bool:
        """Whether there were prompts enough to tell anything."""
        return all(check.passed for check in self.checks if check.name == ENOUGH)


class SampleAnswer(BaseModel):
    """What one candidate wrote, and what is known of its parts."""

    text: str
    copied: list[tuple[int, int]] = Field(default_factory=list)
    """Character spans that stand verbatim in training text, eight words and longer."""
    support: list[SentenceSupport] = Field(default_factory=list)
    """Sentence by sentence, of an answer that was given sources."""


class Sample(BaseModel):
    """One prompt, the author's own text, and every candidate's answer."""

    instruction: str
    author: str
    answers: dict[str, SampleAnswer]
    """Candidate's name → its answer."""


class EvaluationReport(BaseModel):
    """One evaluation of an author's twins; the first of them is the one that it is about."""

    author_full_name: str
    twin: str
    """Name and version, e.g. "mara-lindqvist/3"."""
    style: StyleScores
    members: dict[str, float] = Field(default_factory=dict)
    """Measure → how well it alone tells the author's held-out text from others' (AUC)."""
    member_intervals: dict[str, Interval] = Field(default_factory=dict)
    """Of the same; intervals of an AUC are by Hanley & McNeil (1982)."""
    copying: dict[str, CopyScores]
    """Candidate (base, twin) → how much it copies."""
    author_copying: CopyScores | None = None
    """What the author's held-out documents have word for word from the training ones."""
    author_fluency: Fluency | None = None
    """Of the author's held-out passages."""
    self_overlap: list[float] = Field(default_factory=list)
    """Share of each training document's 8-grams that stand in the author's other ones, ascending."""
    candidates: list[Candidate] = Field(default_factory=list)
    profile: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Habit → candidate → rate."""
    favourites: dict[str, list[str]] = Field(default_factory=dict)
    """Kind (words, openings) → the author's favourites, against the other authors."""
    refusals: RefusalScores | None = None
    retrieval: RetrievalScores | None = None
    judge: JudgeScores | None = None
    promotions: list[PromotionResult] = Field(default_factory=list)
    samples: list[Sample] = Field(default_factory=list)
    passed: bool
    verdict: str
    """The result in a few plain sentences."""
    prompts: int = 0
    prompt_documents: list[UUID] = Field(default_factory=list)
    """The document of each prompt: answers to prompts of one document are alike. Empty in reports of old."""
    seed: int
    seconds: float

    def promotion_of(self, twin: str) -> PromotionResult:
        """What the rule says of the twin of that name and version. Raises KeyError for one that was not measured."""
        for result in self.promotions:
            if result.twin == twin:
                return result
        raise KeyError(twin)
