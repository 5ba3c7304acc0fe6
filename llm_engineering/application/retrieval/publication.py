"""Which texts a question asks for, beside their subject: when they came out, where, and of what kind.

Only words that speak of publishing make a filter ("your 2023 posts on GitHub", "what did you write
since March 2022"): a year or a platform alone is far more often the subject ("the 2023 edition of",
"GitHub Actions"), and a filter too many hides the answer.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from llm_engineering.application.retrieval.dates import EXPRESSION, POINT, Period, period
from llm_engineering.domain.documents import Category

CATEGORIES: Mapping[str, tuple[Category, ...]] = {
    r"articles?|essays?|blog\s+(?:posts?|entry|entries)|newsletters?": (Category.ARTICLES,),
    r"posts?|threads?": (Category.POSTS, Category.ARTICLES),  # on a blog a post is an article
    r"repository|repositories|repos?": (Category.REPOSITORIES,),
    r"tweets?|toots?|writings?|texts?|notes?|pieces?": (),
}
"""What texts are called → where they lie; nothing is anywhere."""
PLATFORMS: Mapping[str, str] = {
    "twitter": "x",
    "tweet": "x",
    "tweets": "x",
    "toot": "mastodon",
    "toots": "mastodon",
    **{
        name: name
        for name in "github gitlab medium substack linkedin mastodon telegram wordpress hashnode x dev.to".split()
    },
}
"""What platforms are called → their names in the stores."""

_NOUN = "|".join(CATEGORIES)
_PLATFORM = "|".join(re.escape(name) for name in PLATFORMS if not name.startswith(("tweet", "toot")))
_HOST = r"[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}"
_BEFORE = rf"{POINT}(?:\s*[–-]\s*{POINT})?|last\s+year"
_ENDS = (
    r"(?=\s*(?:$|[?.!,;:)\]…]|(?:about|regarding|concerning|of|on|and|or|but|that|which|who|did|do|does|have|has|were|was"
    r"|with|for|to|how|why|what|when|where|say|says|mention|deal|cover|explain|from|in|since|before|after|between)\b))"
)
"""What may follow a filter's words. A noun may not: "GitHub Actions", "2023 dollars"."""
_WHERE = rf"(?:on\s+(?P<place>{_PLATFORM}|{_HOST}){_ENDS})"
_WHEN = rf"(?:{EXPRESSION}{_ENDS})"
_PUBLISHED = r"(?:(?:that\s+|which\s+)?(?:you\s+(?:have\s+)?)?(?:wrote|written|published|posted)\s+)?"

TEXTS = re.compile(
    r"(?P<lead>(?:\b(?:in|from|among|across|of|within|according\s+to)\s+)"
    r"(?:(?:any|all|some|one|most)\s+(?:of\s+)?)?)?"
    r"\b(?:your|his|her|their|my)\s+"
    rf"(?P<before>(?:(?:{_BEFORE}|{_PLATFORM})(?:['’]s)?\s+)*)"
    rf"(?P<noun>{_NOUN})(?![\w-])"
    rf"(?P<after>(?:\s+{_PUBLISHED}(?:{_WHERE}|{_WHEN}))*)",
    re.IGNORECASE,
)
"""Texts of the author: "in your 2023 posts on GitHub", "your articles since March 2022"."""
ASKED = re.compile(
    r"(?:\b(?:what|which|anything|something|everything)\b[^?.!]{0,40}?|^\s*)"
    r"(?:\b(?:did|have|had)\s+you\s+(?:ever\s+|also\s+)?(?:write|written|publish(?:ed)?|post(?:ed)?|blog(?:ged)?"
    r"|tweet(?:ed)?|say|said)|\byou\s+(?:(?:have\s+)?(?:ever\s+)?)(?:wrote|written|published|posted|blogged|tweeted|said))\b",
    re.IGNORECASE,
)
"""Asks what was written, not why or how: "what did you write …", "have you ever posted …"."""
_WHEN_ANYWHERE = re.compile(rf"(?<![\w-]){_WHEN}", re.IGNORECASE)
_WHEN_FIRST = re.compile(rf"^\s*{EXPRESSION}\s*,", re.IGNORECASE)
_WHERE_ANYWHERE = re.compile(rf"\b{_WHERE}", re.IGNORECASE)
_ABOUT = re.compile(r"\s+(?:about|on|regarding|concerning)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Wanted:
    """What a question says of the texts that it asks for, and where it says so."""

    period: Period = field(default_factory=Period)
    platforms: tuple[str, ...] = ()
    categories: tuple[Category, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


def wanted_texts(question: str, today: date) -> Wanted:
    """The filters in a question that speaks to the author as "you"."""
    found = [*_texts(question, today), *_asked(question, today)]
    time = Period()
    for one in found:
        time = time.within(one.period)
    platforms = dict.fromkeys(name for one in found for name in one.platforms)
    categories = dict.fromkeys(category for one in found for category in one.categories)
    return Wanted(
        time,
        tuple(platforms),
        # A platform says more than "posts", which are repositories on one and articles on another.
        () if platforms else tuple(categories),
        tuple(_outermost(span for one in found for span in one.spans)),
    )


def is_on(platform: str, wanted: str) -> bool:
    """Whether a platform as it is stored ("gist.github.com", "medium") is the one that is asked for ("github")."""
    labels = platform.lower().split(".")
    return platform.lower() == wanted or (wanted in labels[:-1]) or platform.lower().endswith(f".{wanted}")


def _texts(question: str, today: date) -> Iterator[Wanted]:
    for match in TEXTS.finditer(question):
        noun = " ".join(match["noun"].lower().split())
        before, after = match["before"], match["after"]
        periods = [period(found[0], today) for found in re.finditer(_BEFORE, before, re.IGNORECASE)]
        periods += [period(found[0], today) for found in re.finditer(EXPRESSION, after, re.IGNORECASE)]
        named = [found[0] for found in re.finditer(rf"\b(?:{_PLATFORM})\b", before, re.IGNORECASE)]
        named += [found["place"] for found in _WHERE_ANYWHERE.finditer(after)]
        named += [noun] if noun in PLATFORMS else []
        says_more = bool(periods or named)
        is_restricting = match["lead"] or _ABOUT.match(question[match.end() :])
        if not says_more and not is_restricting:
            continue
        categories = next(where for nouns, where in CATEGORIES.items() if re.fullmatch(nouns, noun))
        if says_more or categories:
            yield Wanted(_all(periods), tuple(map(_platform, named)), categories, (match.span(),))


def _asked(question: str, today: date) -> Iterator[Wanted]:
    """The times and places in the sentences that ask what was written."""
    for sentence in re.finditer(r"[^?!\n]+[?!]?", question):
        asked = ASKED.search(sentence[0])
        if asked is None:
            continue
        times = [match for match in _WHEN_ANYWHERE.finditer(sentence[0]) if match.start() >= asked.end()]
        if not times and (first := _WHEN_FIRST.match(sentence[0])):
            times = [first]
        places = [match for match in _WHERE_ANYWHERE.finditer(sentence[0]) if match.start() >= asked.end()]
        for match in times:
            span = (sentence.start() + match.start(), sentence.start() + match.end())
            yield Wanted(period(match[0].strip(" ,"), today), spans=(span,))
        for match in places:
            span = (sentence.start() + match.start(), sentence.start() + match.end())
            yield Wanted(platforms=(_platform(match["place"]),), spans=(span,))


def _outermost(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans in order, without those that lie in another; overlapping ones as one."""
    start, end = -1, -1
    for low, high in sorted(spans):
        if low > end:
            if end >= 0:
                yield start, end
            start = low
        end = max(end, high)
    if end >= 0:
        yield start, end


def _all(periods: list[Period]) -> Period:
    both = Period()
    for one in periods:
        both = both.within(one)
    return both


def _platform(name: str) -> str:
    return PLATFORMS.get(name.lower(), name.lower())
