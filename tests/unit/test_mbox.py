"""Mails as a source: only the author's, only their own words, from every kind of mail file."""

import time
import tracemalloc
import zipfile
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_engineering.application.ports import CollectedItem, Coverage, RefusedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category, Outcome
from llm_engineering.domain.errors import BadConfig, BadInput
from llm_engineering.infrastructure.sources import mail_files
from llm_engineering.infrastructure.sources.mail_message import subject_of
from llm_engineering.infrastructure.sources.mail_text import own_words, unflowed
from llm_engineering.infrastructure.sources.mbox import Mbox

AUTHOR = Author.named("Ann Lee")
ANN = "ann@example.org"
OWN = "It’s ready — come at seven, bring the rye and leave the children at home."


def mail(body: str = OWN, number: int = 1, **headers: str) -> EmailMessage:
    message = EmailMessage()
    given = {"From": f"Ann Lee <{ANN}>", "To": "Bo <bo@example.org>", "Subject": "Re: Bread"}
    given |= {"Date": "Thu, 02 May 2024 10:00:00 +0200", "Message-ID": f"<m{number}@example.org>"}
    for name, value in {**given, **{name.replace("_", "-"): value for name, value in headers.items()}}.items():
        if value:
            message[name] = value
    message.set_content(body)
    return message


def mbox_of(path: Path, *messages: EmailMessage | bytes) -> Path:
    parts = []
    for message in messages:
        raw = message if isinstance(message, bytes) else message.as_bytes()
        parts.append(
            b"From ann@example.org Thu May  2 10:00:00 2024\n" + raw.replace(b"\nFrom ", b"\n>From ") + b"\n\n"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(parts))
    return path


def read(path: Path, **options: object) -> tuple[list[CollectedItem], list[str]]:
    source = Mbox(path, **({"address": ANN} | options))
    found = list(source.items(AUTHOR))
    assert all(isinstance(item, CollectedItem) for item in found), found
    return [item for item in found if isinstance(item, CollectedItem)], source.notes


def only(path: Path) -> CollectedItem:
    [item], _ = read(path)
    return item


def test_a_mail_is_a_post_with_its_own_key_subject_and_moment(tmp_path):
    item = only(mbox_of(tmp_path / "sent.mbox", mail(f"{OWN}\n\nOn 2 May 2024, at 9:00, Bo wrote:\n> When?\n")))
    assert (item.link, item.title, item.content) == ("mail:m1@example.org", "Bread", OWN)
    assert (item.category, item.platform, item.byline) == (Category.POSTS, "mail", None)
    assert item.published_at == datetime(2024, 5, 2, 8, tzinfo=UTC)
    assert item.extra == {"in_reply_to_text": "When?"}


def test_the_place_is_named_by_the_address_and_never_complete(tmp_path):
    one, other = Mbox(tmp_path / "a.mbox", "Ann@Example.org"), Mbox(tmp_path / "b.mbox", [ANN, "al@example.org"])
    assert (one.origin, other.origin) == (f"mbox:{ANN}", f"mbox:al@example.org,{ANN}")
    assert one.coverage is Coverage.PART


def test_what_is_left_out_is_counted_by_kind(tmp_path):
    invite = mail(number=2)
    invite.add_attachment(b"BEGIN:VCALENDAR", maintype="text", subtype="calendar")
    signed_off = mail("OK, thanks.", 3)
    path = mbox_of(
        tmp_path / "all.mbox",
        mail(),
        mail(From="Bo <bo@example.org>", Reply_To=ANN),
        mail(From=f'"{ANN}" <bo@example.org>'),
        invite,
        signed_off,
        mail(number=4, Auto_Submitted="auto-replied"),
        mail(number=5, Subject="Bakers Digest, Vol 3, Issue 7"),
        mail(number=6, X_Gmail_Labels="Drafts,Opened"),
        mail(),
    )
    items, notes = read(path)
    assert [item.link for item in items] == ["mail:m1@example.org"]
    assert sorted(notes) == sorted(
        [
            "all.mbox: 2 mails of others were left out.",
            "all.mbox: 1 calendar message was left out.",
            "all.mbox: 1 mail with fewer than 10 own words was left out.",
            "all.mbox: 1 automatic reply was left out.",
            "all.mbox: 1 digest was left out.",
            "all.mbox: 1 draft was left out.",
            "all.mbox: 1 copy of a mail was left out.",
        ]
    )
    assert len(read(path, min_words="2")[0]) == 2


def test_several_addresses_may_be_the_authors(tmp_path):
    path = mbox_of(tmp_path / "a.mbox", mail(), mail(number=2, From="AL@Example.org"))
    assert len(read(path, address=[ANN, "al@example.org"])[0]) == 2


def test_a_mail_without_an_id_has_a_key_of_its_headers(tmp_path):
    path = mbox_of(tmp_path / "a.mbox", mail(Message_ID=""), mail(Message_ID="", Subject="Other"))
    links = [item.link for item in read(path)[0]]
    assert len(set(links)) == 2
    assert links == [item.link for item in read(path)[0]]


# ------------------------------------------------------------------------------ kinds of files


def test_every_kind_of_mail_file_is_read(tmp_path):
    raw = mail().as_bytes()
    for name in ("cur/1714636800.M1P2.host:2,S", "new/1714636801.M1P3.host", "tmp/1714636802.half"):
        (tmp_path / "maildir" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "maildir" / name).write_bytes(raw.replace(b"m1@", name[:3].encode() + b"@"))
    assert {item.link for item in read(tmp_path / "maildir")[0]} == {"mail:cur@example.org", "mail:new@example.org"}
    (tmp_path / "eml").mkdir()
    (tmp_path / "eml" / "a.eml").write_bytes(raw)
    (tmp_path / "eml" / "b.emlx").write_bytes(b"%d\n" % len(raw) + raw + b"<?xml version='1.0'?><plist>PLIST</plist>")
    (tmp_path / "eml" / "notes.txt").write_text("From nobody")
    items, notes = read(tmp_path / "eml")
    assert (len(items), notes) == (1, ["eml: 1 copy of a mail was left out."])
    assert "PLIST" not in items[0].content
    mbox_of(tmp_path / "thunderbird" / "Sent", mail())
    (tmp_path / "thunderbird" / "Sent.msf").write_text("index")
    assert only(tmp_path / "thunderbird").link == "mail:m1@example.org"
    with zipfile.ZipFile(tmp_path / "takeout.zip", "w") as archive:
        archive.write(tmp_path / "thunderbird" / "Sent", "Takeout/Mail/All mail.mbox")
    assert only(tmp_path / "takeout.zip").link == "mail:m1@example.org"


def test_lines_that_begin_with_from_neither_cut_a_mail_nor_count_as_quotes(tmp_path):
    body = f"{OWN}\n\nFrom here on it is easy.\nFrom Bo I heard 10:30 in 2024"
    assert only(mbox_of(tmp_path / "a.mbox", mail(body))).content == body
    careless = b"From x Thu May  2 10:00:00 2024\n" + mail(body).as_bytes()  # written without ">"
    (tmp_path / "b.mbox").write_bytes(careless)
    assert only(tmp_path / "b.mbox").content == body


def test_a_large_mbox_is_read_in_little_memory(tmp_path):
    big = mail(number=2, From="bo@example.org")
    big.add_attachment(b"\0" * 3_000_000, maintype="application", subtype="zip", filename="a.zip")
    path = mbox_of(tmp_path / "a.mbox", *[big] * 10, mail())
    tracemalloc.start()
    assert only(path).link == "mail:m1@example.org"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 40_000_000
    assert peak < 30_000_000


def test_a_mail_that_is_too_large_is_one_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(mail_files, "MESSAGE_BYTES", 2_000)
    path = mbox_of(tmp_path / "a.mbox", mail("x\n" * 4_000_000), mail(number=2))
    tracemalloc.start()
    [broken, good] = Mbox(path, ANN).items(AUTHOR)
    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()
    assert isinstance(broken, RefusedItem)
    assert (broken.link, broken.outcome) == ("file:a.mbox#1", Outcome.FAILED)
    assert good.link == "mail:m2@example.org"


@pytest.mark.parametrize("address", ["", [], "ann", ["ann@x.org", 3], "a@b@c"])
def test_an_address_is_needed(address):
    with pytest.raises(BadConfig, match="address"):
        Mbox("a.mbox", address)


def test_a_place_without_mails_is_named(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(BadInput, match="holds no mails"):
        read(tmp_path)
    with pytest.raises(BadInput, match="nowhere"):
        read(tmp_path / "nowhere")


# ------------------------------------------------------------------------------ bodies


def test_the_plain_version_is_preferred_and_html_is_converted(tmp_path):
    both = mail()
    both.add_alternative(f"<p>HTML {OWN}</p>", subtype="html")
    assert only(mbox_of(tmp_path / "a.mbox", both)).content == OWN
    html = mail()
    html.set_content(
        f"<html><body><div>Hi Bo,</div><p>It’s <b>ready</b>: {OWN}</p><div class='gmail_signature'>Ann, Baker</div>"
        "<div class='gmail_quote'><div>On Thu, May 2, 2024 at 9:00 AM Bo &lt;bo@example.org&gt; wrote:<br></div>"
        "<blockquote>When is it?</blockquote></div></body></html>",
        subtype="html",
    )
    assert only(mbox_of(tmp_path / "b.mbox", html)).content == f"Hi Bo,\n\nIt’s **ready**: {OWN}"


def test_what_outlook_puts_below_an_answer_is_removed(tmp_path):
    html = mail()
    html.set_content(
        f"<div>{OWN}</div><div id='appendonsend'></div><hr><div id='divRplyFwdMsg'><b>From:</b> Bo<br><b>Sent:</b> Thu"
        "<br><b>To:</b> Ann<br><b>Subject:</b> Bread</div><div>SECRET OF BO</div>",
        subtype="html",
    )
    assert only(mbox_of(tmp_path / "a.mbox", html)).content == OWN


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252", "no-such-charset", ""])
def test_letters_are_right_whatever_the_mail_calls_its_encoding(tmp_path, charset):
    body = "Das Brot ist schön geworden, außen fest und innen weich, wie Ännchen es mag."  # codespell:ignore ist
    encoding = charset if charset.startswith(("iso", "win")) else "utf-8"
    stated = f"; charset={charset}" if charset else ""
    head = f"From: {ANN}\nMessage-ID: <a@b>\nSubject: =?utf-8?B?U2Now7Zu?=\nContent-Type: text/plain{stated}\n\n"
    item = only(mbox_of(tmp_path / "a.mbox", head.encode() + body.encode(encoding)))
    assert (item.title, item.content) == ("Schön", body)


def test_attachments_are_no_text(tmp_path):
    message = mail()
    message.add_attachment("ATTACHED TEXT", filename="a.txt")
    assert only(mbox_of(tmp_path / "a.mbox", message)).content == OWN


def test_malformed_mails_are_read_as_far_as_they_go(tmp_path):
    raws = [
        b"From: Ann <ann@example.org\nMessage-ID: <1@x>\nContent-Type: multipart/mixed; boundary\n\n" + OWN.encode(),
        b"From: ann@example.org\nMessage-ID: [broken\nDate: yesterday\nContent-Type: ;;;\n\n" + OWN.encode(),
        b"From: ann@example.org\nSubject: =?utf-8?B?broken\nContent-Transfer-Encoding: base64\n\n" + b"!!!" * 30,
        b"no headers at all",
    ]
    for item in Mbox(mbox_of(tmp_path / "a.mbox", *raws, mail()), ANN).items(AUTHOR):
        last = item
    assert last.link == "mail:m1@example.org"


def test_a_flowed_text_has_its_soft_breaks_undone():
    flowed = "A paragraph that was \nwrapped softly.\n\n kept indent\n> a quote \n> of Bo\n-- \nAnn"
    assert unflowed(flowed, delete_space=False) == (
        "A paragraph that was wrapped softly.\n\nkept indent\n> a quote of Bo\n-- \nAnn"
    )
    assert unflowed("日本 \n語", delete_space=True) == "日本語"


def test_a_flowed_mail_is_unfolded_before_its_quotes_are_looked_at(tmp_path):
    body = "On Thu, May 2, 2024 at 10:00 AM Bo Ek \n<bo@x.org> wrote:\n> When is \n> it?\n\n"
    body += "It’s ready \nat seven, bring rye and leave nobody at home."
    head = f"From: {ANN}\nMessage-ID: <m1@example.org>\nContent-Type: text/plain; charset=utf-8; format=flowed\n\n"
    item = only(mbox_of(tmp_path / "a.mbox", (head + body).encode()))
    assert item.content == "It’s ready at seven, bring rye and leave nobody at home."
    assert item.extra == {"in_reply_to_text": "When is it?"}


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("Re: Bread", "Bread"),
        ("RE: AW: Fwd: Bread", "Bread"),
        ("Re[2]: Bread", "Bread"),
        ("WG: Brot: frisch", "Brot: frisch"),
        ("Ref: 42", "Ref: 42"),
        ("Reading: a list", "Reading: a list"),
    ],
)
def test_a_subject_loses_its_reply_marks(subject, title):
    assert subject_of(mail(Subject=subject)) == title


# ------------------------------------------------------------------------------ own words

SIGNED = f"Hi Bo,\n\n{OWN}\n\n- flour\n- water\n\n    x  =  1\n\nCheers,\nAnn"


def test_lists_indentation_and_a_closing_stay():
    assert own_words(SIGNED).text == SIGNED


def test_answers_between_quotes_are_kept_together():
    body = "Hi,\n\nOn Mon, 3 Jun 2024 at 10:00, Bo\n<bo@x.org> wrote:\n> first?\n\nYes.\n\n>> deeper\n> second?\n\nNo."
    found = own_words(body)
    assert [line for line in found.text.split("\n") if line] == ["Hi,", "Yes.", "No."]
    assert found.quoted == "first?\n\nsecond?"


@pytest.mark.parametrize(
    "attribution",
    [
        "On Thu, May 2, 2024 at 10:00 AM Bo Ek <bo@example.org> wrote:",
        "On Thu, May 2, 2024 at 10:00 AM Bo Ek <\nbo@example.org> wrote:",
        "On 2 May 2024, at 10:00, Bo Ek wrote:",
        "Am 02.05.24 um 10:00 schrieb Bo Ek:",
        "Am Do., 2. Mai 2024 um 10:00 Uhr schrieb Bo Ek <bo@example.org>:",
        "Le jeu. 2 mai 2024 à 10:00, Bo Ek <bo@example.org> a écrit :",
        "El jue, 2 may 2024 a las 10:00, Bo Ek (<bo@example.org>) escribió:",
        "Il giorno gio 2 mag 2024 alle ore 10:00 Bo Ek <bo@example.org> ha scritto:",  # codespell:ignore alle,ore
        "Op do 2 mei 2024 om 10:00 schreef Bo Ek <bo@example.org>:",
        "2024年5月2日(木) 10:00 Bo Ek <bo@example.org> wrote:",
        "Bo Ek <bo@example.org> writes:",
        "-----Original Message-----\nFrom: Bo Ek",
        "---------- Forwarded message ---------\nFrom: Bo Ek <bo@example.org>",
        "-----Ursprüngliche Nachricht-----",
        "-------- Message d'origine --------",
        "Begin forwarded message:",
        "From: Bo Ek <bo@example.org>\nSent: Thursday, May 2, 2024 10:00\nTo: Ann\nSubject: Bread",
        "**From:** Bo Ek  \n**Sent:** Thursday  \n**To:** Ann  \n**Subject:** Bread",
        "Von: Bo Ek\nGesendet: Donnerstag\nAn: Ann\nBetreff: Brot",
        "De : Bo Ek\nEnvoyé : jeudi\nÀ : Ann\nObjet : Pain",
        "________________________________\nFrom: Bo Ek",
    ],
)
@pytest.mark.parametrize("mark", ["", "> "])
def test_the_mail_that_is_answered_is_removed_quoted_or_not(attribution, mark):
    found = own_words(f"{OWN}\n\nAnn\n\n{attribution}\n\n{mark}SECRET OF BO\n{mark}and more of it")
    assert found.text == f"{OWN}\n\nAnn"
    assert "SECRET OF BO" in found.quoted


@pytest.mark.parametrize(
    "own",
    [
        "On Monday I asked her, and she wrote:\nnothing at all.",
        "One thing he wrote:\n\nthe letter.",
        "From: the oven\nTo: the table\nit is a short way.",
        "Look:\n\n>>> 1 + 1\n2\n\nThat is Python.",
        "a -> b => c, and 3 > 2",
        "First part.\n\n--\n\n" + "\n".join(f"Line {n} of a second part." for n in range(20)),
        "See the recipe at\nhttps://example.org/bread",
        "I sent from my heart.\nAnn",
        "It is confidential.",
    ],
)
def test_what_only_resembles_a_quote_or_a_signature_stays(own):
    assert own_words(own).text == own


@pytest.mark.parametrize(
    "below",
    [
        "-- \nAnn Lee\nBakery",
        "--\nAnn Lee\nBakery",
        "\\--\nAnn Lee",
        "Sent from my iPhone",
        "Get Outlook for iOS<https://aka.ms/x>",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "Enviado desde mi iPhone",
        "Ann Lee | Chief Baker\nAcme Bakery\n+49 30 1234567\nwww.example.org",
        "Ann Lee\nann@example.org\n\nThis e-mail is confidential and for the intended recipient only. Delete it.",
        "_______________________________________________\nBakers mailing list\nBakers@example.org",
        "-----BEGIN PGP SIGNATURE-----\n\nabc=\n-----END PGP SIGNATURE-----",
    ],
)
def test_signatures_and_what_programs_add_are_removed(below):
    assert own_words(f"{OWN}\n\nCheers,\nAnn\n\n{below}\n").text == f"{OWN}\n\nCheers,\nAnn"


def test_a_signed_message_is_its_text():
    body = (
        f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{OWN}\n- -- so it is\n-----BEGIN PGP SIGNATURE-----\nabc"
    )
    assert own_words(body).text == f"{OWN}\n-- so it is"


@given(st.text(alphabet=st.sampled_from("aB1 .,;!?\n\tü—’🍞()*"), max_size=200))
def test_a_mail_without_marks_is_kept_character_by_character(body):
    kept = own_words(body).text
    assert kept == "\n".join(kept.split("\n"))
    assert kept.strip() == body.strip()


def test_hostile_bodies_take_no_time():
    started = time.monotonic()
    for body in (
        *("On " + "a " * 200_000, "On a\n" * 50_000, ">" * 300_000, "> " * 100_000, "From: x\n" * 50_000),
        *(
            "wrote:\n" * 50_000,
            "-----BEGIN PGP MESSAGE-----\n" * 5_000,
            "+1" * 100_000,
            "a\n\n" * 50_000,
            "_" * 300_000,
        ),
        *("confidential recipient\n\n" * 5_000, "Sent from my x\n" * 20_000, "-- \n" * 50_000),
    ):
        own_words(body)
    assert time.monotonic() - started < 30
