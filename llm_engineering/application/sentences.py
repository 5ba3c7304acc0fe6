"""Where sentences begin and end."""

from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    from syntok.tokenizer import Tokenizer

    return Tokenizer(replace_not_contraction=False)


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """(start, end) of each sentence, in order; together they hold every visible character.

    Segmented by syntok, which knows abbreviations, decimals and initials.
    """
    from syntok import segmenter

    spans: list[tuple[int, int]] = []
    position = 0
    for paragraph in text.splitlines(keepends=True):
        tokens = list(_tokenizer().tokenize(paragraph))
        for sentence in segmenter.split(iter(tokens)):
            words = list(sentence)
            if words:
                spans.append((position + words[0].offset, position + words[-1].offset + len(words[-1].value)))
        position += len(paragraph)
    return _closed(text, spans)


def _closed(text: str, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    # A segmenter may leave a closing mark between two sentences: give it to the one before.
    if not spans:
        stripped = text.strip()
        return [(text.index(stripped), text.index(stripped) + len(stripped))] if stripped else []
    closed: list[tuple[int, int]] = []
    for index, (start, end) in enumerate(spans):
        start = 0 if index == 0 else max(start, closed[-1][1])
        following = spans[index + 1][0] if index + 1 < len(spans) else len(text)
        end = max(end, following)
        closed.append((start, end))
    return [_stripped(text, start, end) for start, end in closed if text[start:end].strip()]


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    span = text[start:end]
    return start + len(span) - len(span.lstrip()), end - (len(span) - len(span.rstrip()))
