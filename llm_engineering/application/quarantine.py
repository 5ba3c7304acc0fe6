"""Finds what was collected but is not the author's text. Each rule gives its reason or None.

A word never convicts alone: an article about captchas, 404s or paywalls says the same words as a
captcha, a 404 or a paywall. So the rules on such words look at short pages only, where they are
the page.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from llm_engineering.application.markdown import BlockKind, blocks
from llm_engineering.application.ports import CollectedItem
from llm_engineering.domain.authors import Author
from llm_engineering.domain.documents import Category
from llm_engineering.domain.names import someone_else

MIN_WORDS = 80
"""An article has at least so many words of prose."""
STUB_WORDS = 300
"""Error pages and gates are shorter; what is longer is judged as an article."""
BARE_WORDS = 15
"""With fewer words there is nothing on the page but what surrounds a text."""
DUPLICATE_JACCARD = 0.85
SHINGLE_WORDS = 5
MIN_COMPARED_WORDS = 30
"""Shorter posts may well repeat ("Happy new year!")."""
SURE_OF_LANGUAGE = 0.9
LANGUAGE_WORDS = 40

LINK = re.compile(r"(?<!!)\[((?:[^\[\]\\]|\\.)*)\]\([^()\s]*\)")
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
    r"domain (?:is|may be) for sale|this domain (?:is parked|has expired)",
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


def soft_not_found(page: Evidence) -> str | None:
    """A "not found" page that came with status 200."""
    if page.words >= STUB_WORDS:
        return None
    in_title = NOT_FOUND_TITLE.search(page.item.title)
    in_text = len({match.group(0).lower() for match in NOT_FOUND_TEXT.finditer(page.start)})
    if in_title and (in_text or page.words < MIN_WORDS) or (in_text >= 2 and page.words < MIN_WORDS):
        return "soft 404: the page says that it was not found"
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
    found = {match.group(0).lower() for match in COOKIE_TEXT.finditer(page.start)}
    if page.words < MIN_WORDS and (COOKIE_TEXT.search(page.prose) or (len(found) >= 2 and page.words < BARE_WORDS)):
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


def reason_to_quarantine(page: Evidence) -> str | None:
    """The reason of the first rule that finds something, None for the author's own text."""
    return next((reason for rule in RULES[page.item.category] if (reason := rule(page))), None)


# ------------------------------------------------------------------------------ language, near-duplicates


def detected_language(text: str) -> str | None:
    """ISO 639-1 of a text, None when it is too short or the detector is not sure (py3langid)."""
    if count_words(text) < LANGUAGE_WORDS:
        return None
    language, sure = _identifier().classify(text[:5000])
    return str(language) if sure >= SURE_OF_LANGUAGE else None


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


class SeenTexts:
    """Finds near-duplicates among an author's texts by MinHash over 5-word shingles.

    Broder 1997, "On the resemblance and containment of documents". Jaccard is estimated from 256
    permutations (standard error 0.02 at the limit of 0.85); candidates come from an LSH index.
    """

    def __init__(self) -> None:
        from datasketch import MinHashLSH

        self._index = MinHashLSH(threshold=0.7, num_perm=256)
        self._signatures: dict[UUID, Any] = {}
        self._links: dict[UUID, str] = {}

    def add(self, id: UUID, link: str, markdown: str) -> None:
        """Remember a text, in place of what was known under the id."""
        if id in self._signatures:
            self._index.remove(id)
        signature = _signature(markdown)
        if signature is not None:
            self._signatures[id], self._links[id] = signature, link
            self._index.insert(id, signature)

    def duplicate_of(self, id: UUID, markdown: str) -> str | None:
        """The link of another text that is nearly the same, the most similar one."""
        signature = _signature(markdown)
        if signature is None:
            return None
        near = [
            (signature.jaccard(self._signatures[other]), self._links[other]) for other in self._others(id, signature)
        ]
        best, link = max(near, default=(0.0, ""))
        return link if best >= DUPLICATE_JACCARD else None

    def _others(self, id: UUID, signature: Any) -> Iterator[UUID]:
        return (other for other in self._index.query(signature) if other != id)


def _signature(markdown: str) -> Any:
    from datasketch import MinHash

    words = re.findall(r"[^\W_]+", prose_of(markdown).casefold())
    if len(words) < MIN_COMPARED_WORDS:
        return None
    signature = MinHash(num_perm=256)
    signature.update_batch(
        " ".join(words[start : start + SHINGLE_WORDS]).encode() for start in range(len(words) - SHINGLE_WORDS + 1)
    )
    return signature
