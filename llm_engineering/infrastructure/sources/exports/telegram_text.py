"""A Telegram message's text, plain or cut into formatted parts, as Markdown."""

import re
from typing import Any

from llm_engineering.infrastructure.sources.exports.base import whole_characters

MARKS = {"bold": "**", "italic": "*", "strikethrough": "~~"}
BLOCKS = frozenset({"pre", "blockquote", "expandable_blockquote"})


def message_text(text: Any) -> str:
    """The Markdown of a message's "text": a string, or a list of strings and of {type, text, …}.

    What the author typed stays as it is; only parts that Telegram shows formatted get marks.
    """
    written, is_after_block = "", False
    for part in text if isinstance(text, list) else [text]:
        kind, words = _kind_and_words(part)
        if kind in BLOCKS:
            written += ("\n" if written and not written.endswith("\n") else "") + _block(kind, words, part) + "\n\n"
        else:
            written += _inline(kind, words.lstrip("\n") if is_after_block else words, part)
        is_after_block = kind in BLOCKS
    return whole_characters(written).strip()


def _kind_and_words(part: Any) -> tuple[str, str]:
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        return str(part.get("type")), part["text"]
    return "plain", part if isinstance(part, str) else ""


def _block(kind: str, text: str, part: dict[str, Any]) -> str:
    lines = text.strip("\n")
    if kind != "pre":
        return "\n".join(f"> {line}" if line else ">" for line in lines.split("\n"))
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`{3,}", text)), default=0))
    language = part.get("language")
    name = language if isinstance(language, str) and re.fullmatch(r"[\w+#-]+", language) else ""
    return f"{fence}{name}\n{lines}\n{fence}"


def _inline(kind: str, text: str, part: Any) -> str:
    if kind in MARKS:
        return "\n".join(_around(line, MARKS[kind], MARKS[kind]) for line in text.split("\n"))
    if kind == "code":
        mark = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
        pad = " " if text.startswith("`") or text.endswith("`") else ""
        return f"{mark}{pad}{text}{pad}{mark}"
    target = part.get("href") if kind == "text_link" else None
    if isinstance(target, str) and target.startswith(("http://", "https://", "mailto:")):
        safe = target.replace(" ", "%20").replace("(", "%28").replace(")", "%29")
        return _around(text, "[", f"]({safe})")
    return text


def _around(text: str, before: str, after: str) -> str:
    """Marks next to the first and the last letter: Markdown knows them nowhere else."""
    core = text.strip()
    return text.replace(core, f"{before}{core}{after}", 1) if core else text
