"""A JSON file read from front to back, one value in memory at a time: exports may be larger than memory."""

import io
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from llm_engineering.domain.errors import BadInput

STEP = 256 * 1024
"""Characters read at once."""
MOST = 64 * 1024 * 1024
"""Characters of the largest single value, e.g. one message."""
LEAD = 1000
"""Characters that may stand before the JSON, such as "window.YTD.tweets.part0 = "."""
SPACE = " \t\n\r"


class JsonStream:
    """Walks through one JSON text. Every method raises BadInput, naming the file, where the text is broken.

    `members` and `elements` go into an object or array; the loop's body must then take exactly
    one value by `value`, `members` or `elements`.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="replace")
        self._name = name
        self._decoder = json.JSONDecoder(strict=False)
        self._text = ""
        self._at = 0
        self._ended = False

    def starts_with(self, mark: str) -> None:
        """Go on at the first `mark`, past the JavaScript before it."""
        self._fill(LEAD)
        found = self._text.find(mark, 0, LEAD)
        if found < 0:
            raise self._broken(f"no {mark}")
        self._at = found

    def members(self) -> Iterator[str]:
        """The keys of the object here."""
        for _ in self._parts("{", "}"):
            key = self.value()
            if not isinstance(key, str):
                raise self._broken("no key")
            self._take(":")
            yield key

    def elements(self) -> Iterator[None]:
        """One turn for each element of the array here."""
        yield from self._parts("[", "]")

    def kind(self) -> str:
        """The first character of the value here: "{", "[", '"' and so on."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in SPACE:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                raise self._broken("nothing more")

    def value(self) -> Any:
        """The whole value here."""
        self.kind()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise self._broken("too many brackets in each other") from error
            except ValueError as error:
                if len(self._text) - self._at > MOST or not self._more():
                    raise self._broken(str(error).split(":")[0]) from error
                continue
            length = end - self._at
            if len(self._text) - end > 2 or not self._more():  # "1" or "1e-" may go on in what is not read yet
                self._at += length
                return value

    def _parts(self, opening: str, closing: str) -> Iterator[None]:
        self._take(opening)
        if self.kind() != closing:
            yield
            while self.kind() == ",":
                self._at += 1
                yield
        self._take(closing)

    def _take(self, wanted: str) -> None:
        if self.kind() != wanted:
            raise self._broken(f"no {wanted}")
        self._at += 1

    def _more(self) -> bool:
        """Read on; doubles what is held, so that a long value is not decoded again and again."""
        return self._fill(max(STEP, 2 * (len(self._text) - self._at)))

    def _fill(self, characters: int) -> bool:
        if self._ended:
            return False
        rest = self._text[self._at :]
        more = self._stream.read(characters - len(rest))
        self._ended = not more
        self._text, self._at = rest + more, 0
        return bool(more)

    def _broken(self, what: str) -> BadInput:
        place = self._text[self._at : self._at + 40]
        return BadInput(f"{self._name} is broken ({what} at {place!r}); download or unpack the export again.")
