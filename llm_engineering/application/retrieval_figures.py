"""Whether retrieval finds the passage that an instruction was made from, and refuses what it should."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from llm_engineering.application.passages import eight_grams
from llm_engineering.application.style import score_of
from llm_engineering.domain.chunks import Retrieved
from llm_engineering.domain.datasets import InstructSample
from llm_engineering.domain.measures import Interval, RefusalScores, RetrievalScores, share_interval

DEPTH = 10
CUTS = (1, 3, 5, 10)
OVERLAP = 0.2
"""Share of a passage's 8-grams that a result has to hold: a long passage lies in several chunks."""

UNANSWERABLE = (
    "How do I descale an espresso machine with citric acid?",
    "Which vaccinations does a puppy need in its first year?",
    "What is the offside rule in football?",
    "How much notice must a tenant give under German rental law?",
    "Which fertiliser do tomatoes need in July?",
    "How is the Maillard reaction different from caramelisation?",
    "What are the symptoms of an iron deficiency?",
    "How do I change the bottom bracket of a bicycle?",
    "Who won the Eurovision Song Contest in 1974?",
    "How deep must a fence post be set in clay soil?",
    "What is the capital gains tax on inherited shares in Portugal?",
    "How long does a sourdough starter last in the fridge?",
)
"""Questions of many fields. An author may have written on one of them: read the share with that in mind."""


def retrieval_scores(
    samples: Sequence[InstructSample], found: Sequence[Retrieved], seed: int = 17
) -> RetrievalScores | None:
    """How high the sample's own passage stands among the results for its instruction; None of no samples.

    Passages are of the style lane and chunks of the search lane, so that not their spans are compared
    but their words: a result is relevant when it holds a fifth of the passage's 8-grams, wherever it
    was published; of a passage too short for that, when it is of the same document. Recall@k is
    given for every k up to the longest list of results.
    """
    if not samples:
        return None
    ranks = [_rank(_overlapping(sample, one)) for sample, one in zip(samples, found, strict=True)]
    of_document = [_rank(_of_document(sample, one)) for sample, one in zip(samples, found, strict=True)]
    longest = max(len(one.passages) for one in found)
    cuts = [k for k in CUTS if k <= max(1, longest)]
    gains = {f"recall@{k}": [float(rank <= k) for rank in ranks] for k in cuts}
    gains["mrr"] = [1 / rank for rank in ranks]
    gains["ndcg"] = [1 / math.log2(rank + 1) for rank in ranks]
    return RetrievalScores(
        recall={k: float(np.mean(gains[f"recall@{k}"])) for k in cuts},
        mrr=float(np.mean(gains["mrr"])),
        ndcg=float(np.mean(gains["ndcg"])),
        document_recall={k: float(np.mean([rank <= k for rank in of_document])) for k in cuts},
        n=len(ranks),
        intervals={name: _interval(values, seed) for name, values in gains.items()},
    )


def refusal_scores(answerable: Sequence[Retrieved], search: Callable[[str], Retrieved]) -> RefusalScores:
    """Of the fixed questions that the author hardly wrote about, and of those that they did."""
    rightly = sum(not search(question).is_answerable for question in UNANSWERABLE)
    wrongly = sum(not one.is_answerable for one in answerable)
    return RefusalScores(
        unanswerable=len(UNANSWERABLE),
        refused=rightly,
        answerable=len(answerable),
        wrongly_refused=wrongly,
        refused_interval=share_interval(rightly, len(UNANSWERABLE)),
        wrongly_refused_interval=share_interval(wrongly, len(answerable)),
    )


def _overlapping(sample: InstructSample, retrieved: Retrieved) -> list[bool]:
    wanted = eight_grams(sample.answer)
    if not wanted:
        return _of_document(sample, retrieved)
    texts = [passage.chunk.text for passage in retrieved.passages]
    return [len(wanted & eight_grams(text)) >= OVERLAP * len(wanted) for text in texts]


def _of_document(sample: InstructSample, retrieved: Retrieved) -> list[bool]:
    return [passage.chunk.document_id == sample.document_id for passage in retrieved.passages]


def _rank(hits: Sequence[bool]) -> float:
    """Place of the first hit within the first DEPTH, 1 is the best; infinite when there is none."""
    return next((float(place) for place, hit in enumerate(hits[:DEPTH], start=1) if hit), math.inf)


def _interval(values: Sequence[float], seed: int) -> Interval:
    score = score_of(values, seed)
    return score.low, score.high
