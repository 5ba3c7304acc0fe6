"""Markdown taken apart into blocks with their exact character spans."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token


class BlockKind(StrEnum):
    """What a top-level block of a document is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST = "list"
    QUOTE = "quote"
    CODE = "code"
    TABLE = "table"
    HTML = "html"
    RULE = "rule"


@dataclass(frozen=True)
class Block:
    """A top-level block: `source[start:end]` is its exact text, without trailing blank lines."""

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    """Of a heading: 1 to 6."""
    plain: str = ""
    """The words as a reader sees them: no link targets, no emphasis marks, no HTML tags."""


_KINDS = {
    "heading_open": BlockKind.HEADING,
    "paragraph_open": BlockKind.PARAGRAPH,
    "bullet_list_open": BlockKind.LIST,
    "ordered_list_open": BlockKind.LIST,
    "blockquote_open": BlockKind.QUOTE,
    "fence": BlockKind.CODE,
    "code_block": BlockKind.CODE,
    "table_open": BlockKind.TABLE,
    "html_block": BlockKind.HTML,
    "hr": BlockKind.RULE,
}


_FOOTNOTE = re.compile(r"\[\^[\w-]+\]:? ?")
"""The mark of a footnote, or the label before its text."""


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Smart quotes and linkify stay off: they would change what the author typed.
    return MarkdownIt("commonmark").enable("table")


def blocks(source: str) -> list[Block]:
    """The top-level blocks of a Markdown text, in order (CommonMark with tables)."""
    tokens = _parser().parse(source)
    line_starts = _line_starts(source)
    found: list[Block] = []
    for index, token in enumerate(tokens):
        kind = _KINDS.get(token.type)
        if kind is None or token.level != 0 or token.map is None:
            continue
        start, end = line_starts[token.map[0]], line_starts[token.map[1]]
        end = start + len(source[start:end].rstrip())
        level = int(token.tag[1]) if kind is BlockKind.HEADING else 0
        inner = tokens[index : _closing_index(tokens, index) + 1]
        found.append(Block(kind, start, end, level, _plain(inner)))
    return found


def _line_starts(source: str) -> list[int]:
    # markdown-it counts lines by "\n" alone ("\r\n" holds one too).
    starts = [0]
    position = source.find("\n")
    while position != -1:
        starts.append(position + 1)
        position = source.find("\n", position + 1)
    if starts[-1] != len(source):
        starts.append(len(source))
    starts.append(len(source))
    return starts


def _closing_index(tokens: list[Token], opening: int) -> int:
    if tokens[opening].nesting != 1:
        return opening
    for index in range(opening + 1, len(tokens)):
        if tokens[index].nesting == -1 and tokens[index].level == tokens[opening].level:
            return index
    return len(tokens) - 1


def _plain(tokens: list[Token]) -> str:
    if tokens[0].type in ("fence", "code_block"):
        return tokens[0].content.rstrip("\n")
    lines: list[str] = []
    prefixes: list[str] = []
    for token in tokens:
        if token.type == "list_item_open":
            prefixes.append(f"{token.info}{token.markup} " if token.info else f"{token.markup} ")
        elif token.type == "inline":
            indent = "  " * max(0, (token.level - 2) // 2) if prefixes or lines else ""
            lines.append(indent + (prefixes.pop() if prefixes else "") + _inline(token))
    return "\n".join(lines)


def _inline(token: Token) -> str:
    pieces: list[str] = []
    for child in token.children or []:
        match child.type:
            case "text":
                pieces.append(_FOOTNOTE.sub("", child.content))
            case "code_inline" | "text_special":
                pieces.append(child.content)
            case "softbreak":
                pieces.append(" ")
            case "hardbreak":
                pieces.append("\n")
            case _:
                pass  # emphasis and link marks, images and inline HTML are not words
    return "".join(pieces).strip()
