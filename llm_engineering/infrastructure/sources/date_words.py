"""Dates as programs and people write them."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from llm_engineering.infrastructure.sources.text_lines import squeezed

MONTHS = {
    name: number
    for number, month in enumerate(
        "january february march april may june july august september october november december".split(), start=1
    )
    for name in (month, month[:3], month[:4] if month == "september" else month)
}
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_YEAR = r"(?P<{0}>(?:19|20)\d\d)\b"
_WEEKDAY = r"(?:\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+(?:the\s+)?)?"
DATE = re.compile(
    _WEEKDAY + r"(?:"
    r"\b" + _YEAR.format("y1") + r"[-/.](?P<m1>\d{1,2})[-/.](?P<d1>\d{1,2})"
    r"(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?)?(?!\d)"
    r"|\b(?P<d2>\d{1,2})(?:st|[nr]d|th)?(?:\s+of)?[\s-]+(?P<m2>"
    + _MONTH
    + r"),?[\s-]+"
    + _YEAR.format("y2")
    + r"|\b(?P<m3>"
    + _MONTH
    + r")\s+(?P<d3>\d{1,2})(?:st|[nr]d|th)?,?\s+"
    + _YEAR.format("y3")
    + r"|\b(?P<d4>\d{1,2})\.\s?(?P<m4>\d{1,2})\.\s?"
    + _YEAR.format("y4")
    + r"|\b(?P<m5>"
    + _MONTH
    + r"),?\s+"
    + _YEAR.format("y5")
    + r")",
    re.IGNORECASE,
)
"""A date in a running text; a month with its year counts as its first day."""
DAY = re.compile(
    _WEEKDAY + r"(?:\b" + _MONTH + r"\s+\d{1,2}(?:st|[nr]d|th)?\b|\b\d{1,2}(?:st|[nr]d|th)?\s+" + _MONTH + r")", re.I
)
"""A day without its year."""
PUBLISHED = re.compile(r"\b(?:published|posted|written|created|first published|date)\b\W+(?:[a-z]+\W+){0,3}?$", re.I)
NOT_PUBLISHED = re.compile(
    r"update|updating|modified|edit|revised|changed|review|©|copyright|until|since|expire|event", re.I
)


def date_in(text: str, *, labelled: bool = False) -> datetime | None:
    """The first date in a running text that is not one of an update; with `labelled`, that it was published on."""
    for match in DATE.finditer(text):
        before = text[max(0, match.start() - 30) : match.start()]
        label = PUBLISHED.search(before)
        if NOT_PUBLISHED.search(re.split(r"[,;·|•]", before)[-1]) or (labelled and not label):
            continue
        if when := _of_match(match):
            return when
    return None


def _of_match(match: re.Match[str]) -> datetime | None:
    part = match.groupdict()
    for number in "12345":
        if year := part[f"y{number}"]:
            return day_of(year, part[f"m{number}"], part.get(f"d{number}") or "1")
    return None


def day_of(year: str, month: str, day: str) -> datetime | None:
    """The day, if there is such a one and a page can have been published on it; months are numbers or names."""
    try:
        number = int(month) if month.isdecimal() else MONTHS[month.strip(".").lower()]
        when = datetime(int(year), number, int(day), tzinfo=UTC)
    except (ValueError, KeyError):
        return None
    return when if _is_plausible(when) else None


def _is_plausible(when: datetime) -> bool:
    return 1970 <= when.year <= datetime.now(UTC).year + 1


def parsed_date(text: str | None) -> datetime | None:
    """The moment that a text names (ISO 8601, RFC 822, or a plain English date), UTC unless it says otherwise.

    None for a text that says more than a date.
    """
    value = squeezed(text)
    if not value or len(value) > 60:
        return None
    for parse in (_iso, _plain, parsedate_to_datetime):
        try:
            when = parse(value)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        if when is not None:
            return (when if when.tzinfo else when.replace(tzinfo=UTC)) if _is_plausible(when) else None
    return None


def _iso(value: str) -> datetime:
    value = re.sub(r"(\d{2}:\d{2})\s+([+-]\d{2}:?\d{2})$", r"\1\2", value.replace(" UTC", "Z"))
    value = re.sub(r"^(\d{4})-(\d{1,2})$", r"\1-\2-01", value)
    return datetime.fromisoformat(re.sub(r"^(\d{4})-(\d)-", r"\1-0\2-", value))


def _plain(value: str) -> datetime | None:
    match = DATE.fullmatch(value)
    return _of_match(match) if match else None
