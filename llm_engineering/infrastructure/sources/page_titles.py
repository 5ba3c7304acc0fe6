"""The title of a page as its reader sees it, without the name of the site."""

import re
from collections.abc import Callable, Iterable
from functools import cached_property

from lxml.html import HtmlElement

from llm_engineering.infrastructure.sources.chrome_names import is_chrome_name
from llm_engineering.infrastructure.sources.html_tree import address, classes, host_of, names
from llm_engineering.infrastructure.sources.text_lines import squeezed

SEPARATOR = re.compile(r"\s+(?:[|·•»«/–—:-]|::|//|>>|<<)\s+|\s*[|»«]\s*|:\s+")
NAMED = re.compile(r"(?:^|[\s_-])(?:p-name|(?:post|entry|article|page|blog)[-_]?title)(?:$|[\s_-])", re.I)
LONGEST = 500
"""Characters of a title; each pair of separators in it is tried."""
UNREAD = frozenset({"script", "style", "button", "svg", "time", "template"})


class Titles:
    """Chooses among what a page states and shows."""

    def __init__(self, tree: HtmlElement, url: str, stated: Callable[[], Iterable[str]], site_names: list[str]) -> None:
        self._tree = tree
        self._url = url
        self._site_names = {_letters(name) for name in site_names}
        self._find_stated = stated

    @cached_property
    def _stated(self) -> list[str]:
        stated = [squeezed(title)[:LONGEST] for title in self._find_stated()]
        return [title for title in stated if title and not self._is_site_name(title)]

    @property
    def best(self) -> str:
        """The title, "" when the page has none.

        The one h1 of the article counts most: what a page states of itself may be cut for search engines.
        """
        inside = [h1 for h1 in self._tree.iter("h1") if _is_inside(h1) and not self._is_logo(h1)]
        heading = squeezed(heading_text(inside[0])) if inside else ""
        if (
            len(_letters(heading)) >= 2
            and not self._is_site_name(heading)
            and (len(inside) == 1 or self._is_said(heading))
        ):
            return heading
        if self._stated:
            return self._without_site(self._stated[0])
        if self._page_title:
            return self._without_site(self._page_title)
        return self._headings[0] if self._headings else ""

    @cached_property
    def _page_title(self) -> str:
        element = self._tree.find(".//title")
        return squeezed(element.text_content())[:LONGEST] if element is not None else ""

    def _is_said(self, heading: str) -> bool:
        """Whether the page's data say it too: an article may have more than one h1."""
        return any(_letters(heading) in _letters(said) for said in [*self._stated, self._page_title])

    @cached_property
    def _headings(self) -> list[str]:
        """Texts of the h1, or of the next level that has any; named titles first; a logo that links home is none."""
        headings = [element for element in self._tree.iter("h1", "h2", "h3") if not self._is_logo(element)]
        found: list[str] = [squeezed(heading_text(element)) for element in headings if NAMED.search(names(element))]
        for tag in ("h1", "h2", "h3"):
            found += [squeezed(heading_text(element)) for element in headings if element.tag == tag]
        return list(dict.fromkeys(text for text in found if text))

    def _is_logo(self, heading: HtmlElement) -> bool:
        """Whether all of the heading is a link to another page."""
        whole = _letters(heading.text_content())
        links = [link for link in [*heading.iter("a"), *heading.iterancestors("a")] if link.get("href")]
        return any(
            _letters(link.text_content()) == whole
            and address(link.get("href"), self._url).path != address(self._url).path
            for link in links
        )

    def _without_site(self, title: str) -> str:
        """The longest heading of the page that starts or ends the title is the title; else the site's name goes."""
        plain = _letters(title)
        for heading in sorted(self._headings, key=lambda text: -len(text)):
            letters = _letters(heading)
            if letters and letters == plain:
                return title
            if len(letters) >= 3 and (plain.startswith(letters) or plain.endswith(letters)):
                part = _part_with(title, letters)
                if part and not self._is_site_name(part):
                    return part
        for separator in SEPARATOR.finditer(title):
            before, after = title[: separator.start()].strip(), title[separator.end() :].strip()
            if before and after and self._is_site_name(after):
                return before
            if before and after and self._is_site_name(before):
                return after
        return title

    def _is_site_name(self, text: str) -> bool:
        letters = _letters(text)
        if not letters:
            return False
        host = _letters(host_of(self._url) or "")
        return letters in self._site_names or (len(letters) >= 4 and letters in host)


def _is_inside(heading: HtmlElement) -> bool:
    """Within the page's main content, as the page states it."""
    return any(around.tag in ("article", "main") or around.get("role") == "main" for around in heading.iterancestors())


def heading_text(element: HtmlElement) -> str:
    """A heading without what generators add to it: anchors ("¶", "#"), dates, buttons."""
    pieces = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str) and child.tag not in UNREAD and not _is_addition(child):
            pieces.append(heading_text(child))
        pieces.append(child.tail or "")
    return "".join(pieces)


def _is_addition(child: HtmlElement) -> bool:
    named = classes(child)
    if re.search(r"headerlink|anchor|permalink|hash-link", named) and len(child.text_content().strip()) <= 2:
        return True
    return child.tag != "a" and is_chrome_name(named)


def _letters(text: str) -> str:
    return "".join(re.findall(r"[^\W_]+", text.casefold()))


def _part_with(title: str, letters: str) -> str | None:
    """The part of the title, cut at a separator, that has exactly these letters."""
    cuts = [0, *(spot for match in SEPARATOR.finditer(title) for spot in match.span()), len(title)]
    for start in cuts:
        for end in reversed(cuts):
            part = title[start:end].strip()
            if _letters(part) == letters:
                return part.strip(" |·•»«/–—:-")
    return None
