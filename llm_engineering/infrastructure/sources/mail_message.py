"""One mail: who sent it, whether it is a person's letter at all, and its text."""

import re
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from email.utils import getaddresses

from lxml.html import HtmlElement, tostring

from llm_engineering.domain.identity import content_hash
from llm_engineering.infrastructure.sources.bodies import text_of
from llm_engineering.infrastructure.sources.extraction import fragment_markdown
from llm_engineering.infrastructure.sources.formats.plain import NO_TEXT
from llm_engineering.infrastructure.sources.html_tree import parsed
from llm_engineering.infrastructure.sources.mail_text import unflowed
from llm_engineering.infrastructure.sources.page_metadata import parsed_date

BROKEN = (ValueError, LookupError, AttributeError, TypeError, RecursionError)
"""What the standard library raises for headers that are no headers."""
HEADERS_BYTES = 256 * 1024
FROM_HEADER = re.compile(rb"^from:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
REPLY_MARK = re.compile(
    r"\s*(?:re|aw|antw|sv|vs|odp|rif|res|回复|答复|fwd?|wg|tr|rv|enc|转发)\s*(?:\[\d{1,3}\]|\(\d{1,3}\))?\s*[:：]\s*",
    re.IGNORECASE,
)
DIGEST = re.compile(r"\bdigest,? vol(?:ume)?\b|\bdigest (?:for|of)\b", re.IGNORECASE)
OTHERS_CLASSES = (
    *("gmail_quote", "gmail_signature", "moz-cite-prefix", "moz-signature", "moz-forward-container", "yahoo_quoted"),
    *("protonmail_quote", "protonmail_signature_block", "OutlookMessageHeader", "ms-outlook-mobile-reference-message"),
)
OTHERS_IDS = ("Signature", "signature", "ms-outlook-mobile-signature", "divRplyFwdMsg", "OLK_SRC_BODY_SECTION")
REST_IDS = ("divRplyFwdMsg", "appendonsend", "mail-editor-reference-message-container")
OTHERS_HTML = "|".join(
    [
        "//blockquote",
        "//*[@data-smartmail='gmail_signature']",
        *(f"//*[contains(@class,'{name}')]" for name in OTHERS_CLASSES),
        *(f"//*[@id='{name}']" for name in OTHERS_IDS),
        *(f"//*[@id='{name}']/following-sibling::*" for name in REST_IDS),
    ]
)
"""Where mail programs put quotes, forwarded mails and signatures in HTML."""


def is_from(raw: bytes, addresses: Collection[str]) -> bool:
    """Whether the mail is from one of the addresses (in lower case).

    A look at the bytes settles most mails: to parse the headers of each would take ten times as long.
    """
    head = _head(raw)
    stated = b"".join(match.group().lower() for match in FROM_HEADER.finditer(head))
    if not any(address.encode() in stated for address in addresses):
        return False
    return bool(_senders(BytesHeaderParser(policy=policy.default).parsebytes(head + b"\n\n")) & set(addresses))


def _head(raw: bytes) -> bytes:
    head = raw[:HEADERS_BYTES]
    return head[: min(place for place in (head.find(b"\n\n"), head.find(b"\r\n\r\n"), len(head)) if place >= 0)]


def message_of(raw: bytes) -> EmailMessage:
    """The whole mail. Malformed ones are read as far as they go."""
    return BytesParser(policy=policy.default).parsebytes(raw)


def header(message: EmailMessage, name: str) -> str:
    """A header's text, "" when there is none; one that cannot be parsed as it is written."""
    try:
        return " ".join(str(message.get(name, "")).split())
    except BROKEN:
        raw = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
        return " ".join(str(raw).split())


def _senders(message: EmailMessage) -> set[str]:
    try:
        return {address.lower() for _, address in getaddresses([header(message, "From")]) if address}
    except BROKEN:
        return set()


def key_of(message: EmailMessage) -> str:
    """The Message-ID, or a hash of the headers that tell mails apart."""
    stated = header(message, "Message-ID").strip("<> ")
    return stated or content_hash(*(header(message, name) for name in ("From", "To", "Date", "Subject")))[:32]


def sent_at(message: EmailMessage) -> datetime | None:
    """In UTC."""
    when = parsed_date(header(message, "Date"))
    return when.astimezone(UTC) if when else None


def subject_of(message: EmailMessage) -> str:
    """Without "Re:", "Fwd:" and the same in other languages."""
    subject = header(message, "Subject")
    while match := REPLY_MARK.match(subject):
        subject = subject[match.end() :]
    return subject.strip()


def no_letter(message: EmailMessage) -> tuple[str, str] | None:
    """What it is instead of a letter that a person wrote and sent (one, several), None when it is one."""
    labels = header(message, "X-Gmail-Labels").lower()
    flags = header(message, "X-Mozilla-Draft-Info") or re.search(r"\bdrafts?\b|\bentwürfe\b|\bbrouillons?\b", labels)
    kind = message.get_content_type()
    if flags:
        return "draft", "drafts"
    if header(message, "Auto-Submitted").lower() not in ("", "no") or header(message, "X-Autoreply"):
        return "automatic reply", "automatic replies"
    if kind == "multipart/report" or header(message, "Return-Path") == "<>":
        return "delivery report", "delivery reports"
    if kind == "multipart/digest" or DIGEST.search(header(message, "Subject")):
        return "digest", "digests"
    if kind == "multipart/encrypted":
        return "encrypted message", "encrypted messages"
    if any(part.get_content_type() == "text/calendar" for part in message.walk()):
        return "calendar message", "calendar messages"
    return None


def body_of(message: EmailMessage) -> str:
    """The text, plain where there is such a version, else made of the HTML; without attachments."""
    plain = _text(_chosen(message, "plain"))
    html = _text(_chosen(message, "html")) if len(plain.split()) < 3 else ""
    if html:
        return _markdown(html) or plain
    part = _chosen(message, "plain")
    if part is not None and str(part.get_param("format", "")).lower() == "flowed":
        return unflowed(plain, str(part.get_param("delsp", "")).lower() == "yes")
    return plain.replace("\r\n", "\n")


def _chosen(message: EmailMessage, kind: str) -> EmailMessage | None:
    try:
        part = message.get_body(preferencelist=(kind,))
    except BROKEN:
        return None
    return part if isinstance(part, EmailMessage) else None


def _text(part: EmailMessage | None) -> str:
    """The part decoded as it says, or as it must have been meant."""
    if part is None:
        return ""
    try:
        payload = part.get_payload(decode=True)
        charset = part.get_content_charset() or ""
    except BROKEN:
        return ""
    return text_of(payload, f"text/plain; charset={charset}") if isinstance(payload, bytes) else ""


def _markdown(html: str) -> str:
    tree = parsed(html.translate(NO_TEXT))
    body = tree.find("body") if tree is not None else None
    if body is None:
        return ""
    _drop(body.xpath(OTHERS_HTML))
    return fragment_markdown(tostring(body, encoding="unicode"))


def _drop(elements: Iterable[HtmlElement]) -> None:
    for element in elements:
        if element.getparent() is not None:
            element.drop_tree()
