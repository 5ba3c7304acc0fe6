"""The authors to measure on: folders of Markdown files with front matter."""

from datetime import UTC, datetime
from pathlib import Path

from llm_engineering.application.cleaning import clean
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, CleanedDocument, RawDocument
from llm_engineering.domain.errors import BadInput
from llm_engineering.infrastructure.sources.formats import markdown
from llm_engineering.infrastructure.sources.formats.text import Text

LEAST_DOCUMENTS = 15
AUTHORS = 3
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def chosen(text: Path, named: tuple[str, ...]) -> list[str]:
    """The folders named, or else the first three by name that hold at least 15 documents.

    Raises BadInput when the folder or one that is named is not there, or there are none.
    """
    if not text.is_dir():
        raise BadInput(f"There is no directory {text}; name a folder of authors by --text.")
    there = {folder.name: len(list(folder.glob("*.md"))) for folder in sorted(text.iterdir()) if folder.is_dir()}
    if unknown := [name for name in named if not there.get(name)]:
        raise BadInput(f"{text} has no documents of {', '.join(unknown)}; there are {', '.join(there)}.")
    found = list(dict.fromkeys(named)) or [name for name, count in there.items() if count >= LEAST_DOCUMENTS][:AUTHORS]
    if not found:
        raise BadInput(f"No folder in {text} holds {LEAST_DOCUMENTS} documents (*.md); name authors by --author.")
    return found


def documents(folder: Path) -> tuple[Author, list[CleanedDocument]]:
    """The author called as the folder, and their documents, cleaned."""
    author = Author.named(folder.name)
    return author, [clean(_raw(author, file)) for file in sorted(folder.glob("*.md"))]


def _raw(author: Author, file: Path) -> RawDocument:
    parts = [part for part in markdown.read(file.name, file.read_bytes()) if isinstance(part, Text)]
    if not parts:
        raise BadInput(f"{file} holds no text; take it out of the folder.")
    return RawDocument.of(
        author,
        link=f"file:{file.name}",
        category=Category.ARTICLES,
        platform="benchmark",
        title=parts[0].title,
        content=parts[0].markdown,
        published_at=parts[0].published_at,
        fetched_at=WHEN,
    )
