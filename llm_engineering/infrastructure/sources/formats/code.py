"""Markdown with its code taken out of harm's way, so that a change to the prose cannot reach it."""

import re
from collections import deque
from collections.abc import Callable

MASK = "\x00"
"""No text holds it: Markdown itself replaces it."""
MASKED = re.compile(f"{MASK}(\\d+){MASK}")
BACKTICKS = re.compile(r"`+")


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """`change` applied to the text, whose code blocks and code spans it sees only as short marks.

    What it does with a mark (keep, move, or drop it) happens to that piece of code; the code itself
    comes back unchanged.
    """
    text = text.replace(MASK, "\N{REPLACEMENT CHARACTER}")
    kept: list[str] = []

    def masked(code: str) -> str:
        kept.append(code)
        return f"{MASK}{len(kept) - 1}{MASK}"

    lines = text.split("\n")
    pieces: list[str] = []
    position = 0
    for start, end in code_blocks(text):
        if start > position:
            pieces.append(_without_spans("\n".join(lines[position:start]), masked))
        pieces.append(masked("\n".join(lines[start:end])))
        position = end
    if position < len(lines):
        pieces.append(_without_spans("\n".join(lines[position:]), masked))
    return MASKED.sub(lambda match: kept[int(match.group(1))], change("\n".join(pieces)))


def code_blocks(text: str) -> list[tuple[int, int]]:
    """The lines (from, to but not with) of each fenced or indented code block, in order."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").disable("inline").parse(text)  # blocks are enough, and quicker
    return [(token.map[0], token.map[1]) for token in tokens if token.type in ("fence", "code_block") and token.map]


def fenced(code: str, language: str = "") -> str:
    """The code as a block, in a fence longer than any in it."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`{3,}", code)), default=0))
    return f"{fence}{language}\n{code}\n{fence}"


def _without_spans(text: str, masked: Callable[[str], str]) -> str:
    """The text with each code span masked: a run of backticks up to the next run of the same length."""
    runs = [(match.start(), match.end()) for match in BACKTICKS.finditer(text)]
    following: dict[int, deque[int]] = {}
    for index, (start, end) in enumerate(runs):
        following.setdefault(end - start, deque()).append(index)
    pieces: list[str] = []
    position = index = 0
    while index < len(runs):
        start, end = runs[index]
        same = following[end - start]
        while same and same[0] <= index:
            same.popleft()
        if not same or "\n\n" in text[end : runs[same[0]][0]]:  # a span ends in its own paragraph
            index += 1
            continue
        close = same[0]
        pieces += [text[position:start], masked(text[start : runs[close][1]])]
        position, index = runs[close][1], close + 1
    return "".join([*pieces, text[position:]])
