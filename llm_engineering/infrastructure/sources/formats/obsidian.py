"""Notes of an Obsidian vault: what its own syntax shows a reader, as plain Markdown.

https://help.obsidian.md/obsidian-flavored-markdown
"""

import re
from pathlib import PurePosixPath

from llm_engineering.infrastructure.sources.formats.code import code_blocks, outside_code
from llm_engineering.infrastructure.sources.formats.facts import described, listed
from llm_engineering.infrastructure.sources.formats.front_matter import front_matter
from llm_engineering.infrastructure.sources.formats.markdown import titled
from llm_engineering.infrastructure.sources.formats.plain import decoded
from llm_engineering.infrastructure.sources.formats.text import LeftOut, Part

TEMPLATE = LeftOut("template", "templates")
DRAWING = LeftOut("drawing", "drawings")
TEMPLATE_FOLDERS = frozenset({"template", "templates", "_templates"})
CALLOUT = re.compile(r"[ \t]{0,3}>[ \t]?\[!([\w-]{1,40})(?:\|[^\]\n]{0,40})?\][-+]?[ \t]*(.*)")
NESTED_CALLOUTS = 3
QUOTES = frozenset({"quote", "cite"})
"""Callouts that hold somebody else's words; they stay quotes."""
COMMENT = re.compile(r"%%.*?%%", re.DOTALL)
EMBED = re.compile(r"!\[\[[^\[\]\n]{1,500}\]\]")
WIKI_LINK = re.compile(r"\[\[([^\[\]\n]{1,500})\]\]")
BLOCK_ID = re.compile(r"(?:(?<=\S)[ \t]+|^)\^[A-Za-z0-9-]{1,100}[ \t]*$", re.MULTILINE)
MARKED = "\ue000"
"""Stands where something was taken out, until the lines that it leaves empty are gone, too."""
EMPTIED = re.compile(f"^[ \t]*(?:{MARKED}[ \t]*)+(?:\n|\\Z)", re.MULTILINE)


def read(name: str, data: bytes) -> list[Part]:
    """The note; its title is stated, its first heading, an alias of a note named by number, or its name.

    Raises CollectError for front matter that cannot be read.
    """
    path = PurePosixPath(name)
    if TEMPLATE_FOLDERS & {part.lower() for part in path.parts[:-1]}:
        return [TEMPLATE]
    facts, body = front_matter(decoded(data), name)
    if path.name.lower().endswith(".excalidraw.md") or "excalidraw-plugin" in facts:
        return [DRAWING]
    title, body = titled(facts, plain_markdown(body))
    if not title and not re.search(r"[^\W\d_]", path.stem):
        title = next(iter(listed(facts.get("aliases") or facts.get("alias"))), "")
    return [described(facts, title, body)]


def plain_markdown(body: str) -> str:
    """The note without comments, embeds and block ids, links and callouts as what they show; code untouched."""
    for _ in range(NESTED_CALLOUTS):
        body = _without_callouts(body)
    return outside_code(body, _prose)


def _prose(text: str) -> str:
    text = text.replace(MARKED, "\N{REPLACEMENT CHARACTER}")
    for removed in (COMMENT, EMBED):
        text = removed.sub(MARKED, text)
    text = WIKI_LINK.sub(lambda match: _shown(match.group(1)), text)
    text = BLOCK_ID.sub("", text)
    return EMPTIED.sub("", text).replace(MARKED, "")


def _shown(link: str) -> str:
    """What a reader sees of [[link]]: the words after "|", else the note's name and heading."""
    target, bar, words = link.partition("|")
    if bar and words.strip():
        return words.strip()
    page, _, place = target.rstrip("\\").partition("#")
    names = [page.strip().rpartition("/")[2], *(part.strip() for part in place.split("#") if part[:1] != "^")]
    return " > ".join(name for name in names if name)


def _without_callouts(body: str) -> str:
    """Callouts as paragraphs: cleaning takes quotes for others' words, and these are the author's."""
    if "[!" not in body:
        return body
    code = {line for start, end in code_blocks(body) for line in range(start, end)}
    lines: list[str] = []
    inside = False
    for number, line in enumerate(body.split("\n")):
        match = CALLOUT.match(line) if number not in code else None
        if match and not inside:
            inside = match.group(1).lower() not in QUOTES
            title = match.group(2)
            if inside and lines and lines[-1].strip():
                lines.append("")
            if title:
                lines.extend([title, ""] if inside else [f"> {title}"])
        elif inside and line.lstrip().startswith(">"):
            lines.append(re.sub(r"^[ \t]{0,3}>[ \t]?", "", line))
        else:
            inside = False
            lines.append(line)
    return "\n".join(lines)
