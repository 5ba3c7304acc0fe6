"""What a passage is asked for, told from what it is. The same seed gives the same kinds.

The rules know English; a text in another language becomes a paragraph, an opening or a post.
"""

import re
from collections.abc import Sequence

from llm_engineering.application.cleaning import MARKERS
from llm_engineering.application.sentences import sentence_spans
from llm_engineering.domain.datasets import Passage, TaskKind
from llm_engineering.domain.documents import Category, CleanedDocument
from llm_engineering.domain.identity import content_hash

CONTINUATION_SHARE = 0.15
REWRITE_SHARE = 0.10
SHOWN_WORDS = 80
"""Of the text before a passage, in whole sentences."""
LEAST_SHOWN_WORDS, MOST_SHOWN_WORDS = 30, 160
SHOWN_CHARACTERS = 2000
"""How far back is looked for them."""
WHOLE_POST = 0.8
"""A passage that is so much of a post is asked for as a post."""

_SENTENCE = r"(?:^|(?<=[.!?:]\s)|(?<=\n))"
_IMPERATIVE = re.compile(
    _SENTENCE + r"(?:(?:then|now|next|first|second|finally|instead|so|and|also)[, ]+)?"
    r"(?:add|always|avoid|build|call|check|choose|click|configure|copy|create|cut|delete|do|don['’]t|edit|find|follow|"
    r"get|give|go|hang|install|keep|leave|let|log|look|make|mix|move|never|note|open|paste|pick|press|pull|put|remove|"
    r"repeat|replace|run|save|select|send|set|start|stop|store|take|test|try|turn|type|use|wait|wash|watch|write)\b",
    re.IGNORECASE | re.MULTILINE,
)
_STEP = re.compile(
    r"(?:^|\n)\s*\d+[.)]\s|\bstep (?:one|two|\d)\b|\b(?:you(?:['’]ll)? (?:need|have|want) to|how to)\b", re.I
)
_STANCE = re.compile(
    r"\bI(?:['’]m| am|['’]d| would| still| also| really| do(?:n['’]t)?| did(?:n['’]t)?| can(?:not|['’]t)|['’]ve)? ?"
    r"(?:think|believe|prefer|like|love|hate|recommend|suggest|agree|disagree|doubt|suspect|wish|argue|contend|insist|"
    r"persuaded|convinced|inclined|against|in favou?r|regret|admire|trust|distrust|dislike|care)\b"
    r"|\b(?:in|to) my (?:opinion|view|mind|experience)\b|\bmy (?:favou?rite|view|opinion|advice|feeling|guess)\b",
    re.IGNORECASE,
)
_REASON = re.compile(
    r"\b(?:because|therefore|hence|that is why|that['’]s why|the reason|which means|this means|in other words|"
    r"for example|for instance|consists? of|works by|so that|as a result|depends on|differs? from)\b",
    re.IGNORECASE,
)


def kind_of(passage: Passage, document: CleanedDocument) -> TaskKind:
    """The kind that the passage is by itself: a reply, a post, an opening, …"""
    text = document.style_text
    begins = not _prose(text[: passage.start])
    if begins and document.answers:
        return TaskKind.REPLY
    if document.category is Category.POSTS and len(passage.text) >= WHOLE_POST * len(text.strip()):
        return TaskKind.POST
    if begins and document.category is not Category.POSTS:
        return TaskKind.OPENING
    return _by_its_words(passage.text)


def place(passage: Passage, seed: int) -> float:
    """A number from 0 to 1 that depends on the passage's place and the seed alone."""
    return int(content_hash(str(seed), str(passage.document_id), str(passage.start))[:12], 16) / 16**12


def text_before(passage: Passage, document: CleanedDocument) -> str:
    """The last whole sentences before the passage, about SHOWN_WORDS words.

    They do not reach back over a code block, a quote or a table; "" where fewer than
    LEAST_SHOWN_WORDS words are left.
    """
    before = document.style_text[: passage.start].rstrip()
    cut = max((before.rfind(marker) + len(marker) for marker in MARKERS if marker in before), default=0)
    reached = before[max(cut, len(before) - SHOWN_CHARACTERS) :]
    spans = sentence_spans(reached)
    if len(before) - SHOWN_CHARACTERS > cut:
        spans = spans[1:]  # it may have lost its beginning
    start = len(reached)
    for begin, _ in reversed(spans):
        start = begin
        if len(reached[start:].split()) >= SHOWN_WORDS:
            break
    shown = reached[start:].strip()
    return shown if LEAST_SHOWN_WORDS <= len(shown.split()) <= MOST_SHOWN_WORDS else ""


def _prose(text: str) -> list[str]:
    """The paragraphs that are sentences: no markers, no headings."""
    paragraphs: Sequence[str] = [part.strip() for part in text.split("\n\n")]
    return [part for part in paragraphs if part not in MARKERS and re.search(r"[.!?…]", part)]


def _by_its_words(text: str) -> TaskKind:
    sentences = max(1, len(sentence_spans(text)))
    steps = len(_IMPERATIVE.findall(text)) + 2 * len(_STEP.findall(text))
    if steps >= 3 and steps / sentences >= 0.3:
        return TaskKind.HOW_TO
    if _STANCE.search(text):
        return TaskKind.OPINION
    return TaskKind.EXPLANATION if len(_REASON.findall(text)) >= 2 else TaskKind.PARAGRAPH
