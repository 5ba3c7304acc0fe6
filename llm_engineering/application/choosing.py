"""Whose answer is wanted, and which version of the twin gives it."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from llm_engineering.application.registering import slug
from llm_engineering.application.retrieval.names import mentions, stranger
from llm_engineering.application.warehouse import COLLECT_COMMAND, Warehouse
from llm_engineering.domain.authors import Author
from llm_engineering.domain.errors import BadInput, UnknownAuthor, UnknownTwin
from llm_engineering.domain.twins import TwinManifest, latest_of

BASE = "base"
LATEST = "latest"
MOST_NAMED = 10
"""Authors or versions that a sentence lists."""

WANTED = re.compile(r"(?:(?P<name>[a-z0-9-]+)/)?(?:v?(?P<version>\d{1,9})|(?P<base>base)|latest)")


@dataclass(frozen=True)
class WantedTwin:
    """A twin as somebody asks for it: "latest", "base", 2, "mara-lindqvist", "mara-lindqvist/2", "…/base"."""

    name: str | None = None
    version: int | None = None
    """None is the author's `latest`."""
    is_base: bool = False

    @classmethod
    def of(cls, twin: str | int | None) -> "WantedTwin":
        """What the words mean; nothing is `latest`. Raises UnknownTwin when they mean nothing."""
        words = str(LATEST if twin is None else twin).strip().lower()
        if match := WANTED.fullmatch(words):
            return cls(match["name"], int(match["version"]) if match["version"] else None, bool(match["base"]))
        if re.fullmatch(r"[a-z0-9-]+", words):
            return cls(words)
        raise UnknownTwin(
            f'"{words[:80]}" is no twin; ask for "{LATEST}", "{BASE}", a version such as 2, '
            "or a name and version such as mara-lindqvist/2."
        )


def chosen_author(warehouse: Warehouse, *, name: str | None, wanted: WantedTwin, query: str) -> Author:
    """The author who is named, or whose twin is, or the only one, or the one named in the question.

    Raises UnknownAuthor for a name that the warehouse does not have, also when the question asks
    for the view of somebody else; BadInput when several authors fit, UnknownTwin when the twin is another author's.
    """
    if name is not None:
        author = warehouse.author(name)
        if wanted.name not in (None, slug(author.full_name)):
            whose = f"whose twins are called {slug(author.full_name)}; leave out the author or the twin's name"
            if not warehouse.twins(author):
                whose = f'who has no twin yet; leave out the author, or ask the base model with "twin": "{BASE}"'
            raise UnknownTwin(f'The twin "{wanted.name}" is not one of {author.full_name}, {whose}.')
        return author
    authors = warehouse.authors()
    if not authors:
        raise UnknownAuthor(f"The warehouse knows no author yet; collect one with {COLLECT_COMMAND}.")
    if wanted.name is not None:
        fitting = [author for author in authors if slug(author.full_name) == wanted.name]
        if not fitting:
            raise UnknownAuthor(f'No author\'s twin is called "{wanted.name}". Known: {_names(authors)}.')
    else:
        fitting = named_in(query, authors)
        if not fitting and (other := stranger(query)):
            raise UnknownAuthor(
                f"The question asks for {other}, who is no author in the warehouse. Known: {_names(authors)}. "
                'If it is meant for one of them, name that one as "author".'
            )
        if len(authors) == 1:
            fitting = authors
    if len(fitting) != 1:
        raise BadInput(
            f"Whose answer is wanted? The question names {'no' if not fitting else 'more than one'} author; "
            f'give one as "author". Known: {_names(fitting or authors)}.'
        )
    return fitting[0]


def named_in(query: str, authors: Sequence[Author]) -> list[Author]:
    """Those of the authors whom the question names; see `retrieval.names.mentions`."""
    found = {mention.author for mention in mentions(unicodedata.normalize("NFKC", query), authors)}
    return [author for author in authors if author in found]


def chosen_twin(author: Author, wanted: WantedTwin, twins: Sequence[TwinManifest]) -> TwinManifest | None:
    """One of the author's twins; None for the base model.

    A version that neither passed evaluation nor was promoted by hand is given only to those who ask
    for it by its number.
    Raises UnknownTwin when there is no such version, or none that passed.
    """
    if wanted.is_base:
        return None
    if wanted.version is None:
        if latest := latest_of(twins):
            return latest
        raise UnknownTwin(_none_passed(author, twins))
    for twin in twins:
        if twin.version == wanted.version:
            return twin
    known = f"there are {_versions(twins)}" if twins else "none was trained yet"
    raise UnknownTwin(
        f'{author.full_name} has no twin of version {wanted.version} ({known}); name another one, or ask for "{BASE}".'
    )


def twin_name(twin: TwinManifest) -> str:
    """Name and version, e.g. "mara-lindqvist/3"."""
    return f"{twin.name}/{twin.version}"


def _none_passed(author: Author, twins: Sequence[TwinManifest]) -> str:
    if not twins:
        return (
            f"{author.full_name} has no twin yet; train one with ./poe run-training-pipeline, "
            f'or ask the base model with "twin": "{BASE}".'
        )
    unevaluated = [twin for twin in twins if not twin.scores]
    why = f"; {_versions(unevaluated)} not evaluated yet: ./poe run-evaluation-pipeline" if unevaluated else ""
    return (
        f"No twin of {author.full_name} has passed evaluation (there are {_versions(twins)}{why}). "
        f'Ask for one by its name, "twin": "{twin_name(twins[-1])}", or the base model, "twin": "{BASE}".'
    )


def _versions(twins: Sequence[TwinManifest]) -> str:
    return ", ".join(twin_name(twin) for twin in twins[-MOST_NAMED:])


def _names(authors: Sequence[Author]) -> str:
    more = len(authors) - MOST_NAMED
    return ", ".join(author.full_name for author in authors[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
