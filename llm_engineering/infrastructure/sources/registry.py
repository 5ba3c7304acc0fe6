"""Which source an entry of `sources` or `links` means. A new source is one line in SOURCES."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from llm_engineering.application.ports import Coverage, Fetcher, Source
from llm_engineering.domain.errors import BadConfig, BadInput
from llm_engineering.infrastructure.sources.exports.base import BIG_EXPORT
from llm_engineering.infrastructure.sources.exports.linkedin import LinkedInExport
from llm_engineering.infrastructure.sources.exports.mastodon import MastodonExport
from llm_engineering.infrastructure.sources.exports.medium import MediumExport
from llm_engineering.infrastructure.sources.exports.substack import SubstackExport
from llm_engineering.infrastructure.sources.exports.telegram import TelegramExport
from llm_engineering.infrastructure.sources.exports.wordpress import WordPressExport
from llm_engineering.infrastructure.sources.exports.x import XExport
from llm_engineering.infrastructure.sources.files import opened_files
from llm_engineering.infrastructure.sources.folder import Folder
from llm_engineering.infrastructure.sources.mbox import Mbox
from llm_engineering.infrastructure.sources.page_item import HOME_PATH
from llm_engineering.infrastructure.sources.processes import Processes
from llm_engineering.infrastructure.sources.repository import GitRepository, is_repository_url
from llm_engineering.infrastructure.sources.web import Feed, Index, Site, Sitemap, WebPages

FEED_PATH = re.compile(
    r"(?:^|/)(?:feed|rss|atom|index)(?:\.(?:xml|rss|atom|rdf))$|/(?:feed|rss|atom)/?$|\.(?:rss|atom)$", re.I
)
EXPORTS = {
    "linkedin": re.compile(r"(?:^|/)(?:Shares\.csv|Articles/Articles/[^/]+\.html?)$"),
    "substack": re.compile(r"(?:^|/)posts\.csv$"),
    "medium": re.compile(r"(?:^|/)profile/profile\.html$"),
    "x": re.compile(r"(?:^|(?:^|/)data/)tweets?\.js$"),
    "mastodon": re.compile(r"^(?:[^/]+/)?outbox\.json$"),
    "telegram": re.compile(r"^(?:[^/]+/)?result\.json$"),
    "wordpress": re.compile(r"\.wordpress\.[^/]*\.xml$", re.IGNORECASE),
}
"""Kind of export → a file that only such an export holds, whatever folder it lies in."""
SITEMAP_PATH = re.compile(r"/[^/]*sitemap[^/]*\.xml(?:\.gz)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Tools:
    """What sources work with."""

    fetcher: Fetcher
    processes: Processes


@dataclass(frozen=True)
class Kind:
    """How a kind of source is given and built."""

    place: str
    """The key that says where it is: "url" or "path"."""
    build: Callable[[str, dict[str, Any], Tools], Source]
    options: Mapping[str, str] = field(default_factory=dict)
    """Option → what it must be: a key of TYPES."""
    required: frozenset[str] = frozenset()
    """Options that must be given."""


TYPES: dict[str, Callable[[Any], bool]] = {
    "a text": lambda value: isinstance(value, str) and bool(value.strip()),
    "a text or a list of texts": lambda value: (
        TYPES["a text"](value) or (isinstance(value, list) and bool(value) and all(map(TYPES["a text"], value)))
    ),
    "a whole number": lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
    "auto, always or never": lambda value: value in ("auto", "always", "never"),
    "true or false": lambda value: isinstance(value, bool),
}

WEB = {"browser": "auto, always or never"}
PREFIXED = {**WEB, "prefix": "a text"}

SOURCES: dict[str, Kind] = {
    "page": Kind("url", lambda url, options, tools: WebPages([url], **options), WEB),
    "feed": Kind("url", lambda url, options, tools: Feed(url, tools.fetcher, **options), WEB),
    "sitemap": Kind("url", lambda url, options, tools: Sitemap(url, tools.fetcher, **options), PREFIXED),
    "index": Kind("url", lambda url, options, tools: Index(url, tools.fetcher, **options), PREFIXED),
    "site": Kind("url", lambda url, options, tools: Site(url, tools.fetcher, **options), WEB),
    "git": Kind("url", lambda url, options, tools: GitRepository(url, **options), {"commit_author": "a text"}),
    "folder": Kind(
        "path",
        lambda path, options, tools: Folder(path, tools.processes, **options),
        {"glob": "a text or a list of texts", "name": "a text"},
    ),
    "mbox": Kind(
        "path",
        lambda path, options, tools: Mbox(path, **options),
        {"address": "a text or a list of texts", "min_words": "a whole number"},
        required=frozenset({"address"}),
    ),
    "medium": Kind("path", lambda path, options, tools: MediumExport(path)),
    "substack": Kind("path", lambda path, options, tools: SubstackExport(path)),
    "linkedin": Kind(
        "path", lambda path, options, tools: LinkedInExport(path, **options), {"comments": "true or false"}
    ),
    "x": Kind("path", lambda path, options, tools: XExport(path, **options), {"replies": "true or false"}),
    "mastodon": Kind(
        "path", lambda path, options, tools: MastodonExport(path, **options), {"replies": "true or false"}
    ),
    "telegram": Kind("path", lambda path, options, tools: TelegramExport(path, **options), {"sender": "a text"}),
    "wordpress": Kind(
        "path",
        lambda path, options, tools: WordPressExport(path, **options),
        {"login": "a text", "pages": "true or false"},
    ),
}


def sources_for(entries: Iterable[str | Mapping[str, Any]], tools: Tools) -> list[Source]:
    """The sources that the entries of a config mean, in their order.

    Raises BadConfig when an entry has no meaning, or when two would give their items the same keys;
    BadInput when a path leads nowhere.
    """
    sources = [source_for(entry, tools) for entry in entries]
    names = Counter(source.origin for source in sources if source.coverage is not Coverage.PART)
    if twice := next((name for name, count in names.items() if count > 1), None):
        has_name = twice.startswith(("folder:", "file:"))
        hint = " give one of them another name by `name: …`." if has_name else " leave one out."
        raise BadConfig(f"Two sources are both {twice};{hint}")
    return sources


def source_for(entry: str | Mapping[str, Any], tools: Tools) -> Source:
    """The source that an entry means: a URL, a path, or a mapping {kind, url or path, options}.

    Raises BadConfig when the kind or a key is unknown, and BadInput when a path leads nowhere.
    """
    kind, place, options = meant_by(entry)
    return kind.build(place, options, tools)


def meant_by(entry: str | Mapping[str, Any]) -> tuple[Kind, str, dict[str, Any]]:
    """The kind, the place and the options of an entry. Raises what `source_for` does; builds nothing."""
    if isinstance(entry, str):
        return meant_by({("url" if "://" in entry else "path"): entry})
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
    unknown = sorted(set(given) - set(kind.options))
    if unknown:
        allowed = _joined(["kind", kind.place, *sorted(kind.options)])
        raise BadConfig(f"A source of kind {name} has no {_joined(unknown)}; known are {allowed}.")
    if missing := sorted(kind.required - set(given)):
        raise BadConfig(f"The source {place} of kind {name} needs {_joined(missing)}; see docs/sources.md.")
    for option, value in given.items():
        if not TYPES[kind.options[option]](value):
            raise BadConfig(f"The option {option} of the source {place} must be {kind.options[option]}.")
    if kind.place == "url" and name != "git":
        _require_web(place)
    return kind, place.strip(), given


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
    with opened_files(path, BIG_EXPORT) as files:  # only names are read here
        names = files.names()
    if not names:
        raise BadInput(f"{path} holds no files.")
    if kind := next((kind for kind, mark in EXPORTS.items() if any(map(mark.search, names))), None):
        return kind
    if all(name.lower().endswith((".mbox", ".eml")) for name in names):
        return "mbox"
    if all(name.lower().endswith(".xml") for name in names):
        return "wordpress"
    return "folder"


def _joined(names: Any) -> str:
    return ", ".join(str(name) for name in names) or "nothing"
