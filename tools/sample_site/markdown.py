"""From an article's Markdown to HTML: CommonMark with tables, strikethrough and footnotes."""

import re
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

DEFINITION = re.compile(r"\[\^([\w-]+)\]: +(.+)")
REFERENCE = re.compile(r"\[\^([\w-]+)\]")
FENCE = re.compile(r" {0,3}(```+|~~~+)")


def to_html(body: str) -> str:
    """The body as HTML. Footnotes are numbered in order of first reference and come last."""
    text, notes = _without_definitions(body)
    env: dict[str, Any] = {"notes": notes, "used": []}
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    markdown.inline.ruler.before("link", "footnote", _footnote)
    html = str(markdown.render(text, env))
    items = [
        f'<li id="fn-{number}"><p>{markdown.renderInline(notes[name], env)} '
        f'<a href="#fnref-{number}" class="footnote-back" aria-label="Back to the text">↩</a></p></li>\n'
        for number, name in enumerate(env["used"], start=1)
    ]
    return f'{html}<section class="footnotes">\n<ol>\n{"".join(items)}</ol>\n</section>\n' if items else html


def _without_definitions(body: str) -> tuple[str, dict[str, str]]:
    """The body without its `[^name]: text` lines (code keeps them), and name → text."""
    kept: list[str] = []
    notes: dict[str, str] = {}
    fence = ""
    for line in body.splitlines():
        mark = FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = ""
        definition = None if fence else DEFINITION.fullmatch(line)
        if definition:
            notes[definition[1]] = definition[2]
        else:
            kept.append(line)
    return "\n".join(kept), notes


def _footnote(state: StateInline, silent: bool) -> bool:
    """Inline rule: a reference to a footnote that is defined somewhere in the body."""
    reference = REFERENCE.match(state.src, state.pos, state.posMax)
    if reference is None or reference[1] not in state.env["notes"]:
        return False
    if not silent:
        state.push("html_inline", "", 0).content = _superscript(reference[1], state.env["used"])
    state.pos = reference.end()
    return True


def _superscript(name: str, used: list[str]) -> str:
    """The number that links to the note; only the first reference can be linked back to."""
    first = name not in used
    if first:
        used.append(name)
    number = used.index(name) + 1
    identity = f' id="fnref-{number}"' if first else ""
    return f'<sup class="footnote-ref"><a href="#fn-{number}"{identity}>{number}</a></sup>'
