"""HTML text parsed into a tree that always has a body and is never too deep to walk."""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urljoin, urlsplit

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

IN_HEAD = frozenset("title meta link base script style noscript template".split())
DEEPEST = 100
"""Levels of elements that are kept. Pages have 20 to 60; the walkers that come after call themselves a few
times a level, and Python stops at 1000 calls."""
ONE_CLASS = etree.ElementDefaultClassLookup(element=HtmlElement)
"""lxml.html's own lookup calls Python for each element that is touched, which takes a quarter of the time."""
LONG_TAG = re.compile(r"<([A-Za-z][A-Za-z0-9-]*)\s[^<>]{20000,}>?")
LONGEST_TAG = 1_000_000
"""Characters: pictures within the page have as many, and neither they nor longer names say anything."""
MOST_ATTRIBUTES = 500
"""Of one element. libxml2 compares each attribute with all before it: 100,000 of them take a minute."""
TOO_DEEP = etree.XPath("/" + "/".join(["*"] * DEEPEST) + "[*]")
WORDLESS = frozenset({"script", "style", "head", "template"})
ONE_PIECE = frozenset({"pre", "svg", "math"})
WORD = re.compile(r"[^\W_]+")


def parsed(html: str) -> HtmlElement | None:
    """The document's tree without comments, or None when there is nothing in it.

    lxml puts the text of a page that leaves out its html, head and body tags (as HTML allows) into
    the head; it is moved into a body here. What is nested deeper than DEEPEST becomes plain text.
    Nothing is loaded from the network.
    """
    # huge_tree: without it libxml2 silently ends the page at a text of 10 MB or at 256 levels, which old pages
    # with unclosed <font> tags reach. Bodies are limited in size before they come here.
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=True)
    parser.set_element_class_lookup(ONE_CLASS)
    html = LONG_TAG.sub(_without_attributes, html)
    try:
        tree = document_fromstring(html.encode("utf-8", "replace"), parser=parser, ensure_head_body=True)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None
    head, body = tree.find("head"), tree.find("body")
    if head is not None and body is not None:
        strays = next((position for position, child in enumerate(head) if child.tag not in IN_HEAD), len(head))
        for element in list(head)[strays:]:
            body.append(element)
    _flatten(tree)
    return tree


def _without_attributes(tag: re.Match[str]) -> str:
    whole = tag.group()
    few = whole.count("=") <= MOST_ATTRIBUTES and whole.count(" ") <= 10 * MOST_ATTRIBUTES
    return whole if few and len(whole) <= LONGEST_TAG else f"<{tag.group(1)}>"


def take_out(element: HtmlElement) -> None:
    """Remove the element with all in it; the text after it stays.

    lxml's drop_tree joins that text to what stands before, which takes the square of the time in a long row.
    """
    parent = element.getparent()
    if parent is not None and not element.tail:
        parent.remove(element)
    else:
        element.clear(keep_tail=True)


def _flatten(tree: HtmlElement) -> None:
    for element in TOO_DEEP(tree):
        text = " ".join(element.itertext())
        for child in list(element):
            element.remove(child)
        element.text = text


def words_in(text: str | None) -> list[str]:
    """The words of a text, folded to one case; no punctuation, no underscores."""
    return WORD.findall(text.casefold()) if text else []


def absolute(link: str | None, base: str) -> str:
    """The address that a link on the page at `base` leads to; "" for what is no address."""
    try:
        joined = urljoin(base, (link or "").strip())
        urlsplit(joined)
    except ValueError:
        return ""
    return joined


def address(url: str | None, base: str = "") -> SplitResult:
    """The parts of an address, against `base` if it is relative; empty ones for what is no address."""
    return urlsplit(absolute(url, base))


def host_of(url: str | None, base: str = "") -> str | None:
    """The host of an address, lower case; None where there is none."""
    try:
        return address(url, base).hostname
    except ValueError:
        return None


def classes(element: HtmlElement) -> str:
    """The element's class attribute, "" without one."""
    return element.get("class") or ""


def names(element: HtmlElement) -> str:
    """The element's classes and id in one string."""
    return f"{element.get('class') or ''} {element.get('id') or ''}".strip()


def subtree(element: HtmlElement, skip: frozenset[str] = frozenset()) -> Iterator[HtmlElement]:
    """The element and what is below it, in order, without the subtrees of the tags in `skip`; the tree must not
    change meanwhile."""
    stack = [element]
    while stack:
        current = stack.pop()
        if isinstance(current.tag, str) and current.tag not in skip:
            yield current
            stack.extend(reversed(current))


def word_counts(root: HtmlElement) -> dict[HtmlElement, int]:
    """How many words, roughly, each element from the root on holds; code and formulas are counted as one piece."""
    counts: dict[HtmlElement, int] = {}
    order: list[HtmlElement] = []
    stack = [root]
    while stack:
        element = stack.pop()
        tag = element.tag
        if not isinstance(tag, str) or tag in WORDLESS:
            continue
        if tag in ONE_PIECE:
            counts[element] = len(" ".join(element.itertext()).split())
            continue
        order.append(element)
        text = element.text
        counts[element] = len(text.split()) if text else 0
        stack.extend(element)
    for element in reversed(order):
        own = counts[element]
        for child in element:
            own += counts.get(child, 0)
            tail = child.tail
            if tail and not tail.isspace():
                own += len(tail.split())
        counts[element] = own
    return counts
