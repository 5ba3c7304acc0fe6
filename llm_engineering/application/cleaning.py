"""One document, two texts: what the author wrote for style, and what a search should find.

The style lane keeps the author's words character by character (apostrophes, dashes, emoji,
sentence and paragraph breaks); code and other people's quotes become a marker. The search lane
is the same Markdown, normalised to NFKC, with headings, lists, tables and code. Where it is asked
for, personal data becomes a marker in both and in the title.
"""

import re
import unicodedata
from collections import Counter

from llm_engineering.application.markdown import BlockKind, blocks
from llm_engineering.application.pii import PiiRules, scrubbed
from llm_engineering.application.posts import post_style
from llm_engineering.application.quarantine import detected_language
from llm_engineering.domain.documents import Category, CleanedDocument, RawDocument

CLEANER = "2-lanes/3"
"""Version of the rules below; documents cleaned by another version are cleaned again."""

CODE_MARKER = "[code]"
QUOTE_MARKER = "[quote]"
TABLE_MARKER = "[table]"
MARKERS = frozenset({CODE_MARKER, QUOTE_MARKER, TABLE_MARKER})

_INVISIBLE = re.compile("[\u200b\u2060\ufeff\u00ad]")
"""Zero-width characters that sites insert; nobody types or reads them. Joiners stay: emoji need them."""


def clean(document: RawDocument, pii: PiiRules | None = None) -> CleanedDocument:
    """The document in its two lanes, scrubbed by `pii` where given. Pure: the same input gives the same output.

    `scrubbed` counts the pieces of the title and of the lane that has more of a kind, as most stand in both.
    """
    style = _style(document)
    title, in_title = scrubbed(document.title, pii) if pii else (document.title, Counter[str]())
    style_text, in_style = scrubbed(style, pii) if pii else (style, Counter[str]())
    search = search_lane(document.content)
    search_text, in_search = scrubbed(search, pii) if pii else (search, Counter[str]())
    answered = _line_ends(str(document.extra.get("in_reply_to_text", ""))).strip()
    return CleanedDocument(
        **document.model_dump(
            include={"id", "author_id", "author_full_name", "category", "platform", "link", "published_at"}
        ),
        title=title,
        language=document.language or detected_language(style),
        style_text=style_text,
        search_text=search_text,
        content_hash=document.hash,
        cleaner=cleaner_version(pii),
        answers=scrubbed(answered, pii)[0] if pii else answered,
        scrubbed=dict((in_style | in_search) + in_title),
    )


def cleaner_version(pii: PiiRules | None = None) -> str:
    """Changes whenever the same raw document would be cleaned in another way, e.g. "2-lanes/3+pii:1f0c23aa"."""
    return f"{CLEANER}+pii:{pii.fingerprint}" if pii else CLEANER


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
            case BlockKind.RULE:
                continue
            case _:
                parts.append(_INVISIBLE.sub("", block.plain))
    return "\n\n".join(part for part in parts if part.strip())


def search_lane(markdown: str) -> str:
    """The Markdown in NFKC with plain line ends; a no-break space becomes a space."""
    normal = unicodedata.normalize("NFKC", _INVISIBLE.sub("", _line_ends(markdown)))
    return re.sub(r"\n{3,}", "\n\n", normal).rstrip().lstrip("\n")


def _style(document: RawDocument) -> str:
    if document.category is not Category.POSTS:
        return style_lane(document.content)
    text = _INVISIBLE.sub("", _line_ends(document.content))
    return post_style(text, document.platform, code=CODE_MARKER, quote=QUOTE_MARKER)


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
