"""What WordPress stores of a post, turned into the HTML that it shows: blocks, shortcodes, paragraphs."""

import json
import re
from collections.abc import Iterator, Mapping
from html import escape

from llm_engineering.infrastructure.sources.html_markdown import BLOCKS

SHORTCODE = re.compile(r"\[(/?)([A-Za-z][\w-]*)((?:\s[^\[\]]*)?)\]|</?(?:pre|code)\b[^<>]*>", re.IGNORECASE)
QUOTED_OPTION = re.compile(r"""[\w-]+=["'“”″&]""")
OPTION = re.compile(r"""(?<![\w-])(caption|lang|language)=["'“”″]([^"'“”″]*)["'“”″]""")
CORE = frozenset("gallery playlist audio video embed toc".split())
"""Shortcodes that are known without options."""
NO_WORDS = frozenset("gallery playlist audio video embed youtube vimeo".split())
"""Shortcodes between whose tags is an address, no text."""
CODE = frozenset("code sourcecode".split())
CAPTION = frozenset("caption wp_caption".split())
HTML_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)\b[^<>]*>")
WHOLE = frozenset("p pre h1 h2 h3 h4 h5 h6 dt figcaption address".split())
"""Blocks whose text is no place for paragraphs."""
LINE_BREAK = re.compile(r"<br\s*/?>[ \t]*\n?", re.IGNORECASE)
EMBED_ADDRESS = re.compile(r'<div class="wp-block-embed__wrapper">[^<]*</div>')


def post_html(content: str, meta: Mapping[str, str]) -> str:
    """The HTML of a post's stored content; `meta` is the post's meta, which holds its footnotes."""
    text = content.replace("\r\n", "\n")
    is_blocks = "<!-- wp:" in text
    text = without_shortcodes(EMBED_ADDRESS.sub("", _without_comments(text)))
    text = text if is_blocks else paragraphs(text)
    return text + _footnotes(meta.get("footnotes", ""))


def _without_comments(text: str) -> str:
    """Block comments and <!--more--> go; a search for each end, so that no text takes long."""
    kept, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        kept.append(text[at:start])
        at = end + 3
    return "".join(kept) + text[at:]


def _footnotes(stored: str) -> str:
    """Footnotes of the block editor are no part of the content."""
    try:
        notes = json.loads(stored)
    except (ValueError, RecursionError):
        return ""
    texts = [note.get("content") for note in notes if isinstance(note, dict)] if isinstance(notes, list) else []
    items = "".join(f"<li>{text}</li>" for text in texts if isinstance(text, str))
    return f"\n<ol>{items}</ol>" if items else ""


# ------------------------------------------------------------ shortcodes


def without_shortcodes(text: str) -> str:
    """The text without WordPress's [shortcodes]: captions stay as captions, code as code, the rest goes.

    What an author puts in brackets ("[sic]", "[1]") stays, and so does everything in HTML's code.
    """
    marks = list(SHORTCODE.finditer(text))
    ends = _ends(marks)
    written: list[str] = []
    at = position = depth = 0
    while position < len(marks):
        mark, end = marks[position], ends.get(position)
        position += 1
        if mark.group(2) is None:
            depth += -1 if mark.group().startswith("</") else 1
            continue
        if depth > 0 or mark.start() < at or not _is_shortcode(mark, end is not None):
            continue
        written.append(text[at : mark.start()])
        at = mark.end()
        name = mark.group(2).lower()
        if end is not None and not mark.group(1) and (name in CODE or name in CAPTION or name in NO_WORDS):
            written.append(_enclosed(name, mark.group(3), text[mark.end() : marks[end].start()]))
            at, position = marks[end].end(), end + 1
    return "".join(written) + text[at:]


def _ends(marks: list[re.Match[str]]) -> dict[int, int]:
    """Position of an opening mark → that of the next mark that closes its name; and of that one → itself."""
    closing: dict[str, int] = {}
    ends: dict[int, int] = {}
    for position in range(len(marks) - 1, -1, -1):
        name = (marks[position].group(2) or "").lower()
        if marks[position].group(1):
            closing[name] = position
        elif name in closing:
            ends[position] = closing[name]
            ends.setdefault(closing[name], closing[name])
    return ends


def _is_shortcode(mark: re.Match[str], is_paired: bool) -> bool:
    before, after = mark.string[mark.start() - 1 : mark.start()], mark.string[mark.end() : mark.end() + 1]
    if before == "[" and after == "]":  # WordPress's way to write about a shortcode
        return False
    name, options = mark.group(2).lower(), mark.group(3)
    is_core = name in CORE and after != "("  # [video](…) is a link in Markdown
    return is_paired or (not mark.group(1) and (is_core or bool(QUOTED_OPTION.search(options))))


def _enclosed(name: str, options: str, inner: str) -> str:
    stated = dict(OPTION.findall(options))
    if name in CODE:
        language = stated.get("lang") or stated.get("language") or ""
        kind = f' class="language-{escape(language)}"' if language else ""
        return f"\n\n<pre><code{kind}>{inner}</code></pre>\n\n"
    if name in CAPTION:
        return f"\n\n<figure><figcaption>{stated.get('caption') or inner}</figcaption></figure>\n\n"
    return ""


# ------------------------------------------------------------ paragraphs


def paragraphs(text: str) -> str:
    """WordPress's rule for text of the classic editor: a blank line parts paragraphs, a line break stays one.

    https://developer.wordpress.org/reference/functions/wpautop/
    """
    return "".join(_parts(LINE_BREAK.sub("\n", text)))


def _parts(text: str) -> Iterator[str]:
    at, inside = 0, ""
    for tag in HTML_TAG.finditer(text):
        name, closes = tag.group(2).lower(), bool(tag.group(1))
        if name not in BLOCKS or (inside and name != inside and (inside != "p" or closes)):
            continue
        if inside and not closes:  # a paragraph that nobody closed
            yield _shown(inside, text[at : tag.start()])
            at, inside = tag.start(), ""
        if inside:
            yield _shown(inside, text[at : tag.end()])
            at, inside = tag.end(), ""
        else:
            yield _wrapped(text[at : tag.start()])
            at = tag.start()
            if name in WHOLE and not closes:
                inside = name
            else:
                yield tag.group()
                at = tag.end()
    yield _shown(inside, text[at:]) if inside else _wrapped(text[at:])


def _shown(name: str, text: str) -> str:
    """Within a paragraph a line break is shown; within code it is one already."""
    return text if name == "pre" else text.replace("\n", "<br>")


def _wrapped(text: str) -> str:
    pieces = (piece.strip() for piece in re.split(r"\n[ \t]*\n", text))
    return "".join(f"<p>{piece.replace(chr(10), '<br>')}</p>" for piece in pieces if piece)
