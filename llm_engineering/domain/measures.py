"""What single measures of generated text say; `evaluation` puts them together."""

import math
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

Interval = tuple[float, float]
"""95 %: (low, high)."""

_Z = 1.96


def share_interval(count: int, n: int) -> Interval:
    """Of a share that `count` of `n` independent ones make (Wilson 1927); (0, 1) of none."""
    if n == 0:
        return 0.0, 1.0
    share, spread = count / n, _Z**2 / n
    half = _Z * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return max(0.0, (share + spread / 2 - half) / (1 + spread)), min(1.0, (share + spread / 2 + half) / (1 + spread))


class Support(StrEnum):
    """What the sources say of a sentence."""

    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"
    OPINION = "opinion"
    """Nothing that a source could bear out: a view, a question, an exclamation."""


class SentenceSupport(BaseModel):
    """One sentence of an answer against the passages that the answer was given."""

    model_config = ConfigDict(frozen=True)

    start: int
    end: int
    """Character span in the answer."""
    label: Support
    source: int | None
    """Number (from 0) of the passage that is nearest; None without passages."""
    score: float
    """Cosine, by the embedder, of the sentence and the nearest sentences of that passage."""
    source_start: int | None = None
    source_end: int | None = None
    """Character span of those sentences in the passage."""


class CitationScores(BaseModel):
    """Whether the sources shown are the ones that the answer rests on (as in ALCE, arXiv:2305.14627)."""

    precision: float
    """Share (0 to 1) of the sources shown that support at least one sentence."""
    recall: float
    """Share of the factual sentences that a source shown supports."""
    sources: int
    """Sources shown, over all answers."""
    sentences: int
    """Factual sentences, over all answers."""
    cited: int = 0
    """Of the sources shown, those that support a sentence."""
    borne_out: int = 0
    """Of the factual sentences, those that a source supports."""
    precision_interval: Interval = (0.0, 1.0)
    """As if sources were independent of each other."""
    recall_interval: Interval = (0.0, 1.0)
    """As if sentences were independent of each other."""


class RefusalScores(BaseModel):
    """Whether questions are refused that the author has not written about, and only those."""

    unanswerable: int
    refused: int
    answerable: int
    wrongly_refused: int
    refused_interval: Interval = (0.0, 1.0)
    """Of `refused_share`."""
    wrongly_refused_interval: Interval = (0.0, 1.0)
    """Of `wrongly_refused_share`."""

    @property
    def refused_share(self) -> float:
        """Of the unanswerable ones; higher is better."""
        return self.refused / self.unanswerable if self.unanswerable else 0.0

    @property
    def wrongly_refused_share(self) -> float:
        """Of the answerable ones; lower is better."""
        return self.wrongly_refused / self.answerable if self.answerable else 0.0


class CopyScores(BaseModel):
    """How much of the generated text is the training text again."""

    longest_span_words: int
    eight_gram_share: float
    """Share (0 to 1) of generated 8-grams found in the training text."""
    n: int = 0
    """Texts."""
    interval: Interval = (0.0, 1.0)
    """Of the share, by drawing texts."""


class Leaks(BaseModel):
    """Personal data and secrets in generated text."""

    found: dict[str, int] = Field(default_factory=dict)
    """Kind (email, phone, …) → how many."""
    from_training: int = 0
    """How many of them stand in the training text."""

    @property
    def total(self) -> int:
        """Of all kinds."""
        return sum(self.found.values())


class Fluency(BaseModel):
    """Whether the answers are whole pieces of prose."""

    words: float
    """Mean length of an answer."""
    repetition: float
    """Share (0 to 1) of an answer's 4-grams that it has had before, averaged over answers."""
    repetition_interval: Interval | None = None
    """Bootstrap, drawing the documents that the prompts are from; None in reports of old."""
    loops: int = 0
    """Answers of which so much is repetition that they go round in circles."""
    distinct: float | None = None
    """Share (0 to 1) of different ones among the 2-grams of all answers."""
    empty: int
    cut_off: int
    """Answers that end inside a sentence, mostly for want of tokens."""
    n: int


class HeldOutLoss(BaseModel):
    """How well the model predicts the author's held-out text."""

    loss: float
    """Mean negative log-likelihood of an answer's token, in nats."""
    perplexity: float
    """exp(loss)."""
    n: int
    """Held-out samples."""
    tokens: int = 0
    """Of their answers; perplexities of models with another tokenizer cannot be compared."""
    interval: Interval | None = None
    """Of the loss, over samples."""
    per_sample: list[float] = Field(default_factory=list, exclude=True)
    """Mean loss of each sample's tokens, in the order of the samples, so that two models can be compared in pairs."""

    @property
    def perplexity_interval(self) -> Interval | None:
        """That of the loss, as perplexities."""
        return (math.exp(self.interval[0]), math.exp(self.interval[1])) if self.interval else None


class RetrievalScores(BaseModel):
    """Whether the passage that an instruction was made from is found by it."""

    recall: dict[int, float]
    """k → share of the instructions for which one of the first k results overlaps their passage."""
    mrr: float
    """Mean reciprocal rank of the first such result within the first 10."""
    ndcg: float
    """nDCG@10 with that result alone relevant."""
    document_recall: dict[int, float] = Field(default_factory=dict)
    """k → share of the instructions for which one of the first k results is of their document."""
    n: int
    intervals: dict[str, Interval] = Field(default_factory=dict)
    """Figure (recall@5, mrr, ndcg …) → its bootstrap interval."""


class JudgeScores(BaseModel):
    """How a chat model decides between a twin's and the base model's answers."""

    model: str
    wins: int
    ties: int
    """Among them pairs on which the judge changed its mind when their order was swapped."""
    losses: int
    invalid: int
    """Pairs without a usable answer after a second try."""
    win_rate: float
    """(wins + ties / 2) / judged pairs, with its 95 % interval."""
    low: float
    high: float
    consistent: float
    """Share of the judged pairs that got the same verdict in both orders."""
    agrees_with_style: float | None
    """Share of the decided pairs whose winner also has the higher style score."""
    rank_correlation: float | None = None
    """Spearman's rho of the verdicts (win, tie, loss) and the differences in style, over the judged pairs."""
    prefers_first: float | None = None
    """Share of the decided calls for the text that was shown first; 0.5 is no bias of position."""
