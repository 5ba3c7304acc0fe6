"""Holds back what a twin should not say: its training text word for word, and private data of anybody."""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from threading import Lock
from uuid import UUID

from llm_engineering.application.copying import CopyIndex
from llm_engineering.application.pii import PiiRules, scrubbed
from llm_engineering.application.pii_patterns import PATTERNS, PiiKind
from llm_engineering.domain.authors import Author

FEWEST_COPIED_WORDS = 25
"""A run shorter than this is a quotation, however short the answer."""
MOST_AUTHORS = 4
"""Whose texts are kept indexed: about 100 bytes a word."""

_WORD = re.compile(r"\S+")
_LETTER = re.compile(r"[^\W\d_]")
_PRIVATE_SHAPE = re.compile(r"[\d@]|\S{16}")


class Guard:
    """Says what is wrong with an answer. Safe for threads."""

    def __init__(
        self, texts: Callable[[Author], Iterable[str]], *, most_copied: float, rules: PiiRules | None = None
    ) -> None:
        """`texts` gives what an author's twins were trained on. `most_copied` (0 to 1) is the share of an
        answer's runs of eight words that may stand in them. `rules` say what is private; None is all that
        has a known shape.
        """
        self._texts = texts
        self._most_copied = most_copied
        self._rules = rules or PiiRules()
        self._indexes: OrderedDict[UUID, CopyIndex] = OrderedDict()
        self._lock = Lock()

    def showable(self, text: str) -> int:
        """How many characters of an unfinished text may be shown: up to where a private thing may have begun."""
        words = list(_WORD.finditer(text))
        if words and words[-1].end() == len(text):
            words.pop()  # a word that may go on
        while words and (_PRIVATE_SHAPE.search(words[-1].group()) or not _LETTER.search(words[-1].group())):
            words.pop()
        return words[-1].end() if words else 0

    def objection(self, text: str, author: Author, known: str) -> str | None:
        """Why the text is not to be shown, in one sentence without a word of it; None when it may be.

        `known` is what its reader sees anyway (the sources, the question): it may be shown again, save that
        the share of copied text counts all that the author wrote.
        """
        if kinds := self._private(text, known):
            return f"It would have shown private data that no source has ({', '.join(kinds)})."
        share = self._copied(text, author)
        if share > self._most_copied:
            return f"It repeats the author's texts word for word ({share:.0%} of it, at most {self._most_copied:.0%})."
        return None

    def forget(self) -> None:
        """Read the authors' texts anew when they are next needed."""
        with self._lock:
            self._indexes.clear()

    def _private(self, text: str, known: str) -> list[str]:
        found = []
        if _PRIVATE_SHAPE.search(text):
            seen = "".join(known.split())
            for pattern in PATTERNS:
                if pattern.kind in self._rules.kinds:
                    group = "found" if "found" in pattern.expression.groupindex else 0
                    pieces = [match[group] for match in pattern.expression.finditer(text) if pattern.is_real(match)]
                    found += [pattern.kind.value for piece in pieces if "".join(piece.split()) not in seen]
        if self._rules.block_list:
            only_words = self._rules.model_copy(update={"kinds": frozenset({PiiKind.BLOCKED})})
            found += list(scrubbed(text, only_words)[1])
        return sorted(set(found))

    def _copied(self, text: str, author: Author) -> float:
        if self._most_copied >= 1 or len(text.split()) < FEWEST_COPIED_WORDS:
            return 0.0
        index = self._index(author)
        return index.share(text) if index.longest(text) >= FEWEST_COPIED_WORDS else 0.0

    def _index(self, author: Author) -> CopyIndex:
        with self._lock:  # kept while the texts are read, so that they are read once
            index = self._indexes.pop(author.id, None) or CopyIndex(list(self._texts(author)))
            self._indexes[author.id] = index
            while len(self._indexes) > MOST_AUTHORS:
                self._indexes.popitem(last=False)
            return index


class NoGuard(Guard):
    """Objects to nothing."""

    def __init__(self) -> None:
        super().__init__(lambda author: (), most_copied=1.0)

    def showable(self, text: str) -> int:
        """All of it but white space at its end, which may be the end of the answer."""
        return len(text.rstrip())

    def objection(self, text: str, author: Author, known: str) -> str | None:
        """None."""
        return None
