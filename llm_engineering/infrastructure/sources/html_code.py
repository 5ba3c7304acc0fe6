"""The text of code in HTML, and the language it says it is in."""

import re

from lxml.html import HtmlElement

from llm_engineering.infrastructure.sources.markdown_text import SPACE, split_space

LANGUAGE = re.compile(r"(?:language|lang|highlight-source|brush:)[-\s]*([A-Za-z][\w+#-]*)")
CODE_CLASSES_NOT_LANGUAGES = frozenset("sourcecode highlight code codehilite src example numberlines hljs".split())


def language_of(element: HtmlElement) -> str:
    """What the block of code or the boxes around it name as its language, lower case; "" when nothing does."""
    holders = [element, *element.iter("code"), *(parent for parent in element.iterancestors() if parent.tag == "div")][
        :4
    ]
    for holder in holders:
        classes = holder.get("class") or ""
        if match := LANGUAGE.search(f"{classes} {holder.get('data-lang') and 'lang-' + holder.get('data-lang')}"):
            return match.group(1).lower()
        names = classes.lower().split()
        if "sourcecode" in names or "src" in names:  # pandoc: "sourceCode python"; Org: "src src-python"
            rest = [name.removeprefix("src-") for name in names if name not in CODE_CLASSES_NOT_LANGUAGES]
            if rest:
                return rest[0]
    return ""


def code_text(element: HtmlElement) -> str:
    """The code as it stands, line breaks of both kinds kept, buttons left out."""
    if next(element.iterdescendants("br", "button", "script", "style"), None) is None:
        return "".join(element.itertext())
    pieces = [element.text or ""]
    for child in element:
        if child.tag == "br":
            pieces.append("\n")
        elif isinstance(child.tag, str) and child.tag not in ("button", "script", "style"):
            pieces.append(code_text(child))
        pieces.append(child.tail or "")
    return "".join(pieces)


def inline_code(element: HtmlElement) -> str:
    """A piece of code within a line, between as many backticks as it needs."""
    text = SPACE.sub(" ", code_text(element))
    if not text.strip():
        return text
    lead, core, trail = split_space(text)
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", core)), default=0))
    pad = " " if core.startswith("`") or core.endswith("`") else ""
    return f"{lead}{fence}{pad}{core}{pad}{fence}{trail}"
