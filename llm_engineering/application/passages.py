"""Cut the style lane into passages that a twin can learn from."""

import re
from collections import Counter
from collections.abc import Iterable, Set

from llm_engineering.application.cleaning import MARKERS
from llm_engineering.application.sentences import sentence_spans
from llm_engineering.domain.datasets import Passage
from llm_engineering.domain.documents import Category, CleanedDocument

MIN_WORDS = 60
TARGET_WORDS = 120
"""Short paragraphs join until there are about so many words."""
MAX_WORDS = 350
"""A longer paragraph is cut between sentences."""
MIN_POST_WORDS = 20
"""A post is whole by itself, however short; under this many words there is nothing to learn from."""
MIN_REPLY_WORDS = 8
"""Of an answer to somebody, whose words are the prompt."""
HEADING_WORDS = 14
"""A paragraph up to this long that ends without a full stop is a heading, not prose."""
BOILERPLATE_DOCUMENTS = 3
BOILERPLATE_WORDS = 6
"""A sentence of at least so many words that stands in so many documents belongs to the site, not to a text."""

MOSTLY = 0.8

NO_SENTENCES: Set[str] = frozenset()

_ENDS_SENTENCE = re.compile(r"""[.!?…:]["'”’)\]*_]*$|\W$""")
_LEADS_ON = re.compile(r"[:,;]$")
"""What follows is not in the passage."""
_WORD = re.compile(r"\w+(?:['’]\w+)*")

Span = tuple[int, int]


def words(text: str) -> list[str]:
    """The words of a text, lower-cased; an apostrophe inside a word belongs to it."""
    return _WORD.findall(text.lower())


def passages(
    document: CleanedDocument,
    *,
    min_words: int = MIN_WORDS,
    max_words: int = MAX_WORDS,
    boilerplate: Set[str] = NO_SENTENCES,
) -> list[Passage]:
    """Groups of neighbouring paragraphs of `min_words` to `max_words` words, never cut inside a sentence.

    A group grows to about TARGET_WORDS and does not run across a heading, a code block, a quote or
    a paragraph of `boilerplate` sentences. A last sentence that leads on to what is not there
    ("like this:") is left out. What is left of a section and too short for a passage of its own is
    joined to the one before it or left out. A post or an answer to somebody may be one short passage.
    """
    text = document.style_text
    spans = [
        group
        for section in _sections(text, boilerplate)
        for group in _grouped(text, section, min_words, max_words)
        if min_words <= _count(text, *group) <= max_words
    ]
    if not spans and (whole := _whole_post(document, max_words)):
        spans = [whole]
    return [
        Passage(document_id=document.id, title=document.title, start=start, end=end, text=text[start:end])
        for start, end in spans
    ]


def boilerplate_sentences(documents: Iterable[CleanedDocument]) -> frozenset[str]:
    """The sentences, as `normalised`, that stand in BOILERPLATE_DOCUMENTS documents or more."""
    found: Counter[str] = Counter()
    for document in documents:
        found.update(set(normalised_sentences(document.style_text)))
    return frozenset(sentence for sentence, count in found.items() if count >= BOILERPLATE_DOCUMENTS)


def normalised_sentences(text: str) -> list[str]:
    """Each sentence of BOILERPLATE_WORDS words or more as its lower-cased words, a space between them."""
    split = [words(text[start:end]) for start, end in sentence_spans(text)]
    return [" ".join(sentence) for sentence in split if len(sentence) >= BOILERPLATE_WORDS]


def eight_grams(text: str) -> set[tuple[str, ...]]:
    """All runs of eight words."""
    tokens = words(text)
    return {tuple(tokens[index : index + 8]) for index in range(len(tokens) - 7)}


def ends_sentence(text: str) -> bool:
    """Whether the text ends as a sentence, a list or a post may end; not with a colon or in the middle."""
    last = text.rstrip().rsplit("\n", 1)[-1]
    return bool(_ENDS_SENTENCE.search(last) or _is_list_item(last)) and not _LEADS_ON.search(last)


def _is_list_item(line: str) -> bool:
    return bool(re.match(r"\s*(?:[-*+•–]|\d+[.)])\s", line))


def _whole_post(document: CleanedDocument, max_words: int) -> Span | None:
    """The span of a post that is shorter than a passage."""
    if document.category is not Category.POSTS:
        return None
    text = document.style_text
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    least = MIN_REPLY_WORDS if document.answers else MIN_POST_WORDS
    has_marker = any(paragraph in MARKERS for paragraph in text.split("\n\n"))
    return (start, end) if least <= _count(text, start, end) <= max_words and not has_marker else None


def _sections(text: str, boilerplate: Set[str]) -> list[list[Span]]:
    """Runs of prose paragraphs, as spans; headings, markers and boilerplate end a run."""
    sections: list[list[Span]] = [[]]
    for match in re.finditer(r"[^\n].*?(?=\n\n|\Z)", text, flags=re.DOTALL):
        paragraph = match.group().rstrip()
        if paragraph in MARKERS or _is_heading(paragraph) or _is_boilerplate(paragraph, boilerplate):
            sections.append([])
        else:
            sections[-1].append((match.start(), match.start() + len(paragraph)))
    return [section for section in sections if section]


def _is_heading(paragraph: str) -> bool:
    return len(paragraph.split()) <= HEADING_WORDS and "\n" not in paragraph and not _ENDS_SENTENCE.search(paragraph)


def _is_boilerplate(paragraph: str, boilerplate: Set[str]) -> bool:
    """Whether nearly all of its words stand in boilerplate sentences."""
    if not boilerplate:
        return False
    repeated = [sentence for sentence in normalised_sentences(paragraph) if sentence in boilerplate]
    return sum(len(sentence.split()) for sentence in repeated) >= MOSTLY * max(1, len(words(paragraph)))


def _grouped(text: str, section: list[Span], min_words: int, max_words: int) -> list[Span]:
    target = max(min_words, min(TARGET_WORDS, max_words))
    groups: list[Span] = []
    for start, end in (part for span in section for part in _within(text, span, max_words)):
        fits = bool(groups) and _count(text, groups[-1][0], end) <= max_words
        if fits and _count(text, *groups[-1]) < target and not _stands_alone(text, groups[-1], (start, end), target):
            groups[-1] = (groups[-1][0], end)
        else:
            groups.append((start, end))
    if len(groups) > 1 and _count(text, *groups[-1]) < min_words:
        joined = (groups[-2][0], groups[-1][1])
        if _count(text, *joined) <= max_words:
            groups[-2:] = [joined]
    return [_without_lead(text, group, min_words) for group in groups]


def _stands_alone(text: str, group: Span, following: Span, target: int) -> bool:
    """Whether the group and the paragraph after it are each nearer to the target than both together."""
    mine, next_one = _count(text, *group), _count(text, *following)
    return mine >= MIN_WORDS and mine + next_one - target > target - mine


def _without_lead(text: str, group: Span, min_words: int) -> Span:
    """Without a last sentence that ends in a colon, where enough is left."""
    start, end = group
    if not _LEADS_ON.search(text[start:end]):
        return group
    sentences = sentence_spans(text[start:end])
    if len(sentences) < 2:
        return group
    shorter = (start, start + sentences[-2][1])
    return shorter if _count(text, *shorter) >= min_words else group


def _within(text: str, span: Span, max_words: int) -> list[Span]:
    """The paragraph, or runs of its sentences of about equal length when it is too long."""
    start, end = span
    total = _count(text, start, end)
    if total <= max_words:
        return [span]
    aim = total / -(-total // max_words)
    runs: list[Span] = []
    for first, last in sentence_spans(text[start:end]):
        sentence = (start + first, start + last)
        is_full = bool(runs) and _count(text, *runs[-1]) >= aim
        if runs and not is_full and _count(text, runs[-1][0], sentence[1]) <= max_words:
            runs[-1] = (runs[-1][0], sentence[1])
        else:
            runs.append(sentence)
    return runs


def _count(text: str, start: int, end: int) -> int:
    return len(text[start:end].split())
