"""Where on a page trafilatura finds the main text."""

from copy import deepcopy

from lxml.html import HtmlElement

from llm_engineering.infrastructure.sources.html_tree import words_in

COVERED = 0.95
"""Share of trafilatura's words that the article's element holds."""
MOSTLY = 0.7
SPARSE = 0.25
"""Where an element holds MOSTLY of the words, and beside it less than SPARSE of the words are
trafilatura's, those are site text that happens to say the same."""
TEXT_BLOCKS = frozenset({"p", "pre", "table", "ul", "ol", "blockquote"})
SHINGLE = 4
"""Words in a row that show that a piece of text is in trafilatura's extract."""
UNREAD = frozenset({"script", "style", "head", "noscript", "template"})


def main_text_element(page: HtmlElement) -> tuple[HtmlElement, dict[HtmlElement, int]] | None:
    """The smallest element that holds nearly all of the main text, and how many shingles of it each element of the
    page holds; None where trafilatura finds no text. The page is not changed."""
    known = _shingles(_main_text(page))
    hits = _hits(page, set(known)) if known else {}
    if not hits:
        return None
    return _smallest_holding(page.find("body"), hits), hits


def _main_text(page: HtmlElement) -> str:
    from trafilatura import extract as trafilatura_extract

    return trafilatura_extract(deepcopy(page), include_comments=False, include_tables=True) or ""


def _shingles(text: str) -> list[tuple[str, ...]]:
    words = words_in(text)
    size = min(SHINGLE, len(words))
    return [tuple(words[start : start + size]) for start in range(len(words) - size + 1)] if size else []


def _hits(page: HtmlElement, known: set[tuple[str, ...]]) -> dict[HtmlElement, int]:
    """Element → how many shingles of its text are in the main text.

    Shingles run across elements in reading order, so that text cut up by links counts too;
    one belongs to the element in which it starts, and to all around it. A header does not count:
    title and standfirst must not pull in what lies between them and the text.
    """
    words, owners = _reading_order(page)
    hits: dict[HtmlElement, int] = {}
    size = min(SHINGLE, len(next(iter(known))))
    for start in range(len(words) - size + 1):
        if tuple(words[start : start + size]) in known:
            hits[owners[start]] = hits.get(owners[start], 0) + 1
    for element in reversed(list(page.iter())):
        parent = element.getparent()
        if parent is not None and element in hits:
            hits[parent] = hits.get(parent, 0) + hits[element]
    return hits


def _reading_order(page: HtmlElement) -> tuple[list[str], list[HtmlElement]]:
    words: list[str] = []
    owners: list[HtmlElement] = []

    def add(text: str | None, owner: HtmlElement) -> None:
        found = words_in(text)
        words.extend(found)
        owners.extend([owner] * len(found))

    def walk(element: HtmlElement) -> None:
        if isinstance(element.tag, str) and element.tag not in UNREAD and element.tag != "header":
            add(element.text, element)
            for child in element:
                walk(child)
                add(child.tail, element)

    walk(page)
    return words, owners


def _smallest_holding(page: HtmlElement, hits: dict[HtmlElement, int]) -> HtmlElement:
    """Descends while one child holds nearly all hits, or most of them and what is beside it has few for its length."""
    element = page
    while True:
        children = [child for child in element if hits.get(child) and child.tag not in TEXT_BLOCKS]
        inner = max(children, key=lambda child: hits[child], default=None)
        if inner is None or not _is_nearly_all(element, inner, hits):
            return element
        element = inner


def _is_nearly_all(element: HtmlElement, inner: HtmlElement, hits: dict[HtmlElement, int]) -> bool:
    all_hits, inner_hits = hits[element], hits[inner]
    if inner_hits >= COVERED * all_hits:
        return True
    beside = len(words_in(element.text_content())) - len(words_in(inner.text_content()))
    return inner_hits >= MOSTLY * all_hits and all_hits - inner_hits < SPARSE * beside
