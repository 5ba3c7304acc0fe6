"""Medium: posts/*.html, one file a post, a draft or a response."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from lxml.html import HtmlElement, tostring

from llm_engineering.application.ports import CollectedItem, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category
from llm_engineering.domain.errors import BadInput, CollectError
from llm_engineering.domain.identity import canonical_link
from llm_engineering.infrastructure.sources.bodies import text_of
from llm_engineering.infrastructure.sources.exports.base import EVIDENCE_CHARACTERS, Export, by_class, utc, words_of
from llm_engineering.infrastructure.sources.extraction import fragment_markdown
from llm_engineering.infrastructure.sources.files import Files
from llm_engineering.infrastructure.sources.html_tree import parsed

RESPONSE_WORDS = 200
"""A post without its own title and with fewer words is a response to somebody."""


class MediumExport(Export):
    """Posts; drafts and responses to others are left out."""

    platform = "medium"

    def _account(self, files: Files) -> str:
        """The handle, as profile/profile.html links it."""
        for name in files.names():
            if PurePosixPath(name).parts[-2:] == ("profile", "profile.html"):
                tree = parsed(text_of(files.read(name), ""))
                return words_of(by_class(tree, "u-url")) if tree is not None else ""
        return ""

    def _found(self, files: Files, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """One item a post. Raises BadInput when there is no posts folder."""
        names = [
            name for name in files.names() if PurePosixPath(name).parent.name == "posts" and name.endswith(".html")
        ]
        if not names:
            raise BadInput(f"{self._path} is no Medium export: it has no posts/*.html.")
        yield from self._each(names, lambda name: _post(name, text_of(files.read(name), "")))


def _post(name: str, text: str) -> CollectedItem | str:
    tree = parsed(text)
    if tree is None:
        raise CollectError(f"{name} is empty.")
    title, body = by_class(tree, "p-name"), by_class(tree, "e-content")
    canonical, published = by_class(tree, "p-canonical"), by_class(tree, "dt-published")
    if PurePosixPath(name).name.startswith("draft") or canonical is None:
        return "drafts"
    if body is None:
        raise CollectError(f"{name} has no body.")
    heading = words_of(title)
    if _is_response(body, heading):
        return "responses"
    for repeated in body.xpath(".//*[contains(@class,'graf--title') or contains(@class,'graf--subtitle')]"):
        repeated.drop_tree()
    for divider in body.xpath(".//hr")[:1]:  # Medium starts the first section with one, too
        divider.drop_tree()
    subtitle = words_of(by_class(tree, "p-summary"))
    return CollectedItem(
        link=canonical_link(canonical.get("href")) if canonical.get("href") else f"medium:{PurePosixPath(name).name}",
        category=Category.ARTICLES,
        platform="medium",
        title=heading,
        content=fragment_markdown(tostring(body, encoding="unicode"), heading),
        published_at=utc(published.get("datetime")) if published is not None else None,
        extra={"subtitle": subtitle} if subtitle else {},
        evidence=words_of(body)[:EVIDENCE_CHARACTERS],
    )


def _is_response(body: HtmlElement, title: str) -> bool:
    """Medium titles a response with its own first words, and such a text starts with a paragraph."""
    first = next(
        (element for element in body.iter("p", "h1", "h2", "h3", "h4", "blockquote") if words_of(element)), None
    )
    if first is None or first.tag != "p" or len(words_of(body).split()) >= RESPONSE_WORDS:
        return False
    start = title.rstrip("… .")
    return bool(start) and words_of(first).startswith(start)
