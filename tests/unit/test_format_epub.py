"""EPUB books, built as publishers and converters write them."""

import io
import zipfile
from datetime import UTC, datetime

import pytest

from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.formats import epub, package
from llm_engineering.infrastructure.sources.formats.epub import PAGES
from llm_engineering.infrastructure.sources.formats.text import LeftOut, Text, Unread

CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
METADATA = (
    "<dc:title>On Bread</dc:title><dc:language>en-GB</dc:language><dc:date>2024-05-02</dc:date>"
    '<dc:creator id="c1">Ann Lee</dc:creator><dc:creator id="c2">Bo Ek</dc:creator>'
    '<meta refines="#c1" property="role">aut</meta><meta refines="#c2" property="role">ill</meta>'
)
PROSE = "<p>It’s a sentence of a chapter that somebody wrote about bread, flour, salt and water at some length.</p>" * 6


def page(body: str, kind: str = "", head: str = "<title/>") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head>{head}</head><body{kind and f" epub:type={kind!r}"}>'
        f"{body}</body></html>"
    )


def chapter(title: str, prose: str = PROSE) -> str:
    return page(f'<section><a id="p1"/><h1>{title}</h1>{prose}</section>')


def book(
    pages: dict[str, str], *, nav: dict[str, str] | None = None, more: dict[str, str] | None = None, **opf: str
) -> bytes:
    """`pages`: id → XHTML in the order of the spine; `nav`: id → title."""
    items = "".join(f'<item id="{id}" href="text/{id}.xhtml" media-type="application/xhtml+xml"/>' for id in pages)
    spine = "".join(f'<itemref idref="{id}"/>' for id in pages)
    files = {f"OEBPS/text/{id}.xhtml": text for id, text in pages.items() if text}
    if nav is not None:
        links = "".join(f'<li><a href="text/{id}.xhtml#start">{title}</a></li>' for id, title in nav.items())
        items += '<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
        landmarks = opf.get("landmarks", "")
        files["OEBPS/nav.xhtml"] = page(f'<nav epub:type="toc"><ol>{links}</ol></nav>{landmarks}')
    package_xml = (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">{opf.get("metadata", METADATA)}</metadata>'
        f"<manifest>{items}{opf.get('items', '')}</manifest><spine>{spine}</spine>{opf.get('guide', '')}</package>"
    )
    files = {"META-INF/container.xml": CONTAINER, "OEBPS/book.opf": package_xml, **files, **(more or {})}
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def read(data: bytes) -> tuple[list[Text], list[LeftOut | Unread]]:
    parts = epub.read("b.epub", data)
    return [part for part in parts if isinstance(part, Text)], [part for part in parts if not isinstance(part, Text)]


def test_each_chapter_is_a_text_in_the_order_of_the_book():
    data = book({"c2": chapter("Flour"), "c1": chapter("Water")}, nav={"c2": "1. Flour", "c1": "Water"})
    chapters, rest = read(data)
    assert [(text.part, text.title) for text in chapters] == [("c2", "1. Flour"), ("c1", "Water")]
    assert rest == []
    assert (chapters[1].byline, chapters[1].language) == ("Ann Lee", "en")
    assert (chapters[1].published_at, chapters[1].extra) == (datetime(2024, 5, 2, tzinfo=UTC), {"book": "On Bread"})
    assert chapters[1].markdown.startswith("It’s a sentence of a chapter")


def test_the_title_is_the_heading_where_the_contents_name_none():
    assert read(book({"c1": chapter("Flour")}))[0][0].title == "Flour"


@pytest.mark.parametrize("kind", ["cover", "titlepage", "copyright-page", "toc", "dedication", "index", "foreword"])
def test_pages_that_are_no_chapters_are_left_out_by_their_kind(kind):
    chapters, rest = read(book({"x": page(PROSE, kind), "c1": chapter("Flour")}))
    assert ([text.part for text in chapters], rest) == (["c1"], [PAGES])


def test_landmarks_and_guides_say_what_a_page_is():
    landmarks = '<nav epub:type="landmarks"><a epub:type="copyright-page" href="text/x.xhtml">C</a></nav>'
    guide = '<guide><reference type="title-page" href="text/x.xhtml"/></guide>'
    pages = {"x": page(PROSE), "c1": chapter("Flour")}
    for data in (book(pages, nav={"c1": "F"}, landmarks=landmarks), book(pages, guide=guide)):
        assert [text.part for text in read(data)[0]] == ["c1"]


def test_unmarked_pages_are_left_out_by_what_they_hold():
    links = "".join(
        f'<p><a href="c1.xhtml#s{n}">A chapter of the book that has a long name {n}</a></p>' for n in range(20)
    )
    rights = f"<p>© 2024 Ann Lee. All rights reserved. ISBN 978-3-16-148410-0.</p>{PROSE}"
    pages = {"half": page("<p>On Bread</p>"), "rights": page(rights), "list": page(links), "c1": chapter("Flour")}
    chapters, rest = read(book(pages, nav={"c1": "Flour"}))
    assert ([text.part for text in chapters], rest) == (["c1"], [PAGES] * 3)


def test_a_chapter_that_a_converter_cut_in_files_is_one_text():
    pages = {"c1": chapter("Flour"), "c1b": page(PROSE.replace("It’s", "Then it’s")), "c2": chapter("Water")}
    chapters, _ = read(book(pages, nav={"c1": "Flour", "c2": "Water"}))
    assert [text.part for text in chapters] == ["c1", "c2"]
    assert "Then it’s a sentence" in chapters[0].markdown


def test_the_contents_of_an_epub_2_are_read():
    ncx = (
        '<?xml version="1.0"?><!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://example.org/ncx.dtd">'
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint id="a"><navLabel><text>One: Flour</text>'
        '</navLabel><content src="text/c1.xhtml#x"/></navPoint></navMap></ncx>'
    )
    data = book(
        {"c1": chapter("Flour")},
        items='<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>',
        metadata='<dc:title>On Bread</dc:title><dc:creator xmlns:opf="http://www.idpf.org/2007/opf" opf:role="aut">'
        'Ann Lee</dc:creator><dc:creator xmlns:opf="http://www.idpf.org/2007/opf" opf:role="trl">Bo Ek</dc:creator>',
        more={"OEBPS/toc.ncx": ncx},
    )
    [text] = read(data)[0]
    assert (text.title, text.byline) == ("One: Flour", "Ann Lee")


def test_links_within_the_book_page_numbers_and_empty_tags_leave_no_trace():
    body = (
        '<h1>Flour</h1><p>See <a href="c2.xhtml#x">the next chapter</a>, <span epub:type="pagebreak">12</span>'
        f'<a href="https://example.org/">a site</a>.<i/> A&nbsp;note<a epub:type="noteref" href="#fn1">1</a></p>{PROSE}'
    )
    text = read(book({"c1": page(body)}))[0][0].markdown
    assert text.startswith("See the next chapter, [a site](https://example.org/). A\xa0note[^1]\n\nIt’s")


# ------------------------------------------------------------------------------ failures and attacks


def test_a_chapter_that_is_missing_is_one_failure_and_the_rest_is_read():
    chapters, rest = read(book({"c1": chapter("Flour"), "c2": "", "c3": chapter("Water")}))
    assert [text.part for text in chapters] == ["c1", "c3"]
    assert [(part.part, "lacks" in part.reason) for part in rest if isinstance(part, Unread)] == [("c2", True)]


@pytest.mark.parametrize(
    "href", ["../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "..%2f..%2f..%2fetc/passwd", "\\x"]
)
def test_a_path_that_leaves_the_book_leads_nowhere(href):
    items = f'<item id="x" href="{href}" media-type="application/xhtml+xml"/>'
    data = book({"c1": chapter("Flour")}, items=items)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files["OEBPS/book.opf"] = files["OEBPS/book.opf"].replace(b"<spine>", b'<spine><itemref idref="x"/>')
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    chapters, _ = read(out.getvalue())
    assert [text.part for text in chapters] == ["c1"]
    assert "root:" not in chapters[0].markdown


@pytest.mark.parametrize("part", ["META-INF/container.xml", "OEBPS/book.opf", "OEBPS/toc.ncx"])
def test_entities_in_the_parts_are_refused(part):
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    items = '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    with pytest.raises(CollectError, match="entities"):
        read(book({"c1": chapter("Flour")}, items=items, more={part: bomb}))


def test_entities_in_a_chapter_are_not_expanded():
    bomb = page("<h1>T</h1><p>&b;</p>" + PROSE).replace(
        "<!DOCTYPE html>", '<!DOCTYPE html [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b "&a;SECRETSECRET">]>'
    )
    [text] = read(book({"c1": bomb}))[0]
    assert "root:" not in text.markdown
    assert text.markdown.count("SECRETSECRET") <= 1  # the declaration itself, at most, as text


def test_a_protected_book_is_a_failure_and_one_with_protected_fonts_is_not():
    locked = (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#">'
        '<enc:EncryptedData><enc:CipherData><enc:CipherReference URI="OEBPS/{}"/></enc:CipherData></enc:EncryptedData>'
        "</encryption>"
    )
    pages = {"c1": chapter("Flour")}
    with pytest.raises(CollectError, match="protected"):
        read(book(pages, more={"META-INF/encryption.xml": locked.format("text/c1.xhtml")}))
    assert read(book(pages, more={"META-INF/encryption.xml": locked.format("fonts/a.otf")}))[0]


def test_a_zip_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(package, "PART_BYTES", 100_000)
    chapters, rest = read(book({"c1": chapter("Flour"), "c2": chapter("Bomb", "<p>x</p>" * 100_000)}))
    assert [text.part for text in chapters] == ["c1"]
    assert ["zip bomb" in part.reason for part in rest if isinstance(part, Unread)] == [True]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", book({}), book({"c1": page("<p>Short.</p>")})])
def test_what_holds_no_chapter_is_a_failure(data):
    with pytest.raises(CollectError, match=r"b\.epub"):
        read(data)
