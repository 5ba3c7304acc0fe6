"""What a text says of itself (front matter, properties, document information), made uniform."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from llm_engineering.infrastructure.sources.formats.text import DRAFT, LeftOut, Text
from llm_engineering.infrastructure.sources.page_metadata import parsed_date

DATE_KEYS = (
    *("date", "published", "publishdate", "pubdate", "pubdatetime", "published_at", "publishedat"),
    *("date published", "date_published", "created", "created at", "created_at", "created time", "date created"),
)
ENGLISH_DATE = re.compile(r"([A-Z][a-z]{2,8}\.? \d{1,2}, \d{4})\b")
"""Also in front of the end of a span, as Notion writes it."""
NAME_WORD = re.compile(r"[^\W\d_][\w.'’-]*,?")
NO_NAMES = re.compile(
    r"\b(?:user|admin|administrator|office|microsoft|windows|unknown|author|owner|anonymous|python-docx|student|"
    r"default|apple|google|libreoffice|openoffice|calibre|root|guest|company|inc|ltd|gmbh|llc)\b",
    re.IGNORECASE,
)
NO_TITLES = re.compile(
    r"(?:microsoft (?:word|powerpoint)\b|untitled|document\d*$|title$|print|layout \d|slide \d|\(anonymous\)|"
    r"powerpoint presentation|word document|template|.*\.(?:docx?|pdf|tex|dvi|indd|odt|rtf|pages|pptx?|md|txt|html?)$)",
    re.IGNORECASE,
)


def described(facts: Mapping[str, Any], title: str, body: str) -> Text | LeftOut:
    """The text with the facts (keys in lower case) that its front matter states, or that it is a draft."""
    if is_draft(facts):
        return DRAFT
    extra = {
        "subtitle": stated(facts.get("subtitle") or facts.get("description") or facts.get("summary")),
        "tags": listed(facts.get("tags") or facts.get("keywords") or facts.get("categories") or facts.get("category")),
    }
    return Text(
        title=title,
        markdown=body.strip("\n"),
        published_at=next((when for key in DATE_KEYS if (when := moment(facts.get(key)))), None),
        language=language_code(facts.get("lang") or facts.get("language")),
        byline=", ".join(listed(facts.get("author") or facts.get("authors"))) or None,
        extra={key: value for key, value in extra.items() if value},
    )


def is_draft(facts: Mapping[str, Any]) -> bool:
    """Whether the facts call the text unfinished or unpublished."""
    said = {key: str(facts.get(key)).strip().casefold() for key in ("draft", "published", "status")}
    return said["draft"] in ("true", "yes") or said["published"] in ("false", "no") or said["status"] == "draft"


def stated(value: Any) -> str:
    """A single value as a line of text, "" for anything else."""
    return " ".join(str(value).split()) if value is not None and not isinstance(value, (dict, list)) else ""


def listed(value: Any) -> list[str]:
    """Names, as a list or in one text with commas; a person may be {name: …}."""
    if isinstance(value, str):
        value = value.strip("[] ").split(",")
    entries = value if isinstance(value, list) else [value]
    names = [stated(entry.get("name")) if isinstance(entry, dict) else stated(entry) for entry in entries]
    return [name.strip("\"'") for name in names if name]


def moment(value: Any) -> datetime | None:
    """The moment in UTC that a YAML or TOML date, or a text, names."""
    if isinstance(value, datetime):
        when: datetime | None = value if value.tzinfo else value.replace(tzinfo=UTC)
    elif isinstance(value, date):
        when = datetime(value.year, value.month, value.day, tzinfo=UTC)
    elif isinstance(value, str):
        english = ENGLISH_DATE.match(value.strip(" @"))
        when = parsed_date(value.strip(" @")) or (parsed_date(english.group(1)) if english else None)
    else:
        return None
    try:
        return when.astimezone(UTC) if when else None
    except OverflowError:  # the year 1 or 9999, on the other side of midnight
        return None


def language_code(value: Any) -> str | None:
    """ISO 639-1 of a language tag such as "en-GB"."""
    match = re.match(r"([A-Za-z]{2})(?:[-_]|$)", stated(value))
    return match.group(1).lower() if match else None


def person(value: Any) -> str | None:
    """The author that a program noted in a file, where it looks like somebody's name.

    Programs note the account ("jsmith"), the company or themselves; taken for a byline, that would
    keep the author's own text out of the warehouse.
    """
    name = stated(value).strip(" ,;")
    words = name.split()
    if not 2 <= len(words) <= 6 or len(name) > 80 or NO_NAMES.search(name):
        return None
    return name if all(NAME_WORD.fullmatch(word) for word in words) else None


def sane_title(value: Any) -> str:
    """The title that a program noted in a file, "" where it is a file's name or a placeholder."""
    title = stated(value)
    return title if 2 <= len(title) <= 300 and not NO_TITLES.match(title) and re.search(r"[^\W\d_]", title) else ""


def same_words(one: str, other: str) -> bool:
    """Whether two titles differ at most in case, punctuation and markup."""
    return re.findall(r"[^\W_]+", one.casefold()) == re.findall(r"[^\W_]+", other.casefold())
