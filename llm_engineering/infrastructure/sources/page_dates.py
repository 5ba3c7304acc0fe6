"""When a page says that it was published: in its data, its address or in words."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from lxml import etree
from lxml.html import HtmlElement

from llm_engineering.infrastructure.sources.date_words import DATE, NOT_PUBLISHED, date_in, day_of, parsed_date
from llm_engineering.infrastructure.sources.html_tree import address, names, words_in
from llm_engineering.infrastructure.sources.text_lines import Line, lines, squeezed

ELSEWHERE = re.compile(
    r"comment|respon[ds]|repl(?:y|ies)|related|recent|recommend|sidebar|widget-?area|widget_recent|read-?more|more-posts|"
    r"post-?card|webmention|archive-?list|footer-?nav|pagination",
    re.I,
)
"""Names of what holds the dates of other texts."""
META_NAMES = tuple(
    "article:published_time article:published og:published_time og:article:published_time datepublished "
    "citation_publication_date citation_date citation_online_date date dc.date dc.date.issued dc.date.created "
    "dcterms.date dcterms.created dcterms.issued pubdate publish_date publish-date publication_date parsely-pub-date "
    "sailthru.date article.published published-date datecreated article:created_time".split()
)
"""Names of <meta> that hold the date of publication, the best first."""
STATED = etree.XPath("//*[@itemprop or @pubdate or contains(@class,'published')]")
TIMES = ("time", "relative-time", "local-time", "time-ago")
NEAR_TITLE = 8
"""Lines before and after the title in which a date is the article's."""
MOST_LINES = 2000
"""Of a page whose every line is looked at for a date; longer ones are no articles that forgot to mark it."""
LONGEST = 30
"""Words of a line that can be a date line."""


def published(tree: HtmlElement, url: str, title: str, stated: list[str]) -> datetime | None:
    """When the page was first published. `stated` are the dates of its structured data, the best first.

    Dates of updates, comments and other posts do not count.
    """
    for value in stated:
        if when := parsed_date(value):
            return when
    times = [element for element in tree.iter(*TIMES) if not _is_of_another_text(element) and not _is_update(element)]
    marked = [element for element in STATED(tree) if _is_marked(element) and not _is_of_another_text(element)]
    by_url = _in_url(url)
    for element in [*marked, *times]:
        when = _of_element(element)
        if when is None:
            continue
        if element in marked or by_url is None:
            return when
        return when if abs(when - by_url) < timedelta(days=2) else by_url
    return by_url or _in_words(tree, title)


def _is_marked(element: HtmlElement) -> bool:
    """The element says that it holds the date of publication."""
    if re.search(r"date(?:Published|Created)", element.get("itemprop") or ""):
        return True
    return element.tag in ("time", "abbr", "span") and (
        element.get("pubdate") is not None or "published" in (element.get("class") or "")
    )


def _of_element(element: HtmlElement) -> datetime | None:
    values = [element.get(name) for name in ("datetime", "content", "title", "data-datetime", "data-date", "data-time")]
    for value in [*values, squeezed("".join(element.itertext()))]:
        if value and (when := parsed_date(value) or date_in(value)):
            return when
    seconds = element.get("data-ts") or element.get("data-timestamp") or element.get("data-unix") or ""
    return (
        parsed_date(datetime.fromtimestamp(int(seconds), UTC).isoformat())
        if re.fullmatch(r"\d{9,10}", seconds)
        else None
    )


def _is_of_another_text(element: HtmlElement) -> bool:
    for around in element.iterancestors():
        if around.tag in ("body", "html"):
            return False
        if around.tag not in ("main", "article") and _is_about_other_texts(around):
            return True
    return False


def _is_update(element: HtmlElement) -> bool:
    parent = element.getparent()
    said = f"{names(element)} {element.get('itemprop') or ''} {element.get('title') or ''}"
    if parent is not None:
        before = element.getprevious()
        said += f" {names(parent)} {(parent.text if before is None else before.tail) or ''}"
    return bool(NOT_PUBLISHED.search(said)) and "published" not in said.lower()


def _in_url(url: str) -> datetime | None:
    match = re.search(r"/((?:19|20)\d\d)[/-](\d{1,2})[/-](\d{1,2})(?:[/_-]|$|\.)", address(url).path)
    return day_of(*match.groups()) if match else None


def _in_words(tree: HtmlElement, title: str) -> datetime | None:
    """The date in a line beside the title, else one that a line says the text was posted on."""
    body = tree.find("body")
    if body is None:
        return None
    found = lines(body, _is_about_other_texts, MOST_LINES)
    wanted = words_in(title)
    place = next((at for at, line in enumerate(found) if wanted and line.words == wanted and line.is_heading), None)
    if place is None:
        place = next((at for at, line in enumerate(found) if wanted and line.words == wanted), 0)
    near = [
        *_until_text(found[place + 1 : place + 1 + NEAR_TITLE]),
        *_until_text(found[max(0, place - NEAR_TITLE) : place][::-1]),
    ]
    for line in near:
        if when := date_in(line.text):
            return when
    for line in found:
        if len(line.words) <= 2 * LONGEST and (when := date_in(line.text, labelled=True)):
            return when
    return _only_date(body) if len(found) < MOST_LINES else None


def _is_about_other_texts(element: HtmlElement) -> bool:
    return element.tag in ("aside", "nav") or bool(ELSEWHERE.search(names(element)))


def _only_date(body: HtmlElement) -> datetime | None:
    """The date that stands on lines of its own, if there is but one on the page, comments aside."""
    texts = {squeezed(line.text) for line in lines(body, lambda element: "comment" in names(element))}
    days = {when for text in texts if DATE.fullmatch(text) and (when := date_in(text))}
    return days.pop() if len(days) == 1 else None


def _until_text(found: list[Line]) -> Iterator[Line]:
    for line in found:
        if len(line.words) > LONGEST:
            return
        if not line.atomic and not re.search(r"[.!?]$", squeezed(line.text)):
            yield line
