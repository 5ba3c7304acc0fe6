"""What a reader of a file format hands back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Text:
    """A text with what its file says of it."""

    title: str
    """Empty when the file states none; then the file's name has to do."""
    markdown: str
    part: str = ""
    """Which text of its file this is, e.g. a chapter's id; empty for a file that is one text."""
    published_at: datetime | None = None
    """In UTC."""
    byline: str | None = None
    language: str | None = None
    """ISO 639-1."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Subtitle, tags, the book of a chapter."""
    evidence: str = ""
    """What to show of it when in doubt; empty: the start of the text itself."""


@dataclass(frozen=True)
class LeftOut:
    """Something in a file that is on purpose no text of its own."""

    one: str
    """How a note names one of it, e.g. "draft"."""
    many: str
    """And several, e.g. "drafts"."""


@dataclass(frozen=True)
class Unread:
    """A part of a file that could not be read, while others could."""

    part: str
    reason: str


Part: TypeAlias = Text | LeftOut | Unread
Reader: TypeAlias = Callable[[str, bytes], list[Part]]
"""(the file's name, its bytes) → the texts in it. A top-level function that only computes, so that a
process with a time limit can run it. Raises CollectError when the whole file cannot be read."""

DRAFT = LeftOut("draft", "drafts")
