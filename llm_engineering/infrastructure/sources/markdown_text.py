"""Pieces of Markdown: white space, escapes, marks. Pure functions on text."""

import re
from collections.abc import Iterable

SPACE = re.compile(r" *[\t\r\n\f][ \t\r\n\f]*|  [ \t\r\n\f]*")
"""White space that is more than one space; single spaces are passed over because they are most of a text."""
MARKUP = re.compile(r"[\\`*\[\]_<]")
BREAK = "\x00"
"""Stands for <br> until white space has been collapsed."""


def wrapped(inner: str, mark: str) -> str:
    """The text between emphasis marks, white space outside of them as Markdown wants it."""
    lead, core, trail = split_space(inner)
    return f"{lead}{mark}{core}{mark}{trail}" if core and BREAK not in core else inner


def split_space(text: str) -> tuple[str, str, str]:
    """White space before, text, white space after; no-break spaces are text."""
    core = text.strip(" \t\r\n\f")
    if not core:
        return text, "", ""
    start = len(text) - len(text.lstrip(" \t\r\n\f"))
    return text[:start], core, text[start + len(core) :]


def escaped(text: str | None) -> str:
    """White space collapsed; characters that Markdown would read as markup escaped."""
    if not text:
        return ""
    collapsed = SPACE.sub(" ", text)
    if not MARKUP.search(collapsed):
        return collapsed
    collapsed = re.sub(r"([\\`*\[\]])", r"\\\1", collapsed)
    collapsed = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", collapsed)
    return re.sub(r"<(?=[A-Za-z/!?])", r"\\<", collapsed)


def line_of(pieces: Iterable[str]) -> str:
    """One paragraph of the pieces; its forced line breaks become two spaces and a line end."""
    text = SPACE.sub(" ", "".join(pieces))
    if BREAK not in text:
        return text.strip(" \n")
    lines = [line.strip(" ") for line in text.split(BREAK)]
    return re.sub(r"(?:  \n)+$", "", "  \n".join(lines).strip(" \n"))


def not_a_block(line: str) -> str:
    """A line of prose that would start a heading, list, quote or rule gets a backslash."""
    if line[:1].isalpha():
        return line
    line = re.sub(r"^(#{1,6}(?= |$)|>|[-+](?= |$)|={2,}$|-{2,}$|~{3,})", r"\\\1", line)
    return re.sub(r"^(\d{1,9})([.)])(?= |$)", r"\1\\\2", line)


def item_text(blocks: list[str]) -> str:
    """The blocks of a list item in one; nested lists follow without a blank line."""
    text = blocks[0]
    for block in blocks[1:]:
        tight = re.match(r"(?:- |\d+\. )", block)
        text += ("\n" if tight else "\n\n") + block
    return text


def indented(text: str, prefix: str) -> str:
    """Each line that is not empty, after the prefix."""
    return "\n".join(prefix + line if line else "" for line in text.split("\n"))
