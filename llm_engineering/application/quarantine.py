"""Finds what was collected but is not the author's text. Each rule gives its reason or None.

A word never convicts alone: an article about captchas, 404s or paywalls says the same words as a
captcha, a 404 or a paywall. So the rules on such words look at short pages only, where they are
the page.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from llm_engineering.application.markdown import LINK, BlockKind, blocks
from llm_engineering.application.near_duplicates import shingles_of
from llm_engineering.application.ports import CollectedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category
from llm_engineering.domain.names import someone_else

if TYPE_CHECKING:
    import numpy as np

MIN_WORDS = 80
"""An article has at least so many words of prose."""
STUB_WORDS = 300
"""Error pages and gates are shorter; what is longer is judged as an article."""
BARE_WORDS = 15
"""With fewer words there is nothing on the page but what surrounds a text."""
SURE_OF_LANGUAGE = 0.9
LANGUAGE_WORDS = 40
LANGUAGE_CHARACTERS = 2000
"""The start of a text says as much as the whole, in less time."""

CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
MOJIBAKE = re.compile("Ã[\u0080-\u00bfƒ‚„…†‡ˆ‰Š‹Œ]|â€[\u0080-\u00bf˜™œžŸ“”¦]|Â[\u00a0-\u00bf]|\ufffd")


def _any(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE)


NOT_FOUND_TITLE = _any(
    r"^\W*(?:error\W+)?(?:404|410)\b",
    r"^(?:oops\W+)?(?:the |this |that )?(?:page|post|article|site|file)?\s*(?:was |is |could |can ?)?not (?:be )?found"
    r"\W*(?:$|[|–—·«-])",
    r"^(?:page|post|article) (?:not found|does ?n.t exist|no longer (?:exists|available))",
    r"^nothing (?:found|here)",
)
NOT_FOUND_TEXT = _any(
    r"(?:can.?t|cannot|could ?n.?t|could not|unable to) find (?:that|the|this|what)\b",
    r"(?:page|post|article)(?: that)? you(?:.re| are| were)? (?:looking|look) for",
    r"(?:page|post|article|url|address) (?:was |is |could |can)?\s*not (?:be )?found",
    r"(?:page|post|article) (?:does ?n.t|does not|no longer) exists?",
    r"has been (?:removed|deleted|moved|taken down)",
    r"might have been (?:removed|moved|renamed|deleted)",
    r"temporarily unavailable",
)
ERROR_TITLE = _any(
    r"^\W*(?:error\W+|http\W+)?(?:4(?:00|01|03|05|08|29|51)|5\d\d)\b(?:\W+(?:error|bad|forbidden|unauthori|gateway|internal"
    r"|service|server|too many|unavailable|request|method)|\W*$)",
    r"^(?:internal server error|bad gateway|service (?:temporarily )?unavailable|gateway time-?out|forbidden"
    r"|too many requests|unavailable for legal reasons|bad request)\W*(?:$|[|–—·«-])",
    r"^(?:database error|error establishing a database connection|application error|fatal error"
    r"|under (?:maintenance|construction)|(?:site )?maintenance(?: mode)?\W*$|account suspended)",
)
ERROR_TEXT = _any(
    r"internal server error|bad gateway|service (?:temporarily )?unavailable|gateway time-?out|too many requests",
    r"error establishing a database connection",
    r"the server encountered an (?:internal error|unexpected condition)",
    r"you don.t have permission to access|access to this (?:resource|page) (?:is|has been) (?:denied|forbidden)",
    r"(?:is|are) (?:currently |temporarily )?(?:down for|undergoing|performing) (?:scheduled |some )?maintenance",
    r"^\s*(?:apache|nginx|openresty|cloudflare|litespeed)[/\s\d.]*$",
    r"this account has been suspended",
)
PARKED_TEXT = _any(
    r"(?:this |the )?domain(?: name)? (?:\S+ )?(?:is|may be) (?:available )?for sale",
    r"this domain (?:is parked|has expired|was recently registered)",
    r"buy this domain|domain parking|parked (?:free|domain|by|at)|inquire about this domain|get this domain",
    r"future home of (?:something|a)",
    r"sponsored listings|related searches",
)
CHALLENGE_TITLE = _any(
    r"^just a moment",
    r"^attention required",
    r"^access denied",
    r"^(?:are you|verify (?:that )?you(?:.re| are)) (?:a )?(?:human|robot)",
    r"^checking your browser",
    r"^(?:security|bot|human) (?:check|verification|challenge)",
    r"^ddos.?guard|^pardon our interruption|^one more step",
)
CHALLENGE_TEXT = _any(
    r"verify (?:that )?you(?:.re| are) (?:a )?human",
    r"checking (?:if the site connection is secure|your browser)",
    r"i.?a?m not a robot",
    r"(?:complete|solve) (?:the|this) (?:captcha|security check|challenge)",
    r"unusual traffic from your",
    r"review the security of your connection",
    r"prove (?:that )?you(?:.re| are) (?:a )?human|not a bot",
)
PAYWALL_TEXT = _any(
    r"(?:this|the rest of this) (?:post|article|story|content|page) is (?:only )?for (?:paid|paying|our)?\s*"
    r"(?:subscribers|members|patrons)",
    r"(?:subscribe|sign up|upgrade|become a (?:paid )?(?:member|subscriber)|join(?: now| us)?|pay)(?: now| today)? "
    r"to (?:keep|continue) reading",
    r"(?:keep|continue) reading with a",
    r"to (?:read|unlock|access) the (?:rest|full|whole)",
    r"(?:read|unlock) the (?:rest|full|whole) (?:of )?(?:this |the )?(?:post|story|article)",
    r"member.only (?:story|content|post)|subscriber.only|exclusive to (?:members|subscribers)",
    r"already (?:a (?:paid )?(?:member|subscriber)|subscribed)\?",
    r"you.ve (?:read|reached) (?:all|your|the (?:end|limit))[^.]{0,40}(?:free|article|stor)",
)
LOGIN_TEXT = _any(
    r"(?:log|sign) in to (?:continue|view|read|see|access)",
    r"you (?:must|need to|have to) (?:be logged in|log in|sign in)",
    r"(?:agree & join|sign up|new to) linkedin",
    r"(?:create|don.t have) an account",
)
COOKIE_TEXT = _any(
    r"(?:we|this (?:web)?site) (?:and our partners )?uses? cookies",
    r"we value your privacy|your privacy choices|manage (?:your )?(?:cookie )?(?:preferences|consent)",
    r"before you continue to|accept all(?: cookies)?",
)
SCRIPT_TEXT = _any(
    r"(?:enable|turn on|activate|allow|requires?|needs?|without) java ?script",
    r"java ?script (?:is|must be|to be) (?:required|disabled|enabled|turned)",
)


@dataclass(frozen=True)
class Evidence:
    """What the rules look at, worked out once an item."""

    item: CollectedItem
    author: Author
    language: str | None
    """The wanted language, ISO 639-1, or None for any."""
    prose: str
    words: int
    """Words of prose: no code, no link targets."""
    linked_words: int
    links: int
    start: str
    """The title, and what is visible first on the page."""


def evidence_of(item: CollectedItem, author: Author, language: str | None = None) -> Evidence:
    """The facts that the rules judge."""
    prose = prose_of(item.content)
    linked = LINK.findall(item.content)
    start = "\n".join(" ".join(text.split()) for text in (item.title, item.evidence[:3000], prose[:3000]))
    return Evidence(
        item=item,
        author=author,
        language=language,
        prose=prose,
        words=count_words(prose),
        linked_words=sum(count_words(text) for text in linked),
        links=len(linked),
        start=start.replace("’", "'"),
    )


def prose_of(markdown: str) -> str:
    """The words of a Markdown text without code, tables, raw HTML and link targets."""
    unread = (BlockKind.CODE, BlockKind.HTML, BlockKind.TABLE)
    return "\n\n".join(block.plain for block in blocks(markdown) if block.kind not in unread and block.plain)


def count_words(text: str) -> int:
    """Words; scripts without spaces count two characters as one word."""
    return len(re.findall(r"[^\W_]+(?:['’][^\W_]+)*", CJK.sub(" ", text))) + len(CJK.findall(text)) // 2


# ------------------------------------------------------------------------------ the rules


def suspicion(page: Evidence) -> str | None:
    """What the source itself found: an index, a home page in place of an article."""
    return page.item.suspicion or None


def soft_not_found(page: Evidence) -> str | None:
    """A "not found" page that came with status 200."""
    if page.words >= STUB_WORDS:
        return None
    in_title = NOT_FOUND_TITLE.search(page.item.title)
    in_text = len({match.group(0).lower() for match in NOT_FOUND_TEXT.finditer(page.start)})
    if in_title and (in_text or page.words < MIN_WORDS) or (in_text >= 2 and page.words < MIN_WORDS):
        return "soft 404: the page says that it was not found"
    return None


def error_page(page: Evidence) -> str | None:
    """What a server says when it fails, sent with status 200."""
    if page.words >= STUB_WORDS:
        return None
    in_title, in_text = ERROR_TITLE.search(page.item.title), ERROR_TEXT.search(page.start)
    if (in_title and (in_text or page.words < MIN_WORDS)) or (in_text and page.words < BARE_WORDS):
        return "error page: the server says that it failed"
    return None


def parked_domain(page: Evidence) -> str | None:
    """A domain whose owner left it to a seller of domains or of advertisements."""
    if page.words >= MIN_WORDS:
        return None
    found = {match.group(0).lower() for match in PARKED_TEXT.finditer(page.start)}
    if found and (len(found) >= 2 or page.words < 2 * BARE_WORDS):
        return "parked domain: the site is for sale or shows advertisements only"
    return None


def bot_check(page: Evidence) -> str | None:
    """A captcha or another gate for robots."""
    if page.words >= STUB_WORDS:
        return None
    in_title = CHALLENGE_TITLE.search(page.item.title)
    in_text = CHALLENGE_TEXT.search(page.start)
    if (in_title and in_text) or ((in_title or in_text) and page.words < MIN_WORDS):
        return "captcha or bot check instead of the page"
    return None


def paywall(page: Evidence) -> str | None:
    """The first lines of a text and then an offer."""
    if page.words < STUB_WORDS and (page.item.extra.get("paywalled") or PAYWALL_TEXT.search(page.start)):
        return "paywall: only the start of the text is shown"
    return None


def login_wall(page: Evidence) -> str | None:
    """A form for members instead of the text."""
    if page.words < MIN_WORDS and LOGIN_TEXT.search(page.start):
        return "login wall instead of the page"
    return None


def script_required(page: Evidence) -> str | None:
    """A page that only a browser would fill."""
    if page.words < MIN_WORDS and SCRIPT_TEXT.search(page.start):
        return "JavaScript is required to see the page"
    return None


def cookie_wall(page: Evidence) -> str | None:
    """A consent page instead of the text."""
    if page.words >= MIN_WORDS:
        return None
    found = {match.group(0).lower() for match in COOKIE_TEXT.finditer(page.start)}
    if COOKIE_TEXT.search(page.prose) or (len(found) >= 2 and page.words < BARE_WORDS):
        return "cookie or consent wall instead of the page"
    return None


def damaged_text(page: Evidence) -> str | None:
    """Nothing readable, or characters of a wrong encoding."""
    if page.words == 0 and not page.item.content.strip():
        return "no text: the page holds none that can be read"
    if len(MOJIBAKE.findall(page.item.content)) > max(3, page.words // 100):
        return "damaged text: the characters were decoded with a wrong encoding"
    return None


def link_list(page: Evidence) -> str | None:
    """An index: nearly everything on it is a link."""
    if page.links >= 5 and page.linked_words > 0.6 * page.words:
        return "index page: a list of links"
    return None


def too_short(page: Evidence) -> str | None:
    """Articles have a length; posts are short by nature."""
    if page.words < MIN_WORDS:
        return f"only {page.words} words of prose (an article has at least {MIN_WORDS})"
    return None


def other_author(page: Evidence) -> str | None:
    """A guest post, or a page of somebody else."""
    name = someone_else(page.item.byline, page.author.full_name)
    return f"the byline names {name}, not {page.author.full_name}" if name else None


def wrong_language(page: Evidence) -> str | None:
    """Only where a language is wanted; believes the text more than what the page states."""
    if page.language is None:
        return None
    found = detected_language(page.prose) or page.item.language
    return f"the language is {found}, not {page.language}" if found and found != page.language else None


Rule = Callable[[Evidence], str | None]

ARTICLE_RULES: tuple[Rule, ...] = (
    soft_not_found,
    error_page,
    parked_domain,
    bot_check,
    paywall,
    login_wall,
    script_required,
    cookie_wall,
    damaged_text,
    link_list,
    too_short,
    other_author,
    wrong_language,
)
POST_RULES: tuple[Rule, ...] = (damaged_text, other_author, wrong_language)
RULES: dict[Category, tuple[Rule, ...]] = {
    Category.ARTICLES: ARTICLE_RULES,
    Category.POSTS: POST_RULES,
    Category.REPOSITORIES: (),
}


@dataclass(frozen=True)
class Finding:
    """Why something is not the author's text."""

    rule: str
    """Name of the rule, to which a person's decision refers."""
    reason: str


def findings_of(page: Evidence) -> list[Finding]:
    """What speaks against the page, the rule that says most about it first; empty for the author's own text."""
    found = [(rule.__name__, rule(page)) for rule in (suspicion, *RULES[page.item.category])]
    return [Finding(name, reason) for name, reason in found if reason]


# ------------------------------------------------------------------------------ language, and all at once


def detected_language(text: str) -> str | None:
    """ISO 639-1 of a text, None when it is too short or the detector is not sure (py3langid)."""
    if count_words(text) < LANGUAGE_WORDS:
        return None
    language, sure = _identifier().classify(text[:LANGUAGE_CHARACTERS])
    return str(language) if sure >= SURE_OF_LANGUAGE else None


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@dataclass(frozen=True)
class Examined:
    """An item, and what can be said of it without knowing any other."""

    item: CollectedItem
    words: int
    """Words of prose."""
    language: str | None
    """As the item states, or as detected."""
    findings: list[Finding]
    shingles: "np.ndarray"
    """For near-duplicates; empty for what is too short, or no text to compare."""


def examined(item: CollectedItem, author: Author, language: str | None) -> Examined:
    """What the rules say of an item. Takes milliseconds, and runs in another process where there are some."""
    evidence = evidence_of(item, author, language)
    return Examined(
        item=item,
        words=evidence.words,
        language=item.language or detected_language(evidence.prose),
        findings=findings_of(evidence),
        shingles=shingles_of(item.content, item.category),
    )


def words_of(markdown: str) -> list[str]:
    """The words of a text's prose without its markup, folded."""
    return re.findall(r"[^\W_]+", prose_of(markdown).casefold())
