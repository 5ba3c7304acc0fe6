"""The zip that a DOCX or an EPUB is: its parts in memory, and never more of them than is sane."""

import io
import posixpath
import zipfile
from urllib.parse import unquote
from xml.parsers import expat

from lxml import etree

from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources import zip_files

MOST_PARTS = 20_000
PART_BYTES = 40 * 1024 * 1024
TEXT_BYTES = 100 * 1024 * 1024
"""Of all parts that are read together; pictures are never read."""
DAMAGE = (*zip_files.DAMAGE, KeyError, ValueError)
PACKERS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


class Package:
    """The parts of one document. Sizes are counted while they are unpacked: a zip may lie about them."""

    def __init__(self, name: str, data: bytes) -> None:
        """Raises CollectError when the data are no zip, or hold absurdly many parts."""
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except DAMAGE as error:
            raise CollectError(f"{name} is damaged: it is no readable zip ({error}).") from error
        self._name = name
        self._left = TEXT_BYTES
        self._entries = {entry.filename: entry for entry in self._archive.infolist()}
        if len(self._entries) > MOST_PARTS:
            raise CollectError(f"{name} has {len(self._entries):,} parts; {MOST_PARTS:,} is the limit.")

    def names(self) -> list[str]:
        """The parts' names, in the order of the zip."""
        return list(self._entries)

    def __contains__(self, part: str) -> bool:
        return part in self._entries

    def read(self, part: str) -> bytes:
        """The part's bytes. Raises CollectError when it is missing, damaged, encrypted or too large."""
        entry = self._entries.get(part)
        if entry is None:
            raise CollectError(f"{self._name} lacks its part {part}.")
        if entry.compress_type not in PACKERS:
            raise CollectError(f"{self._name} packs {part} in an unusual way.")
        most = min(PART_BYTES, self._left)
        try:
            with self._archive.open(entry) as file:
                data = file.read(most + 1)
        except DAMAGE as error:
            raise CollectError(f"{part} in {self._name} cannot be read ({error}).") from error
        self._left -= len(data)
        if len(data) > most:
            raise CollectError(f"{self._name} unpacks to more than is sane at {part}; it looks like a zip bomb.")
        return data


def resolved(base: str, href: str) -> str:
    """The name of the part that a reference in the part `base` means, "" for none.

    One that would leave the package names no part of it; nothing but the package is ever opened.
    """
    path = unquote(href.partition("#")[0])
    if "://" in path or not path:
        return ""
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), path)).lstrip("/")


def require_harmless(part: str, data: bytes) -> None:
    """Raises CollectError for XML that is broken, or that declares entities, as no honest part does.

    Expat tells, not a search for "<!ENTITY": the text may be in any encoding.
    """

    def doctype(_name: str, _system: str | None, _public: str | None, has_internal_subset: bool) -> None:
        if has_internal_subset:  # where entities are declared; an outer one is never loaded
            raise CollectError(f"{part} declares XML entities or a document type of its own; that is refused.")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = doctype
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:  # ValueError, LookupError: an unknown encoding
        raise CollectError(f"{part} is no readable XML ({error}).") from error


def xml_of(part: str, data: bytes) -> etree._Element:
    """The part's tree. Raises CollectError for broken XML and for one that declares entities."""
    require_harmless(part, data)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise CollectError(f"{part} is no readable XML ({error}).") from error
