"""Markdown as the words that its reader sees."""

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

FOOTNOTE = re.compile(r"\[\^([\w-]+)\]")
WORDLESS = frozenset({"image", "html_inline"})


def read_text(markdown: str) -> str:
    """The text that Markdown stands for: no addresses of links, no list numbers, no names of code's languages.

    A line a block; footnote marks keep their number, which pages show as a raised figure.
    """
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    return "\n".join(_said(token) for token in tokens if token.content)


def _said(token: Token) -> str:
    if token.children is None:
        return token.content.rstrip("\n")
    return "".join(_piece(child) for child in token.children)


def _piece(child: Token) -> str:
    if child.type in WORDLESS:
        return ""
    if child.type in ("softbreak", "hardbreak"):
        return "\n"
    return FOOTNOTE.sub(r"\1", child.content) if child.type == "text" else child.content
