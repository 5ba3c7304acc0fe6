"""Cut the style lane into passages that a twin can learn from, and split them by document."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from llm_engineering.application.cleaning import MARKERS
from llm_engineering.application.sentences import sentence_spans
from llm_engineering.domain.datasets import Passage
from llm_engineering.domain.documents import CleanedDocument
from llm_engineering.domain.errors import EmptyCorpus

MIN_WORDS = 60
MAX_WORDS = 180
HEADING_WORDS = 14
"""A paragraph up to this long that ends without a full stop is a heading, not prose."""

_ENDS_SENTENCE = re.compile(r"""[.!?…:]["'”’)\]*_]*$|\W$""")
_WORD = re.compile(r"\w+(?:['’]\w+)*")


def words(text: str) -> list[str]:
    """The words of a text, lower-cased; an apostrophe inside a word belongs to it."""
    return _WORD.findall(text.lower())


def passages(document: CleanedDocument, *, min_words: int = MIN_WORDS, max_words: int = MAX_WORDS) -> list[Passage]:
    """Groups of neighbouring paragraphs of `min_words` to `max_words` words, never cut inside a sentence.

    A group does not run across a heading, a code block or a quote. What is left of a section
    and too short for a passage of its own is joined to the one before it or left out.
    """
    found: list[Passage] = []
    for section in _sections(document.style_text):
        found.extend(_grouped(document, section, min_words, max_words))
    return found


def split_by_document(
    documents: Sequence[CleanedDocument], test_split_size: float
) -> tuple[list[CleanedDocument], list[CleanedDocument]]:
    """(train, test): the newest documents are held out; at least one on either side.

    Raises EmptyCorpus for fewer than two documents.
    """
    if len(documents) < 2:
        raise EmptyCorpus(
            f"{len(documents)} document(s) with usable text: a twin needs at least 2, one to learn from and "
            "one to be measured on; collect more of the author first."
        )
    oldest_first = sorted(documents, key=lambda document: (_date(document), str(document.id)))
    held_out = min(len(documents) - 1, max(1, math.ceil(len(documents) * test_split_size)))
    return oldest_first[:-held_out], oldest_first[-held_out:]


def eight_grams(text: str) -> set[tuple[str, ...]]:
    """All runs of eight words."""
    tokens = words(text)
    return {tuple(tokens[index : index + 8]) for index in range(len(tokens) - 7)}


def without_duplicates(items: Sequence[Passage], dropped: Counter[str]) -> list[Passage]:
    """The passages, each text once: near-duplicates by MinHash over three-word shingles (Jaccard 0.8)."""
    from datasketch import MinHash, MinHashLSH

    index: MinHashLSH = MinHashLSH(threshold=0.8, num_perm=64)
    kept: list[Passage] = []
    for number, passage in enumerate(items):
        tokens = words(passage.text)
        signature = MinHash(num_perm=64, seed=17)
        shingles = {" ".join(tokens[at : at + 3]).encode() for at in range(max(1, len(tokens) - 2))}
        signature.update_batch(sorted(shingles))
        if index.query(signature):
            dropped["near_duplicate"] += 1
            continue
        index.insert(str(number), signature)
        kept.append(passage)
    return kept


def without_leaks(train: Sequence[Passage], test: Sequence[Passage], dropped: Counter[str]) -> list[Passage]:
    """The training passages that share no run of eight words with a held-out one."""
    held_out = set().union(*(eight_grams(passage.text) for passage in test)) if test else set()
    kept = [passage for passage in train if not eight_grams(passage.text) & held_out]
    dropped["overlaps_held_out"] += len(train) - len(kept)
    return kept


def leak_share(train: Sequence[str], test: Sequence[str]) -> float:
    """Share (0 to 1) of the test texts that share a run of eight words with a training text."""
    seen = set().union(*(eight_grams(text) for text in train)) if train else set()
    leaking = [bool(eight_grams(text) & seen) for text in test]
    return sum(leaking) / len(leaking) if leaking else 0.0


def _date(document: CleanedDocument) -> datetime:
    if document.published_at is None:
        return datetime.min.replace(tzinfo=UTC)  # of unknown age: safer to learn from than to be measured on
    return document.published_at if document.published_at.tzinfo else document.published_at.replace(tzinfo=UTC)


def _sections(text: str) -> list[list[tuple[int, int]]]:
    """Runs of prose paragraphs, as spans; headings and markers end a run."""
    sections: list[list[tuple[int, int]]] = [[]]
    for match in re.finditer(r"[^\n].*?(?=\n\n|\Z)", text, flags=re.DOTALL):
        paragraph = match.group().rstrip()
        if paragraph in MARKERS or _is_heading(paragraph):
            sections.append([])
        else:
            sections[-1].append((match.start(), match.start() + len(paragraph)))
    return [section for section in sections if section]


def _is_heading(paragraph: str) -> bool:
    return len(paragraph.split()) <= HEADING_WORDS and "\n" not in paragraph and not _ENDS_SENTENCE.search(paragraph)


def _grouped(
    document: CleanedDocument, section: list[tuple[int, int]], min_words: int, max_words: int
) -> list[Passage]:
    text = document.style_text
    spans = [part for span in section for part in _within(text, span, max_words)]
    groups: list[tuple[int, int]] = []
    for start, end in spans:
        if (
            groups
            and _count(text, groups[-1][0], end) <= max_words
            and _is_short(text, groups[-1], min_words, max_words)
        ):
            groups[-1] = (groups[-1][0], end)
        else:
            groups.append((start, end))
    if (
        len(groups) > 1
        and _count(text, *groups[-1]) < min_words
        and _count(text, groups[-2][0], groups[-1][1]) <= max_words
    ):
        groups[-2:] = [(groups[-2][0], groups[-1][1])]
    return [
        Passage(document_id=document.id, title=document.title, start=start, end=end, text=text[start:end])
        for start, end in groups
        if _count(text, start, end) >= min_words
    ]


def _is_short(text: str, group: tuple[int, int], min_words: int, max_words: int) -> bool:
    return _count(text, *group) < (min_words + max_words) / 2


def _within(text: str, span: tuple[int, int], max_words: int) -> list[tuple[int, int]]:
    """The paragraph, or runs of its sentences when it is too long."""
    start, end = span
    if _count(text, start, end) <= max_words:
        return [span]
    runs: list[tuple[int, int]] = []
    for first, last in sentence_spans(text[start:end]):
        sentence = (start + first, start + last)
        if runs and _count(text, runs[-1][0], sentence[1]) <= max_words:
            runs[-1] = (runs[-1][0], sentence[1])
        else:
            runs.append(sentence)
    return runs


def _count(text: str, start: int, end: int) -> int:
    return len(text[start:end].split())
