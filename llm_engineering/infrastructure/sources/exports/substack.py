"""Substack: posts.csv says what is published, posts/ID.html holds the texts."""

import html
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from llm_engineering.application.ports import CollectedItem, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category
from llm_engineering.domain.errors import BadInput, CollectError
from llm_engineering.infrastructure.sources.bodies import text_of
from llm_engineering.infrastructure.sources.exports.base import EVIDENCE_CHARACTERS, Export, csv_rows, named, utc
from llm_engineering.infrastructure.sources.extraction import fragment_markdown
from llm_engineering.infrastructure.sources.files import Files

READ_TYPES = frozenset({"newsletter", "podcast"})
SUBSCRIBERS = re.compile(r"^email_list\.(.+)\.csv$")


class SubstackExport(Export):
    """Published posts; drafts, threads and pages are left out."""

    platform = "substack"

    def _account(self, files: Files) -> str:
        """The publication: only the list of subscribers (which is never read) has it in its name."""
        found = (SUBSCRIBERS.match(PurePosixPath(name).name) for name in files.names())
        return next((match.group(1) for match in found if match), "")

    def _found(self, files: Files, author: Author) -> Iterator[CollectedItem | RefusedItem]:
        """One item a published post. Raises BadInput when there is no posts.csv."""
        table = named(files, "posts.csv")
        if table is None:
            raise BadInput(f"{self._path} is no Substack export: it has no posts.csv.")
        rows = {row.get("post_id", ""): row for row in csv_rows(files, table)}
        texts = {PurePosixPath(name).stem: name for name in files.names() if name.endswith(".html")}
        yield from self._each(rows, lambda id: _post(rows[id], texts.get(id), files))


def _post(row: dict[str, str], name: str | None, files: Files) -> CollectedItem | str:
    if row.get("is_published", "").strip().lower() != "true":
        return "drafts"
    if row.get("type", "newsletter") not in READ_TYPES:
        return f"entries of type {row.get('type')}"
    if name is None:
        raise CollectError(f"posts.csv lists {row.get('post_id')}, but there is no such file in posts/.")
    title = html.unescape(row.get("title", "")).strip()
    subtitle = html.unescape(row.get("subtitle", "")).strip()
    content = fragment_markdown(text_of(files.read(name), ""), title)
    return CollectedItem(
        link=f"substack:{row['post_id']}",
        category=Category.ARTICLES,
        platform="substack",
        title=title,
        content=content,
        published_at=utc(row.get("post_date")),
        extra={"subtitle": subtitle} if subtitle else {},
        evidence=content[:EVIDENCE_CHARACTERS],
    )
