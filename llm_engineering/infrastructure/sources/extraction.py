"""The article of a page, in four steps, without network.

1. The article's element is the one that the page names itself (microdata, h-entry, telling classes, <article>,
   <main>). Where it names none, trafilatura (Barbaresi 2021, https://aclanthology.org/2021.acl-demo.15) reads the
   main text, and the smallest element that holds nearly all of it is the article's own. trafilatura alone drops
   what looks unusual: footnotes, reference lists, sidenotes, notebook cells.
2. What is chrome by its role or name is taken out of that element.
3. So are the lines of the theme at its start and end: title, dates, bylines, tags, links to share.
4. The rest becomes Markdown whole.
"""

from dataclasses import dataclass
from datetime import datetime

from lxml import etree
from lxml.html import HtmlElement

from llm_engineering.infrastructure.sources.article_element import find_article
from llm_engineering.infrastructure.sources.html_markdown import to_markdown, visible_text
from llm_engineering.infrastructure.sources.html_tree import parsed, take_out, word_counts, words_in
from llm_engineering.infrastructure.sources.page_chrome import drop_chrome
from llm_engineering.infrastructure.sources.page_edges import drop_title, trim
from llm_engineering.infrastructure.sources.page_metadata import PageMetadata
from llm_engineering.infrastructure.sources.theme_lines import Known

TEXT_START_CHARACTERS = 6000
CODE_OF_PAGES = etree.XPath("//script[not(starts-with(@type,'math/tex'))]|//style|//template")


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
    known = Known(meta.title, url, frozenset(words_in(" ".join([meta.byline or "", *meta.site_names]))))
    return ExtractedPage(
        title=meta.title,
        byline=meta.byline,
        published_at=meta.published_at,
        language=meta.language,
        canonical=meta.canonical,
        description=meta.description,
        text_start=visible_text(tree, TEXT_START_CHARACTERS),
        is_article=meta.is_article,
        is_index=meta.is_index,
        is_paywalled=meta.is_paywalled,
        markdown=_article_markdown(tree, known),  # last, because it takes the tree apart
    )


def _article_markdown(tree: HtmlElement, known: Known) -> str:
    article = find_article(tree)
    if not article.elements:
        return ""
    for element in CODE_OF_PAGES(tree):
        take_out(element)
    for element in article.elements:
        drop_chrome(element, known.url, article.counts, article.hits, in_portal=article.in_portal)
    trim(article.elements[0], known)
    return to_markdown(article.elements, known.url)


def fragment_markdown(html: str, title: str = "", url: str = "") -> str:
    """The Markdown of HTML that is nothing but an article, e.g. a post of an export."""
    tree = parsed(f"<!DOCTYPE html><body>{html}</body>")
    if tree is None:
        return ""
    body = tree.find("body")
    drop_chrome(body, url, word_counts(body), largest=0.9)
    drop_title(body, title)
    return to_markdown(body, url)
