"""A page that somebody saved, or wrote as a file."""

from llm_engineering.infrastructure.sources.bodies import text_of
from llm_engineering.infrastructure.sources.extraction import extract, fragment_markdown
from llm_engineering.infrastructure.sources.formats import notion
from llm_engineering.infrastructure.sources.formats.facts import described, moment
from llm_engineering.infrastructure.sources.formats.names import is_notion
from llm_engineering.infrastructure.sources.formats.plain import NO_TEXT
from llm_engineering.infrastructure.sources.formats.text import Part, Text


def read(name: str, data: bytes) -> list[Part]:
    """The page's article; of a page that Notion exported, the body."""
    html = text_of(data, "text/html").translate(NO_TEXT)
    if is_notion(name) and (parts := notion.html_parts(html)):
        title, facts, body = parts
        return [described(facts, title, fragment_markdown(body, title))]
    page = extract(html, "")
    return [
        Text(
            title=page.title,
            markdown=page.markdown,
            published_at=moment(page.published_at),
            byline=page.byline,
            language=page.language,
            extra={"subtitle": page.description} if page.description else {},
            evidence=page.text_start,
        )
    ]
