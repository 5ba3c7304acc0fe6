"""Org documents as Markdown: headings, blocks, links and emphasis; what Org hides stays out.

https://orgmode.org/worg/org-syntax.html
"""

import re
from collections.abc import Iterator

from llm_engineering.infrastructure.sources.formats.code import fenced, outside_code
from llm_engineering.infrastructure.sources.formats.facts import described
from llm_engineering.infrastructure.sources.formats.plain import decoded
from llm_engineering.infrastructure.sources.formats.text import Part

KEYWORD = re.compile(r"#\+([A-Za-z_-]{1,40}):[ \t]*(.*)")
BEGIN = re.compile(r"[ \t]*#\+begin_(\w+)(?:[ \t]+([\w+#-]+))?", re.IGNORECASE)
HEADING = re.compile(
    r"(\*{1,6})[ \t]+(?:(?:TODO|DONE|NEXT|WAITING)[ \t]+)?(?:\[#[A-Z]\][ \t]+)?(.*?)(?:[ \t]+:[\w@:]+:)?[ \t]*$"
)
DRAWER = re.compile(r"[ \t]*:(?:PROPERTIES|LOGBOOK):[ \t]*$", re.IGNORECASE)
DRAWER_END = re.compile(r"[ \t]*:END:[ \t]*$", re.IGNORECASE)
HIDDEN = re.compile(r"[ \t]*(?:#\s|#$|#\+|(?:CLOSED|SCHEDULED|DEADLINE):[ \t]*[\[<])")
VERBATIM = re.compile(r"(?<![\w=~])([=~])(\S(?:[^\n]{0,300}?\S)?)\1(?![\w=~])")
LINK = re.compile(r"\[\[([^\[\]\n]{1,1000})\](?:\[([^\[\]\n]{1,1000})\])?\]")
BOLD = re.compile(r"(?<![\w*])\*(?=\S)([^*\n]{1,300})(?<=\S)\*(?![\w*])")
ITALIC = re.compile(r"(?<![\w/:])/(?=\S)([^/\n]{1,300})(?<=\S)/(?![\w/])")
FACTS = {"filetags": "tags", "keywords": "tags", "hugo_draft": "draft", "hugo_tags": "tags"}


def read(name: str, data: bytes) -> list[Part]:
    """The document with what its #+KEYWORDS: state."""
    lines = decoded(data).split("\n")
    facts: dict[str, str] = {}
    for line in lines:
        if match := KEYWORD.match(line):
            key = match.group(1).lower()
            facts.setdefault(FACTS.get(key, key), match.group(2).strip())
    tags = facts.get("tags", "")
    facts["tags"] = ",".join(re.split(r"[:\s,]+", tags.strip(": ")))
    facts["date"] = facts.get("date", "").strip("<>[]")[:10]
    body = "\n".join(_blocks(lines))
    return [described(facts, facts.get("title", ""), outside_code(outside_code(body, _verbatim), _emphasis))]


def _blocks(lines: list[str]) -> Iterator[str]:
    position = 0
    while position < len(lines):
        line = lines[position]
        position += 1
        if begin := BEGIN.match(line):
            kind = begin.group(1).lower()
            end = _end_of(lines, position, kind)
            yield from _block(kind, begin.group(2) or "", lines[position:end])
            position = end + 1
        elif DRAWER.match(line):
            while position < len(lines) and not DRAWER_END.match(lines[position]):
                position += 1
            position += 1
        elif heading := HEADING.match(line):
            yield f"{'#' * len(heading.group(1))} {heading.group(2)}"
        elif not HIDDEN.match(line):
            yield line


def _end_of(lines: list[str], start: int, kind: str) -> int:
    end = f"#+end_{kind}"
    return next((at for at in range(start, len(lines)) if lines[at].strip().lower() == end), len(lines))


def _block(kind: str, language: str, lines: list[str]) -> Iterator[str]:
    if kind in ("src", "example", "export"):
        if kind != "export":  # raw HTML or LaTeX for an exporter
            # Org puts a comma before lines of code that it would take for its own.
            yield fenced("\n".join(re.sub(r"^(\s*),(?=[*#,])", r"\1", line) for line in lines), language)
    elif kind == "quote":
        yield from (f"> {line}" if line.strip() else ">" for line in _blocks(lines))
    elif kind != "comment":
        yield from _blocks(lines)


def _verbatim(text: str) -> str:
    return VERBATIM.sub(lambda match: match.group() if "`" in match.group() else f"`{match.group(2)}`", text)


def _emphasis(text: str) -> str:
    text = BOLD.sub(r"**\1**", text)
    text = LINK.sub(lambda match: _link(match.group(1), match.group(2)), text)
    return ITALIC.sub(r"*\1*", text)


def _link(target: str, words: str | None) -> str:
    if not re.match(r"(?:https?|mailto):", target):
        return words or ("" if target.startswith(("file:", "./", "id:")) else target.lstrip("*#"))
    return f"[{words}]({target})" if words else f"<{target}>"
