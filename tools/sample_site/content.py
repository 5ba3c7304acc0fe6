"""What is published on the sample site: `site.yaml` and the authors' Markdown files."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from llm_engineering.domain.errors import BadInput

SAMPLE_SITE_DIR = Path(__file__).resolve().parents[2] / "data" / "sample_site"


@dataclass(frozen=True)
class SiteAuthor:
    """One of the people who publish here."""

    slug: str
    name: str
    bio: str
    theme: str
    """Which family of templates their section uses: templates/THEME_*.html."""

    @property
    def path(self) -> str:
        """Path of the author's index page."""
        return f"/{self.slug}/"


@dataclass(frozen=True)
class Site:
    """What `site.yaml` says."""

    title: str
    tagline: str
    language: str
    authors: tuple[SiteAuthor, ...]


@dataclass(frozen=True)
class Article:
    """An article as its author wrote it: `body` is the Markdown below the front matter, verbatim."""

    author: str
    """Full name."""
    author_slug: str
    slug: str
    title: str
    date: date
    description: str
    tags: tuple[str, ...]
    body: str
    image: str | None = None
    """File name in images/."""
    image_alt: str = ""

    @property
    def path(self) -> str:
        """Path of the article's page; the canonical link is the site's address and this."""
        return f"/{self.author_slug}/{self.slug}/"


def load_site(root: Path) -> Site:
    """The site's title and authors. Raises BadInput when `site.yaml` is missing or incomplete."""
    path = root / "site.yaml"
    data = load_yaml(path)
    try:
        authors = tuple(SiteAuthor(**author) for author in data["authors"])
        return Site(title=data["title"], tagline=data["tagline"], language=data["language"], authors=authors)
    except (KeyError, TypeError) as error:
        raise BadInput(f"{path} has a missing or unknown key ({error}); correct it.") from None


def published(root: Path) -> list[Article]:
    """Every article of every author of the site at `root`, newest first.

    Raises BadInput, naming the file, when an article's front matter cannot be used.
    """
    articles = [
        _article(path, author)
        for author in load_site(root).authors
        for path in sorted((root / "articles" / author.slug).glob("*.md"))
    ]
    return newest_first(articles)


def newest_first(articles: list[Article]) -> list[Article]:
    """By date, newest first; those of one day by path, so that the order never varies."""
    return sorted(articles, key=lambda article: (-article.date.toordinal(), article.path))


def related(article: Article, others: list[Article], limit: int = 3) -> list[Article]:
    """Other articles of the same author: most shared tags first, then nearest in time."""

    def distance(other: Article) -> tuple[int, int, str]:
        shared = len(set(article.tags) & set(other.tags))
        return -shared, abs((other.date - article.date).days), other.slug

    mine = [other for other in others if other.author_slug == article.author_slug and other.path != article.path]
    return sorted(mine, key=distance)[:limit]


def tag_counts(articles: list[Article]) -> dict[str, int]:
    """Tag → number of articles, in alphabetical order."""
    return dict(sorted(Counter(tag for article in articles for tag in article.tags).items()))


def load_yaml(path: Path) -> Any:
    """The file's content. Raises BadInput when it cannot be read or is not YAML."""
    try:
        return _parsed_yaml(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}); restore it from the repository.") from None


@cache
def _parsed_yaml(path: Path, mtime_ns: int) -> Any:
    return _yaml(path.read_text(encoding="utf-8"), path)


def _yaml(text: str, path: Path) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadInput(f"{path} is not valid YAML: {' '.join(str(error).split())}; correct it.") from None


def _article(path: Path, author: SiteAuthor) -> Article:
    return _parsed_article(path, path.stat().st_mtime_ns, author)


# Parsing all front matter takes longer than rendering a page, so a file is parsed again only
# when it has changed: edits show at once, and a crawl stays quick.
@cache
def _parsed_article(path: Path, mtime_ns: int, author: SiteAuthor) -> Article:
    opening, _, rest = path.read_text(encoding="utf-8").partition("---\n")
    front, closing, body = rest.partition("\n---\n")
    if opening or not closing:
        raise BadInput(f"{path} does not start with front matter between two lines of ---; add it.")
    matter = _yaml(front, path)
    if not isinstance(matter, Mapping):
        raise BadInput(f"The front matter of {path} is not a list of keys and values; correct it.")
    try:
        return Article(
            author=author.name,
            author_slug=author.slug,
            slug=path.stem,
            title=matter["title"],
            date=_date(matter["date"]),
            description=matter["description"],
            tags=tuple(matter["tags"]),
            body=body.lstrip("\n"),
            image=matter.get("image"),
            image_alt=matter.get("image_alt", ""),
        )
    except KeyError as error:
        raise BadInput(f"The front matter of {path} lacks {error}; add it.") from None
    except ValueError as error:
        raise BadInput(f"The front matter of {path} is wrong: {error}.") from None


def _date(value: object) -> date:
    if type(value) is not date:
        raise ValueError(f"date must be YYYY-MM-DD, not {value!r}")
    return value
