"""WordPress's export format (WXR, an RSS file) read entry by entry, without entities and without network."""

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from lxml import etree

from llm_engineering.domain.errors import BadInput, CollectError
from llm_engineering.infrastructure.sources.bodies import XML_ENCODING

STEP = 256 * 1024
"""Characters read at once; what stands before <rss> must be shorter."""
UP_TO_ROOT = re.compile(r"(?s:\s|<\?.*?\?>|<!--.*?-->)*+<rss\b")
"""Instructions and comments, and nothing else, may come before the root."""
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML forbids, but that WordPress writes when somebody pasted them."""
PREFIXES = (
    (re.compile(r"^http://wordpress\.org/export/[\d.]+/excerpt/$"), "excerpt:"),
    (re.compile(r"^http://wordpress\.org/export/[\d.]+/$"), "wp:"),
    (re.compile(r"^http://purl\.org/rss/1\.0/modules/content/$"), "content:"),
    (re.compile(r"^http://purl\.org/dc/elements/1\.1/$"), "dc:"),
)


@dataclass
class Entry:
    """A child of the channel, e.g. an item or an author."""

    tag: str
    """With the usual prefix, e.g. "wp:author"."""
    text: str
    fields: dict[str, str] = field(default_factory=dict)
    """Tag of each child → its text."""
    terms: list[tuple[str, str]] = field(default_factory=list)
    """(domain, name) of each category and tag."""
    meta: dict[str, str] = field(default_factory=dict)
    """Post meta by key."""


def is_wxr(stream: BinaryIO) -> bool:
    """Whether a file starts like a WordPress export."""
    return b"wordpress.org/export/" in stream.read(64 * 1024)


def entries(stream: BinaryIO, name: str) -> Iterator[Entry]:
    """The channel's children in order; only one is in memory at a time.

    Raises BadInput for a file that declares a document type or entities, and CollectError where
    the XML is broken: what came before is whole.
    """
    source = _Cleaned(stream, name)
    events = etree.iterparse(
        source,
        events=("start", "end"),
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=True,
        remove_comments=True,
    )
    depth = 0
    try:
        for event, element in events:
            depth += 1 if event == "start" else -1
            if event == "end" and depth == 2:
                yield _entry(element)
                _forget(element)
    except etree.XMLSyntaxError as error:
        raise CollectError(f"{name} is broken XML ({error.msg}); export it again.") from error


def _forget(element: etree._Element) -> None:
    """Free the memory of an entry and of those before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _entry(element: etree._Element) -> Entry:
    entry = Entry(_short(element), element.text or "")
    for child in element:
        tag = _short(child)
        if tag == "wp:postmeta":
            parts = {_short(part): part.text or "" for part in child}
            entry.meta[parts.get("wp:meta_key", "")] = parts.get("wp:meta_value", "")
        elif tag == "category":
            entry.terms.append((child.get("domain") or "", (child.text or "").strip()))
        elif tag != "wp:comment":
            entry.fields[tag] = child.text or ""
    return entry


def _short(element: etree._Element) -> str:
    """The tag with the prefix that WordPress writes; versions of the format differ in the namespace."""
    if not isinstance(element.tag, str):
        return ""
    namespace, _, local = element.tag.rpartition("}")
    prefix = next((prefix for pattern, prefix in PREFIXES if pattern.match(namespace[1:])), "")
    return prefix + local if prefix or not namespace else element.tag


class _Cleaned:
    """The file as UTF-8 without forbidden characters, in pieces; refuses what may hold entities.

    The text that is looked at is the one that is parsed, so no encoding can hide a declaration.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        head = stream.read(4096)
        joined = io.BufferedReader(_Rejoined(head, stream))
        try:
            self._text = io.TextIOWrapper(joined, encoding=_encoding(head), errors="replace")
            self._head = self._text.read(STEP)
        except (LookupError, UnicodeError) as error:
            raise BadInput(f"{name} is in an encoding that cannot be read ({error}).") from error
        if not UP_TO_ROOT.match(self._head):
            if re.search(r"<!(?:DOCTYPE|ENTITY)", self._head):
                raise BadInput(f"{name} declares a document type; a WordPress export has none, so it was not read.")
            raise BadInput(f"{name} is no WordPress export: it does not start with <rss>.")

    def read(self, size: int = -1) -> bytes:
        """Some more of it; empty at the end only."""
        piece, self._head = self._head, ""
        while piece or (piece := self._text.read(STEP)):
            if clean := NOT_XML.sub("", piece):
                return clean.encode()
            piece = ""
        return b""


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # any writable buffer; Python 3.11 has no type for it
        data, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        data = data or self._rest.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _encoding(head: bytes) -> str:
    stated = XML_ENCODING.search(head)
    name = stated.group(1).decode("ascii", "replace").lower() if stated else "utf-8"
    return "utf-8-sig" if name in ("utf-8", "utf8") or head.startswith(codecs.BOM_UTF8) else name
