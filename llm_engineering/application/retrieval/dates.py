"""Periods of time as questions put them: "in 2023", "since March 2022", "between 2019 and 2021", "last year"."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

MONTHS = "january february march april may june july august september october november december".split()
_MONTH = "|".join(f"{name}|{name[:3]}" for name in MONTHS) + "|sept"
_YEAR = r"(?:19|20)\d\d"
POINT = rf"(?:(?:{_MONTH})\.?,?\s+{_YEAR}|{_YEAR}-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?|{_YEAR})"
"""A year, a month of a year, or a day in ISO 8601."""
_COUNT = r"(?:\d{1,2}|two|three|four|five|six|ten|twelve)"
_UNIT = r"(?:year|month|week|day)s?"
EXPRESSION = (
    rf"(?:between\s+{POINT}\s+and\s+{POINT}|(?:from\s+|in\s+|during\s+)?{POINT}\s*(?:[–—-]|to|until|till|through)\s*{POINT}"
    rf"|(?:since|after|before|until|till|up\s+to|in|during|from|of|throughout)\s+{POINT}"
    rf"|(?:in\s+|during\s+|over\s+|from\s+|within\s+)?(?:the\s+)?(?:last|past|previous)\s+(?:{_COUNT}\s+)?{_UNIT}"
    rf"|(?:in\s+|during\s+|from\s+)?this\s+(?:year|month))(?![\w-])"
)
"""A period with its preposition."""
NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10, "twelve": 12}
DAYS = {"year": 365, "month": 30, "week": 7, "day": 1}


@dataclass(frozen=True)
class Period:
    """From `low`, inclusive, to `high`, exclusive, in UTC; None leaves that side open."""

    low: datetime | None = None
    high: datetime | None = None

    def within(self, other: "Period") -> "Period":
        """What lies in both."""
        lows = [bound for bound in (self.low, other.low) if bound]
        highs = [bound for bound in (self.high, other.high) if bound]
        return Period(max(lows, default=None), min(highs, default=None))


def period(words: str, today: date) -> Period:
    """What an EXPRESSION or a POINT means. A range of years includes the last one; "after 2020" begins with 2021."""
    words = words.lower()
    points = [_point(found) for found in re.findall(POINT, words)]
    if len(points) == 2:
        return Period(points[0].low, points[1].high)
    if points:
        match re.match(r"since|after|before|until|till|up", words):
            case None:
                return points[0]
            case found if found[0] == "since":
                return Period(points[0].low)
            case found if found[0] == "after":
                return Period(points[0].high)
            case found if found[0] == "before":
                return Period(None, points[0].low)
            case _:
                return Period(None, points[0].high)
    return _relative(words, today)


def _point(words: str) -> Period:
    if match := re.fullmatch(rf"({_YEAR})-(\d\d)-(\d\d)", words):
        year, month, day = map(int, match.groups())
        low = _moment(year, month) + timedelta(days=day - 1)  # the 31st of a short month is the 1st of the next
        return Period(low, low + timedelta(days=1))
    year = int(re.findall(_YEAR, words)[0])
    if match := re.fullmatch(rf"{_YEAR}-(\d\d)", words):
        return _month_of(year, int(match[1]))
    if match := re.match(rf"({_MONTH})", words):
        return _month_of(year, [name[:3] for name in MONTHS].index(match[1][:3]) + 1)
    return Period(_moment(year, 1), _moment(year + 1, 1))


def _month_of(year: int, month: int) -> Period:
    return Period(_moment(year, month), _moment(year + month // 12, month % 12 + 1))


def _relative(words: str, today: date) -> Period:
    """ "last year" is the calendar's; "the last year" and "the last 3 months" reach back from today."""
    unit = next(unit for unit in DAYS if unit in words)
    count = next((NUMBERS.get(word) or int(word) for word in words.split() if word in NUMBERS or word.isdecimal()), 1)
    is_calendar = unit in ("year", "month") and not re.search(rf"\bthe\b|\bpast\b|{_COUNT}\s", words)
    if not is_calendar:
        tomorrow = _moment(today.year, today.month) + timedelta(days=today.day)
        return Period(tomorrow - timedelta(days=DAYS[unit] * count + 1), tomorrow)
    back = 0 if "this" in words else 1
    if unit == "year":
        return Period(_moment(today.year - back, 1), _moment(today.year - back + 1, 1))
    months = 12 * today.year + today.month - 1 - back
    return _month_of(months // 12, months % 12 + 1)


def _moment(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)
