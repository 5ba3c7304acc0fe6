"""What Notion's exports, in Markdown and in HTML, add to a page."""

import re

from lxml.html import tostring

from llm_engineering.infrastructure.sources.formats.code import outside_code
from llm_engineering.infrastructure.sources.formats.facts import stated
from llm_engineering.infrastructure.sources.html_tree import parsed

PROPERTY = re.compile(r"([^\s:][^:\n]{0,40}):(?:[ \t]+(.*)|[ \t]*)\Z")
KNOWN = frozenset(
    {"author", "authors", "category", "created", "created by", "created time", "date", "last edited by"}
    | {"last edited time", "published", "status", "tags", "type", "url"}
)
TO_PAGE = re.compile(r"(?<!!)\[([^\[\]\n]{0,300})\]\((?![a-z]+:)[^()\s]{0,1000}[0-9a-f]{32}\.(?:md|csv|html)\)")
ASIDE = re.compile(r"^[ \t]*</?aside>[ \t]*\n?", re.MULTILINE)


def properties(body: str) -> tuple[dict[str, str], str]:
    """The page's properties (keys in lower case), which stand below the title, and the text below them.

    A page may begin with a line that only looks so, hence one of the usual names must be among them.
    """
    text = body.lstrip("\n")
    block, _, rest = text.partition("\n\n")
    found: dict[str, str] = {}
    for line in block.split("\n"):
        match = PROPERTY.match(line)
        if not match:
            return {}, body
        found[match.group(1).strip().lower()] = (match.group(2) or "").strip()
    return (found, rest) if KNOWN & set(found) else ({}, body)


def plain_markdown(body: str) -> str:
    """The text with links to other pages of the export as their words, and callouts as paragraphs."""
    return outside_code(body, lambda text: ASIDE.sub("", TO_PAGE.sub(r"\1", text)))


def html_parts(html: str) -> tuple[str, dict[str, str], str] | None:
    """Title, properties and body (HTML) of a page exported as HTML, None when it has not that form."""
    tree = parsed(html)
    bodies = tree.xpath("//article[contains(@class,'page')]/div[@class='page-body']") if tree is not None else []
    if tree is None or not bodies:
        return None
    titles = tree.xpath("//h1[@class='page-title']")
    found = {
        stated(row.xpath("string(th)")).lower(): stated(row.xpath("string(td)"))
        for row in tree.xpath("//article/header/table[@class='properties']//tr")
    }
    title = stated(titles[0].text_content()) if titles else ""
    return title, found, tostring(bodies[0], encoding="unicode")
