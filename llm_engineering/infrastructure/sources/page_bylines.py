"""Who a page's elements name as the author: microdata, h-entry, rel=author, and lines such as "By Ann Lee"."""

import re
from collections.abc import Iterable, Iterator

from lxml import etree
from lxml.html import HtmlElement

from llm_engineering.infrastructure.sources.text_lines import squeezed

NAMING = etree.XPath("//*[@itemprop='author' or @rel='author' or @class[contains(.,'author') or contains(.,'byline')]]")
BY = re.compile(
    r"(?:(?:guest post|written|posted|words)\s+)?by:?\s+(.{3,60}?)(?:\s*[·|,•–—-]\s|\s+on\s|$)", re.IGNORECASE
)
LONGEST_NAME = 80
"""Characters."""


def naming_elements(tree: HtmlElement) -> list[HtmlElement]:
    """The elements that say that they name an author."""
    return list(NAMING(tree))


def named_authors(naming: list[HtmlElement]) -> list[str]:
    """The authors by microdata, h-entry or rel=author, the surest kind only; [] when none is named."""
    author = [element for element in naming if element.get("itemprop") == "author"]
    linked = [element for element in naming if element.get("rel") == "author"]
    places: list[Iterable[HtmlElement]] = [
        [inner for element in author for inner in element.iterdescendants() if inner.get("itemprop") == "name"],
        author,
        _with_class(naming, "p-author"),
        [element for element in linked if next(element.iterancestors("article"), None) is not None],
        linked,
    ]
    for place in places:
        texts = [squeezed(element.get("content") or "".join(element.itertext())) for element in place]
        usable = [text for text in texts if 2 < len(text) <= LONGEST_NAME]
        if usable:
            return list(dict.fromkeys(usable[:1] if len(usable) > 3 else usable))
    return []


def visible_byline(naming: list[HtmlElement]) -> str | None:
    """The name in the first line that says "by NAME" where a class promises a byline."""
    for element in _with_class(naming, "byline", "author-name", "post-author"):
        if match := BY.match(squeezed("".join(element.itertext()))):
            return match.group(1)
    return None


def _with_class(elements: Iterable[HtmlElement], *wanted: str) -> Iterator[HtmlElement]:
    return (element for element in elements if set(wanted) & set((element.get("class") or "").split()))
