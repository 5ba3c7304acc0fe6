"""Other ways to cut a text, to compare with: each gives the (start, end) of its chunks."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

Span = tuple[int, int]
CountTokens = Callable[[str], int]
"""Tokens of a text without special ones."""

LANGCHAIN_SEPARATORS = ("\n\n", "\n", " ", "")
"""RecursiveCharacterTextSplitter's own."""
SENTENCE_SEPARATORS = ("\n\n", "\n", ".", "?", "!", " ", "")
"""Those of Chroma's evaluation, in which it did best of the simple splitters."""


def recursive(text: str, size: int, count: CountTokens, separators: Sequence[str]) -> list[Span]:
    """LangChain's RecursiveCharacterTextSplitter, without overlap."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        chunk_size=size,
        chunk_overlap=0,
        length_function=lru_cache(maxsize=None)(count),
        separators=list(separators),
        add_start_index=True,
    )
    found = splitter.create_documents([text])
    return [(one.metadata["start_index"], one.metadata["start_index"] + len(one.page_content)) for one in found]


def windows(text: str, size: int, count: CountTokens) -> list[Span]:
    """Runs of whole words with at most `size` tokens together, whatever they mean."""
    return list(_windows(text, size, lru_cache(maxsize=None)(count)))


def _windows(text: str, size: int, count: CountTokens) -> Iterator[Span]:
    first = last = filled = 0
    for word in re.finditer(r"\S+", text):
        tokens = count(word.group())
        if filled and filled + tokens > size:
            yield first, last
            filled = 0
        first, last = word.start() if not filled else first, word.end()
        filled += tokens
    if filled:
        yield first, last
