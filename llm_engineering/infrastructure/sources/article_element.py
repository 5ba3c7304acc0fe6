"""Which element of a page is the article: the one that the page names itself, else where trafilatura finds text."""

import re
from dataclasses import dataclass, field

from lxml.html import HtmlElement

from llm_engineering.infrastructure.sources.chrome_names import is_footnotes_name
from llm_engineering.infrastructure.sources.html_tree import ONE_PIECE, names, word_counts
from llm_engineering.infrastructure.sources.main_text import main_text_element
from llm_engineering.infrastructure.sources.page_chrome import is_chrome, is_longer_comments

STATED = 0.5
"""Share of the page's prose that an element must hold which the page calls the text of an article. Comments
may be longer than half of the rest, but of two articles on an index page none has more."""
LIKELY = 0.85
"""The same for an element that is merely an <article> or <main>."""
NEARLY_ALL = 0.9
"""The same for an element with a name that may mean anything, such as "content"."""
BOXED = 0.5
"""Boxes a paragraph up to which an article's element is plain text."""
MANY_BOXES = 50
MANY_SCRIPTS = 20
FEWEST_WORDS = 20
MOST_BLOCKS = 4_000
MOST_ELEMENTS = 60_000
"""Above either, trafilatura takes minutes: it compares each paragraph with all before it."""

BODY_NAMES = re.compile(
    r"(?:^|\s)(?:e-content|gh-content|(?:wp-block-)?(?:entry|post|article|(?:blog|story|single)(?:[-_]{0,2}post)?)"
    r"[-_]{0,2}(?:content|body|text)|markdown-body|"
    r"available-content|notion-page-content|w-richtext|prose|md-content__inner|markdown)(?:__\w+|_\w+|--\w+)?(?=$|\s)",
    re.IGNORECASE,
)
CONTENT_NAMES = re.compile(
    r"(?:^|\s)(?:content|main-?content|page-?content|post|entry|article|story|body)(?=$|\s)", re.I
)
CANDIDATES = ("article", "main", "d-article", "div", "section", "td")
BOXES = ("div", "aside", "section", "figure", "ul")
NO_MERE_BOX = ("pre", "code", "table", "math", "h2", "h3")
PARAGRAPHS = ("p", "li", "pre", "h2", "h3", "h4", "tr")


@dataclass(frozen=True)
class Article:
    """Where the article is in a page's tree."""

    elements: list[HtmlElement]
    """Its element, then notes that stand beside it; empty when the page has no text."""
    counts: dict[HtmlElement, int] = field(default_factory=dict)
    """How many words each element of the body holds."""
    hits: dict[HtmlElement, int] | None = None
    """Where trafilatura was asked: how many shingles of the main text each element of the page holds."""
    in_portal: bool = False
    """Foreign pieces are to be expected within the article's element."""


def find_article(page: HtmlElement) -> Article:
    """The article of a page; the page is not changed."""
    body = page.find("body")
    if body is None:
        return Article([])
    counts = word_counts(body)
    stated = _stated(page, counts)
    portal = stated is not None and _is_portal(page, stated)
    if stated is not None and not portal:
        return Article([stated, *_notes_beside(stated)], counts)
    if _number(body, (*BOXES, *PARAGRAPHS)) > MOST_BLOCKS or _number(body, ()) > MOST_ELEMENTS:
        return Article([body if stated is None else stated], counts)
    found = main_text_element(page)
    if found is None:
        return Article([])
    element, hits = found
    return Article([element, *_notes_beside(element)], counts, hits, portal)


def _prose(body: HtmlElement, counts: dict[HtmlElement, int]) -> dict[HtmlElement, int]:
    """Element → words in it that are neither links nor within chrome, for elements outside chrome."""
    order: list[HtmlElement] = []
    prose: dict[HtmlElement, int] = {}
    stack = [body]
    while stack:
        element = stack.pop()
        inner = [child for child in element if child in counts]
        order.append(element)
        prose[element] = counts[element] - sum(counts[child] for child in inner)
        if element.tag in ONE_PIECE:
            continue
        for child in inner:
            is_most = 2 * counts[child] > counts[body] and not is_longer_comments(child, body, counts)
            if child.tag != "a" and (is_most or not _is_beside_prose(child)):
                stack.append(child)
    for element in reversed(order[1:]):
        prose[element.getparent()] += prose[element]
    return prose


def _is_beside_prose(element: HtmlElement) -> bool:
    return element.tag in ("header", "aside") or is_chrome(element)


def _stated(page: HtmlElement, counts: dict[HtmlElement, int]) -> HtmlElement | None:
    """The innermost element that the page calls the article, if it holds enough of the page's prose."""
    body = page.find("body")
    prose = _prose(body, counts)
    whole = prose.get(body, 0)
    if whole < FEWEST_WORDS:
        return None
    likely: HtmlElement | None = None
    best: HtmlElement | None = None
    for element in body.iterdescendants(*CANDIDATES):
        share = prose.get(element, 0) / whole
        if share >= STATED and _is_named_body(element):
            best = element
        elif share >= (LIKELY if _is_main(element) else NEARLY_ALL) and _may_be_body(element):
            likely = element
    return best if best is not None else likely


def _is_named_body(element: HtmlElement) -> bool:
    properties = (element.get("itemprop") or "").split()
    if "articleBody" in properties or ("text" in properties and element.tag in ("div", "section", "article")):
        return True
    return bool(BODY_NAMES.search(element.get("class") or ""))


def _is_main(element: HtmlElement) -> bool:
    return element.tag in ("article", "main", "d-article") or element.get("role") == "main"


def _may_be_body(element: HtmlElement) -> bool:
    return _is_main(element) or bool(CONTENT_NAMES.search(names(element)))


def _is_portal(page: HtmlElement, article: HtmlElement) -> bool:
    """Whether the element is as full of boxes as of text, on a page full of boxes or scripts.

    News sites put players, teasers and galleries into what they call the article's body; so there trafilatura
    is asked too. Blogs have many boxes only where they show code or tables.
    """
    plain = BOXED * _number(article, PARAGRAPHS)
    many_scripts = _number(page, ("script", "iframe")) > MANY_SCRIPTS
    if _number(article, BOXES) <= plain or not (many_scripts or _number(page, BOXES) > MANY_BOXES):
        return False
    inside = _mere_boxes(article)
    return inside > plain and (many_scripts or _mere_boxes(page) - inside > MANY_BOXES)


def _number(element: HtmlElement, tags: tuple[str, ...]) -> int:
    """How many elements of these tags, or without tags of any, are below the element."""
    return sum(1 for _ in element.iterdescendants(*tags))


def _mere_boxes(element: HtmlElement) -> int:
    """Boxes that hold no code, no table and no chapter."""
    return sum(next(box.iterdescendants(*NO_MERE_BOX), None) is None for box in element.iterdescendants(*BOXES))


def _notes_beside(article: HtmlElement) -> list[HtmlElement]:
    """Notes and references that a theme sets after the article's element instead of into it."""
    found: list[HtmlElement] = []
    element = article
    while element is not None and element.tag not in ("body", "html"):
        for sibling in element.itersiblings():
            if isinstance(sibling.tag, str) and (
                sibling.tag == "d-appendix"
                or is_footnotes_name(names(sibling))
                or sibling.get("role") == "doc-endnotes"
            ):
                found.append(sibling)
        element = element.getparent()
    return found
