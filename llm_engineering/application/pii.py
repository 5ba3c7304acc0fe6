"""Replaces personal data and secrets by markers. What stood there is kept nowhere.

A document is scrubbed before it is stored, so the feature store and everything made from it never
hold the originals; the warehouse does. Rules that look at the shape alone would take dates, prices and
versions for telephone numbers, so each candidate is also checked (`pii_patterns`).
"""

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, Field, field_validator

from llm_engineering.application.pii_patterns import PATTERNS, PiiKind

DEFAULT_MARKERS: Mapping[PiiKind, str] = {kind: f"[{kind}]" for kind in PiiKind}
_ROUNDS = 50_000


class PiiRules(BaseModel):
    """What is scrubbed, and what stands in its place."""

    model_config = ConfigDict(frozen=True)

    kinds: frozenset[PiiKind] = frozenset(PiiKind)
    block_list: tuple[str, ...] = Field(default=(), repr=False)
    """Words and phrases of the user's own, found as whole words in any case; `kinds` must hold "blocked"."""
    markers: Mapping[PiiKind, str] = Field(default_factory=dict)
    """Kind → its marker, where it is not "[kind]"."""

    @field_validator("block_list")
    @classmethod
    def _without_blanks(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted({" ".join(word.split()) for word in words} - {""}))

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal digits that change with the rules.

        Stored with every cleaned document, so it is short and slow to compute: whoever reads the
        store shall not find out by trying which words are blocked.
        """
        rules = [sorted(self.kinds), self.block_list, sorted(self.markers.items())]
        return _fingerprint(json.dumps(rules, ensure_ascii=False))

    def marker(self, kind: PiiKind) -> str:
        """What stands in place of a piece of this kind."""
        return self.markers.get(kind, DEFAULT_MARKERS[kind])


def scrubbed(text: str, rules: PiiRules) -> tuple[str, Counter[str]]:
    """The text with a marker for each piece that the rules name, and how many there were of each kind.

    Takes time in proportion to the text, whatever it holds.
    """
    counts: Counter[str] = Counter()
    for pattern in PATTERNS:
        if pattern.kind in rules.kinds:
            text, found = pattern.replaced(text, rules.marker(pattern.kind))
            counts[pattern.kind.value] += found
    if PiiKind.BLOCKED in rules.kinds and rules.block_list:
        marker = rules.marker(PiiKind.BLOCKED)
        text, found = _blocked(rules.block_list).subn(lambda _: marker, text)
        counts[PiiKind.BLOCKED.value] += found
    return text, +counts


@lru_cache(maxsize=64)
def _fingerprint(rules: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", rules.encode(), b"llm-twin pii rules", _ROUNDS).hex()[:8]


@lru_cache(maxsize=16)
def _blocked(words: tuple[str, ...]) -> re.Pattern[str]:
    """The longest first, so that a name goes as a whole; letters may be composed or not, spaces be line breaks."""
    forms = {unicodedata.normalize(form, word) for word in words for form in ("NFC", "NFD", "NFKC")}
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    literals = (r"\s+".join(map(re.escape, form.split())) for form in longest_first)
    # "_" bounds a word: it is a mark of emphasis in Markdown and joins words in code.
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(literals)})(?![^\W_])", re.IGNORECASE)
