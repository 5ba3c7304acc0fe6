"""Whether an answer says what its sources say, sentence by sentence, without any model but the embedder.

A sentence counts as supported when it is near to a sentence of a passage (cosine, as in the
similarity baselines of TRUE, arXiv:2204.04991, and the share of its words that stand there), and
that passage has every figure and name in it, and does not deny what it affirms. All are needed:
embeddings see neither a wrong number nor a "not". This is a stand-in for an entailment model;
`truth_judging` asks a chat model instead.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from llm_engineering.application import facts
from llm_engineering.application.ports import Embedder
from llm_engineering.application.sentences import sentence_spans
from llm_engineering.domain.measures import CitationScores, SentenceSupport, Support, share_interval

NEAR = 0.50
"""Mean of cosine and shared words from which two sentences are taken to say the same."""
LEAST_CONTENT = 3
"""Content words without which a sentence states nothing that can be looked up."""

_VIEW = re.compile(
    r"\b(?:i (?:think|believe|feel|suspect|hope|love|like|prefer|hate|wish|guess|would|want|admire)|in my (?:view|"
    r"opinion)|to my mind|to me|perhaps|maybe|might|should|ought|probably|personally|"
    r"wonderful(?:ly)?|beautiful(?:ly)?|delightful|awful(?:ly)?|hopefully|joyful|painful(?:ly)?|lovely|horrible|terrible|nice|finest?|"
    r"best|worst|greatest|great|good|bad|ugly|sad|boring|fun|worth)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Window:
    """A sentence of a passage, or two neighbouring ones, as an answer may join two."""

    source: int
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class _Passage:
    """What a passage has in it, besides its windows."""

    mentions: set[str]
    figures: set[str]

    def holds(self, sentence: str) -> bool:
        """Whether every name and figure of the sentence is in it."""
        return facts.names(sentence) <= self.mentions and facts.figures(sentence) <= self.figures


def supported(
    answer: str, passages: Sequence[str], embedder: Embedder, known: Sequence[str] = ()
) -> list[SentenceSupport]:
    """One entry a sentence of the answer, in order. Embeds everything in one call.

    `known` is what else may be named without being looked up: the question, the passages' titles.
    """
    spans = sentence_spans(answer)
    if not spans:
        return []
    sentences = [window for number, passage in enumerate(passages) for window in _sentences(number, passage)]
    vectors = embedder.embed([answer[start:end] for start, end in spans] + [one.text for one in sentences])
    windows, rows = _with_pairs(sentences, passages, vectors[len(spans) :])
    cosines = vectors[: len(spans)] @ rows.T
    words = [facts.content(window.text) for window in windows]
    also = " ".join(known)
    held = [_Passage(facts.mentions(f"{text} {also}"), facts.figures(f"{text} {also}")) for text in passages]
    return [_judged(answer, span, row, windows, words, held) for span, row in zip(spans, cosines, strict=True)]


def citation_scores(answers: Sequence[tuple[Sequence[SentenceSupport], int]]) -> CitationScores:
    """Over answers: (their sentences, how many sources each was shown)."""
    cited = sum(len({one.source for one in some if one.label is Support.SUPPORTED}) for some, _ in answers)
    shown = sum(count for _, count in answers)
    factual = [one for some, _ in answers for one in some if one.label is not Support.OPINION]
    borne_out = sum(one.label is Support.SUPPORTED for one in factual)
    return CitationScores(
        precision=cited / shown if shown else 0.0,
        recall=borne_out / len(factual) if factual else 0.0,
        sources=shown,
        sentences=len(factual),
        cited=cited,
        borne_out=borne_out,
        precision_interval=share_interval(cited, shown),
        recall_interval=share_interval(borne_out, len(factual)),
    )


def supported_share(sentences: Sequence[SentenceSupport]) -> float | None:
    """Of the factual sentences of one answer; None when it has none."""
    factual = [one for one in sentences if one.label is not Support.OPINION]
    return sum(one.label is Support.SUPPORTED for one in factual) / len(factual) if factual else None


def _judged(
    answer: str,
    span: tuple[int, int],
    cosines: np.ndarray,
    windows: Sequence[_Window],
    words: Sequence[set[str]],
    held: Sequence[_Passage],
) -> SentenceSupport:
    start, end = span
    sentence = answer[start:end]
    mine = facts.content(sentence)
    if not windows:
        return SentenceSupport(start=start, end=end, label=_without_support(sentence, mine, True), source=None, score=0)
    shares = np.array([len(mine & some) / len(mine) if mine else 0.0 for some in words])
    nearness = (cosines + shares) / 2
    holding = np.array([held[window.source].holds(sentence) for window in windows])
    best = int(np.where(holding, nearness + 1, nearness).argmax())  # those that have its names and figures come first
    window = windows[best]
    bears_out = holding[best] and nearness[best] >= NEAR and not facts.contradicts(sentence, window.text)
    return SentenceSupport(
        start=start,
        end=end,
        label=Support.SUPPORTED if bears_out else _without_support(sentence, mine, not holding.any()),
        source=window.source,
        score=float(cosines[best]),
        source_start=window.start,
        source_end=window.end,
    )


def _without_support(sentence: str, content: set[str], names_unknown: bool) -> Support:
    """A view cannot be borne out; but one with a name or figure of its own states more than a view."""
    if sentence.rstrip(" \"'”’)*_").endswith("?"):
        return Support.OPINION
    is_view = len(content) < LEAST_CONTENT or bool(_VIEW.search(sentence))
    states = names_unknown and bool(facts.names(sentence) or facts.figures(sentence))
    return Support.OPINION if is_view and not states else Support.UNSUPPORTED


def _sentences(number: int, passage: str) -> list[_Window]:
    return [_Window(number, start, end, passage[start:end]) for start, end in sentence_spans(passage)]


def _with_pairs(
    sentences: Sequence[_Window], passages: Sequence[str], vectors: np.ndarray
) -> tuple[list[_Window], np.ndarray]:
    """The sentences and the neighbouring pairs of each passage, with their vectors.

    A pair's is the mean of both, which is near to what the embedder makes of it and takes no time.
    """
    windows, rows = list(sentences), [vectors]
    for at, (one, other) in enumerate(pairwise(sentences)):
        if one.source == other.source:
            windows.append(_Window(one.source, one.start, other.end, passages[one.source][one.start : other.end]))
            both = vectors[at] + vectors[at + 1]
            rows.append(both[None] / max(float(np.linalg.norm(both)), 1e-12))
    return windows, np.concatenate(rows)
