"""HTML to Markdown, keeping every character that the author typed."""

import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

SKIPPED = frozenset(
    "script style noscript template head iframe object embed svg canvas button input select textarea "
    "audio video picture source img map area meta link".split()
)
BLOCKS = frozenset(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 "
    "h4 h5 h6 header hgroup hr html li main nav ol p pre section summary table ul tbody thead tr td th".split()
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
EMPHASIS = {"em": "*", "i": "*", "cite": "*", "strong": "**", "b": "**", "del": "~~", "s": "~~", "strike": "~~"}
SPACE = re.compile(r"[ \t\r\n\f]+")
LANGUAGE = re.compile(r"(?:language|lang|highlight-source|brush:)[-\s]*([A-Za-z][\w+#-]*)")
CODE_CLASSES_NOT_LANGUAGES = frozenset("sourcecode highlight code codehilite src example numberlines hljs".split())
BREAK = "\x00"
"""Stands for <br> until white space has been collapsed."""


def to_markdown(elements: HtmlElement | Iterable[HtmlElement], base_url: str = "") -> str:
    """The elements' content as Markdown: headings, lists, quotes, tables, code and links stay.

    Links become absolute against `base_url`; pictures are left out, their captions stay.
    Nothing that the author typed is changed: no smart quotes, no wrapping.
    """
    writer = _Writer(base_url)
    roots = [elements] if isinstance(elements, HtmlElement) else elements
    text = "\n\n".join(block for root in roots for block in writer.blocks(root))
    return text.strip("\n")


def visible_text(element: HtmlElement) -> str:
    """What a reader without JavaScript sees, blocks on lines of their own, white space collapsed."""
    pieces: list[str] = []
    _see(element, pieces)
    lines = (SPACE.sub(" ", line).strip() for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)


def _see(element: HtmlElement, pieces: list[str]) -> None:
    if not isinstance(element.tag, str):
        return
    if element.tag in SKIPPED - {"noscript", "button", "picture", "video", "audio"}:
        return
    edge = "\n" if element.tag in BLOCKS or element.tag == "br" else ""
    pieces.append(edge + SPACE.sub(" ", element.text or ""))
    for child in element:
        _see(child, pieces)
        pieces.append(SPACE.sub(" ", child.tail or ""))
    pieces.append(edge)


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
        if one is not None:
            text = one(element)
            if text.strip():
                yield text
        else:
            yield from self._flow(element)

    def _flow(self, element: HtmlElement) -> Iterator[str]:
        """Children in order; runs of text and inline elements become paragraphs."""
        run: list[str] = [_escaped(element.text)]
        for child in element:
            if isinstance(child.tag, str) and _holds_blocks(child):
                yield from self._paragraph(run)
                yield from self.blocks(child)
                run = []
            else:
                run.append(self._inline(child))
            run.append(_escaped(child.tail))
        yield from self._paragraph(run)

    def _paragraph(self, run: list[str]) -> Iterator[str]:
        text = _line(run)
        if text:
            yield "\n".join(_not_a_block(line) for line in text.split("\n"))

    def _heading(self, element: HtmlElement) -> str:
        text = _line([self._children(element)]).replace("  \n", " ").replace("\n", " ")
        return f"{'#' * HEADINGS[element.tag]} {text}" if text else ""

    def _code(self, element: HtmlElement) -> str:
        for gutter in element.xpath(".//*[contains(@class,'lineno') or contains(@class,'linenos')]"):
            gutter.drop_tree()
        text = "".join(_code_text(element)).strip("\n").replace("\r\n", "\n")
        if not text.strip():
            return ""
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`{3,}", text)), default=0))
        return f"{fence}{_language(element)}\n{text}\n{fence}"

    def _quote(self, element: HtmlElement) -> str:
        inner = "\n\n".join(self._flow(element))
        return "\n".join(f"> {line}" if line else ">" for line in inner.split("\n")) if inner.strip() else ""

    def _list(self, element: HtmlElement) -> str:
        ordered = element.tag == "ol"
        number = int(element.get("start")) if (element.get("start") or "").isdecimal() else 1
        items: list[str] = []
        for child in element:
            if child.tag in ("ul", "ol") and items:  # a nested list outside its item, as old editors write it
                items[-1] += "\n" + _indented(self._list(child), "   " if ordered else "  ")
                continue
            if not isinstance(child.tag, str) or child.tag in SKIPPED:
                continue
            mark = f"{number}. " if ordered else "- "
            blocks = list(self._flow(child)) if child.tag == "li" else list(self.blocks(child))
            if not blocks:
                continue
            items.append(mark + _indented(_item_text(blocks), " " * len(mark)).lstrip(" "))
            number += 1
        loose = any("\n\n" in item for item in items)
        return ("\n\n" if loose else "\n").join(items)

    def _definitions(self, element: HtmlElement) -> str:
        """Markdown has no definition lists: the term in bold, what it means below it."""
        blocks: list[str] = []
        for child in element.iter("dt", "dd"):
            inner = "\n\n".join(self._flow(child))
            if not inner.strip():
                continue
            blocks.append(f"**{inner}**" if child.tag == "dt" and "\n" not in inner and "**" not in inner else inner)
        return "\n\n".join(blocks)

    def _table(self, element: HtmlElement) -> str:
        rows = [row for row in element.iter("tr") if _nearest(row, "table") is element]
        if any(_is_layout_cell(cell) for row in rows for cell in row):
            return "\n\n".join(block for row in rows for cell in row for block in self._flow(cell))
        cells = [[self._cell(cell) for cell in row if cell.tag in ("td", "th")] for row in rows]
        cells = [row for row in cells if any(row)]
        if not cells:
            return ""
        width = max(len(row) for row in cells)
        lines = [f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in cells]
        caption = element.find("caption")
        head = (
            [f"{_line([self._children(caption)])}\n"] if caption is not None and caption.text_content().strip() else []
        )
        return "\n".join([*head, lines[0], "|" + " --- |" * width, *lines[1:]])

    def _cell(self, cell: HtmlElement) -> str:
        text = " ".join(self._flow(cell))
        return SPACE.sub(" ", text).replace("|", "\\|").strip()

    # ------------------------------------------------------------ inline

    def _children(self, element: HtmlElement) -> str:
        pieces = [_escaped(element.text)]
        for child in element:
            pieces.append(self._inline(child))
            pieces.append(_escaped(child.tail))
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
            return _inline_code(element)
        if tag == "math":
            notes = element.xpath(".//*[local-name()='annotation'][contains(@encoding,'tex')]")
            return f"${notes[0].text_content().strip()}$" if notes else _escaped(element.text_content())
        if "katex-html" in (element.get("class") or "") or element.get("aria-hidden") == "true" and tag == "a":
            return ""
        inner = self._children(element)
        if tag in EMPHASIS:
            return _wrapped(inner, EMPHASIS[tag])
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
        if not target or target.startswith("#") or _scheme(target) not in ("", "http", "https", "mailto"):
            return inner
        try:
            absolute = urljoin(self._base, target)
        except ValueError:
            return inner
        lead, core, trail = _split_space(inner.replace(BREAK, " "))
        return f"{lead}[{core}]({absolute.replace(' ', '%20').replace('(', '%28').replace(')', '%29')}){trail}"


def _scheme(target: str) -> str:
    """The scheme of a link, "" for a relative one or one that cannot be read."""
    try:
        return urlsplit(target).scheme.lower()
    except ValueError:
        return ""


def _holds_blocks(element: HtmlElement) -> bool:
    if element.tag in BLOCKS:
        return True
    return element.tag not in SKIPPED and any(
        child.tag in BLOCKS for child in element.iterdescendants() if child is not element
    )


def _nearest(element: HtmlElement, tag: str) -> HtmlElement | None:
    return next(element.iterancestors(tag), None)


def _is_layout_cell(cell: HtmlElement) -> bool:
    return any(child.tag in ("pre", "table", "ul", "ol", "blockquote", *HEADINGS) for child in cell.iterdescendants())


def _language(element: HtmlElement) -> str:
    holders = [element, *element.iter("code"), *(parent for parent in element.iterancestors() if parent.tag == "div")][
        :4
    ]
    for holder in holders:
        classes = holder.get("class") or ""
        if match := LANGUAGE.search(f"{classes} {holder.get('data-lang') and 'lang-' + holder.get('data-lang')}"):
            return match.group(1).lower()
        names = classes.lower().split()
        if "sourcecode" in names or "src" in names:  # pandoc: "sourceCode python"; Org: "src src-python"
            rest = [name.removeprefix("src-") for name in names if name not in CODE_CLASSES_NOT_LANGUAGES]
            if rest:
                return rest[0]
    return ""


def _code_text(element: HtmlElement) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag == "br":
            yield "\n"
        elif isinstance(child.tag, str) and child.tag not in ("button", "script", "style"):
            yield from _code_text(child)
        yield child.tail or ""


def _inline_code(element: HtmlElement) -> str:
    text = SPACE.sub(" ", "".join(_code_text(element)))
    if not text.strip():
        return text
    lead, core, trail = _split_space(text)
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", core)), default=0))
    pad = " " if core.startswith("`") or core.endswith("`") else ""
    return f"{lead}{fence}{pad}{core}{pad}{fence}{trail}"


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


def _wrapped(inner: str, mark: str) -> str:
    lead, core, trail = _split_space(inner)
    return f"{lead}{mark}{core}{mark}{trail}" if core and BREAK not in core else inner


def _split_space(text: str) -> tuple[str, str, str]:
    core = text.strip(" \t\r\n\f")
    if not core:
        return text, "", ""
    start = text.index(core[0])
    start = len(text) - len(text.lstrip(" \t\r\n\f"))
    return text[:start], core, text[start + len(core) :]


def _escaped(text: str | None) -> str:
    """White space collapsed; characters that Markdown would read as markup escaped."""
    if not text:
        return ""
    collapsed = SPACE.sub(" ", text)
    collapsed = re.sub(r"([\\`*\[\]])", r"\\\1", collapsed)
    collapsed = re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", collapsed)
    return re.sub(r"<(?=[A-Za-z/!?])", r"\\<", collapsed)


def _line(pieces: Iterable[str]) -> str:
    text = SPACE.sub(" ", "".join(pieces))
    lines = [line.strip(" ") for line in text.split(BREAK)]
    return re.sub(r"(?:  \n)+$", "", "  \n".join(lines).strip(" \n"))


def _not_a_block(line: str) -> str:
    """A line of prose that would start a heading, list, quote or rule gets a backslash."""
    line = re.sub(r"^(#{1,6}(?= |$)|>|[-+](?= |$)|={2,}$|-{2,}$|~{3,})", r"\\\1", line)
    return re.sub(r"^(\d{1,9})([.)])(?= |$)", r"\1\\\2", line)


def _item_text(blocks: list[str]) -> str:
    text = blocks[0]
    for block in blocks[1:]:
        tight = re.match(r"(?:- |\d+\. )", block)
        text += ("\n" if tight else "\n\n") + block
    return text


def _indented(text: str, prefix: str) -> str:
    return "\n".join(prefix + line if line else "" for line in text.split("\n"))
