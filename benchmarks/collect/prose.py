"""Prose for pages that never were: distinct texts that read like English, the same for the same seed."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

FEWEST_WORDS, MOST_WORDS = 150, 2000

PEOPLE = "my neighbour,the baker,Zoë,old René,a lodger,the girl next door,Jürgen,our postman,nobody".split(",")
THINGS = (
    "the kettle,a borrowed ladder,the north window,an unread letter,the second shelf,a jar of nails,the café door,"
    "a ticket to Malmö,the naïve sketch,a coat without buttons,the brass lamp,an honest ledger,the long table,"
    "a crooked fence,the piano lid,three wet matches,the harbour bell,a tin of varnish,the last page,a quiet drawer,"
    "the attic stairs,a bag of flour,the missing key,an old façade,the clock’s second hand,a bundle of string"
).split(",")
DOES = (
    "keeps,forgets,repairs,counts,follows,carries,measures,borrows,warms,questions,polishes,misplaces,draws,weighs,"
    "copies,folds,lends,hides,paints,mends"
).split(",")
DO = (
    "keep,forget,repair,count,follow,carry,measure,borrow,warm,question,polish,misplace,draw,weigh,copy,fold,lend,"
    "hide,paint,mend"
).split(",")
DONE = (
    "kept,forgotten,repaired,counted,followed,carried,measured,borrowed,warmed,questioned,polished,misplaced,drawn,"
    "weighed,copied,folded,lent,hidden,painted,mended"
).split(",")
WHEN = (
    "before breakfast,without hurry,in the rain,under the stairs,because it’s Tuesday,until the light goes,"
    "after every storm,with both hands,for half an hour,against all advice,once a year,behind the rose hedge,"
    "while the soup cools,on the way to the ferry,in spite of the draught,as though it didn’t matter"
).split(",")
SPANS = "days,winters,tides,Sundays,cups of tea,pages,kilometres,half-hours".split(",")
OPENINGS = "Still,And yet,By then,Of course,As a rule,Now and then,To be fair,All the same".split(",")
ADJECTIVES = "patient,narrow,second-hand,unfinished,well-worn,salt-stained,left-handed,half-remembered".split(",")
NOUNS = "gardens,bridges,letters,kitchens,maps,winters,borrowings,repairs,silences,ladders".split(",")

TEMPLATES = (
    "{Opening}, {person} {does} {thing} {when}.",
    "I’d never {done} {thing} {when}, and {person} doesn’t {do} it either.",
    "It’s {number} {spans} since {person} {does} {thing} – or so {person2} says {when}.",
    "“You can’t {do} {thing} {when},” {person} said; I wasn’t sure, so I {do2} it anyway.",
    "There isn’t a way to {do} {thing} — {person} {does} it {when}, and that’s {number} {spans} gone…",
    "{Opening}, {thing} isn't {done}: it's {done2} {when}, {number} times over.",
    "What {person} {does} {when} is {thing}, never {thing2}.",
    "If {thing} could speak, it’d ask who {does} {thing2} {when} for €{number}.",
    "Between {thing} and {thing2} there’s room for {number} {spans}, which {person} {does} {when}.",
    "We {do} {thing} {when} – not twice, not {number} times, but until {person} {does} {thing2}.",
)

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[–—…€]")
"""A word with its apostrophes and hyphens, or a sign that a wrong encoding would damage."""

BlockKind = Literal["p", "h2", "ul"]


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading or a list (one line an item)."""

    kind: BlockKind
    text: str


@dataclass(frozen=True)
class Text:
    """An article as its author wrote it."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def words(self) -> list[str]:
        """The words below the title, in order, with the signs that a wrong encoding would damage."""
        return words_of("\n".join(block.text for block in self.blocks))


def words_of(text: str) -> list[str]:
    """The words of a plain text, in order."""
    return WORD.findall(text)


def text_numbered(number: int, seed: int, fewest: int = FEWEST_WORDS, most: int = MOST_WORDS) -> Text:
    """The article of that number, with at least `fewest` words and few more than `most`.

    Two numbers give two texts that are no near-duplicates. Every character exists in windows-1252.
    """
    chance = random.Random(f"{seed} {number}")
    wanted = chance.randint(fewest, most)
    blocks: list[Block] = []
    written = 0
    for kind in _kinds(chance):
        block = Block(kind, _block(kind, chance))
        blocks.append(block)
        written += len(block.text.split())
        if written >= wanted and kind != "h2":
            break
    adjective, noun, other = chance.choice(ADJECTIVES), chance.choice(NOUNS), chance.choice(NOUNS)
    return Text(f"Of {adjective} {noun}, {other} and the year {1000 + number}", tuple(blocks))


def _kinds(chance: random.Random) -> Iterator[BlockKind]:
    """Paragraphs, under a heading now and then, and seldom a list after one."""
    yield "p"
    while True:
        for _ in range(chance.randint(2, 4)):
            yield "p"
        if chance.random() < 0.4:
            yield "ul"
        yield "p"
        yield "h2"
        yield "p"


def _block(kind: BlockKind, chance: random.Random) -> str:
    match kind:
        case "h2":
            return f"On {chance.choice(THINGS)}, {chance.randint(2, 99)} {chance.choice(SPANS)} later"
        case "ul":
            return "\n".join(_sentence(chance) for _ in range(chance.randint(3, 6)))
        case "p":
            return " ".join(_sentence(chance) for _ in range(chance.randint(3, 7)))


def _sentence(chance: random.Random) -> str:
    sentence = chance.choice(TEMPLATES).format(
        Opening=chance.choice(OPENINGS),
        person=chance.choice(PEOPLE),
        person2=chance.choice(PEOPLE),
        thing=chance.choice(THINGS),
        thing2=chance.choice(THINGS),
        does=chance.choice(DOES),
        do=chance.choice(DO),
        do2=chance.choice(DO),
        done=chance.choice(DONE),
        done2=chance.choice(DONE),
        when=chance.choice(WHEN),
        number=chance.randint(2, 999),
        spans=chance.choice(SPANS),
    )
    return sentence[0].upper() + sentence[1:]
