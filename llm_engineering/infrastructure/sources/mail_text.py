"""What the sender of a mail wrote themselves: without quoted mails, forwarded ones, signature and footers.

Works line by line, each looked at for at most LINE characters, so that time grows with length alone; line
breaks, indentation and lists stay as typed. (mail-parser-reply was tried: it takes a list for a
signature, keeps only what stands above the first quote, and takes minutes for a long line.)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

LINE = 1_000
QUOTE = re.compile(r"[ \t]{0,3}(?:[A-Z]{1,3})?((?:>[ \t]?)+)")
WROTE = re.compile(
    r"(?:wrote|writes|schrieb|schreibt|a écrit|ha scritto|escribió|escreveu|schreef|skrev|kirjoitti|napsal(?:\(a\))?|"
    r"napisał(?:\(a\))?|пишет|написал(?:\(а\))?|写道|님이 작성)[^:]{0,80}[:：]\**[ \t]*$",
    re.IGNORECASE,
)
ATTRIBUTION_START = re.compile(
    r"[\s*_]*(?:(?:on|am|le|el|il|op|em|den|dnia|"
    r"dne|w dniu|at|quoting|zitat von)\b|\d{1,4}[-./年]|[\w.'’ -]{2,60}<)",  # codespell:ignore dne
    re.IGNORECASE,
)
TIME_OR_ADDRESS = re.compile(r"\d[:.h]\d\d|@")
"""What "On …, … wrote:" of a program holds, and a sentence hardly ever."""
ATTRIBUTION_LINES = 4
"""Mail programs wrap "On …, … wrote:" over as many lines at most."""
ORIGINAL = re.compile(
    r"[ \t>*]*(?:(?:-{2,}|_{5,})[ \t]*(?:"
    r"original (?:message|mail)|forwarded (?:message|by\b.{0,80})|weitergeleitete nachricht|"
    r"ursprüngliche (?:nachricht|mail)|original-?nachricht|message (?:d'origine|original|transféré|transmis)|"
    r"mensaje (?:original|reenviado)|messaggio (?:originale|inoltrato)|oorspronkelijk bericht|doorgestuurd bericht|"
    r"mensagem (?:original|encaminhada))[^\n]{0,40}|begin forwarded message:|anfang der weitergeleiteten nachricht:|"
    r"début du message (?:réexpédié|transféré) ?:)[ \t]*\**$",
    re.IGNORECASE,
)
HEADER = re.compile(
    r"[ \t>]*[*_]{0,2}(from|sent|to|cc|subject|date|reply-to|von|gesendet|an|betreff|datum|de|envoyé|"
    r"à|objet|para|asunto|enviado(?: el)?|fecha|assunto|data|da|inviato|a|oggetto|"  # codespell:ignore objet
    r"van|verzonden|aan|onderwerp|från|skickat|till|ämne|fra|sendt|til|emne)[ \t]?:[*_]{0,2}(?:[ \t]|$)",
    re.IGNORECASE,
)
FROM = frozenset("from von de da van från fra".split())
SIGNATURE = re.compile(r"\\?-- ?$")
SIGNATURE_LINES = 15
"""A bare "--" with more lines below is a divider of the sender's."""
SENT_FROM = re.compile(
    r"[ \t]*(?:sent (?:from|via|with|using) (?:my |the |an? |mail |outlook|yahoo|gmail|proton|samsung|blackberry|"
    r"mobile|iphone|android|airmail|spark|superhuman|mailspring|fairemail|k-9)|get outlook for |"
    r"(?:von meinem|gesendet (?:von|mit|aus|über)) |diese nachricht wurde von meinem |"
    r"envoyé (?:de(?:puis)?|à partir de) (?:mon|ma|mobile|l['’]app|outlook|yahoo)|"
    r"enviado (?:desde|do|a partir do) (?:mi|meu|outlook)|"  # codespell:ignore meu
    r"inviato da(?:l mio)? |verzonden (?:vanaf|met|van) |skickat från min|sendt fra min|"
    r"wysłane z |отправлено с )[^\n]{0,80}$",
    re.IGNORECASE,
)
FOOTER = re.compile(r"[ \t]*_{20,}[ \t]*$")
"""Mailing lists and Outlook draw such a line above what is not the sender's."""
DISCLAIMER = re.compile(
    r"(?:intended (?:only |solely )?(?:recipient|for the)|confidential|vertrauliche? |destinataire|confidentielle?|"
    r"please consider the environment|virus-free|scanned (?:for|by))",
    re.IGNORECASE,
)
CONTACT = re.compile(
    r"(?:\+|\b00|\()\d[\d\s()/.-]{6,}\d|\b(?:tel|phone|mobile|fax|mobil|telefon)\b\.?:?[ \t]*[+(\d]|\S+@\S+\.\w", re.I
)
CONTACT_LINES = 9
PGP_BLOCK = re.compile(
    r"^-----BEGIN PGP (MESSAGE|SIGNATURE|PUBLIC KEY BLOCK|PRIVATE KEY BLOCK)-----$.*?(?:^-----END PGP \1-----$\n?|\Z)",
    re.MULTILINE | re.DOTALL,
)
PGP_SIGNED = re.compile(r"^-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Za-z-]{1,40}:[^\n]*\n)*\n?", re.MULTILINE)


@dataclass(frozen=True)
class OwnWords:
    """A mail's text, divided."""

    text: str
    """The sender's, as typed."""
    quoted: str
    """What is quoted from the mail that this one answers, one level of quoting taken off."""


def own_words(body: str) -> OwnWords:
    """Divides the text of a mail into what its sender wrote and what they quote."""
    lines = _without_pgp(body.replace("\r\n", "\n")).split("\n")
    quoting = _quoting(lines)
    kept: list[str] = []
    quoted: list[str] = []
    position = 0
    while position < len(lines):
        line = lines[position]
        if _begins_original(lines, position) or FOOTER.match(line[:LINE]):
            quoted += lines[position + 1 :] if not quoted else []
            break
        if position in quoting:
            quoted.append(QUOTE.sub("", line, count=1) if quoting[position] == 1 else "")
            position += 1
            continue
        length = _attribution(lines, position, quoting)
        if length and not _leads_to_quote(lines, position + length, quoting):
            quoted += lines[position + length :] if not quoted else []
            break
        if not length:
            kept.append(line)
        position += length or 1
    return OwnWords(_trimmed(kept), "\n".join(quoted).strip())


def _without_pgp(body: str) -> str:
    if "-----BEGIN PGP" not in body:
        return body
    signed = "-----BEGIN PGP SIGNED MESSAGE-----" in body
    text = PGP_BLOCK.sub("", PGP_SIGNED.sub("", body))
    return re.sub(r"^- (?=-)", "", text, flags=re.MULTILINE) if signed else text


def _quoting(lines: Sequence[str]) -> dict[int, int]:
    """Number of a quoted line → how deep. Python's ">>>" prompts in a mail that quotes nothing else are no quotes."""
    depths = {
        number: match.group(1).count(">") for number, line in enumerate(lines) if (match := QUOTE.match(line[:LINE]))
    }
    return depths if min(depths.values(), default=0) < 3 else {}


def _begins_original(lines: Sequence[str], position: int) -> bool:
    """Whether a whole other mail begins here, by a divider or by its headers."""
    if ORIGINAL.match(lines[position][:LINE]):
        return True
    first = HEADER.match(lines[position][:LINE])
    if first is None or first.group(1).lower() not in FROM:
        return False
    names = {first.group(1).lower()}
    for line in lines[position + 1 : position + 8]:
        if match := HEADER.match(line[:LINE]):
            names.add(match.group(1).lower())
    return len(names) >= 3


def _attribution(lines: Sequence[str], position: int, quoting: dict[int, int]) -> int:
    """How many lines from here on say who wrote what follows ("On …, … wrote:"), 0 for none."""
    if not ATTRIBUTION_START.match(lines[position][:LINE]):
        first_alone = WROTE.search(lines[position][-LINE:]) and _leads_to_quote(lines, position + 1, quoting)
        return 1 if first_alone else 0
    text = ""
    for length, line in enumerate(lines[position : position + ATTRIBUTION_LINES], start=1):
        if not line.strip() or position + length - 1 in quoting:
            return 0
        text = f"{text} {line.strip()}"[-LINE:]
        if WROTE.search(text):
            is_sure = TIME_OR_ADDRESS.search(text) or _leads_to_quote(lines, position + length, quoting)
            return length if is_sure else 0
    return 0


def _leads_to_quote(lines: Sequence[str], position: int, quoting: dict[int, int]) -> bool:
    following = (number for number in range(position, min(len(lines), position + 4)) if lines[number].strip())
    return next(following, -1) in quoting


def _trimmed(lines: list[str]) -> str:
    """Without the signature and what programs put below it."""
    first = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    last = next((number for number in range(len(lines), first, -1) if lines[number - 1].strip()), first)
    lines = lines[first:last]
    for number, line in enumerate(lines):
        if SIGNATURE.match(line) and (line.endswith(" ") or len(lines) - number <= SIGNATURE_LINES):
            lines = lines[:number]
            break
    while True:
        while lines and (not lines[-1].strip() or SENT_FROM.match(lines[-1][:LINE])):
            lines.pop()
        start = next((number for number in range(len(lines), 0, -1) if not lines[number - 1].strip()), 0)
        if not start or not (_is_contact(lines[start:]) or _is_disclaimer("\n".join(lines[start:]))):
            return "\n".join(lines)
        del lines[start:]


def _is_contact(lines: list[str]) -> bool:
    """A last paragraph of a few short lines with a telephone number or address, and no sentence."""
    return (
        2 <= len(lines) <= CONTACT_LINES
        and all(len(line) <= 100 for line in lines)
        and any(CONTACT.search(line) for line in lines)
        and not any(re.search(r"[.?!]$", line.rstrip()) and len(line.split()) > 4 for line in lines)
    )


def _is_disclaimer(block: str) -> bool:
    return len(DISCLAIMER.findall(block[: 10 * LINE])) >= 2 or bool(
        re.match(r"[ \t*]*(?:disclaimer|confidentiality notice|virus-free)\b", block[:LINE], re.IGNORECASE)
    )


def unflowed(body: str, delete_space: bool) -> str:
    """Text of "format=flowed" (RFC 3676) with its soft line breaks undone."""
    lines: list[str] = []
    flowing = False
    depth = 0
    for line in body.replace("\r\n", "\n").split("\n"):
        marks = len(line) - len(line.lstrip(">"))
        text = line[marks:].removeprefix(" ")
        is_signature = text == "-- "
        if flowing and marks == depth and not is_signature:
            lines[-1] += text
        else:
            lines.append(f"{'>' * marks} {text}" if marks else text)
        flowing = text.endswith(" ") and not is_signature
        if flowing and delete_space:
            lines[-1] = lines[-1][:-1]
        depth = marks
    return "\n".join(line if line == "-- " else line.rstrip(" ") for line in lines)
