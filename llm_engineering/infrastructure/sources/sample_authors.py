"""The sample site's authors, whose texts serve as further impostors where the warehouse has few other authors."""

from datetime import UTC, datetime
from pathlib import Path

import yaml

from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, RawDocument
from llm_engineering.infrastructure.sources.formats import markdown
from llm_engineering.infrastructure.sources.formats.text import Text

PLATFORM = "sample site"
UNDATED = datetime(1, 1, 1, tzinfo=UTC)


def sample_documents(directory: Path) -> dict[str, list[RawDocument]]:
    """Author's full name → articles, oldest first, from the sources of the site (`site.yaml`, `articles/`).

    Empty where the directory is not there, as in an installation without the repository: the sample
    authors are a help, not a need. Raises CollectError for an article that cannot be read.
    """
    site = directory / "site.yaml"
    if not site.is_file():
        return {}
    authors = yaml.safe_load(site.read_text(encoding="utf-8"))["authors"]
    return {one["name"]: _articles(Author.named(one["name"]), directory / "articles" / one["slug"]) for one in authors}


def _articles(author: Author, folder: Path) -> list[RawDocument]:
    found = [_raw(author, file, part) for file in sorted(folder.glob("*.md")) for part in _texts(file)]
    return sorted(found, key=lambda one: one.published_at or UNDATED)


def _texts(file: Path) -> list[Text]:
    return [part for part in markdown.read(file.name, file.read_bytes()) if isinstance(part, Text)]


def _raw(author: Author, file: Path, text: Text) -> RawDocument:
    return RawDocument.of(
        author,
        link=f"file:{file.name}",
        category=Category.ARTICLES,
        platform=PLATFORM,
        title=text.title,
        content=text.markdown,
        published_at=text.published_at,
        fetched_at=datetime.now(UTC),
    )
