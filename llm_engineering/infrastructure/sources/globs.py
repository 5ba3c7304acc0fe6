"""Which names below a folder are meant: patterns as in a shell."""

from collections.abc import Sequence
from fnmatch import fnmatchcase


def chosen(name: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern takes the relative name and none that begins with "!" takes it out again.

    "*" and "?" stay within one folder, "**" stands for any number of folders, also none; a pattern
    that ends in "/" means everything below. With nothing but "!" patterns, all others are taken.
    """
    takes = [pattern for pattern in patterns if not pattern.startswith("!")] or ["**"]
    leaves = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    return any(_matches(name, pattern) for pattern in takes) and not any(_matches(name, pattern) for pattern in leaves)


def _matches(name: str, pattern: str) -> bool:
    """Walks the name with the set of places in the pattern that may be reached: linear, whatever the pattern."""
    parts = pattern.strip().removeprefix("./").split("/")
    if parts[-1] == "":
        parts[-1] = "**"
    reached = _with_skipped({0}, parts)
    for part in name.split("/"):
        reached = _with_skipped(
            {
                place if parts[place] == "**" else place + 1
                for place in reached
                if place < len(parts) and (parts[place] == "**" or fnmatchcase(part, parts[place]))
            },
            parts,
        )
    return len(parts) in reached


def _with_skipped(places: set[int], parts: Sequence[str]) -> set[int]:
    """The places, and those behind each "**" there, which may stand for nothing."""
    found = set(places)
    for place in sorted(places):
        while place < len(parts) and parts[place] == "**":
            place += 1
            found.add(place)
    return found
