"""Cut source code where its author would: between definitions, then at blank lines, then between lines.

No grammar is needed: well-laid code shows its structure by indentation, blank lines and the first
word of a definition, in languages with braces as in those without. A definition that fits is never cut.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

Fits = Callable[[int, int], bool]
"""Whether source[start:end] is short enough."""

DEEPEST = 64
"""Lines indented further count as indented so far: the recursion goes no deeper than there are indentations."""

_MODIFIERS = (
    r"export|default|declare|public|private|protected|internal|static|final|abstract|async|pub(?:\([^)]*\))?|unsafe"
    r"|extern|inline|override|open|sealed|data|virtual|const|partial|constexpr|template"
)
_KEYWORDS = (
    r"def|class|func|function\*?|fn|fun|struct|enum|union|impl|trait|interface|type|module|mod|namespace|object|record"
    r"|protocol|extension|macro_rules!|sub|proc|defmodule|defp|describe|it|test|create|CREATE"
)
_DEFINITION = re.compile(rf"\s*(?:(?:{_MODIFIERS})\s+)*(?:{_KEYWORDS})\b")
_ARROW = re.compile(
    r"\s*(?:export\s+)?(?:const|let|var)\s+\w+\s*(?::[^=]{1,80})?=\s*(?:async\s*)?(?:function\b|\(|\w+\s*=>)"
)
_ATTACHED = re.compile(r"\s*(?:#|//|/\*|\*|--|;|@|\[\w|'''|\"\"\")")
"""Comments, decorators and attributes belong to what follows them."""
_CLOSING = re.compile(r"\s*(?:[)\]}]|end\b|fi\b|done\b|esac\b|else\b|elif\b|except\b|finally\b|catch\b|`{3}|~{3})")
"""Belongs to what stands before it."""


@dataclass(frozen=True)
class _Line:
    start: int
    end: int
    """Without trailing white space."""
    indent: int
    text: str

    @property
    def is_blank(self) -> bool:
        return self.start == self.end


def code_spans(source: str, fits: Fits) -> list[tuple[int, int]]:
    """(start, end) of the parts, in order; together they hold every visible character.

    A part that does not fit is a single line.
    """
    lines = list(_lines(source))
    return list(_split(lines, 0, len(lines), fits))


def _lines(source: str) -> Iterator[_Line]:
    position = 0
    for text in source.splitlines(keepends=True):
        shown = text.rstrip()
        indent = min(DEEPEST, len(shown) - len(shown.lstrip()))
        yield _Line(position, position + len(shown), indent, shown)
        position += len(text)


def _split(lines: list[_Line], first: int, last: int, fits: Fits) -> Iterator[tuple[int, int]]:
    """The parts of lines[first:last]."""
    while first < last and lines[first].is_blank:
        first += 1
    while first < last and lines[last - 1].is_blank:
        last -= 1
    if first == last:
        return
    span = (lines[first].start, lines[last - 1].end)
    if last - first == 1 or fits(*span):
        yield span
        return
    edges = [first, *_cuts(lines, first, last), last]
    for begin, end in pairwise(edges):
        yield from _split(lines, begin, end, fits)


def _cuts(lines: list[_Line], first: int, last: int) -> list[int]:
    """Where to cut these lines (at least two): the numbers of the lines before which a part ends.

    That is before definitions and after blank lines, the outermost of them; else between any two lines.
    """
    inside = range(first + 1, last)
    candidates = [number for number in inside if _starts_a_part(lines, number)]
    outermost = min((lines[number].indent for number in candidates), default=0)
    cuts = {_with_attached(lines, first, number) for number in candidates if lines[number].indent == outermost}
    return sorted(cuts - {first}) or list(inside)


def _starts_a_part(lines: list[_Line], number: int) -> bool:
    line = lines[number]
    if line.is_blank or _CLOSING.match(line.text):
        return False
    return lines[number - 1].is_blank or bool(_DEFINITION.match(line.text) or _ARROW.match(line.text))


def _with_attached(lines: list[_Line], first: int, number: int) -> int:
    """The first of the comments and decorators right above the line, else the line itself."""
    indent = lines[number].indent
    while number - 1 > first and _ATTACHED.match(lines[number - 1].text) and lines[number - 1].indent == indent:
        number -= 1
    return number
