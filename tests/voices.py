"""Two made-up voices that a verifier can tell apart, and documents in them."""

import random
from datetime import UTC, datetime

from llm_engineering.domain.documents import CleanedDocument
from tests.samples import cleaned_document

CHATTY = (
    "I don’t know, honestly.",
    "So — what’s next?",
    "It’s fun, isn’t it?",
    "I’ve burnt my toast again!",
    "We’ll see!",
)
FORMAL = (
    "It would appear that the matter remains undecided; one must therefore wait.",
    "The committee, having considered the evidence, declined to proceed further.",
    "Nevertheless, the principle upon which the argument rests is not in dispute.",
)


def text(sentences: tuple[str, ...], seed: int, count: int = 90) -> str:
    """Prose in a voice; the numbered filler keeps eight-word runs from repeating."""
    chance = random.Random(seed)
    lines = [f"{chance.choice(sentences)} Note {seed}-{n} {chance.randrange(10**6)}." for n in range(count)]
    return "\n\n".join(" ".join(lines[at : at + 10]) for at in range(0, count, 10))


def chatty_documents() -> list[CleanedDocument]:
    return [
        cleaned_document(
            text(CHATTY, seed), link=f"https://a.example/{seed}", published_at=datetime(2024, 1, seed + 1, tzinfo=UTC)
        )
        for seed in range(8)
    ]


IMPOSTORS = {"Bob Formal": [text(FORMAL, seed) for seed in range(100, 108)]}
