"""Markdown taken apart into blocks with their exact character spans."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from html.parser import HTMLParser
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

LINK = re.compile(r"(?<!!)\[((?:[^\[\]\\]|\\.)*)\]\([^()\s]*\)")
"""A link; its group is the text that a reader sees."""


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


_FOOTNOTE = re.compile(r"\[\^[\w-]+\]")
"""The mark of a footnote."""
_FOOTNOTE_LABEL = re.compile(r"^\[\^[\w-]+\]: ?")
"""What stands before its text."""
_HIDDEN_TAGS = frozenset({"script", "style", "template", "iframe", "svg", "button", "select"})
_BREAKING_TAGS = frozenset("p div br li ul ol tr td th h1 h2 h3 h4 h5 h6 details summary figcaption section".split())
_LINE_BREAK = re.compile(r"<br\b", re.IGNORECASE)


@lru_cache(maxsize=2)
def _parser(inline: bool = True) -> MarkdownIt:
    # Smart quotes and linkify stay off: they would change what the author typed.
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return parser if inline else parser.disable(["inline", "text_join"])


def blocks(source: str) -> list[Block]:
    """The top-level blocks of a Markdown text, in order (CommonMark with tables and ~~strikethrough~~)."""
    return _blocks(source, _parser().parse(source))


def outline(source: str) -> list[Block]:
    """The same blocks in half the time, but of their words only those of headings."""
    references: dict[str, Any] = {}
    tokens = _parser(inline=False).parse(source, references)
    for token, before in zip(tokens[1:], tokens, strict=False):
        if before.type == "heading_open":
            token.children = _parser().parseInline(token.content, references)[0].children
    return _blocks(source, tokens)


def _blocks(source: str, tokens: list[Token]) -> list[Block]:
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
    """The words of one block; each paragraph on its own line, those of one list item apart by a blank line."""
    if tokens[0].type in ("fence", "code_block"):
        return tokens[0].content.rstrip("\n")
    if tokens[0].type == "html_block":
        return _visible_text(tokens[0].content)
    lines: list[str] = []
    prefix: str | None = None
    for token in tokens:
        if token.type == "list_item_open":
            prefix = f"{token.info}{token.markup} " if token.info else f"{token.markup} "
        elif token.type == "inline":
            indent = "  " * max(0, (token.level - 2) // 2) if prefix or lines else ""
            if lines and prefix is None and tokens[0].type.endswith("list_open"):
                lines.append("")
            lines.append(indent + (prefix or "") + _inline(token))
            prefix = None
    return "\n".join(lines)


def _inline(token: Token) -> str:
    pieces: list[str] = []
    for child in token.children or []:
        match child.type:
            case "text":
                text = child.content if pieces else _FOOTNOTE_LABEL.sub("", child.content)
                pieces.append(_FOOTNOTE.sub("", text))
            case "code_inline" | "text_special":
                pieces.append(child.content)
            case "softbreak":
                pieces.append(" ")
            case "hardbreak":
                pieces.append("\n")
            case "html_inline" if _LINE_BREAK.match(child.content):
                pieces.append("\n")
            case _:
                pass  # emphasis and link marks, images and other inline HTML are not words
    return "".join(pieces).strip()


class _VisibleText(HTMLParser):
    """Collects what a browser shows."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _HIDDEN_TAGS
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _HIDDEN_TAGS and self._hidden > 0
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text.append(re.sub(r"\s+", " ", data))

    def _break(self, tag: str) -> None:
        if tag in _BREAKING_TAGS:
            self.text.append("\n")


def _visible_text(html: str) -> str:
    """The words of an HTML block in a Markdown text, a line a block element."""
    parser = _VisibleText()
    parser.feed(html.replace("<![", "< ["))  # a marked section, which the parser refuses with an AssertionError
    parser.close()
    lines = (line.strip() for line in "".join(parser.text).splitlines())
    return "\n\n".join(line for line in lines if line)
