"""Markdown with its front matter; pages that Notion exported, too."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from llm_engineering.infrastructure.sources.formats import notion
from llm_engineering.infrastructure.sources.formats.facts import described, same_words, stated
from llm_engineering.infrastructure.sources.formats.front_matter import front_matter
from llm_engineering.infrastructure.sources.formats.names import is_notion
from llm_engineering.infrastructure.sources.formats.plain import decoded
from llm_engineering.infrastructure.sources.formats.text import Part

FIRST_HEADING = re.compile(r"\A\s*(?:#[ \t]+([^\n]+?)[ \t]*#*[ \t]*|([^\n#>*-][^\n]*)\n=+[ \t]*)(?:\n|\Z)")
HEADING_ID = re.compile(r"\s*\{#[^{}]*\}$")
MODULE_LINES = re.compile(
    r"""\A(?:(?:import\b[^\n]*["'][^\n"']+["'];?[ \t]*|export[ \t]+(?:const|let|var|default|function)\b[^\n]*)?\n)+"""
)
"""What MDX files begin with."""


def read(name: str, data: bytes) -> list[Part]:
    """The text as its author wrote it, less front matter and the heading that is its title.

    Raises CollectError for front matter that cannot be read.
    """
    facts, body = front_matter(decoded(data), name)
    if PurePosixPath(name).suffix.lower() == ".mdx":
        body = MODULE_LINES.sub("", body)
    title, body = titled(facts, body)
    if not is_notion(name):
        return [described(facts, title, body)]
    properties, body = notion.properties(body)
    return [described({**properties, **facts}, title, notion.plain_markdown(body))]


def titled(facts: Mapping[str, Any], body: str) -> tuple[str, str]:
    """The title, as stated or else as the first heading says, and the text without that heading."""
    title = stated(facts.get("title"))
    heading = FIRST_HEADING.match(body)
    if not heading:
        return title, body
    words = HEADING_ID.sub("", (heading.group(1) or heading.group(2)).strip())
    if title and not same_words(words, title):
        return title, body
    return title or words, body[heading.end() :]
