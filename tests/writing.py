"""Prose that means little but passes for an article: every text is different, and long enough to be a passage."""

import random
from pathlib import Path

SUBJECTS = "the kettle,my neighbour,a crawler,the old index,every letter,the garden,our archive,this bread".split(",")
VERBS = "keeps,forgets,repairs,counts,follows,carries,divides,remembers,borrows,warms,measures,questions".split(",")
OBJECTS = (
    "a quiet promise,the second door,three small stones,what the rain left,an honest margin,the long table,"
    "some flour,the missing page,a careful sentence,the last train,an empty shelf,the blue ladder"
).split(",")
ENDINGS = (
    "before breakfast,without hurry,in the north room,because nobody asked,until the light goes,after every storm,"
    "with both hands,like a clock,under the stairs,for half an hour,against all advice,once a year"
).split(",")


def prose(seed: int, paragraphs: int = 4, sentences: int = 12) -> str:
    """That many paragraphs; the same seed gives the same text."""
    chance = random.Random(seed)
    return "\n\n".join(" ".join(_sentence(chance) for _ in range(sentences)) for _ in range(paragraphs))


def folder_of_articles(directory: Path, author: str, count: int, seed: int = 0) -> Path:
    """A folder of Markdown files with front matter, the newest last."""
    directory.mkdir(parents=True)
    for number in range(count):
        front = f"---\ntitle: Note {number} of {author}\ndate: 2024-{number + 1:02d}-01\n---\n\n"
        (directory / f"note-{number}.md").write_text(front + prose(1000 * seed + number) + "\n", encoding="utf-8")
    return directory


def _sentence(chance: random.Random) -> str:
    number = chance.randrange(2, 90)
    words = (chance.choice(SUBJECTS), chance.choice(VERBS), chance.choice(OBJECTS), chance.choice(ENDINGS))
    return f"{' '.join(words).capitalize()}, {number} times over."
