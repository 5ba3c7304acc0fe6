"""What a question asks for: its subject in words that a search can use, and which texts it wants."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from llm_engineering.application.retrieval.names import POSSESSIVE, mentions
from llm_engineering.application.retrieval.publication import Wanted, wanted_texts
from llm_engineering.domain.authors import Author
from llm_engineering.domain.chunks import Filters

FUNCTION_WORDS = frozenset(
    "a about an and any are as at be been but by can could did do does for from had has have he her his how i if in is "
    "it its me my of on or our say said she should so some tell that the their them there they this to us was we were "
    "what when where which who why will with would write written wrote you your yours".split()
)
"""Words that name no subject."""


@dataclass(frozen=True)
class Understood:
    """A question taken apart."""

    subject: str
    """What is searched: without the words of the filters, and with "you" for the author's name."""
    filters: Filters


def understood(question: str, author: Author, authors: Sequence[Author], today: date) -> Understood:
    """Take a question to this author apart; `authors` are all known ones, whose names may be alike.

    Where nothing but filters was said, the whole question is the subject.
    """
    spoken = addressed(question, author, authors)
    wanted = wanted_texts(spoken, today)
    rest = spoken
    for start, end in reversed(wanted.spans):
        rest = f"{rest[:start]} {rest[end:]}"
    rest = re.sub(r"\s+([?.!,;:])", r"\1", " ".join(rest.split())).strip(" ,;:")
    subject = rest if has_subject(rest) else " ".join(question.split())
    return Understood(subject, _filters(wanted, spoken))


def addressed(question: str, author: Author, authors: Sequence[Author]) -> str:
    """The question in NFKC, with "you" or "your" where it names the author: that is how authors are asked."""
    text = unicodedata.normalize("NFKC", question)
    for mention in reversed([found for found in mentions(text, authors) if found.author == author]):
        possessive = POSSESSIVE.match(text, mention.end)
        end = possessive.end() if possessive else mention.end
        text = f"{text[: mention.start]}{'your' if possessive else 'you'}{text[end:]}"
    return re.sub(r"\bdoes you\b", "do you", text)


def has_subject(text: str) -> bool:
    """Whether there is a word beside function words."""
    return any(word not in FUNCTION_WORDS for word in re.findall(r"\w+", text.lower()))


def _filters(wanted: Wanted, question: str) -> Filters:
    return Filters(
        published_from=wanted.period.low,
        published_before=wanted.period.high,
        platforms=wanted.platforms,
        categories=wanted.categories,
        words=tuple(" ".join(question[start:end].split()).strip(" ,") for start, end in wanted.spans),
    )
