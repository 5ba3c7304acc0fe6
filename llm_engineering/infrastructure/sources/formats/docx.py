"""Word documents: mammoth makes HTML of them, and our own writer Markdown of that."""

import io
import zipfile
from xml.parsers.expat import ExpatError

from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.extraction import fragment_markdown
from llm_engineering.infrastructure.sources.formats.facts import moment, person, sane_title, stated
from llm_engineering.infrastructure.sources.formats.package import Package, require_harmless, xml_of
from llm_engineering.infrastructure.sources.formats.text import Part, Text
from llm_engineering.infrastructure.sources.html_tree import parsed

CORE = "docProps/core.xml"
NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
}
STYLES = """
p[style-name='Title'] => h1.title:fresh
p[style-name='Subtitle'] => p.subtitle:fresh
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
p[style-name='Block Text'] => blockquote > p:fresh
p[style-name='Quotations'] => blockquote > p:fresh
p[style-name='HTML Preformatted'] => pre:separator('\\n')
p[style-name='Source Code'] => pre:separator('\\n')
p[style-name='Preformatted Text'] => pre:separator('\\n')
p[style-name='Code'] => pre:separator('\\n')
r[style-name='HTML Code'] => code
r[style-name='Verbatim Char'] => code
p[style-name^='toc '] => !
p[style-name^='TOC '] => !
p[style-name='Table of Contents'] => !
"""
"""Beside mammoth's own: what Word, LibreOffice and Pandoc call these styles. Contents are left out."""


def read(name: str, data: bytes) -> list[Part]:
    """The document as it reads with all changes accepted and comments hidden; pictures are left out.

    Raises CollectError for a damaged or encrypted file, a zip bomb, or XML that declares entities.
    """
    package = Package(name, data)
    if "[Content_Types].xml" not in package:
        raise CollectError(f"{name} is no Word document.")
    html = _html(name, _trusted_copy(package))
    title, subtitle = _headings(html)
    facts = _core_properties(package)
    title = title or sane_title(facts.get("title"))
    return [
        Text(
            title=title,
            markdown=fragment_markdown(html, title),
            published_at=moment(facts.get("created")),
            byline=person(facts.get("creator")),
            extra={"subtitle": subtitle} if subtitle else {},
        )
    ]


def _trusted_copy(package: Package) -> io.BytesIO:
    """The document with its XML parts alone, each unpacked within the limits and free of entities.

    mammoth unpacks and parses without limits, so it gets nothing else to read.
    """
    copy = io.BytesIO()
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as archive:
        for part in package.names():
            if part.lower().endswith((".xml", ".rels")) and not part.startswith("customXml/"):
                data = package.read(part)
                require_harmless(part, data)
                archive.writestr(part, data)
    copy.seek(0)
    return copy


def _html(name: str, document: io.BytesIO) -> str:
    import mammoth

    try:
        result = mammoth.convert_to_html(
            document,
            style_map=STYLES,
            convert_image=lambda image: [],
            include_embedded_style_map=False,
            external_file_access=False,
        )
    except (OSError, LookupError, ValueError, AttributeError, TypeError, ExpatError) as error:
        raise CollectError(f"{name} is no readable Word document ({error}).") from error
    return str(result.value)


def _headings(html: str) -> tuple[str, str]:
    """The title and subtitle that the document itself shows at its start."""
    tree = parsed(f"<!DOCTYPE html><body>{html}</body>")
    body = tree.find("body") if tree is not None else None
    if body is None:
        return "", ""
    titles = body.xpath("h1[@class='title']")
    first = next((element for element in body if element.text_content().strip()), None)
    if not titles and first is not None and first.tag == "h1":
        titles = [first]
    subtitles = body.xpath("p[@class='subtitle']")
    return (
        stated(titles[0].text_content()) if titles else "",
        stated(subtitles[0].text_content()) if subtitles else "",
    )


def _core_properties(package: Package) -> dict[str, str]:
    if CORE not in package:
        return {}
    root = xml_of(CORE, package.read(CORE))
    places = {"title": "dc:title", "creator": "dc:creator", "created": "dcterms:created"}
    return {key: stated(root.findtext(place, namespaces=NAMESPACES)) for key, place in places.items()}
