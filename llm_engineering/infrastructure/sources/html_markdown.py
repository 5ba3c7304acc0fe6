"""HTML to Markdown, keeping every character that the author typed."""

import re
from collections.abc import Callable, Iterable, Iterator

from lxml.html import HtmlElement

from llm_engineering.infrastructure.sources.html_code import code_text, inline_code, language_of
from llm_engineering.infrastructure.sources.html_tree import absolute, address
from llm_engineering.infrastructure.sources.markdown_text import (
    BREAK,
    SPACE,
    escaped,
    indented,
    item_text,
    line_of,
    not_a_block,
    split_space,
    wrapped,
)

SKIPPED = frozenset(
    "script style noscript template head iframe object embed svg canvas button input select textarea "
    "audio video picture source img map area meta link".split()
)
BLOCKS = frozenset(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 "
    "h4 h5 h6 header hgroup hr html li main nav ol p pre section summary table ul tbody thead tr td th".split()
)
UNSEEN = SKIPPED - {"noscript", "button", "picture", "video", "audio"}
HEADINGS = {f"h{level}": level for level in range(1, 7)}
EMPHASIS = {"em": "*", "i": "*", "cite": "*", "strong": "**", "b": "**", "del": "~~", "s": "~~", "strike": "~~"}
ROWS_ONLY = frozenset({"ul", "ol", "dl", "table"})
IN_TABLES = frozenset("caption colgroup col thead tbody tfoot tr td th script style template".split())
EDGE = "\x00"
"""Stands for the edge of a block until white space has been collapsed; no parsed text holds it."""


def to_markdown(elements: HtmlElement | Iterable[HtmlElement], base_url: str = "") -> str:
    """The elements' content as Markdown: headings, lists, quotes, tables, code and links stay.

    Links become absolute against `base_url`; pictures are left out, their captions stay.
    Nothing that the author typed is changed: no smart quotes, no wrapping.
    """
    writer = _Writer(base_url)
    roots = [elements] if isinstance(elements, HtmlElement) else elements
    text = "\n\n".join(block for root in roots for block in writer.blocks(root))
    return text.strip("\n")


def visible_text(element: HtmlElement, limit: int | None = None) -> str:
    """What a reader without JavaScript sees, blocks on lines of their own, white space collapsed; with `limit`, its
    first characters."""
    pieces: list[str] = []
    length = 0
    stack: list[HtmlElement | str] = [element]
    while stack and (limit is None or length < 2 * limit):
        entry = stack.pop()
        if isinstance(entry, str):
            pieces.append(entry)
            length += len(entry)
        elif isinstance(entry.tag, str) and entry.tag not in UNSEEN:
            is_block = entry.tag in BLOCKS or entry.tag == "br"
            stack += [EDGE] * is_block
            if entry.tag == "pre":
                stack += ["".join(entry.itertext()), EDGE]
                continue
            for child in reversed(entry):
                if tail := child.tail:
                    stack.append(tail)
                stack.append(child)
            if text := entry.text:
                stack.append(text)
            stack += [EDGE] * is_block
    lines = (line.strip() for line in SPACE.sub(" ", "".join(pieces)).split(EDGE))
    return "\n".join(line for line in lines if line)[:limit]


class _Writer:
    def __init__(self, base_url: str) -> None:
        self._base = base_url
        self._by_tag: dict[str, Callable[[HtmlElement], str]] = {
            **dict.fromkeys(HEADINGS, self._heading),
            "pre": self._code,
            "blockquote": self._quote,
            "ul": self._list,
            "ol": self._list,
            "dl": self._definitions,
            "table": self._table,
            "hr": lambda _: "---",
        }

    # ------------------------------------------------------------ blocks

    def blocks(self, element: HtmlElement) -> Iterator[str]:
        """The Markdown blocks of an element, its own kind included."""
        tag = element.tag
        if not isinstance(tag, str) or tag in SKIPPED:
            return
        one = self._by_tag.get(tag)
        if one is not None and not (tag in ROWS_ONLY and _has_strays(element)):
            text = one(element)
            if text.strip():
                yield text
        else:
            yield from self._flow(element)

    def _flow(self, element: HtmlElement) -> Iterator[str]:
        """Children in order; runs of text and inline elements become paragraphs."""
        run: list[str] = [escaped(element.text)]
        for child in element:
            if isinstance(child.tag, str) and holds_blocks(child):
                yield from self._paragraph(run)
                yield from self.blocks(child)
                run = []
            else:
                run.append(self._inline(child))
            run.append(escaped(child.tail))
        yield from self._paragraph(run)

    def _paragraph(self, run: list[str]) -> Iterator[str]:
        text = line_of(run)
        if text:
            yield "\n".join(not_a_block(line) for line in text.split("\n"))

    def _heading(self, element: HtmlElement) -> str:
        text = line_of([self._children(element)]).replace("  \n", " ").replace("\n", " ")
        return f"{'#' * HEADINGS[element.tag]} {text}" if text else ""

    def _code(self, element: HtmlElement) -> str:
        text = code_text(element).strip("\n").replace("\r\n", "\n")
        if not text.strip():
            return ""
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`{3,}", text)), default=0))
        return f"{fence}{language_of(element)}\n{text}\n{fence}"

    def _quote(self, element: HtmlElement) -> str:
        inner = "\n\n".join(self._flow(element))
        return "\n".join(f"> {line}" if line else ">" for line in inner.split("\n")) if inner.strip() else ""

    def _list(self, element: HtmlElement) -> str:
        ordered = element.tag == "ol"
        number = int(element.get("start")) if (element.get("start") or "").isdecimal() else 1
        items: list[str] = []
        for child in element:
            if child.tag in ("ul", "ol") and items:  # a nested list outside its item, as old editors write it
                items[-1] += "\n" + indented("\n\n".join(self.blocks(child)), "   " if ordered else "  ")
                continue
            if not isinstance(child.tag, str) or child.tag in SKIPPED:
                continue
            mark = f"{number}. " if ordered else "- "
            blocks = list(self._flow(child)) if child.tag == "li" else list(self.blocks(child))
            if not blocks:
                continue
            items.append(mark + indented(item_text(blocks), " " * len(mark)).lstrip(" "))
            number += 1
        loose = any("\n\n" in item for item in items)
        return ("\n\n" if loose else "\n").join(items)

    def _definitions(self, element: HtmlElement) -> str:
        """Markdown has no definition lists: the term in bold, what it means below it."""
        blocks: list[str] = []
        for child in element:
            if child.tag == "div":
                blocks.append(self._definitions(child))
            elif child.tag not in ("dt", "dd"):
                blocks += self.blocks(child)
            else:
                inner = "\n\n".join(self._flow(child))
                is_term = child.tag == "dt" and inner and "\n" not in inner and "**" not in inner
                blocks.append(f"**{inner}**" if is_term else inner)
        return "\n\n".join(block for block in blocks if block.strip())

    def _table(self, element: HtmlElement) -> str:
        rows = [row for row in element.iter("tr") if _nearest(row, "table") is element]
        if any(_is_layout_cell(cell) for row in rows for cell in row):
            return "\n\n".join(block for row in rows for cell in row for block in self._flow(cell))
        cells = [[self._cell(cell) for cell in row if cell.tag in ("td", "th")] for row in rows]
        cells = [row for row in cells if any(row)]
        caption = element.find("caption")
        head = [f"{line}\n" for line in ([] if caption is None else [" ".join(self._flow(caption))]) if line]
        if not cells:
            return "".join(head).strip()
        width = max(len(row) for row in cells)
        lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in cells]
        return "\n".join([*head, lines[0], "|" + " --- |" * width, *lines[1:]])

    def _cell(self, cell: HtmlElement) -> str:
        text = " ".join(self._flow(cell))
        return SPACE.sub(" ", text).replace("|", "\\|").strip()

    # ------------------------------------------------------------ inline

    def _children(self, element: HtmlElement) -> str:
        pieces = [escaped(element.text)]
        for child in element:
            pieces.append(self._inline(child))
            pieces.append(escaped(child.tail))
        return "".join(pieces)

    def _inline(self, element: HtmlElement) -> str:
        tag = element.tag
        if not isinstance(tag, str):
            return ""
        if tag == "br":
            return BREAK
        if tag == "img":
            return _emoji(element)
        if tag == "script":
            return _formula(element)
        if tag in SKIPPED:
            return ""
        if tag in ("code", "kbd", "samp", "tt"):
            return inline_code(element)
        if tag == "math":
            notes = element.xpath(".//*[local-name()='annotation'][contains(@encoding,'tex')]")
            return f"${notes[0].text_content().strip()}$" if notes else escaped(element.text_content())
        if "katex-html" in (element.get("class") or "") or element.get("aria-hidden") == "true" and tag == "a":
            return ""
        inner = self._children(element)
        if tag in EMPHASIS:
            return wrapped(inner, EMPHASIS[tag])
        if tag == "a":
            return self._link(element, inner)
        if tag == "q":
            return f"“{inner}”"
        return f" {inner} " if tag in BLOCKS else inner

    def _link(self, element: HtmlElement, inner: str) -> str:
        target = (element.get("href") or "").strip()
        if not inner.strip():
            return ""
        if target.startswith("#") and re.fullmatch(r"[\s↩↑⏎^\ufe0e\ufe0f]*", inner):
            return ""
        if (
            target.startswith("#")
            and re.search("fn|foot|note|ref", target)
            and re.fullmatch(r"(?:\\\[)?\d+(?:\\\])?", inner)
        ):
            return "[^{}]".format(inner.strip("\\[]"))
        goal = "" if target.startswith("#") else absolute(target, self._base)
        if not target or not goal or address(target).scheme not in ("", "http", "https", "mailto"):
            return inner
        lead, core, trail = split_space(inner.replace(BREAK, " "))
        return f"{lead}[{core}]({goal.replace(' ', '%20').replace('(', '%28').replace(')', '%29')}){trail}"


def _has_strays(element: HtmlElement) -> bool:
    """Whether words stand between the items, rows or terms, where HTML allows none: then it is read as running text."""
    for part in [element, *element.iterdescendants("thead", "tbody", "tfoot", "tr", "div")]:
        if part is not element and next(part.iterancestors(*ROWS_ONLY), None) is not element:
            continue
        if part.tag == "div" and (element.tag != "dl" or part.getparent() is not element):
            continue
        if not _is_blank(part.text) or not all(_is_blank(child.tail) for child in part):
            return True
        if element.tag == "table" and any(child.tag not in IN_TABLES for child in part):
            return True
    return False


def _is_blank(text: str | None) -> bool:
    return not text or text.isspace()


def holds_blocks(element: HtmlElement) -> bool:
    """Whether the element is a block or has one in it."""
    if element.tag in BLOCKS:
        return True
    return len(element) > 0 and element.tag not in SKIPPED and next(element.iterdescendants(*BLOCKS), None) is not None


def _nearest(element: HtmlElement, tag: str) -> HtmlElement | None:
    return next(element.iterancestors(tag), None)


def _is_layout_cell(cell: HtmlElement) -> bool:
    return any(child.tag in ("pre", "table", "ul", "ol", "blockquote", *HEADINGS) for child in cell.iterdescendants())


def _emoji(image: HtmlElement) -> str:
    """Some sites replace typed emoji by small pictures; the character is in `alt`."""
    alt = (image.get("alt") or "").strip()
    marked = re.search(r"emoji|smiley", image.get("class") or "")
    return alt if marked and alt and not alt.isascii() else ""


def _formula(script: HtmlElement) -> str:
    kind = script.get("type") or ""
    if not kind.startswith("math/tex") or not script.text:
        return ""
    mark = "$$" if "display" in kind else "$"
    return f"{mark}{script.text.strip()}{mark}"
