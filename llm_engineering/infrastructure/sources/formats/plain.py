"""Plain text, with front matter where it has some."""

from llm_engineering.infrastructure.sources.bodies import text_of
from llm_engineering.infrastructure.sources.formats.facts import described, stated
from llm_engineering.infrastructure.sources.formats.front_matter import front_matter
from llm_engineering.infrastructure.sources.formats.text import Part

NO_TEXT = dict.fromkeys(code for code in [*range(32), 127] if chr(code) not in "\t\n\r")
"""Control characters, for `str.translate`: lxml takes them from a page, but not back into a tree."""


def read(name: str, data: bytes) -> list[Part]:
    """The text as it is. Raises CollectError for front matter that cannot be read."""
    facts, body = front_matter(decoded(data), name)
    return [described(facts, stated(facts.get("title")), body)]


def decoded(data: bytes) -> str:
    """The text with "\\n" as line ends."""
    return text_of(data, "text/plain").replace("\r\n", "\n").replace("\r", "\n")
