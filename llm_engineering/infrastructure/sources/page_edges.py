"""What stands before and after the text within an article's own element: date lines, bylines, tags, share links.

Themes without telling names leave nothing to go by but what such a line says and where it stands. So only
lines at the very start and at the very end are looked at, and none that holds a sentence of the author's.
"""

from lxml.html import HtmlElement

from llm_engineering.infrastructure.sources.html_tree import words_in
from llm_engineering.infrastructure.sources.page_titles import heading_text
from llm_engineering.infrastructure.sources.text_lines import Line, lines, squeezed
from llm_engineering.infrastructure.sources.theme_lines import (
    NAME,
    RELATED,
    Known,
    all_links,
    is_dated,
    is_discussed,
    is_end,
    is_front,
    on_site,
)

MOST_LINES = 25
"""Lines at either end that can be chrome by what they say."""
FIRST_LINES = 12
"""Lines in which the title is looked for."""
FARTHEST = 60
"""Words before the title within the article's element that can all be chrome."""

DECK = 30
"""Words of the longest subtitle between title and date line."""


def trim(article: HtmlElement, known: Known) -> None:
    """Take the lines of the theme off the start and the end of the article's element. Never takes everything."""
    found = lines(article)
    start = _after_front(found, _after_title(found, known), known)
    end = _before_end_matter(found, start, known)
    if start < end:
        for line in [*found[:start], *found[end:]]:
            line.drop()


def drop_title(article: HtmlElement, title: str) -> None:
    """Take out the heading in the first lines that repeats the title; all else is the author's."""
    found = lines(article, most=FIRST_LINES)
    position = _after_title(found, Known(title, "")) - 1
    if position >= 0 and found[position].is_heading:
        found[position].drop()


def _after_title(found: list[Line], known: Known) -> int:
    """Where the text starts when the title stands in the first lines: breadcrumbs and dates may stand before it."""
    wanted = words_in(known.title)
    if not wanted:
        return 0
    passed = 0
    for position, line in enumerate(found[:FIRST_LINES]):
        words = line.words
        if words == wanted or (line.is_heading and line.block is not None and _is_title(line.block, wanted)):
            return position + 1
        passed += len(words)
        if passed > FARTHEST or (line.atomic and words):
            break
    return 0


def _is_title(heading: HtmlElement, wanted: list[str]) -> bool:
    words = words_in(heading_text(heading))
    if words == wanted:
        return True
    return (
        heading.tag == "h1" and f" {' '.join(wanted)} " in f" {' '.join(words)} " and len(words) <= 2 * len(wanted) + 8
    )


def _after_front(found: list[Line], start: int, known: Known) -> int:
    """Where the text starts: after date lines and bylines, and after the few words between title and date line."""
    position = start
    while position < min(len(found), start + MOST_LINES):
        if is_front(found[position], known):
            position += 1
            continue
        longest = DECK if start else NAME
        ahead = found[position : position + 3]
        step = next((n for n, line in enumerate(ahead) if is_dated(line, known)), None)
        if step is None or any(line.atomic or len(line.words) > longest for line in ahead[:step]):
            return position
        position += step
    return position


def _before_end_matter(found: list[Line], start: int, known: Known) -> int:
    end = len(found)
    while end > max(start + 1, len(found) - MOST_LINES):
        line = found[end - 1]
        if line.atomic:
            break
        if not line.words or is_end(line, known):
            end -= 1
            continue
        cut = _related_from(found, start, end, known)
        if cut is None:
            break
        end = cut
    return end


def _related_from(found: list[Line], start: int, end: int, known: Known) -> int | None:
    """The position of a heading such as "Related posts" when nothing but links to the same site follows it."""
    for position in range(end - 1, max(start, end - 25), -1):
        line = found[position]
        if line.atomic:
            return None
        if RELATED.search(squeezed(line.text)) and len(line.words) <= 8 and not line.links:
            return position if position + 1 < end or line.is_heading else None
        if not all_links(line) or not (on_site(line, known) or is_discussed(line)):
            return None
    return None
