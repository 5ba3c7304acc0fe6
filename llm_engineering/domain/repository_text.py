"""The files of a repository as one Markdown text, from which each file can be cut out again."""

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

PROSE_ENDINGS = frozenset({".md", ".markdown", ".rst", ".txt", ".adoc", ".org", ".qmd"})


def is_prose(path: str) -> bool:
    """Whether a file is written for people: a README, or a file with an ending of prose."""
    name = PurePosixPath(path)
    return name.suffix.lower() in PROSE_ENDINGS or name.stem.lower() == "readme"


def as_markdown(files: Iterable[tuple[str, str]]) -> tuple[str, dict[str, list[int]]]:
    """One section a file, and for each path the [start, end] of its text, kept character by character.

    Prose stands as it is; code stands in a fence that is longer than any in it.
    """
    text, spans = "", {}
    for path, content in files:
        text += f"\n\n## {path}\n\n" if text else f"## {path}\n\n"
        fence = ""
        if not is_prose(path):
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`{3,}", content)), default=0))
            text += f"{fence}{PurePosixPath(path).suffix.removeprefix('.')}\n"
        spans[path] = [len(text), len(text) + len(content)]
        text += content
        if fence:
            text += fence if content.endswith("\n") else f"\n{fence}"
    return text, spans


def as_files(markdown: str, spans: Mapping[str, list[int]]) -> dict[str, str]:
    """Path → the file's text, cut out of the Markdown by its spans."""
    return {path: markdown[start:end] for path, (start, end) in spans.items()}
