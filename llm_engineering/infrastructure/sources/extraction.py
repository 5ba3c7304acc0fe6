"""The article of a page, in three steps, without network.

1. trafilatura (Barbaresi 2021, https://aclanthology.org/2021.acl-demo.15) reads the page's main text. It
   knows chrome well, but drops what looks unusual: footnotes, reference lists, sidenotes, notebook cells.
2. The smallest element that holds nearly all of that text is the article's own element.
3. That element, less what is chrome by its role or name, becomes Markdown whole.
"""

import re
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime

from lxml.html import HtmlElement

from llm_engineering.infrastructure.sources.html_markdown import HEADINGS, to_markdown, visible_text
from llm_engineering.infrastructure.sources.html_tree import parsed
from llm_engineering.infrastructure.sources.page_metadata import PageMetadata, parsed_date

COVERED = 0.95
"""Share of trafilatura's words that the article's element holds."""
MOSTLY = 0.7
SPARSE = 0.25
"""Where an element holds MOSTLY of the words, and beside it less than SPARSE of the words are
trafilatura's, those are site text that happens to say the same."""
TEXT_BLOCKS = frozenset({"p", "pre", "table", "ul", "ol", "blockquote"})
SHINGLE = 4
"""Words in a row that show that a piece of text is in trafilatura's extract."""
TEXT_START_CHARACTERS = 6000
WORD = re.compile(r"[^\W_]+")

ALWAYS_CHROME = frozenset("nav form dialog menu script style noscript template button iframe".split())
CHROME_ROLES = frozenset(
    "navigation search banner contentinfo complementary dialog alertdialog menu menubar form".split()
)
CHROME_NAMES = re.compile(
    r"""(?:^|[-_\s])(?:
        nav(?:bar|igation|links?)?|menu|breadcrumbs?|pag(?:er|ination)|prev(?:ious)?-?next|post-?nav(?:igation)?|
        shar(?:e|ing|edaddy)(?:-?(?:buttons?|links?|bar))?|social(?:-?(?:links?|icons?|share|buttons?))?|addtoany|
        gallery|slideshow|carousel|lightbox|related(?:-?(?:posts?|articles?|content))?|read-?(?:next|more)|recommend(?:ed|ations?)|more-?(?:posts|from)|yarpp|
        newsletters?|subscri(?:be|ption)|sign-?up|mailing-?list|cta|call-to-action|button-wrapper|
        cookies?(?:-?(?:banner|notice|consent|bar))?|consent|gdpr|paywall|
        comments?(?:-?(?:area|list|section|form|thread))?|disqus(?:_thread)?|utterances|giscus|webmentions?|respond|
        by-?lines?|(?:post|article|entry|page)-?(?:meta(?:data)?|info|byline|date|tags)|meta|author-?(?:bio|box|card|info)|about-the-author|
        tags?(?:-?(?:list|links|cloud))?|tag-?list|categories|
        toc|table-?of-?contents|sidebar|side-?nav|skip-?(?:link|to-content)|sr-only|visually-hidden|screen-reader-text|
        print-?only|no-?print|ad(?:vert(?:isement)?s?)?|promo|sponsor(?:ed)?|banner|
        headerlink|permalink|anchor-?link|hash-link|copy-?(?:btn|button|code)|clipboard|
        (?:input_|output_)?prompt|quarto-title(?:-.*)?|quarto-appendix-(?:contents|heading)|edit-?(?:page|link|this-page)|site-?(?:header|footer|nav)
    )(?:[-_]?(?:box|form|widget|wrap(?:per)?|container|section|block|area|bar|inner|content|module|panel|editor))*(?:$|\s)""",
    re.IGNORECASE | re.VERBOSE,
)
NOTES_HEADING = re.compile(
    r"(?:foot|end)?notes?\b|references?\b|bibliography|sources?\b|further reading|links", re.IGNORECASE
)
FOOTNOTES = re.compile(r"footnote|endnote|references?\b|bibliograph|csl-|sidenote|marginnote", re.IGNORECASE)


@dataclass(frozen=True)
class ExtractedPage:
    """The article of a page and what the page says of it."""

    title: str
    markdown: str
    """Empty when there is no text."""
    byline: str | None
    published_at: datetime | None
    language: str | None
    canonical: str | None
    description: str | None
    text_start: str
    """The first characters of everything visible on the page, for the quarantine."""
    is_article: bool = False
    """The page calls itself an article in its structured data."""
    is_index: bool = False
    """The page calls itself a list of others."""
    is_paywalled: bool = False
    """The page says that its text is not accessible for free."""


def extract(html: str, url: str) -> ExtractedPage:
    """The page's article as Markdown, with title, author, date and language as the page states them.

    A page without a text gives empty Markdown; broken HTML is read as browsers would. Never raises
    for what a page holds.
    """
    tree = parsed(html)
    if tree is None:
        return ExtractedPage("", "", None, None, None, None, None, html[:TEXT_START_CHARACTERS].strip())
    meta = PageMetadata(tree, url)
    title = meta.title
    return ExtractedPage(
        title=title,
        markdown=article_markdown(tree, title, url),
        byline=meta.byline,
        published_at=meta.published_at or _date_by_trafilatura(tree, url),
        language=meta.language,
        canonical=meta.canonical,
        description=meta.description,
        text_start=visible_text(tree)[:TEXT_START_CHARACTERS],
        is_article=meta.is_article,
        is_index=meta.is_index,
        is_paywalled=meta.is_paywalled,
    )


def _date_by_trafilatura(tree: HtmlElement, url: str) -> datetime | None:
    from trafilatura import extract_metadata

    found = extract_metadata(deepcopy(tree), default_url=url, extensive=False)
    return parsed_date(found.date) if found is not None else None


def article_markdown(tree: HtmlElement, title: str, url: str) -> str:
    """The Markdown of the article in the tree; the heading that repeats the title is left out."""
    page = deepcopy(tree)
    for element in page.xpath("//script[not(starts-with(@type,'math/tex'))]|//style|//template"):
        element.drop_tree()
    words = Counter(_shingles(_main_text(tree)))
    if not words:
        return ""
    hits = _hits(page, set(words))
    article = _smallest_holding(page, hits)
    _drop_chrome(article, hits)
    _drop_title(article, title)
    return to_markdown(article, url)


def _main_text(tree: HtmlElement) -> str:
    from trafilatura import extract as trafilatura_extract

    return trafilatura_extract(deepcopy(tree), include_comments=False, include_tables=True) or ""


def _words(text: str) -> list[str]:
    return WORD.findall(text.casefold())


def _shingles(text: str) -> list[tuple[str, ...]]:
    words = _words(text)
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
    return _summed(page, hits)


def _reading_order(page: HtmlElement) -> tuple[list[str], list[HtmlElement]]:
    words: list[str] = []
    owners: list[HtmlElement] = []

    def walk(element: HtmlElement) -> None:
        if isinstance(element.tag, str) and element.tag not in ("script", "style", "head", "header", "noscript"):
            add(element.text, element)
            for child in element:
                walk(child)
                add(child.tail, element)

    def add(text: str | None, owner: HtmlElement) -> None:
        found = _words(text or "")
        words.extend(found)
        owners.extend([owner] * len(found))

    walk(page)
    return words, owners


def _summed(page: HtmlElement, own: dict[HtmlElement, int]) -> dict[HtmlElement, int]:
    total = dict(own)
    for element in reversed(list(page.iter())):
        parent = element.getparent()
        if parent is not None and element in total:
            total[parent] = total.get(parent, 0) + total[element]
    return total


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
    beside = len(_words(element.text_content())) - len(_words(inner.text_content()))
    return inner_hits >= MOSTLY * all_hits and all_hits - inner_hits < SPARSE * beside


def fragment_markdown(html: str, title: str = "", url: str = "") -> str:
    """The Markdown of HTML that is nothing but an article, e.g. a post of an export."""
    tree = parsed(f"<!DOCTYPE html><body>{html}</body>")
    if tree is None:
        return ""
    body = tree.find("body")
    _drop_chrome(body, None)
    _drop_title(body, title)
    return to_markdown(body, url)


def _drop_chrome(article: HtmlElement, hits: dict[HtmlElement, int] | None) -> None:
    """Take chrome out of the tree; without `hits`, by role and name alone."""
    known = hits or {}
    whole = max(1, known.get(article, 0))
    for element in list(article.iterdescendants()):
        if not isinstance(element.tag, str) or element.getparent() is None:
            continue
        own = known.get(element, 0)
        if own > 0.5 * whole:
            continue
        if _is_chrome(element, own) or (hits is not None and not own and _is_link_list(element)):
            element.drop_tree()
    for element in list(article.iter("time")):
        parent = element.getparent()
        if parent is not None and parent.tag not in ("p", "li", "td") and not _own_words(parent):
            element.drop_tree()


def _own_words(element: HtmlElement) -> list[str]:
    return _words(" ".join([element.text or "", *(child.tail or "" for child in element)]))


def _is_chrome(element: HtmlElement, hits: int) -> bool:
    classes, given_id = element.get("class") or "", element.get("id") or ""
    if FOOTNOTES.search(f"{classes} {given_id}"):
        return False
    if element.tag in ALWAYS_CHROME or (element.get("role") or "").lower() in CHROME_ROLES:
        return True
    if element.get("hidden") is not None or re.search(r"display:\s*none", element.get("style") or ""):
        return True
    if CHROME_NAMES.search(classes):
        return True
    # Generators make ids from the author's own headings: id="comments" may be a chapter about comments.
    if element.tag in HEADINGS or not CHROME_NAMES.search(given_id):
        return False
    return hits <= 0.5 * len(_words(element.text_content())) or _is_link_list(element)


def _is_link_list(element: HtmlElement) -> bool:
    """A block whose words are nearly all in links and that trafilatura left out: related posts, menus."""
    if element.tag not in ("ul", "ol", "div", "section", "aside", "p", "footer"):
        return False
    heading = next((before for before in element.itersiblings(preceding=True) if before.tag in HEADINGS), None)
    if heading is not None and NOTES_HEADING.match(heading.text_content().strip()):
        return False
    words = len(_words(element.text_content()))
    linked = sum(len(_words(link.text_content())) for link in element.iter("a"))
    return words > 0 and linked > 0.7 * words


def _drop_title(article: HtmlElement, title: str) -> None:
    wanted = _words(title)
    for heading in article.iter("h1", "h2"):
        words = _words(heading.text_content())
        if words and (words == wanted or heading.tag == "h1" and wanted and " ".join(wanted) in " ".join(words)):
            heading.drop_tree()
            return
        break
