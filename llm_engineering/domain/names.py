"""Whether two spellings name the same person, as far as a byline can tell."""

import re
import unicodedata

SEPARATORS = re.compile(r"\s*(?:,|;|/|&|\||\s(?:and|und|et|y|e|with)\s)\s*", re.IGNORECASE)
LEAD = re.compile(
    r"^\s*(?:(?:a\s+)?(?:guest\s+)?(?:post|article|essay|story|words|written|posted|published)\s+)?by:?\s+",
    re.IGNORECASE,
)
TITLES = frozenset("dr prof professor mr mrs ms phd md jr sr ii iii".split())
NOT_A_PERSON = frozenset(
    "the team editors editorial editor staff blog admin inc ltd llc gmbh labs lab group news magazine press "
    "newsletter community foundation institute university company media studio ai ml guest "
    "contributor contributors authors".split()
)


def name_parts(name: str) -> tuple[str, ...]:
    """The words of a name, folded, without accents, punctuation and titles: ("j", "k", "rowling")."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    parts = re.findall(r"[^\W\d_]+", re.sub(r"['’-]", "", plain).casefold())
    return tuple(part for part in parts if part not in TITLES)


def may_be_same_person(one: str, other: str) -> bool:
    """Tolerant of case, accents, initials and middle names: "J. R. Smith" may be "John Smith"."""
    a, b = name_parts(one), name_parts(other)
    if not a or not b:
        return False
    if set(a) <= set(b) or set(b) <= set(a) or "".join(a) == "".join(b):
        return True
    return (
        a[-1] == b[-1] and (a[0].startswith(b[0]) or b[0].startswith(a[0])) and min(len(a[0]), len(b[0])) in (1, 2, 3)
    )


def names_in(byline: str) -> list[str]:
    """The names of a byline such as "By Ann Lee and Bob Ray"."""
    return [name.strip() for name in SEPARATORS.split(LEAD.sub("", byline)) if name.strip()]


def someone_else(byline: str | None, author: str) -> str | None:
    """The first person whom the byline names, when it clearly names others and not the author.

    A single word (a handle), a team or a site is no clear naming, and gives None.
    """
    if not byline:
        return None
    names = names_in(byline)
    if any(may_be_same_person(name, author) for name in names):
        return None
    for name in names:
        parts = name_parts(name)
        if 2 <= len(parts) <= 5 and not NOT_A_PERSON & set(parts):
            return name
    return None
