"""Whole pages in the markup of real generators and themes, with our own text, for the tests of extraction.

A page is a template: what stands between ⟦ and ⟧ is the article, all else is chrome; `@1` to `@9` stand
for paragraphs of prose. So each page says itself which words must be found, in which order.
"""

import html
import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from benchmarks.collect.reading import read_text
from benchmarks.collect.scoring import words
from llm_engineering.infrastructure.sources.extraction import extract

PROSE = {
    "1": "I kept bees for six years before I noticed that I’d never once looked at the hive without gloves on. "
    "The neighbours thought me brave; I was only busy. You learn the weather first, then the flowers, and after "
    "that, if you’re lucky, you learn to sit still for ten minutes and count what comes home.",
    "2": "A good notebook is worth more than a good smoker. Mine says that on the ninth of April the willow was out "
    "and that the colony at the wall had brood on four frames, and it says so in pencil, because ink runs in the "
    "rain. Whoever tells you that memory will do has not kept more than one hive.",
    "3": "There’s a method to lifting a frame: loosen both ends, draw the outer one first, and never hurry. Crushed "
    "bees smell of trouble to the others, and the others will tell you so. I lift with two fingers and breathe "
    "out through my nose, which feels silly and works.",
    "4": "Honey is the part that people ask about. It’s also the part that needs least of your time: two afternoons "
    "in July, one in August if the limes were kind, and a kitchen floor that sticks until Michaelmas. We got "
    "eleven jars in the first summer and forty-two in the third.",
    "5": "What goes wrong goes wrong in February. The cluster has eaten its way up to the lid, the sun comes out "
    "for an hour, and they fly to the snow and don’t come back. I have lost three colonies that way and I still "
    "look at the forecast as if it owed me something.",
    "6": "So would I start again? Yes, but with two hives instead of one, since a single colony teaches you only "
    "about itself. With two you can compare, lend a frame of brood from the strong to the weak, and stop "
    "blaming yourself for what was merely the weather.",
    "7": "The mite is no mystery any more. Count them on a board for three days, divide, and write the number down "
    "beside last year’s; when it doubles, treat, and when it does not, leave them alone. Everything else that "
    "you will hear at the club is opinion, mine included.",
    "8": "My grandmother spoke to hers. When somebody died she went out and told them, one hive after the other, "
    "knocking on the wood with the house key, and I’ve read since that half of Europe did the same. I tell mine "
    "about the football, which they seem to bear.",
    "9": "If you want one rule to take away, let it be this one: open the hive with a question, and close it when "
    "you have the answer. Curiosity without a question chills the brood, and it makes for very long afternoons.",
}


@dataclass(frozen=True)
class Page:
    name: str
    url: str
    title: str
    day: str | None
    template: str

    @property
    def filled(self) -> str:
        return re.sub(r"@([1-9])", lambda match: PROSE[match.group(1)], self.template)

    @property
    def html(self) -> str:
        return re.sub("[⟦⟧]", "", self.filled)

    @property
    def article_words(self) -> list[str]:
        marked = "\n".join(re.findall(r"⟦(.*?)⟧", self.filled, re.DOTALL))
        marked = re.sub(r"<!--.*?-->|<(script|style|button|svg)\b.*?</\1>", "", marked, flags=re.DOTALL)
        marked = re.sub(INLINE, "", marked)
        return words(html.unescape(re.sub(r"<[^>]+>", "\n", marked)))


INLINE = re.compile(
    r"</?(?:a|abbr|b|cite|code|del|em|i|kbd|label|mark|q|small|span|strong|sub|sup|time|u|d-cite|d-footnote)\b[^>]*>"
)


def differences(page: Page) -> list[str]:
    """What extraction does otherwise than the page says: words lost and leaked, title, day."""
    got = extract(page.html, page.url)
    day = got.published_at.date().isoformat() if got.published_at else None
    have, want = words(read_text(got.markdown)), page.article_words
    steps = SequenceMatcher(None, have, want, autojunk=False).get_opcodes()
    said = [
        f"leaked: {' '.join(have[a:b])!r}, lost: {' '.join(want[c:d])!r}"
        for kind, a, b, c, d in steps
        if kind != "equal"
    ]
    said += [f"title: {got.title!r}"] if words(got.title) != words(page.title) else []
    return said + ([f"day: {day}"] if day != page.day else [])
