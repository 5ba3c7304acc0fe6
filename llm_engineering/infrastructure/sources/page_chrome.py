"""What on a page is not the article: by its tag, its role, its name, or because it is hidden."""

import re

from lxml import etree
from lxml.html import HtmlElement

from llm_engineering.infrastructure.sources.chrome_names import (
    is_chrome_id,
    is_chrome_name,
    is_comments_name,
    is_footnotes_name,
    is_mark_name,
)
from llm_engineering.infrastructure.sources.html_markdown import HEADINGS
from llm_engineering.infrastructure.sources.html_tree import host_of, names, subtree, take_out, words_in

ALWAYS_CHROME = frozenset("nav form dialog menu search script style noscript template button iframe".split())
CHROME_ROLES = frozenset(
    "navigation search banner contentinfo complementary dialog alertdialog menu menubar form".split()
)
INLINE = frozenset(
    """a abbr b bdi cite code data del dfn em font i ins kbd label mark q s samp small span strong sub sup time tt u
    var""".split()
)
VERBATIM = frozenset("pre code math svg mjx-container".split())
"""Class names inside say what a token is ("comment", "meta", "tag"), not what the page does with it."""

LINE_NUMBERS = re.compile(
    r"(?:^|[-_\s])(?:linenos?|linenums?|line-?numbers?|lnt?|gutter|rouge-gutter|linenodiv|code-gutter)(?:$|\s)", re.I
)
LIKE_NUMBERS = etree.XPath(
    ".//*[@class[contains(.,'lineno') or contains(.,'linenum') or contains(.,'line-num') or contains(.,'lnt') "
    "or .='ln' or contains(.,'gutter')]]"
)
NOTES_HEADING = re.compile(
    r"(?:foot|end)?notes?\b|references?\b|bibliography|sources?\b|further reading|links", re.IGNORECASE
)
FEW_WORDS = 40
"""Words in a box that asks for an address, at most; of a text that has comments, at least."""
SHOWS = re.compile(r"(?:^|[-_\s])(?:gallery|slideshow|carousel|lightbox)(?:$|[-_\s])", re.IGNORECASE)
"""Captions there belong to the author on a blog; where trafilatura had to find the text and left them out, not."""
FOOTER = re.compile(r"(?:^|[-_\s])footer(?:$|\s)", re.IGNORECASE)


def is_hidden(element: HtmlElement) -> bool:
    """Hidden from every reader; the closed panel of a tab is not."""
    if element.get("hidden") is not None and element.get("role") != "tabpanel":
        return True
    style = element.get("style")
    return bool(style and re.search(r"display:\s*none", style) and element.get("role") != "tabpanel")


def is_chrome(element: HtmlElement) -> bool:
    """Whether the element is no part of any article, by what it says of itself. Its words are not looked at,
    but for an id that generators make from the author's own heading: id="comments" may be a chapter."""
    tag = element.tag
    if not element.keys():
        return tag in ALWAYS_CHROME or (
            tag == "footer" and not _belongs_to_a_quote(element) and not _holds_notes(element)
        )
    given, given_id, role = element.get("class") or "", element.get("id") or "", element.get("role") or ""
    if (given or given_id) and is_footnotes_name(f"{given} {given_id}"):
        return False
    if tag in ALWAYS_CHROME or role.lower() in CHROME_ROLES or is_hidden(element):
        return True
    if tag in HEADINGS or (tag in INLINE and (not given and not given_id or _in_running_text(element))):
        return is_mark_name(given)
    if tag == "footer" or FOOTER.search(given):
        return not _belongs_to_a_quote(element) and not _holds_notes(element)
    if is_chrome_name(given):
        return True
    return is_chrome_id(given_id) and not _is_a_chapter(element, given_id)


def _belongs_to_a_quote(element: HtmlElement) -> bool:
    return next(element.iterancestors("blockquote", "figure"), None) is not None


def _holds_notes(element: HtmlElement) -> bool:
    return any(is_footnotes_name(names(inner)) for inner in element.iterdescendants())


def _in_running_text(element: HtmlElement) -> bool:
    """Whether text stands beside the element on its line."""
    parent = element.getparent()
    while parent is not None and parent.tag in INLINE:
        element, parent = parent, parent.getparent()
    if parent is None:
        return False
    if words_in(parent.text):
        return True
    return any(words_in(child.tail) or (child is not element and child.tag in INLINE) for child in parent) and (
        parent.tag in ("p", "li", "td", "th", "dd", "dt", "figcaption", "blockquote") or parent.tag in HEADINGS
    )


def _is_a_chapter(element: HtmlElement, given_id: str) -> bool:
    """A section named after its own heading."""
    given = element.get("class") or ""
    if element.tag != "section" and not re.search(r"(?:^|\s)(?:section|level\d|outline-\d)(?:\s|$)", given):
        return False
    if any(
        "comment" in names(inner) or inner.tag in ("form", "article", "time") for inner in element.iterdescendants()
    ):
        return False
    heading = next((inner for inner in subtree(element) if inner.tag in HEADINGS), None)
    return heading is not None and words_in("".join(heading.itertext())) == words_in(given_id.replace("-", " "))


def drop_chrome(
    article: HtmlElement,
    url: str,
    counts: dict[HtmlElement, int],
    hits: dict[HtmlElement, int] | None = None,
    *,
    in_portal: bool = False,
    largest: float = 0.5,
) -> None:
    """Take chrome out of the article's element.

    `counts` says how many words each element holds; `hits`, where trafilatura was asked, how much of it is text.
    Menus that trafilatura left out go, in a portal lists of links to other sites too. An element with more than
    the share `largest` of the words is never chrome, whatever its name.
    """
    for numbers in LIKE_NUMBERS(article):
        if LINE_NUMBERS.search(names(numbers)) and re.fullmatch(r"[\d\s]*", "".join(numbers.itertext())):
            take_out(numbers)
    most = largest * counts.get(article, 0)
    stack = list(reversed(article))
    while stack:
        element = stack.pop()
        if not isinstance(element.tag, str):
            continue
        is_small = counts.get(element, 0) <= most or is_longer_comments(element, article, counts)
        left_out = is_small and hits is not None and _is_left_out(element, url, counts, hits, in_portal)
        if left_out or (is_small and _says_chrome(element, counts)):
            take_out(element)
        elif element.tag not in VERBATIM:
            stack.extend(reversed(element))


def is_longer_comments(element: HtmlElement, around: HtmlElement, counts: dict[HtmlElement, int]) -> bool:
    """Whether the element holds the comments on a text that stands elsewhere in the element around it."""
    rest = counts.get(around, 0) - counts.get(element, 0)
    return rest >= FEW_WORDS and (
        is_comments_name(element.get("class") or "") or is_comments_name(element.get("id") or "")
    )


def _says_chrome(element: HtmlElement, counts: dict[HtmlElement, int]) -> bool:
    if element.tag in VERBATIM:
        return is_hidden(element)
    return is_chrome(element) or _asks_for_an_address(element, counts)


def _is_left_out(
    element: HtmlElement, url: str, counts: dict[HtmlElement, int], hits: dict[HtmlElement, int], in_portal: bool
) -> bool:
    own = hits.get(element, 0)
    if not own and _is_menu(element, counts) and (in_portal or _leads_to_its_own_site(element, url)):
        return True
    return 4 * own <= counts.get(element, 0) and bool(SHOWS.search(names(element)))


def _leads_to_its_own_site(element: HtmlElement, url: str) -> bool:
    host = host_of(url)
    return all(host_of(link.get("href"), url) in (host, None) for link in element.iter("a"))


def _asks_for_an_address(element: HtmlElement, counts: dict[HtmlElement, int]) -> bool:
    """A box of few words around a form: a newsletter."""
    return (
        element.tag in ("div", "section", "aside")
        and counts.get(element, 0) <= FEW_WORDS
        and next(element.iter("form"), None) is not None
    )


def _is_menu(element: HtmlElement, counts: dict[HtmlElement, int]) -> bool:
    """A block whose words are nearly all in links: related posts, menus."""
    if element.tag not in ("ul", "ol", "div", "section", "aside", "p", "footer") or not counts.get(element):
        return False
    links = list(element.iter("a"))
    if sum(counts.get(link, 0) for link in links) <= 0.7 * counts[element]:
        return False
    heading = next((before for before in element.itersiblings(preceding=True) if before.tag in HEADINGS), None)
    return heading is None or not NOTES_HEADING.match("".join(heading.itertext()).strip())
