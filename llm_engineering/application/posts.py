"""The style text of posts: plain text in which line breaks are meant and marks are what the author typed.

Telegram is the exception. Its importer says in Markdown what Telegram showed formatted, so there, and
only there, a pair of marks is taken for formatting, too where the author typed it: no word is lost by it.
"""

import re
from collections.abc import Iterator

MARKDOWN_PLATFORMS = frozenset({"telegram"})
"""Platforms of whose posts the importer makes Markdown; what others bring is verbatim."""

_FENCE = re.compile(r"(`{3,})[\w+#-]*")
_MARKED = (
    re.compile(r"\*\*(?=\S)([^*\n]+)(?<=\S)\*\*"),
    re.compile(r"(?<![*\w])\*(?=\S)([^*\n]+)(?<=\S)\*(?![*\w])"),
    re.compile(r"~~(?=\S)([^~\n]+)(?<=\S)~~"),
    re.compile(r"(?<!`)`+ ?([^`\n]+?) ?`+(?!`)"),
    re.compile(r"(?<!!)\[([^\[\]\n]+)\]\((?:https?://|mailto:)[^\s()]*\)"),
)
"""What the importer puts around the words of one line, which are the group."""


def post_style(text: str, platform: str, *, code: str, quote: str) -> str:
    """The author's words in a post, line by line; `code` and `quote` stand for code blocks and quotes of others."""
    if platform not in MARKDOWN_PLATFORMS:
        return text.strip()
    written = "\n".join(_without_blocks(text.split("\n"), code, quote))
    for pattern in _MARKED:
        written = pattern.sub(r"\1", written)
    return re.sub(r"\n{3,}", "\n\n", written).strip()


def _without_blocks(lines: list[str], code: str, quote: str) -> Iterator[str]:
    """Each fenced block and each run of quoted lines as a paragraph of its own: its marker."""
    fence, is_quoting = "", False
    for line in lines:
        opening = _FENCE.fullmatch(line.strip())
        if fence:
            fence = "" if line.strip() == fence else fence
        elif opening:
            fence = opening.group(1)
            yield from ("", code, "")
        elif line.startswith(">"):
            yield from () if is_quoting else ("", quote, "")
            is_quoting = True
        else:
            is_quoting = False
            yield line
