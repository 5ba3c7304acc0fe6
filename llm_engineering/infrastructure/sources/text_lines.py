"""The text of a tree line by line, with the place of each piece, so that a line can be taken out."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from lxml.html import HtmlElement

from llm_engineering.infrastructure.sources.html_markdown import BLOCKS, HEADINGS, SKIPPED
from llm_engineering.infrastructure.sources.html_tree import take_out, words_in

ATOMIC = frozenset({"pre", "table", "figure", "dl", "blockquote", "details", "math", "svg"})
"""Never a line of a theme, whatever they say."""


@dataclass
class Line:
    """A stretch of text that stands on lines of its own, and where it is in the tree."""

    text: str = ""
    holders: list[tuple[HtmlElement, str]] = field(default_factory=list)
    """The places of its pieces: ("text" | "tail" | "whole") of an element."""
    links: list[tuple[str, str]] = field(default_factory=list)
    """Text and address of each link."""
    block: HtmlElement | None = None
    """The element that it fills."""
    atomic: bool = False

    @cached_property
    def words(self) -> list[str]:
        return words_in(self.text)

    @property
    def is_heading(self) -> bool:
        return self.block is not None and self.block.tag in HEADINGS

    def drop(self) -> None:
        """Take the line out of the tree; what follows it stays."""
        for element, where in reversed(self.holders):
            if where == "text":
                element.text = None
            elif where == "tail":
                element.tail = None
            else:
                take_out(element)


def lines(
    root: HtmlElement, skipped: Callable[[HtmlElement], bool] = lambda element: False, most: int | None = None
) -> list[Line]:
    """The text below the element line by line, in reading order; each code block, table, figure or quote is one.

    Elements that are `skipped` are passed over; reading ends soon after the first `most` lines.
    """
    found: list[Line] = []
    line = Line(block=root)

    def close(block: HtmlElement | None) -> None:
        nonlocal line
        if line.atomic or line.text.strip():
            found.append(line)
        line = Line(block=block)

    def walk(element: HtmlElement) -> None:
        nonlocal line
        if element.text and element.text.strip():
            line.text += element.text
            line.holders.append((element, "text"))
        for child in element:
            if most is not None and len(found) >= most:
                return
            visit(child, element)
            if child.tail and child.tail.strip():
                line.text += child.tail
                line.holders.append((child, "tail"))

    def visit(child: HtmlElement, parent: HtmlElement) -> None:
        nonlocal line
        tag = child.tag
        if not isinstance(tag, str) or tag in SKIPPED or skipped(child):
            return
        if tag == "br":
            close(parent)
        elif tag in ATOMIC and not _is_layout(child):
            close(child)
            line = Line(" ".join(child.itertext()), [(child, "whole")], [], child, atomic=True)
            close(parent)
        elif next(child.iterdescendants("br", *BLOCKS), None) is not None:
            close(child)
            walk(child)
            close(parent)
        elif tag in BLOCKS:
            close(child)
            add(child)
            close(parent)
        else:
            add(child)

    def add(child: HtmlElement) -> None:
        line.text += "".join(child.itertext())
        line.holders.append((child, "whole"))
        line.links += [("".join(link.itertext()).strip(), link.get("href") or "") for link in child.iter("a")]

    walk(root)
    close(None)
    return found


def _is_layout(table: HtmlElement) -> bool:
    """A table that lays out a page, or a menu, is no table of the author's."""
    if table.tag != "table":
        return False
    linked = sum(len(words_in(" ".join(link.itertext()))) for link in table.iter("a"))
    if linked and linked == len(words_in(" ".join(table.itertext()))):
        return True
    blocks = ("p", "br", "h1", "h2", "h3", "table", "ul")
    return any(next(cell.iter(*blocks), None) is not None for cell in table.iter("td", "th"))


def squeezed(text: str | None) -> str:
    """The text with its white space collapsed."""
    return re.sub(r"\s+", " ", text).strip() if text else ""
