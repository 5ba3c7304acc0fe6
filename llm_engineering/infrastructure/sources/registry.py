"""Which source an entry of `sources` or `links` means. A new source is one line in SOURCES."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from llm_engineering.application.ports import Fetcher, Source
from llm_engineering.domain.errors import BadConfig, BadInput
from llm_engineering.infrastructure.sources.exports import LinkedInExport, MediumExport, SubstackExport
from llm_engineering.infrastructure.sources.files import opened_files
from llm_engineering.infrastructure.sources.folder import Folder
from llm_engineering.infrastructure.sources.repository import GitRepository, is_repository_url
from llm_engineering.infrastructure.sources.web import (
    HOME_PATH,
    Feed,
    Site,
    Sitemap,
    Validators,
    WebPages,
    nothing_known,
)

FEED_PATH = re.compile(
    r"(?:^|/)(?:feed|rss|atom|index)(?:\.(?:xml|rss|atom|rdf))$|/(?:feed|rss|atom)/?$|\.(?:rss|atom)$", re.I
)
SITEMAP_PATH = re.compile(r"/[^/]*sitemap[^/]*\.xml(?:\.gz)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Kind:
    """How a kind of source is given and built."""

    place: str
    """The key that says where it is: "url" or "path"."""
    build: Callable[[str, dict[str, Any], Fetcher, Validators], Source]
    options: frozenset[str] = frozenset()


SOURCES: dict[str, Kind] = {
    "page": Kind("url", lambda url, options, fetcher, known: WebPages([url], fetcher, known)),
    "feed": Kind("url", lambda url, options, fetcher, known: Feed(url, fetcher, known)),
    "sitemap": Kind(
        "url", lambda url, options, fetcher, known: Sitemap(url, fetcher, known, **options), frozenset({"prefix"})
    ),
    "site": Kind("url", lambda url, options, fetcher, known: Site(url, fetcher, known)),
    "git": Kind("url", lambda url, options, fetcher, known: GitRepository(url)),
    "folder": Kind("path", lambda path, options, fetcher, known: Folder(path, **options), frozenset({"glob"})),
    "medium": Kind("path", lambda path, options, fetcher, known: MediumExport(path)),
    "substack": Kind("path", lambda path, options, fetcher, known: SubstackExport(path)),
    "linkedin": Kind("path", lambda path, options, fetcher, known: LinkedInExport(path)),
}


def source_for(entry: str | Mapping[str, Any], *, fetcher: Fetcher, validators: Validators = nothing_known) -> Source:
    """The source that an entry means: a URL, a path, or a mapping {kind, url or path, options}.

    Raises BadConfig when the kind or a key is unknown, and BadInput when a path leads nowhere.
    """
    if isinstance(entry, str):
        return source_for({("url" if "://" in entry else "path"): entry}, fetcher=fetcher, validators=validators)
    given = dict(entry)
    name = given.pop("kind", None)
    if name is None:
        name = _recognised(given)
    kind = SOURCES.get(str(name))
    if kind is None:
        raise BadConfig(f'There is no kind of source "{name}"; known are {", ".join(SOURCES)}.')
    place = given.pop(kind.place, None)
    if not isinstance(place, str) or not place.strip():
        raise BadConfig(f"A source of kind {name} needs a {kind.place}; got the keys {_joined(entry)}.")
    unknown = sorted(set(given) - kind.options)
    if unknown:
        allowed = _joined(["kind", kind.place, *sorted(kind.options)])
        raise BadConfig(f"A source of kind {name} has no {_joined(unknown)}; known are {allowed}.")
    if any(not isinstance(value, str) for value in given.values()):
        raise BadConfig(f"The options of the source {place} must be texts.")
    if kind.place == "url" and name != "git":
        _require_web(place)
    return kind.build(place.strip(), given, fetcher, validators)


def _require_web(url: str) -> None:
    """Raises BadConfig for an address that is neither http nor https."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    if scheme == "file":
        raise BadConfig(f"{url} is neither http nor https; a file or folder is given as path: {parts.path}.")
    if scheme not in ("http", "https"):
        raise BadConfig(f"{url} is neither http nor https; only such addresses, files and folders can be collected.")


def _recognised(given: Mapping[str, Any]) -> str:
    if isinstance(given.get("url"), str):
        return _kind_of_url(given["url"])
    if isinstance(given.get("path"), str):
        return _kind_of_path(Path(given["path"]).expanduser())
    raise BadConfig(
        f"A source needs a url or a path; got the keys {_joined(given)}. Known kinds: {', '.join(SOURCES)}."
    )


def _kind_of_url(url: str) -> str:
    try:
        path = urlsplit(url).path
    except ValueError as error:
        raise BadConfig(f"{url!r} is no usable address ({error}).") from error
    if is_repository_url(url):
        return "git"
    if SITEMAP_PATH.search(path):
        return "sitemap"
    if FEED_PATH.search(path):
        return "feed"
    return "site" if HOME_PATH.match(path) else "page"


def _kind_of_path(path: Path) -> str:
    with opened_files(path) as files:
        names = files.names()
    if not names:
        raise BadInput(f"{path} holds no files.")
    ends = {name.rsplit("/", 1)[-1] for name in names}
    if "Shares.csv" in ends:
        return "linkedin"
    if "posts.csv" in ends:
        return "substack"
    if any(re.search(r"(?:^|/)profile/profile\.html$", name) for name in names):
        return "medium"
    return "folder"


def _joined(names: Any) -> str:
    return ", ".join(str(name) for name in names) or "nothing"
