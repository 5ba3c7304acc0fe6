"""Whether a line of text is the theme's, by nothing but what it says: dates, bylines, tags, links to share."""

import re
from dataclasses import dataclass

from llm_engineering.infrastructure.sources.date_words import DATE, DAY
from llm_engineering.infrastructure.sources.html_tree import address, host_of, words_in
from llm_engineering.infrastructure.sources.page_dates import TIMES
from llm_engineering.infrastructure.sources.text_lines import Line, squeezed

LONGEST = 40
"""Words of the longest line that can be chrome by what it says."""
NAME = 5
"""Words of an author's name or a category above the date line."""


def _any(*patterns: str, start: bool = False) -> re.Pattern[str]:
    """One pattern for all of them; at the start of a line only, or anywhere."""
    return re.compile(("^" if start else "") + f"(?:{'|'.join(patterns)})", re.IGNORECASE)


READING = _any(
    r"(?:(?:estimated )?reading time:?\s*)?(?:about |~|≈)?\d[\d,.]*\s*(?:-\s*)?"
    r"(?:min(?:ute)?s?|words?|secs?|seconds?)\b\.?(?:[\s-]*(?:to )?read(?:ing)?(?: time)?)?"
)
AGE = _any(r"\(?\b\d+\s*(?:y|yr|years?|mo|months?|w|weeks?|d|days?|h|hours?)\s*(?:ago|old)\b\)?")
COUNT = _any(
    r"\b(?:\d+|no|one|leave an?|add an?|post an?)\s+"
    r"(?:comments?|repl(?:y|ies)|responses?|likes?|shares?|views?|claps?|thoughts?)\b"
)
CLOCK = _any(r"\b\d{1,2}:\d{2}(?::\d{2})?(?:\s*[ap]\.?m\b\.?)?(?:\s*(?:utc|gmt|[ecmp][sd]t|z)\b)?")
LABEL = _any(
    r"\b(?:(?:first|originally|last) )?"
    r"(?:published|posted|written|created|updated|modified|edited|revised|reviewed|changed)\b",
    r"\b(?:tagged|tags?|filed under|labels?|category|categories|keywords|author)\b\s*:?",
    r"\bdate\s*:",
)
BY = re.compile(r"(?:^|\s)by\s*:?\s+(?P<name>(?:(?:[A-ZÀ-Þ][\w’'.-]*|and|&|de|la|von|van|der|the)\s*){1,6})")
"""A byline; names begin with capitals, "by the sea" does not."""
TOPIC = _any(
    r"/(?:tags?|category|categories|topics?|labels?|authors?|search)(?:\.html?)?(?:[/?#]|$)",
    r"[?&](?:tag|cat|q)=",
)
FILLERS = frozenset(
    """a an the by on in at and of to for with as is it this was page post article entry blog date time read reading min
    mins minutes words share listen follow like likes comment comments reply print email copy link save bookmark more
    menu home history edit edited source view raw permalink rss atom feed ago updated posted published
    created""".split()
)
"""Words that say nothing beside a date."""
STEP = _any(
    r"^\W*[←→«»‹›⟵⟶<>]",
    r"[←→«»›⟵⟶]\W*$",
    r"^\W*(?:previous|prev|next|older|newer|back to|back|return to|go back)\b(?!.*[.!?]$)",
)
"""A link to the text before or after."""
PLACES = frozenset(
    """home index top back archive archives blog posts essays articles writing about contact rss feed atom next previous
    prev older newer up all main page site subscribe search tags categories twitter facebook linkedin reddit mastodon
    bluesky hn email pocket whatsapp telegram x tweet share tumblr pinterest permalink comments""".split()
)
SHARE = _any(
    r"[/.](?:twitter|x)\.com/(?:intent|share)",
    r"facebook\.com/sharer",
    r"linkedin\.com/share",
    r"news\.ycombinator\.com/submitlink",
    r"reddit\.com/submit",
    r"[/?]share\b",
    r"/intent/",
    r"pinterest\.[a-z]+/pin/create",
    r"t\.me/share",
    r"wa\.me/",
    r"api\.whatsapp",
)
DISCUSSIONS = _any(
    r"//(?:www\.|old\.)?(?:news\.ycombinator\.com/item|lobste\.rs/s/|reddit\.com/r/)",
    r"//(?:www\.)?(?:twitter|x)\.com/\w+/status/",
    r"/@\w+/\d+$",
)
TYPO = _any(
    r"\bedit (?:this|on)",
    r"\bsuggest (?:an? )?(?:edit|change)",
    r"\bimprove this",
    r"\b(?:view|see) (?:the )?source",
    r"\bpull request",
    r"\btypo",
    r"\breport an? (?:issue|error)",
    r"\bfound an? (?:error|mistake)",
    r"\bmake a mistake",
    r"\bfix this",
)
EDIT_LINK = _any(r"/(?:edit|blob|commits?|issues/new|tree|raw|_edit)(?:/|\?|$)", r"[?&]action=edit")
RIGHTS = _any(
    r"^\W*(?:©|\(c\)|copyright\b)",
    r"\ball rights reserved\b",
    r"^(?:this (?:work|post|article|page) is )?licen[sc]ed under",
    r"^this (?:work|post|article|page) is licen[sc]ed",
    r"^(?:proudly )?(?:powered|built|made|generated|hosted|created) (?:by|with|on)\b",
)
_OTHER_TEXTS = (
    r"you (?:might|may) (?:also )?(?:like|enjoy)",
    r"(?:read|see) (?:next|more)\b",
    r"more (?:from|posts|articles|like)\b",
    r"(?:recent|latest|popular|similar|other) (?:posts|articles|stories|entries)",
    r"keep reading",
    r"recommended\b",
    r"leave a (?:comment|reply)",
    r"share this",
    r"subscribe\b",
)
CALL = _any(
    *_OTHER_TEXTS,
    r"share (?:on|via|it)\b",
    r"like this:?",
    r"tweet this",
    r"discuss (?:this )?(?:on|at|in)\b",
    r"(?:join the )?discussion(?: on)?\b",
    r"comments?(?: on| are)?\b",
    r"sign up\b",
    r"follow (?:me|us)\b",
    r"loading\b",
    r"enjoyed? this",
    r"thanks for reading .*subscribe",
    r"related(?: posts?| articles?| reading| content)?:?$",
    r"was this (?:page|article|post) helpful",
    r"in this series:?$",
    r"have (?:feedback|thoughts|a comment)",
    start=True,
)
"""What a theme asks of its reader."""
RELATED = _any(
    *(rf"\W*{pattern}" for pattern in _OTHER_TEXTS),
    r"\W*related",
    r"\W*what to read next",
    r"\W*(?:comments?|share|archives?|navigation)$",
    r"\W*(?:discussions?|tags?|category|categories):?$",
    r"\W*(?:\d+ )?(?:comments?|responses?|thoughts?) (?:to|on)\b",
    r"\W*(?:\d+ )?(?:comments?|responses?)\b:?$",
    r"\W*newsletter",
    r"\W*about the author",
    start=True,
)
"""What stands above lists of other texts."""


@dataclass(frozen=True)
class Known:
    """What the page says of itself, as lists of words."""

    title: str
    url: str
    people: frozenset[str] = frozenset()
    """Words of the author's and the site's names."""


def is_front(line: Line, known: Known) -> bool:
    if line.atomic or len(line.words) > LONGEST:
        return not line.words
    if line.words == words_in(known.title):
        return True
    return not line.words or is_meta(line, known) or is_menu(line, known) or _leads_here(line, known)


def _leads_here(line: Line, known: Known) -> bool:
    """A line that is nothing but a link to the page itself."""
    here = address(known.url)
    goals = [address(target, known.url) for _, target in line.links if not target.startswith("#")]
    return bool(goals) and all_links(line) and all((goal.netloc, goal.path) == here[1:3] for goal in goals)


def is_end(line: Line, known: Known) -> bool:
    if len(line.words) > LONGEST:
        return False
    text = squeezed(line.text)
    if len(line.words) > len(words_in("".join(text for text, _ in line.links))) + 25:
        return bool(RIGHTS.search(text) and len(line.words) < 30)
    return bool(
        (is_meta(line, known) and _is_labelled(line))
        or is_menu(line, known)
        or (all_links(line) and STEP.search(text))
        or (line.links and any(SHARE.search(target) for _, target in line.links) and len(line.words) <= 12)
        or (TYPO.search(text) and any(EDIT_LINK.search(target) for _, target in line.links))
        or RIGHTS.search(text)
        or (CALL.search(text) and len(line.words) <= 12 and not re.search(r"[.!?]$", text) and not line.is_heading)
    )


def is_dated(line: Line, known: Known) -> bool:
    return not line.atomic and len(line.words) <= LONGEST and bool(DATE.search(line.text)) and is_meta(line, known)


def is_meta(line: Line, known: Known) -> bool:
    """Whether a line says nothing but when, by whom, how long and under which tags."""
    text = squeezed(line.text)
    if not line.words or line.is_heading and len(line.words) > 8:
        return False
    rest = text
    for link_text, target in line.links:
        if TOPIC.search(target) and link_text:
            rest = rest.replace(link_text, " ", 1)
    for holder, where in line.holders:
        for shown in holder.iter(*TIMES) if where == "whole" else ():
            rest = rest.replace(squeezed("".join(shown.itertext())), " ", 1)
    evidence = len(words_in(rest)) < len(line.words)
    if DATE.search(text) and on_site(line, known):
        for link_text, _ in line.links:
            if len(words_in(link_text)) <= NAME and not DATE.search(link_text):
                rest = rest.replace(link_text, " ", 1)
    for pattern in (DATE, DAY, AGE, READING, COUNT, CLOCK, LABEL):
        rest, count = pattern.subn(" ", rest)
        evidence = evidence or bool(count)
    names = set(known.people)
    if by := None if re.search(r"[.!?]$", text) else BY.search(text):
        names |= set(words_in(by["name"]))
        evidence = evidence or not line.is_heading
    left = [word for word in words_in(rest) if word not in FILLERS]
    if evidence:
        return not [word for word in left if word not in names]
    if not left:
        return not re.search(r"[.!?]$", text)
    return bool(known.people) and all(word in known.people for word in left) and not line.is_heading


def _is_labelled(line: Line) -> bool:
    """At the end an author's own "Ada, May 2024" stays; "Last updated May 2024" and tags don't."""
    text = squeezed(line.text)
    if LABEL.search(text) or COUNT.search(text) or line.links or set(line.words) <= FILLERS:
        return True
    return all(where == "whole" and next(holder.iter(*TIMES), None) is not None for holder, where in line.holders)


def is_discussed(line: Line) -> bool:
    return all(DISCUSSIONS.search(target) for _, target in line.links)


def is_menu(line: Line, known: Known) -> bool:
    """Several links on one line, or one to a place such as the home page; nothing else is on the line."""
    if not line.links or not all_links(line) or not on_site(line, known):
        return False
    if len(line.links) == 1:
        return set(words_in(line.links[0][0])) <= PLACES | FILLERS | known.people
    return len(line.words) <= 4 * len(line.links) or all(
        set(words_in(text)) <= PLACES | FILLERS for text, _ in line.links
    )


def all_links(line: Line) -> bool:
    linked = sum(len(words_in(text)) for text, _ in line.links)
    rest = len(line.words) - linked
    return bool(line.links) and (rest <= 0 or rest <= 2 and set(line.words) & (PLACES | FILLERS) != set())


def on_site(line: Line, known: Known) -> bool:
    host = host_of(known.url)
    return all(host_of(target, known.url) in (host, None) or bool(SHARE.search(target)) for _, target in line.links)
