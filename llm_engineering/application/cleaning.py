"""One document, two texts: what the author wrote for style, and what a search should find.

The style lane keeps the author's words character by character (apostrophes, dashes, emoji,
sentence and paragraph breaks); code and other people's quotes become a marker. The search lane
is the same Markdown, normalised to NFKC, with headings, lists, tables and code.
"""

import re
import unicodedata

from llm_engineering.application.markdown import BlockKind, blocks
from llm_engineering.domain.documents import Category, CleanedDocument, RawDocument

CLEANER = "2-lanes/1"
"""Version of the rules below; documents cleaned by another version are cleaned again."""

CODE_MARKER = "[code]"
QUOTE_MARKER = "[quote]"
TABLE_MARKER = "[table]"
MARKERS = frozenset({CODE_MARKER, QUOTE_MARKER, TABLE_MARKER})

_INVISIBLE = re.compile("[\u200b\u2060\ufeff\u00ad]")
"""Zero-width characters that sites insert; nobody types or reads them. Joiners stay: emoji need them."""


def clean(document: RawDocument) -> CleanedDocument:
    """The document in its two lanes. Pure: the same input gives the same output."""
    return CleanedDocument(
        **document.model_dump(
            include={"id", "author_id", "author_full_name", "category", "platform", "link", "title", "published_at"}
        ),
        language=document.language,
        style_text=_posted(document.content) if document.category is Category.POSTS else style_lane(document.content),
        search_text=search_lane(document.content),
        content_hash=document.hash,
        cleaner=CLEANER,
    )


def style_lane(markdown: str) -> str:
    """The author's own words: paragraphs, lists and headings, one blank line between blocks."""
    parts: list[str] = []
    for block in blocks(_line_ends(markdown)):
        match block.kind:
            case BlockKind.CODE:
                parts.append(CODE_MARKER)
            case BlockKind.QUOTE:
                parts.append(QUOTE_MARKER)
            case BlockKind.TABLE:
                parts.append(TABLE_MARKER)
            case BlockKind.HTML | BlockKind.RULE:
                continue
            case _:
                parts.append(_INVISIBLE.sub("", block.plain))
    return "\n\n".join(part for part in parts if part.strip())


def search_lane(markdown: str) -> str:
    """The Markdown in NFKC with plain line ends; a no-break space becomes a space."""
    normal = unicodedata.normalize("NFKC", _line_ends(markdown))
    return re.sub(r"\n{3,}", "\n\n", _INVISIBLE.sub("", normal)).strip()


def _posted(text: str) -> str:
    # Posts are plain text: a leading "#" is a hash tag and a line break is meant.
    return _INVISIBLE.sub("", _line_ends(text)).strip()


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
