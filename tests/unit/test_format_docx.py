"""Word documents, built as Word writes them: a zip of XML parts."""

import io
import zipfile
from datetime import UTC, datetime

import pytest

from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.formats import docx, package
from llm_engineering.infrastructure.sources.formats.text import Text

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
STYLES = {
    "Title": "Title",
    "H1": "heading 1",
    "Toc": "toc 1",
    "Q": "Quote",
    "Src": "Source Code",
    "List": "List Paragraph",
}


def paragraph(text: str, style: str = "") -> str:
    marked = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    inner = text if text.startswith("<") else f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'
    return f"<w:p>{marked}{inner}</w:p>"


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def document(*paragraphs: str, core: str = "", more: dict[str, bytes] | None = None) -> bytes:
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{id}"><w:name w:val="{name}"/></w:style>'
        for id, name in STYLES.items()
    )
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships {RELS}><Relationship Id="a" Type="{R}/officeDocument" '
        'Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<?xml version="1.0" encoding="UTF-8"?><w:document {W}><w:body>{"".join(paragraphs)}'
        "</w:body></w:document>",
        "word/styles.xml": f"<w:styles {W}>{styles}</w:styles>",
        "word/footnotes.xml": f'<w:footnotes {W}><w:footnote w:id="2">{paragraph("A note.")}</w:footnote>'
        "</w:footnotes>",
        "word/comments.xml": f'<w:comments {W}><w:comment w:id="0" w:author="Bo">{paragraph("REMARK")}</w:comment>'
        "</w:comments>",
        "docProps/core.xml": core,
        **(more or {}),
    }
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            if content:
                archive.writestr(name, content)
    return data.getvalue()


def core(title: str, creator: str, created: str = "2024-05-02T10:00:00+02:00") -> str:
    return (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<dc:title>{title}</dc:title><dc:creator>{creator}</dc:creator><dcterms:created xsi:type="dcterms:W3CDTF">'
        f"{created}</dcterms:created></cp:coreProperties>"
    )


def text_in(data: bytes) -> Text:
    [found] = docx.read("a.docx", data)
    assert isinstance(found, Text)
    return found


def test_a_document_reads_as_with_all_changes_accepted_and_comments_hidden():
    changed = (
        run("It’s ")
        + f'<w:ins w:id="1" w:author="B">{run("new")}</w:ins>'
        + '<w:del w:id="2" w:author="B"><w:r><w:delText>OLD</w:delText></w:r></w:del>'
        + f'<w:moveFrom w:id="3" w:author="B">{run("MOVED")}</w:moveFrom>'
        + '<w:commentRangeStart w:id="0"/>'
        + run(" bread — “quoted”.")
        + '<w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>'
        + '<w:r><w:footnoteReference w:id="2"/></w:r>'
    )
    found = text_in(
        document(
            paragraph("On Bread", "Title"),
            paragraph("Flour 3", "Toc"),
            paragraph(changed),
            paragraph("Flour", "H1"),
            paragraph("Others’ words.", "Q"),
            paragraph("x = 1", "Src"),
            paragraph("  y = 2", "Src"),
            core=core("old-template.docx", "Ann Lee"),
        )
    )
    assert (found.title, found.byline) == ("On Bread", "Ann Lee")
    assert found.published_at == datetime(2024, 5, 2, 8, tzinfo=UTC)
    assert found.markdown == (
        "It’s new bread — “quoted”.[^1]\n\n# Flour\n\n> Others’ words.\n\n```\nx = 1\n  y = 2\n```\n\n1. A note."
    )


def test_a_document_without_a_title_of_its_own_has_that_of_its_properties():
    assert text_in(document(paragraph("Text."), core=core("On Rye", "Ann Lee"))).title == "On Rye"
    assert text_in(document(paragraph("On Salt", "H1"), paragraph("Text."), core=core("On Rye", ""))).title == "On Salt"


@pytest.mark.parametrize("title", ["Microsoft Word - a.doc", "Untitled", "Document1", "notes-final.docx", "42", ""])
@pytest.mark.parametrize("creator", ["jsmith", "Microsoft Office User", "admin", "python-docx", "", "Acme Company Ltd"])
def test_placeholders_are_neither_title_nor_byline(title, creator):
    found = text_in(document(paragraph("Text."), core=core(title, creator)))
    assert (found.title, found.byline) == ("", None)


def test_pictures_are_left_out_and_never_unpacked():
    picture = (
        '<w:r><w:drawing xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
        '<wp:inline><wp:docPr id="1" name="P" descr="A LOAF"/><a:graphic xmlns:a='
        '"http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData><pic:pic xmlns:pic='
        '"http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:blipFill><a:blip xmlns:r='
        f'"{R}" r:embed="p1"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>'
    )
    rels = f'<Relationships {RELS}><Relationship Id="p1" Type="{R}/image" Target="media/p.png"/></Relationships>'
    more = {"word/media/p.png": b"\0" * 200_000_000, "word/_rels/document.xml.rels": rels.encode()}
    assert text_in(document(paragraph(run("Look.") + picture), more=more)).markdown == "Look."


# ------------------------------------------------------------------------------ attacks

ENTITIES = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


SUBSET = "<!DOCTYPE x [<!ELEMENT x ANY>]>"


@pytest.mark.parametrize("declaration", [ENTITIES, EXTERNAL, SUBSET], ids=["bomb", "external", "subset"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "part", ["word/document.xml", "word/styles.xml", "docProps/core.xml", "word/_rels/document.xml.rels"]
)
def test_a_part_that_declares_entities_is_refused_in_any_encoding(part, encoding, declaration):
    evil = f'<?xml version="1.0" encoding="{encoding}"?>{declaration}<x {W}>&a;</x>'.encode(encoding)
    with pytest.raises(CollectError, match=r"declares XML entities"):
        text_in(document(paragraph("Text."), more={part: evil}))


def test_a_zip_bomb_is_refused_before_it_is_parsed(monkeypatch):
    monkeypatch.setattr(package, "PART_BYTES", 1_000_000)
    with pytest.raises(CollectError, match="zip bomb"):
        text_in(document(paragraph("<w:r/>" * 500_000)))


def test_many_parts_count_together(monkeypatch):
    monkeypatch.setattr(package, "TEXT_BYTES", 1_000_000)
    more = {f"word/x{number}.xml": b"<a>" + b" " * 200_000 + b"</a>" for number in range(9)}
    with pytest.raises(CollectError, match="zip bomb"):
        text_in(document(paragraph("Text."), more=more))


def test_a_size_that_lies_is_no_help():
    data = document(paragraph("A" * 5_000))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entry = archive.getinfo("word/document.xml")
    lying = data.replace(entry.file_size.to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != data
    with pytest.raises(CollectError):
        text_in(lying)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old or encrypted .doc"])
def test_what_is_no_word_document_is_a_failure(data):
    with pytest.raises(CollectError, match=r"a\.docx"):
        text_in(data)


def test_a_document_without_its_main_part_or_with_broken_xml_is_a_failure():
    with pytest.raises(CollectError, match="no readable XML"):
        text_in(document(paragraph("Text."), more={"word/document.xml": b"<w:document"}))
    with pytest.raises(CollectError, match="no readable Word document"):
        text_in(document(more={"word/document.xml": b"", "_rels/.rels": b""}))


def test_a_link_to_a_file_outside_is_not_followed(tmp_path):
    (tmp_path / "secret.xml").write_text("SECRET")
    rels = (
        f'<Relationships {RELS}><Relationship Id="a" Type="{R}/officeDocument" Target="../../{tmp_path}/secret.xml"/>'
    )
    found = text_in(document(paragraph("Text."), more={"_rels/.rels": f"{rels}</Relationships>".encode()}))
    assert found.markdown == "Text."
