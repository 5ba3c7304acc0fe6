"""The shapes of personal data and secrets, and what a thing of that shape must fulfil to be one.

Every expression takes linear time: a part that repeats is bounded in length, or cannot match in two ways.
Accuracy over completeness: a false alarm destroys the author's words. So a bare run of digits is no
telephone number unless a word such as "tel" stands before it, and four numbers with dots are no
address where the text calls them a version or a section.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address


class PiiKind(StrEnum):
    """What is scrubbed."""

    KEY = "key"
    """API keys, tokens, private keys, passwords in URLs."""
    EMAIL = "email"
    IBAN = "iban"
    CARD = "card"
    """Numbers of payment cards."""
    IP = "ip"
    """IPv4 and IPv6 addresses, but those that name no machine in particular (127.0.0.1, ::1, 0.0.0.0)."""
    PHONE = "phone"
    BLOCKED = "blocked"
    """The user's own list."""


Check = Callable[[re.Match[str]], bool]


@dataclass(frozen=True)
class Pattern:
    """A shape; its group "found", where it has one, is the part that is replaced."""

    kind: PiiKind
    expression: re.Pattern[str]
    is_real: Check = lambda match: True

    def replaced(self, text: str, marker: str) -> tuple[str, int]:
        """The text with the marker in each place, and the number of places."""
        count = 0

        def marked(match: re.Match[str]) -> str:
            nonlocal count
            if not self.is_real(match):
                return match.group()
            count += 1
            start, end = match.span("found" if "found" in self.expression.groupindex else 0)
            return text[match.start() : start] + marker + text[end : match.end()]

        return self.expression.sub(marked, text), count


# ------------------------------------------------------------------------------ keys and tokens

_KNOWN_KEYS = "|".join(
    (
        r"(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA|ANVA)[A-Z0-9]{16}",  # AWS
        r"gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}",
        r"glpat-[\w-]{20,64}",
        r"xox[abeoprs]-[A-Za-z0-9-]{10,255}|xapp-\d-[A-Za-z0-9-]{10,255}",  # Slack
        r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,255}",  # Stripe
        r"AIza[\w-]{35}|ya29\.[\w-]{20,512}",  # Google
        r"hf_[A-Za-z0-9]{30,64}|npm_[A-Za-z0-9]{36}|pypi-AgE[\w-]{50,512}",
        r"\d{8,10}:AA[\w-]{33}",  # Telegram's bots
        r"SG\.[\w-]{22}\.[\w-]{43}",  # SendGrid
        r"eyJ[\w-]{8,4096}\.eyJ[\w-]{8,8192}\.[\w-]{0,1024}",  # JWT
    )
)
_PEM = (
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?:[^-]|-(?!----))*+-----END [A-Z0-9 ]{1,60}-----|(?:\s*+[A-Za-z0-9+/=]{32,}+)*+)"
)


def _has_digit_and_capital(match: re.Match[str]) -> bool:
    found = match.group("found")
    return any(char.isdigit() for char in found) and any(char.isupper() for char in found)


_KEYS = (
    Pattern(PiiKind.KEY, re.compile(_PEM)),
    Pattern(PiiKind.KEY, re.compile(rf"(?<![A-Za-z0-9])(?:{_KNOWN_KEYS})(?![A-Za-z0-9])")),
    # OpenAI and those who took over its form. Class names such as "sk-fading-circle" have no capitals.
    Pattern(
        PiiKind.KEY, re.compile(r"(?<![A-Za-z0-9-])(?P<found>sk-[\w-]{20,255})(?![A-Za-z0-9])"), _has_digit_and_capital
    ),
    Pattern(PiiKind.KEY, re.compile(r"(?P<found>hooks\.slack\.com/services/[\w/]{20,255})")),
    Pattern(
        PiiKind.KEY,
        re.compile(
            r"aws_?secret_?access_?key[\"']?\s{0,9}[:=]\s{0,9}[\"']?(?P<found>[A-Za-z0-9/+]{40})", re.IGNORECASE
        ),
    ),
    Pattern(
        PiiKind.KEY,
        re.compile(r"\bbearer\s{1,9}(?P<found>(?=[A-Za-z._~+/-]{0,255}\d)[\w.~+/-]{16,4096}={0,2})", re.IGNORECASE),
    ),
    Pattern(PiiKind.KEY, re.compile(r"(?<=://)[^\s/:@\[\]()]{1,64}:(?P<found>[^\s/@\[\]()]{1,128})@")),
)

# ------------------------------------------------------------------------------ e-mail

# No handle of the Fediverse (@ann@social.example), git@host:path, picture@2x.png, package@1.2.x or product a@b.dot().
_EMAIL = re.compile(
    r"(?<![^\W_])(?<!@)(?!git@[\w.-]{1,64}:)(?P<found>[^\W_][\w.+%\\-]{0,63}[@＠]"
    r"(?!\d{1,2}x\.|v?\d{1,4}\.\d)(?:[\w-]{1,63}\.){1,9}[^\W\d_]{2,24}(?![^\W_]|\())"
)

# ------------------------------------------------------------------------------ IBAN

_IBAN_LENGTHS = {
    15: "NO",
    16: "BE",
    18: "DK FI FO GL NL SD",  # codespell:ignore fo
    19: "MK SI",
    20: "AT BA EE KZ LT LU XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC SM",
    28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
"""Length → the countries that have it (SWIFT's registry of IBAN formats)."""
_IBAN_FORMS = "|".join(
    rf"(?:{countries.replace(' ', '|')})\d\d(?:[ -]?[A-Z0-9]){{{length - 4}}}"
    for length, countries in _IBAN_LENGTHS.items()
)
_IBAN = re.compile(rf"(?<![^\W_])(?:{_IBAN_FORMS})(?![^\W_])", re.IGNORECASE | re.ASCII)


def _is_iban(match: re.Match[str]) -> bool:
    """The remainder by 97 is 1 (ISO 13616)."""
    compact = re.sub(r"[ -]", "", match.group()).upper()
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1


# ------------------------------------------------------------------------------ cards

_CARD = re.compile(r"(?<![\w.,-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![^\W_]|[.,-]\d)")
_ISSUERS = re.compile(
    r"4\d{12}(?:\d{3})?(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|62\d{14,17}|35(?:2[89]|[3-8]\d)\d{12}"
    r"|(?:5018|5020|5038|6304|6759|676[1-3])\d{8,15}"
)
"""First digits and lengths of Visa, Mastercard, American Express, Diners, Discover, UnionPay, JCB and Maestro."""


def _is_card(match: re.Match[str]) -> bool:
    digits = re.sub(r"[ -]", "", match.group())
    return bool(_ISSUERS.fullmatch(digits)) and _passes_luhn(digits)


def _passes_luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


# ------------------------------------------------------------------------------ addresses of machines

_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\w|-\w)", re.ASCII)
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9A-F]{0,4}:){2,7}(?:[0-9A-F]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?![\w:])", re.I | re.A
)
_NO_ADDRESS = re.compile(
    r"(?:\bv(?:er(?:sions?)?)?[.:\"']{0,2}|\brelease|\b(?:sub)?section|\bchapter|\bfigure|\bfig\.|\btable|\bclause|§"
    r"|[=<>~!]=|[\^~]|\w-|^#{1,6}|version[\"']?\s?[=:]{1,2}\s?[\"']?|/v?)\s?$",
    re.IGNORECASE | re.MULTILINE,
)
"""What stands before the number of a version or a section."""
_URL_START = re.compile(r"(?:://|@)$")


def _is_ipv4(match: re.Match[str]) -> bool:
    before = match.string[max(0, match.start() - 20) : match.start()]
    is_address = bool(_URL_START.search(before)) or not _NO_ADDRESS.search(before)
    return is_address and _names_a_machine(match.group())


def _is_ipv6(match: re.Match[str]) -> bool:
    """Not `Fade::Dec` or `a::b` of a programming language, which are addresses by their form."""
    groups = [group for group in match.group().split(":") if group]
    looks_so = any(char.isdigit() for char in match.group()) and (len(groups) >= 3 or len(groups[0]) == 4)
    return looks_so and _names_a_machine(match.group())


def _names_a_machine(text: str) -> bool:
    try:
        address: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or text == "255.255.255.255")


# ------------------------------------------------------------------------------ telephone

_CUES = r"\b(?:(?:tele)?(?:phone|fon)|tel|mobile?|cell(?=:)|fax|whatsapp|handy|tél(?:éphone)?|teléfono|sms)"
_PHONES = (
    r"(?<![\w+.)\]-])\+[1-9](?:[ .()/-]{0,2}\d){6,14}",  # international
    r"(?<![\w+.,)\]-])(?<!\d )00[1-9]\d{0,2}[ ./(-](?:[ .()/-]{0,2}\d){6,12}",
    r"(?<![\w+.,-])(?<!\d[ /])(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])\d{3}[ .-]\d{4}",  # North America
    r"(?<![\w+.,/-])(?<!\d )\(?0[1-9]\d{0,4}\)?(?:[ /-]{1,2}|\.)\d{2,8}(?:[ .-]\d{2,8}){0,4}",  # Europe, Japan …
)
_PHONE = re.compile(rf"(?:{'|'.join(_PHONES)})(?![^\W_]|[ .,:/-]?\d)")
_PHONE_AFTER_CUE = re.compile(
    rf"(?:{_CUES})(?: ?(?:number|no|nr))?(?: is)?[.:]{{0,2}} ?(?P<found>\+?\(?\d(?:[ .()/-]{{0,2}}\d){{5,14}})"
    r"(?![^\W_]|[ .,:/-]?\d)",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\+?(?:(?:19|20)\d\d[-./ ][01]?\d[-./ ][0-3]?\d|[0-3]?\d[-./ ][0-3]?\d[-./ ](?:19|20)\d\d)(?!\d)", re.ASCII
)
_NANP_DIGITS = re.compile(r"1[2-9]\d{9}")


def _is_phone(match: re.Match[str]) -> bool:
    text = match.group()
    digits = re.sub(r"\D", "", text)
    if _DATE.match(text):
        return False
    if text.startswith("+1"):
        return bool(_NANP_DIGITS.fullmatch(digits))
    if text.startswith("+"):
        return len(digits) >= (9 if text[1:].isdigit() else 8)
    if text.startswith("00"):
        return 10 <= len(digits) <= 16
    return len(digits) in (10, 11) if not text.startswith(("0", "(0")) else 9 <= len(digits) <= 12


PATTERNS: tuple[Pattern, ...] = (
    *_KEYS,
    Pattern(PiiKind.EMAIL, _EMAIL),
    Pattern(PiiKind.IBAN, _IBAN, _is_iban),
    Pattern(PiiKind.CARD, _CARD, _is_card),
    Pattern(PiiKind.IP, _IPV4, _is_ipv4),
    Pattern(PiiKind.IP, _IPV6, _is_ipv6),
    Pattern(PiiKind.PHONE, _PHONE, _is_phone),
    Pattern(PiiKind.PHONE, _PHONE_AFTER_CUE),
)
"""In the order in which they are applied: what holds digits of another kind comes first."""
