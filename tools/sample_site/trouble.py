"""The trouble on purpose: pages that a careful collector must not take for the author's articles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from llm_engineering.domain.errors import BadInput
from tools.sample_site.content import load_yaml

FILE = "trouble.yaml"
Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Trouble:
    """One entry of `trouble.yaml`; that file says what each key means."""

    path: str
    status: int
    kind: str
    layout: str
    title: str
    date: date
    outcome: str
    reason: str
    byline: str | None = None
    description: str = ""
    tags: tuple[str, ...] = ()
    listed_in: tuple[str, ...] = ()
    reprint_of: str | None = None
    replace: Mapping[str, str] = field(default_factory=dict)

    @property
    def author_slug(self) -> str:
        """The section of the site that the page lives in."""
        return self.path.split("/")[1]

    @property
    def slug(self) -> str:
        """Last part of the path, and stem of the file in trouble/ that holds the body."""
        return self.path.split("/")[2]


@dataclass(frozen=True)
class Alias:
    """Another link to an existing article."""

    link: str
    """Path, query and fragment."""
    same_as: str
    """Path of the article."""

    @property
    def author_slug(self) -> str:
        """The section of the site that the article lives in."""
        return self.same_as.split("/")[1]


def trouble_pages(root: Path) -> list[Trouble]:
    """Every troublesome page, in the order of `trouble.yaml`. Raises BadInput for a wrong entry."""
    return [_entry(Trouble, fields, root) for fields in load_yaml(root / FILE)["pages"]]


def aliases(root: Path) -> list[Alias]:
    """Every other link to an existing article. Raises BadInput for a wrong entry."""
    return [_entry(Alias, fields, root) for fields in load_yaml(root / FILE)["aliases"]]


def explicit_links(root: Path, base_url: str, author_slug: str) -> list[str]:
    """Links under this author that neither feed nor sitemap names, the aliases of articles last."""
    paths = [page.path for page in trouble_pages(root) if page.author_slug == author_slug and not page.listed_in]
    paths += [alias.link for alias in aliases(root) if alias.author_slug == author_slug]
    return [base_url.rstrip("/") + path for path in paths]


def _entry(kind: type[Entry], fields: Mapping[str, Any], root: Path) -> Entry:
    try:
        return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()})
    except TypeError as error:
        raise BadInput(f"An entry of {root / FILE} is wrong ({error}); correct it.") from None
