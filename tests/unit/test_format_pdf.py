"""PDFs, written byte by byte: what a printer did to a text is undone."""

import zlib
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from llm_engineering.domain.errors import CollectError
from llm_engineering.infrastructure.sources.formats import pdf, pdf_lines
from llm_engineering.infrastructure.sources.formats.text import Text

Placed = tuple[float, float, str] | tuple[float, float, str, int] | tuple[float, float, str, int, str]
"""x, y, text, size of the letters (10), font (F Helvetica, B bold, M Courier)."""
FONTS = {"F": "Helvetica", "B": "Helvetica-Bold", "M": "Courier"}


def escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def content_of(page: Sequence[Placed]) -> bytes:
    parts = []
    for x, y, text, *more in page:
        size = more[0] if more else 10
        font = more[1] if len(more) > 1 else "F"
        parts.append(f"BT /{font} {size} Tf {x} {y} Td ({escaped(text)}) Tj ET")
    return "\n".join(parts).encode("cp1252")


def pdf_of(
    pages: Sequence[Sequence[Placed] | bytes], info: str = "", extra: Sequence[bytes] = (), trailer: str = ""
) -> bytes:
    """Pages of 400 x 600 points; bytes are a page's finished stream object."""
    fonts = " ".join(
        f"/{key} << /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>"
        for key, name in FONTS.items()
    )
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (en-GB) >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} /MediaBox [0 0 400 600] >>".encode(),
        f"<< {info} >>".encode("cp1252"),
    ]
    for number, page in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /Contents {5 + 2 * number} 0 R "
            f"/Resources << /Font << {fonts} >> >> >>".encode()
        )
        if isinstance(page, bytes):
            objects.append(page)
        else:
            packed = zlib.compress(content_of(page))
            objects.append(b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(packed), packed))
    objects += extra
    out, offsets = bytearray(b"%PDF-1.5\n"), []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 3 0 R {trailer} >>\n".encode()
    out += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(out)


def text_in(data: bytes) -> Text:
    [found] = pdf.read("a.pdf", data)
    assert isinstance(found, Text)
    return found


NOTES = ["", "flour", "water", "salt", "time"]
WORDS = "bread is made of flour and water and salt and time and of little else that anybody could name here today"


def column(x: float, top: float, lines: Sequence[str], **style: int) -> list[Placed]:
    return [(x, top - 12 * number, line, style.get("size", 10)) for number, line in enumerate(lines)]


# One line of Helvetica 10 from x = 40 ends near x = 340; the first word of the next would not fit any more.
FULL = "The crumb of a loaf says how long the dough had rested and how warm"
PAGE = [
    *column(40, 500, [FULL, "it was, and the crust says who was in a hurry. Nobody can hide a thing", "from either."]),
    *column(40, 464, ["A second paragraph, set off by nothing but the short line above it and", "no space at all."]),
]


def test_lines_become_the_paragraphs_that_they_were():
    assert text_in(pdf_of([PAGE])).markdown == (
        f"{FULL} it was, and the crust says who was in a hurry. "
        "Nobody can hide a thing from either.\n\n"
        "A second paragraph, set off by nothing but the short line above it and no space at all."
    )


def test_a_paragraph_runs_on_over_pages_between_their_headers_numbers_and_footnotes():
    pages = []
    for number in range(1, 5):
        lines = [FULL.replace("crumb", WORDS.split()[(line + 7 * number) % 17]) for line in range(12)]
        pages.append(
            [
                (40, 570, f"ANN LEE {number}"),
                *column(40, 520, lines),
                (40, 60, f"{number} A footnote about {NOTES[number]}.", 7),
                (195, 20, str(number)),
            ]
        )
    found = text_in(pdf_of(pages)).markdown
    assert "ANN LEE" not in found
    paragraphs = found.split("\n\n")
    assert len(paragraphs[0].split()) == 4 * 12 * len(FULL.split())
    assert paragraphs[1:] == [f"{number} A footnote about {NOTES[number]}." for number in range(1, 5)]


def test_two_columns_are_read_one_after_the_other_below_what_runs_across_them():
    left = [
        "Left column first line of text",
        "and a second that is as long",
        "and a third that is as long as",
        "it and a fourth one that is so",
        "and a fifth one that is too as",
        "the sixth is short.",
    ]
    right = [line.replace("Left", "Right") for line in left]
    abstract = [(40, 540, "An abstract that runs across both of the columns of this page and ends here.")]
    found = text_in(pdf_of([[*abstract, *column(40, 500, left), *column(220, 500, right)]])).markdown
    assert found.split("\n\n") == [abstract[0][2], " ".join(left), " ".join(right)]


def test_a_hyphen_at_the_end_of_a_line_goes_only_where_the_word_is_known_without_it():
    lines = [
        "The fermentation of rye goes on in a jar that is warm, for fermen-",
        "tation wants warmth; a well-known fact, and a fact that is well-",
        "known to those who write about self-",
        "Contained things, and nobody ever un-",
        "derstood why.",
    ]
    found = text_in(pdf_of([column(40, 500, lines)])).markdown
    assert "for fermentation wants" in found
    assert "that is well-known to" in found
    assert "un-derstood" in found


def test_larger_and_bold_lines_are_headings_and_the_largest_is_the_title():
    page = [
        (40, 550, "On Keeping Bread", 20),
        (40, 520, "Of flour", 14),
        *column(40, 500, [FULL, "it was and so on and on."]),
        (40, 460, "Rye", 10, "B"),
        *column(40, 446, [FULL, "and so on, once more."]),
    ]
    found = text_in(pdf_of([page]))
    assert found.title == "On Keeping Bread"
    assert (
        found.markdown == f"## Of flour\n\n{FULL} it was and so on and on.\n\n### Rye\n\n{FULL} and so on, once more."
    )


def test_lists_and_code_keep_their_lines():
    page = [
        *column(40, 500, [FULL, "it was and so on and on."]),
        (50, 470, "• Rye, for sourness"),
        (50, 458, "• Spelt, for patience"),
        (40, 430, "def feed(jar):", 9, "M"),
        (40, 420, "    return jar * 2", 9, "M"),
    ]
    assert text_in(pdf_of([page])).markdown == (
        f"{FULL} it was and so on and on.\n\n- Rye, for sourness\n- Spelt, for patience\n\n"
        "```\ndef feed(jar):\n    return jar * 2\n```"
    )


def test_what_the_author_typed_is_kept_and_is_no_markup():
    lines = [
        "It\x92s \x93quoted\x94 \x97 and 2 * 3 * 4 <b> [x] #1 caf\xe9.",  # codespell:ignore caf
        "# no heading, says the author.",
    ]
    found = text_in(pdf_of([[(40, 500, lines[0].encode("latin-1").decode("cp1252")), (40, 470, lines[1])]])).markdown
    assert found == "It’s “quoted” — and 2 \\* 3 \\* 4 \\<b> \\[x\\] #1 café.\n\n\\# no heading, says the author."


@pytest.mark.parametrize(
    ("info", "title", "byline"),
    [
        ("/Title (The Crumb) /Author (Ann Lee)", "The Crumb", "Ann Lee"),
        ("/Title (Microsoft Word - x.doc) /Author (alee)", "", None),
        ("/Title (An Older Text) /Author (Acme Office User)", "", None),
        ("/Title (x.pdf) /Author <FEFF0041006E006E0020004C00E9>", "", "Ann Lé"),
    ],
)
def test_title_and_author_are_believed_where_they_look_sane(info, title, byline):
    found = text_in(pdf_of([[(40, 540, "The crumb"), *PAGE]], info))
    assert (found.title, found.byline, found.language) == (title, byline, "en")


@pytest.mark.parametrize(
    ("noted", "when"),
    [
        ("D:20240502103000+02'00'", datetime(2024, 5, 2, 8, 30, tzinfo=UTC)),
        ("D:20240502103000Z", datetime(2024, 5, 2, 10, 30, tzinfo=UTC)),
        ("D:2024", datetime(2024, 1, 1, tzinfo=UTC)),
        ("D:19040101000000Z", None),
        ("D:20249999", None),
        ("yesterday", None),
    ],
)
def test_the_date_is_the_one_that_the_file_notes(noted, when):
    assert text_in(pdf_of([PAGE], f"/CreationDate ({noted})")).published_at == when


# ------------------------------------------------------------------------------ failures and attacks


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.4", b"no pdf", b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n" + b"\0" * 99]
)
def test_what_is_no_pdf_is_a_failure(data):
    with pytest.raises(CollectError, match=r"a\.pdf"):
        text_in(data)


def test_pages_that_are_pictures_are_a_failure_that_names_the_way_out():
    with pytest.raises(CollectError, match="pictures of pages and no text; let an OCR program"):
        text_in(pdf_of([[(40, 20, "1")], [(40, 20, "2")]]))


def test_an_encrypted_file_is_a_failure_that_names_the_way_out():
    key = "<" + "00" * 32 + ">"
    encrypt = f"<< /Filter /Standard /V 1 /R 2 /O {key} /U {key} /P -4 >>".encode()
    data = pdf_of([PAGE], extra=[encrypt], trailer=f"/Encrypt 6 0 R /ID [{key} {key}]")
    with pytest.raises(CollectError, match="encrypted; save a copy without a password"):
        text_in(data)


def test_more_pages_than_a_book_has_are_refused(monkeypatch):
    monkeypatch.setattr(pdf_lines, "MOST_PAGES", 20)
    with pytest.raises(CollectError, match="more than 20 pages"):
        text_in(pdf_of([PAGE] * 30))


def test_a_claim_of_ten_thousand_pages_costs_nothing():
    data = pdf_of([PAGE]).replace(b"/Kids [4 0 R] /Count 1 ", b"/Kids [" + b"4 0 R " * 10_000 + b"] /Count 10000 ")
    assert text_in(data).markdown.count("The crumb") == 1


def test_pages_that_contain_each_other_end():
    data = pdf_of([PAGE]).replace(b"/Kids [4 0 R]", b"/Kids [4 0 R 2 0 R]")
    assert text_in(data).markdown.count("The crumb") == 1


def test_reading_stops_after_a_while(monkeypatch):
    monkeypatch.setattr(pdf_lines, "MOST_SECONDS", 0.0)
    with pytest.raises(CollectError, match="seconds"):
        text_in(pdf_of([PAGE]))


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_stream_that_unpacks_to_absurdly_much_is_refused_before_it_is_unpacked(monkeypatch, layers):
    monkeypatch.setattr(pdf, "MOST_UNPACKED", 5_000_000)
    packed = b"0" * 20_000_000
    for _ in range(layers):
        packed = zlib.compress(packed, 9)
    filters = "/FlateDecode " * layers
    stream = b"<< /Filter [%s] /Length %d >>\nstream\n%s\nendstream" % (filters.encode(), len(packed), packed)
    with pytest.raises(CollectError, match="bomb"):
        text_in(pdf_of([PAGE, stream]))


def test_what_only_resembles_a_packed_stream_is_no_bomb(monkeypatch):
    monkeypatch.setattr(pdf, "MOST_UNPACKED", 5_000_000)
    inner = b"\x78\x9c" + b"not packed again " * 1_000
    packed = zlib.compress(inner)
    stream = b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(packed), packed)
    assert "The crumb" in text_in(pdf_of([PAGE], extra=[stream])).markdown


def test_fonts_that_do_not_say_their_letters_are_a_failure():
    with pytest.raises(CollectError, match="which letters its fonts show"):
        text_in(pdf_of([[(40, 500 - 12 * n, "(cid:12)(cid:7) and (cid:9)") for n in range(9)]]))
