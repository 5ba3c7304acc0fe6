"""What an evaluation says of a twin, each figure with its n and interval."""

from pydantic import BaseModel, Field


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
    raw: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Measure → candidate → uncalibrated mean (probability, Burrows's Delta, rates per 1,000 words)."""


class CopyScores(BaseModel):
    """How much of the generated text is the training text again."""

    longest_span_words: int
    eight_gram_share: float
    """Share (0 to 1) of generated 8-grams found in the training text."""


class GeneratedAnswer(BaseModel):
    """One prompt and what each candidate, and the author, wrote for it."""

    instruction: str
    author: str
    base: str
    twin: str


class EvaluationReport(BaseModel):
    """One evaluation of one twin version."""

    author_full_name: str
    twin: str
    """Name and version, e.g. "mara-lindqvist/3"."""
    style: StyleScores
    copying: dict[str, CopyScores]
    """Candidate (base, twin) → how much it copies."""
    answers: list[GeneratedAnswer]
    passed: bool
    verdict: str
    """The result in one or two plain sentences."""
    seed: int
    seconds: float
