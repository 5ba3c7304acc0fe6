"""What a file's name says of the text in it."""

import re
from datetime import datetime
from pathlib import PurePosixPath

from llm_engineering.infrastructure.sources.formats.facts import moment

DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[-_ ]+|$)")
NOTION_ID = re.compile(r"[ _-]?\b[0-9a-f]{32}$")


def title_in(name: str) -> str:
    """The name without date, ending and the id that Notion adds; a slug ("on-salt") as words."""
    stem = NOTION_ID.sub("", PurePosixPath(name).stem)
    words = DATE.sub("", stem, count=1) if DATE.match(stem) else stem
    if " " not in words:
        words = re.sub(r"[-_]+", " ", words)
    return words.strip() or stem


def date_in(name: str) -> datetime | None:
    """The date that the name begins with."""
    match = DATE.match(PurePosixPath(name).stem)
    return moment(match.group(1)) if match else None


def is_notion(name: str) -> bool:
    """Whether Notion gave the file its name."""
    return bool(NOTION_ID.search(PurePosixPath(name).stem))
